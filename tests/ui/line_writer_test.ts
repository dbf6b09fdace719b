import { assert, assertEquals } from "@std/assert";
import { LineWriter } from "../../lib/ui/line_writer.ts";
import { pause } from "../../lib/util/pause.ts";

/** A sink that can hold writes back. */
class SlowOutput {
  readonly written: string[] = [];
  #gate: PromiseWithResolvers<void> | undefined;

  /** Makes writes wait. */
  stop(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  /** Lets them go on. */
  go(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  readonly write = async (bytes: Uint8Array): Promise<void> => {
    this.written.push(new TextDecoder().decode(bytes));
    await this.#gate?.promise;
  };
}

Deno.test("LineWriter writes many lines at once, in order", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  for (let count = 0; count < 1000; count++) writer.write(`linha ${count}`);
  await writer.flush();
  assertEquals(output.written, [Array.from({ length: 1000 }, (_, count) => `linha ${count}\n`).join("")]);
});

Deno.test("LineWriter writes by itself within milliseconds", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const writer = new LineWriter((bytes) => {
    resolve(new TextDecoder().decode(bytes));
    return Promise.resolve();
  });
  writer.write("joão");
  writer.write("maria");
  assertEquals(await promise, "joão\nmaria\n");
});

Deno.test("LineWriter gathers lines during a write", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  output.stop();
  writer.write("a");
  const flushed = writer.flush();
  writer.write("b");
  writer.write("c");
  assertEquals(output.written, ["a\n"]);
  output.go();
  await flushed;
  assertEquals(output.written, ["a\n", "b\nc\n"]);
});

Deno.test("LineWriter loses no line that comes as a write ends", async () => {
  const lines: string[] = [];
  const writer = new LineWriter((bytes) => {
    lines.push(...new TextDecoder().decode(bytes).trim().split("\n"));
    const count = lines.length;
    if (count < 50) {
      // In each of the next microtasks
      let turn = Promise.resolve();
      for (let skip = 0; skip < count % 7; skip++) turn = turn.then(() => {});
      turn.then(() => writer.write(`linha ${count}`));
    } else {
      done.resolve();
    }
    return Promise.resolve();
  });
  const done = Promise.withResolvers<void>();
  writer.write("linha 0");
  await done.promise;
  assertEquals(lines, Array.from({ length: 50 }, (_, count) => `linha ${count}`));
});

Deno.test("LineWriter.flush() writes nothing when nothing waits", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  await writer.flush();
  writer.write("a");
  await writer.flush();
  await writer.flush();
  assertEquals(output.written, ["a\n"]);
});

Deno.test("LineWriter.writeLatest() replaces waiting lines of the same subject, and makes them just before the write", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  let made = 0;
  const make = (text: string) => (): string => {
    made++;
    return text;
  };
  writer.writeLatest("table", make("table 1"));
  writer.write("a");
  writer.writeLatest("other", make("other"));
  writer.writeLatest("table", make("table 2"));
  writer.write("b");
  assertEquals(made, 0);
  await writer.flush();
  writer.writeLatest("table", make("table 3\nof two lines"));
  await writer.flush();
  assertEquals(output.written, ["a\nother\ntable 2\nb\n", "table 3\nof two lines\n"]);
  assertEquals(made, 3);
});

Deno.test("LineWriter leaves lines out for a slow reader, and counts them", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write, { maxBacklog: 18, leftOut: (lines) => `${lines} omitidas` });
  output.stop();
  writer.write("primeira");
  const flushed = writer.flush();
  for (const line of ["12345", "67890", "x", "y"]) writer.write(line);
  output.go();
  await flushed;
  writer.write("depois");
  await writer.flush();
  assertEquals(output.written, ["primeira\n", "12345\n67890\n2 omitidas\n", "depois\n"]);
});

Deno.test("LineWriter.writeLesser() leaves a part of the backlog to other lines, and says before whether there is room", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write, { maxBacklog: 80, leftOut: (lines) => `${lines} omitidas` });
  output.stop();
  writer.write("a primeira");
  const flushed = writer.flush();
  let made = 0;
  for (let count = 0; count < 20; count++) {
    if (!writer.hasRoomForLesser()) continue;
    made++;
    writer.writeLesser("1234567890");
  }
  writer.write("abcdefghij");
  writer.write("x");
  output.go();
  await flushed;
  assertEquals(output.written.slice(1), [`${"1234567890\n".repeat(6)}abcdefghij\n15 omitidas\n`]);
  assertEquals([made, writer.leftOut], [6, 15]);
});

Deno.test("LineWriter.writeLatest() keeps a few subjects of a slow reader, the latest, and counts the others", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write, { leftOut: (lines) => `${lines} omitidas` });
  output.stop();
  writer.write("primeira");
  const flushed = writer.flush();
  let made = 0;
  for (let count = 0; count < 10_000; count++) {
    writer.writeLatest(`table ${count}`, () => {
      made++;
      return `table ${count}`;
    });
  }
  output.go();
  await flushed;
  const lines = output.written.slice(1).join("").trim().split("\n");
  assertEquals([lines.length, lines.at(0), lines.at(-2), lines.at(-1)], [
    5,
    "table 9996",
    "table 9999",
    "9996 omitidas",
  ]);
  assertEquals(made, 4, "and makes no others");
});

Deno.test("LineWriter waits after a slow text, but not in flush()", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  const slow = (): string => {
    const end = performance.now() + 20;
    while (performance.now() < end);
    return "table";
  };
  writer.writeLatest("table", slow);
  await writer.flush();
  const started = performance.now();
  writer.write("depois");
  while (output.written.length < 2) await pause(5);
  assert(performance.now() - started > 1000, "a second or two for 20 ms");
  writer.writeLatest("table", slow);
  writer.write("fim");
  await writer.flush();
  assertEquals(output.written.slice(1), ["depois\n", "table\nfim\n"]);
});

Deno.test("LineWriter ends quietly when its reader has gone", async () => {
  let writes = 0;
  const writer = new LineWriter(() => {
    writes++;
    return Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
  });
  writer.write("a");
  await writer.flush();
  await writer.broken;
  writer.write("b");
  writer.writeLatest("table", () => "c");
  await writer.flush();
  assertEquals(writes, 1);
});

Deno.test("LineWriter writes text of any script as UTF-8", async () => {
  const output = new SlowOutput();
  const writer = new LineWriter(output.write);
  writer.write("joão 李小龙 😀");
  await writer.flush();
  assert(output.written[0] === "joão 李小龙 😀\n");
});
