import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { alignColumns } from "../../lib/ui/columns.ts";
import { COMMANDS, parseCommand } from "../../lib/phone/commands.ts";
import { inputLines, MAX_INPUT_LINE } from "../../lib/ui/input_lines.ts";
import { jsonLine } from "../../lib/ui/json_line.ts";
import { parsePhoneOptions } from "../../lib/cli/phone_args.ts";
import { fitting, lineWindow, mostColumns, textWidth, wrapWords } from "../../lib/ui/terminal_layout.ts";
import { isName } from "../../lib/protocol/name.ts";
import { printable } from "../../lib/protocol/printable.ts";
import { UNSAFE } from "./every_event.ts";
import { anyIp, anyPort, anyText, holds, holdsInTime, usableIp } from "../../testing/property.ts";

const columns = fc.integer({ min: 2, max: 200 });

const shown = anyText.map((text) => printable(text));

Deno.test("wrapWords() and fitting() lose nothing and stay within the width, in any script", () => {
  const words = fc.array(shown).map((words) => words.join(" "));
  holds(fc.property(words, columns, (text, columns) => {
    const rows = wrapWords(text, columns).split("\n");
    const letters = (text: string): string => text.replace(/[ \n]/g, "");
    assertEquals(letters(rows.join("")), letters(text));
    // One character may be wider than the terminal.
    for (const row of rows) assert(textWidth(row) <= Math.max(columns, 4) || row.length < 20);
    const fit = fitting(text, columns);
    assert(text.startsWith(fit) && mostColumns(fit) <= columns);
  }));
});

Deno.test("lineWindow() shows what is around the cursor, within one row", () => {
  holds(fc.property(shown, shown, fc.integer({ min: 8, max: 100 }), (left, right, columns) => {
    const window = lineWindow(left, right, columns);
    assert(mostColumns(window.left) + mostColumns(window.right) < columns);
    assert(left.endsWith(window.left.replace(/^…/, "")));
    assert(right.startsWith(window.right.replace(/…$/, "")));
  }));
});

Deno.test("alignColumns() makes the cells of a column equally wide, in any script", () => {
  const row = fc.tuple(anyText, anyText, anyText).map((cells) => cells.map((cell) => printable(cell)));
  holds(fc.property(fc.array(row), (rows) => {
    const aligned = alignColumns(rows, [1]);
    for (let column = 0; column < 3; column++) {
      const widths = new Set(aligned.map((cells) => textWidth(cells[column] ?? "")));
      assert(widths.size <= 1);
    }
    assertEquals(
      aligned.map((cells) => cells.map((cell) => cell.trim())),
      rows.map((cells) => cells.map((cell) => cell.trim())),
    );
  }));
});

Deno.test("jsonLine() is one line of safe characters that parses back to the event", () => {
  holds(fc.property(anyText, fc.jsonValue(), (text, value) => {
    const event = { event: "x", text, [text]: value };
    const line = jsonLine(event, new Date(0));
    assert(!UNSAFE.test(line));
    assertEquals(JSON.parse(line), JSON.parse(JSON.stringify({ time: new Date(0).toISOString(), ...event })));
  }));
});

Deno.test("parseCommand() understands every command in every spelling, with any name", () => {
  const word = fc.constantFrom(
    ...COMMANDS.flatMap(({ kind, pt, en, short, also, takesName }) =>
      [pt, en, ...short, ...also].map((word) => ({ kind, word, takesName }))
    ),
  );
  const name = anyText.map((text) => text.normalize("NFC").trim()).filter((text) => text !== "");
  holds(fc.property(word, name, fc.boolean(), ({ kind, word, takesName }, name, upper) => {
    const typed = upper ? word.toUpperCase() : word;
    assertEquals(parseCommand(` ${typed}  `).kind, takesName ? "name_missing" : kind);
    const command = parseCommand(`${typed} ${name}`);
    // NFC may combine the blank with the character after it, which changes the name.
    if (`${typed} ${name}`.normalize("NFC") !== `${typed} ${name}`) return;
    // Quotation marks around a name are no part of it, and "hang up" is one word.
    if (/^["'“‘«„]/.test(name) || /^up\b/i.test(name)) return;
    const unknown = { kind: "unknown", text: `${typed} ${name}`, similar: [typed] } as const;
    assertEquals(command, takesName ? { kind, name } as typeof command : unknown);
  }));
});

Deno.test("inputLines() gives any text's lines, however the stream is split", async () => {
  const text = anyText.map((text) => text.toWellFormed().replace(/^\ufeff/, ""));
  await holdsInTime(
    fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 20 }), async (pieces, length) => {
      const whole = pieces.join("\n");
      const bytes = new TextEncoder().encode(whole);
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += length) controller.enqueue(bytes.slice(at, at + length));
          controller.close();
        },
      });
      const lines: string[] = [];
      for await (const line of inputLines(stream.getReader())) lines.push(line);
      const expected = whole.split("\n").map((line) => line.slice(0, MAX_INPUT_LINE).replace(/\r$/, ""));
      if (whole.endsWith("\n") || whole === "") expected.pop();
      assertEquals(lines, expected.map((line, index) => index === 0 ? line.replace(/^\ufeff/, "") : line));
    }),
    100,
  );
});

Deno.test("parsePhoneOptions() reads any valid command line", () => {
  const name = anyText.map((text) => text.normalize("NFC")).filter((text) =>
    isName(text) && !/^[-–—]|\ufffd/.test(text)
  );
  holds(fc.property(usableIp, anyPort, name, anyPort, name, (ip, registryPort, name, port, call) => {
    const place = ip.includes(":") ? `[${ip}]:${registryPort}` : `${ip}:${registryPort}`;
    const parsed = parsePhoneOptions([place, name, String(port), "--call", call, "--no-fec"]);
    assert("options" in parsed, JSON.stringify(parsed));
    assertEquals(parsed.options.registries, [{ host: ip, port: registryPort }]);
    assertEquals(parsed.options.name, name);
    assertEquals([parsed.options.port, parsed.options.call], [port, call]);
    assertEquals(parsed.options.voice.errorCorrection, false);
  }));
});

Deno.test("parsePhoneOptions() gives a request or a problem for any arguments", () => {
  const option = fc.constantFrom(
    "--call",
    "--mic",
    "--speaker=",
    "--frame",
    "--ip",
    "--lang",
    "--devices",
    "-h",
    "--",
    "--no-",
  );
  holds(fc.property(fc.array(fc.oneof(anyText, option, anyIp)), (args) => {
    const parsed = parsePhoneOptions(args);
    const kinds = ["options", "devices", "help", "version", "problem"].filter((kind) => kind in parsed);
    assertEquals(kinds.length, 1);
  }));
});
