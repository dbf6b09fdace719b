import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import { hostileEvents, UNSAFE } from "./every_event.ts";
import {
  haveTmux,
  SHELL_PROMPT,
  type Sight,
  type TerminalOptions,
  TestTerminal,
} from "../../testing/tmux.ts";

const available = haveTmux();
if (!available) console.log("Tests of the terminal screen are left out: they need tmux and bash.");

/** A test with a screen on a terminal of its own. */
function terminalTest(
  name: string,
  options: TerminalOptions & { readonly watched?: boolean },
  body: (terminal: TestTerminal) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !available,
    async fn() {
      await using terminal = await TestTerminal.open(options);
      await terminal.start(options.watched ? "watched.sh" : "driver.sh");
      await body(terminal);
    },
  });
}

function message(text: string, direction: "sent" | "received" = "received"): PhoneEvent {
  return { event: "message", direction, transport: "UDP", peer: { ip: "192.168.0.10", port: 6000 }, text };
}

const STATUS: CallStatus = {
  name: "maria",
  seconds: 83,
  code: "04821",
  microphoneDb: -18,
  speakerDb: -21,
  muted: false,
};

const lastRow = ({ rows }: Sight): string => rows.at(-1) ?? "";

/** Whether a text stands on the screen. */
const shows = (text: string) => ({ rows }: Sight): boolean => rows.some((row) => row.includes(text));

terminalTest("TerminalScreen keeps a half-typed line while messages come", {}, async (terminal) => {
  await terminal.type("ligar mria");
  await terminal.press("Left", "Left", "Left");
  await terminal.see("the typed text", ({ cursor }) => cursor.column === "joão> ligar m".length);
  await terminal.order({
    show: Array.from({ length: 60 }, (_, count) => message(`{"tipo":"ping${count}"}`)),
  });
  const sight = await terminal.see("the last message", shows("ping59"));
  assertEquals(lastRow(sight), "joão> ligar mria");
  assertEquals(sight.cursor, { row: 23, column: "joão> ligar m".length });
  assertStringIncludes(sight.rows.at(-2) ?? "", "ping59");
  assertStringIncludes(sight.rows.at(-3) ?? "", "ping58");
  await terminal.type("a");
  await terminal.press("Enter");
  assertEquals(await terminal.typed(), "ligar maria");
  const after = await terminal.see("an empty prompt", (sight) => lastRow(sight) === "joão>");
  assertEquals(after.rows.at(-2), "joão> ligar maria");
  assertEquals(after.cursor.column, "joão> ".length);
  const record = await terminal.record();
  for (let count = 0; count < 60; count++) {
    assertEquals(record.split(`ping${count}"`).length, 2, `ping${count}`);
  }
});

terminalTest(
  "TerminalScreen shows the part around the cursor of a line that is wider than the terminal",
  { columns: 40, rows: 16 },
  async (terminal) => {
    const long = "0123456789".repeat(10);
    await terminal.type(`x${long}`);
    await terminal.press("Home");
    const prompt = "joão> ".length;
    await terminal.see(
      "the cursor at the start",
      ({ cursor }) => cursor.row === 0 && cursor.column === prompt,
    );
    await terminal.order({
      show: [message("first"), { event: "invitation", name: "zé", ip: "::1", port: 1 }],
    });
    await terminal.order({ status: STATUS });
    const sight = await terminal.see("the status line", shows("maria"));
    assertEquals(sight.rows.slice(-2), [`joão> x${long.slice(0, 31)}…`, "● maria 01:23  cifra 04821"]);
    assertEquals(sight.cursor, { row: sight.rows.length - 2, column: prompt });
    await terminal.press("Delete", "End");
    await terminal.type("!");
    await terminal.order({ show: [message("second")] });
    const edited = await terminal.see("the second message", shows("second"));
    assertEquals(edited.rows.at(-2), `joão> …${long.slice(-31)}!`);
    assertEquals(edited.cursor, { row: edited.rows.length - 2, column: 39 });
    await terminal.press("Enter");
    assertEquals(await terminal.typed(), `${long}!`);
    const record = await terminal.record();
    assertEquals(record.split("● ").length, 2, "the status line is there once");
  },
);

terminalTest(
  "TerminalScreen draws what is pasted at once, says that it is too long, and goes on",
  {},
  async (terminal) => {
    await terminal.order({ status: STATUS });
    await terminal.see("the status line", shows("●"));
    await terminal.keepOutput();
    await terminal.paste("0123456789".repeat(300));
    await terminal.see("the sentence", shows("1.000 caracteres"));
    await terminal.press("C-u");
    await terminal.type("lista");
    await terminal.press("Enter");
    assertEquals(await terminal.typed(), "lista");
    const output = await terminal.output();
    // A terminal may hand a paste over in a few pieces, but not a character at a time.
    const drawn = output.split("\x1b[J").length;
    assert(drawn < 30, `drawn ${drawn} times`);
    assert(output.length < 10_000, `${output.length} characters`);
  },
);

terminalTest("TerminalScreen takes pasted lines for one that waits for Enter", {}, async (terminal) => {
  await terminal.paste("ligar maria\nsair\n");
  await terminal.see("the text", (sight) => lastRow(sight) === "joão> ligar maria sair");
  await terminal.press("Enter");
  assertEquals(await terminal.typed(), "ligar maria sair");
});

terminalTest("TerminalScreen shows a live line during a call, and none after it", {}, async (terminal) => {
  await terminal.order({ show: [message("before")] });
  await terminal.type("mu");
  await terminal.order({ status: STATUS });
  const sight = await terminal.see("the status line", shows("maria 01:23"));
  assertMatch(
    lastRow(sight),
    /^● maria 01:23 {2}cifra 04821 {2}mic ▁\S+ +-18 dB {2}alto-falante ▁\S+ +-21 dB$/,
  );
  assertEquals(sight.rows.at(-2), "joão> mu");
  assertEquals(sight.cursor.column, 8);
  await terminal.order({ status: { ...STATUS, seconds: 84, muted: true, microphoneDb: -100 } });
  const muted = await terminal.see("the next second", shows("maria 01:24"));
  assertMatch(lastRow(muted), /^● maria 01:24 {2}cifra 04821 {2}mic \[mudo\] .* dB$/);
  assertEquals(muted.cursor.column, 8);
  await terminal.order({ show: [message("during")] });
  const during = await terminal.see("a message above it", shows("during"));
  assertStringIncludes(during.rows.at(-3) ?? "", "during");
  assertEquals(during.rows.at(-2), "joão> mu");
  assertStringIncludes(lastRow(during), "● maria");
  await terminal.press("Enter");
  await terminal.see(
    "the entered line above it",
    ({ rows }) =>
      rows.at(-3) === "joão> mu" && rows.at(-2) === "joão>" && rows.at(-1)?.startsWith("● maria") === true,
  );
  await terminal.order({ status: null });
  const after = await terminal.see("no status line", (sight) => !shows("●")(sight));
  assertEquals(after.rows.slice(-2), ["joão> mu", "joão>"]);
  assertEquals((await terminal.record()).includes("●"), false);
});

terminalTest(
  "TerminalScreen shortens the live line to the terminal's width",
  { columns: 30 },
  async (terminal) => {
    await terminal.order({ status: { ...STATUS, name: "美".repeat(20) } });
    const sight = await terminal.see("the status line", shows("●"));
    assertEquals(sight.rows, ["joão>", `● ${"美".repeat(10)}… 01:23`]);
  },
);

terminalTest("TerminalScreen completes commands and names with Tab", {}, async (terminal) => {
  await terminal.order({ names: ["João", "Joana", "Zé Carlos", "evil\x1b[31m"] });
  await terminal.type("con");
  await terminal.see("the typed text", (sight) => lastRow(sight) === "joão> con");
  await terminal.press("Tab");
  await terminal.see(
    "the command",
    (sight) => lastRow(sight) === "joão> consultar" && sight.cursor.column === 16,
  );
  await terminal.type("ZE");
  await terminal.see("the typed text", (sight) => lastRow(sight) === "joão> consultar ZE");
  await terminal.press("Tab");
  await terminal.see("the name", (sight) => lastRow(sight) === "joão> consultar Zé Carlos");
  await terminal.press("Enter");
  assertEquals(await terminal.typed(), "consultar Zé Carlos");
  await terminal.type("ligar j");
  await terminal.see("the typed text", (sight) => lastRow(sight) === "joão> ligar j");
  await terminal.press("Tab");
  await terminal.see("what the names share", (sight) => lastRow(sight) === "joão> ligar Joa");
  await terminal.press("Tab");
  const choice = await terminal.see("the choice", shows("Joana"));
  assertEquals(choice.rows.slice(-2), ["João   Joana", "joão> ligar Joa"]);
  await terminal.press("Tab");
  await terminal.see("the first", (sight) => lastRow(sight) === "joão> ligar João");
  await terminal.press("BSpace");
  await terminal.type("n");
  await terminal.press("Tab");
  await terminal.see("the name", (sight) => lastRow(sight) === "joão> ligar Joana");
  await terminal.press("Enter");
  assertEquals(await terminal.typed(), "ligar Joana");
  await terminal.type("desl\t\r");
  assertEquals(await terminal.typed(), "desligar", "keys that come at once");
});

terminalTest("TerminalScreen brings back earlier lines with the arrow keys", {}, async (terminal) => {
  for (const line of ["lista", "consultar maria"]) {
    await terminal.type(line);
    await terminal.press("Enter");
    assertEquals(await terminal.typed(), line);
  }
  await terminal.press("Up");
  await terminal.see("the last line", (sight) => lastRow(sight) === "joão> consultar maria");
  await terminal.press("Up");
  await terminal.see("the one before", (sight) => lastRow(sight) === "joão> lista");
  await terminal.press("Down", "Enter");
  assertEquals(await terminal.typed(), "consultar maria");
});

terminalTest("TerminalScreen asks for another name at the prompt", {}, async (terminal) => {
  await terminal.order({ show: [{ event: "name_taken", name: "joão" }] });
  await terminal.see("the question", (sight) => lastRow(sight) === "outro nome>");
  await terminal.order({ show: [{ event: "registered", name: "maria", ip: "192.168.0.20", port: 6050 }] });
  await terminal.see("the new name", (sight) => lastRow(sight) === "maria>");
});

terminalTest(
  "TerminalScreen follows a change of the terminal's size",
  { columns: 80, rows: 20 },
  async (terminal) => {
    const text = "consultar a pessoa de nome muito comprido que não cabe";
    await terminal.order({ show: [message("before")] });
    await terminal.order({ status: STATUS });
    await terminal.type(text);
    await terminal.see("the typed text", shows(text));
    await terminal.resize(36, 20);
    const narrow = await terminal.see(
      "the narrow screen",
      ({ rows }) =>
        rows.at(-1) === "● maria 01:23  cifra 04821" &&
        rows.at(-2) === `joão> …${text.slice(-28)}`,
    );
    assertEquals(narrow.rows.filter((row) => row.includes("●")).length, 1);
    assertEquals((await terminal.record()).split("before").length, 2);
    assertEquals(narrow.cursor, { row: narrow.rows.length - 2, column: 35 });
    await terminal.resize(90, 20);
    const wide = await terminal.see(
      "the wide screen",
      (sight) => sight.rows.at(-2) === `joão> ${text}` && /^● maria .* dB$/.test(lastRow(sight)),
    );
    assertEquals(wide.rows.filter((row) => row.includes("●")).length, 1);
    assertEquals((await terminal.record()).split("before").length, 2);
    await terminal.press("Enter");
    assertEquals(await terminal.typed(), text);
  },
);

terminalTest("TerminalScreen clears the screen with Ctrl-L, except the typed text", {}, async (terminal) => {
  await terminal.order({ show: [message("old")] });
  await terminal.see("the message", shows("old"));
  await terminal.type("lis");
  await terminal.press("C-l");
  const sight = await terminal.see("an empty screen", ({ rows }) => rows.length === 1);
  assertEquals(sight.rows, ["joão> lis"]);
});

for (
  const [how, leave] of [
    ["Ctrl-C", (terminal: TestTerminal) => terminal.press("C-c")],
    ["Ctrl-D", (terminal: TestTerminal) => terminal.press("C-u", "C-d")],
    ["the end of the phone", async (terminal: TestTerminal) => {
      await terminal.press("C-u");
      await terminal.type("sair");
      await terminal.press("Enter");
    }],
    ["a sudden end of the process", (terminal: TestTerminal) => terminal.order({ crash: true })],
  ] as const
) {
  terminalTest(`TerminalScreen gives the terminal back after ${how}`, { watched: true }, async (terminal) => {
    await terminal.type("liga");
    await terminal.see("the typed text", (sight) => lastRow(sight) === "joão> liga");
    await leave(terminal);
    const sight = await terminal.see("the shell", (sight) => lastRow(sight) === SHELL_PROMPT.trim());
    assertEquals(sight.rows.at(-2), how.startsWith("a sudden") ? "joão> ligamodes same" : "modes same");
    assertEquals(sight.cursor.column, SHELL_PROMPT.length);
    assertEquals(await terminal.variable("cursor_flag"), "1");
    if (!how.startsWith("a sudden")) assertEquals(sight.rows.at(-3), "• Até logo!");
    // The terminal echoes again.
    await terminal.type("echo back");
    await terminal.see("the echo", (sight) => lastRow(sight) === `${SHELL_PROMPT}echo back`);
  });
}

terminalTest("TerminalScreen goes on where it was after Ctrl-Z and fg", {}, async (terminal) => {
  await terminal.order({ status: STATUS });
  await terminal.type("ligar maira");
  await terminal.press("Left", "Left");
  await terminal.see("the typed text", ({ cursor }) => cursor.column === "joão> ligar mai".length);
  await terminal.press("C-z");
  await terminal.see("the shell", (sight) => lastRow(sight) === SHELL_PROMPT.trim());
  await terminal.type("fg");
  await terminal.press("Enter");
  const sight = await terminal.see(
    "the prompt",
    (sight) => sight.rows.at(-2) === "joão> ligar maira" && lastRow(sight).startsWith("● maria"),
  );
  assertEquals(sight.cursor.column, "joão> ligar mai".length);
  await terminal.press("C-h", "Right");
  await terminal.type("i");
  await terminal.press("Enter");
  assertEquals(await terminal.typed(), "ligar maria");
});

const COLOURFUL: readonly PhoneEvent[] = [
  message("outward", "sent"),
  message("inward"),
  { event: "not_in_call" },
  { event: "invitation", name: "maria", ip: "192.168.0.20", port: 6050 },
];

terminalTest(
  "TerminalScreen tells sent, received, errors and invitations apart by colour",
  {},
  async (terminal) => {
    await terminal.order({ show: COLOURFUL });
    await terminal.see("the invitation", shows("maria"));
    const record = (await terminal.record()).split("\n");
    const colours = (text: string): string => {
      const row = record.find((row) => row.includes(text)) ?? "";
      // deno-lint-ignore no-control-regex
      return [...row.matchAll(/\x1b\[([\d;]+)m/g)].map(([, sgr]) => sgr).join(" ");
    };
    assertStringIncludes(colours("outward"), "36");
    assertStringIncludes(colours("inward"), "35");
    assertStringIncludes(colours("ligação"), "31");
    assertStringIncludes(colours("☎"), "1;7");
  },
);

terminalTest("TerminalScreen uses no colours with NO_COLOR", { noColor: true }, async (terminal) => {
  await terminal.order({ show: COLOURFUL });
  await terminal.order({ status: { ...STATUS, muted: true } });
  await terminal.see("the status line", shows("[mudo]"));
  assertEquals((await terminal.record()).includes("\x1b"), false);
});

/** Controls of the screen itself: colours, cursor movements, erasing, line ends, bell. */
// deno-lint-ignore no-control-regex
const OWN_CONTROLS = /\x1b\[[\d;]*[mABJK]|\x1b[78]|\x1b\[\?(?:7|2004)[hl]|\r|\n|\x07/g;

terminalTest("TerminalScreen lets nothing from the network act upon the terminal", {}, async (terminal) => {
  const hostile = "\x1b[2J\x1b]0;owned\x07\x9b5A\u202eevil\r\n\x1b[10;10Hhere";
  await terminal.keepOutput();
  const invitation: PhoneEvent = { event: "invitation", name: hostile, ip: hostile, port: 1 };
  await terminal.order({ show: [...hostileEvents(3, 5), message(hostile), invitation] });
  await terminal.order({ status: { ...STATUS, name: hostile } });
  const sight = await terminal.see("the status line", shows("●"));
  const shown = "\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{9b}5A\\u{202e}evil\\u{d}\\u{a}";
  assertEquals(
    sight.rows.join("").split(shown).length,
    5,
    "in the message, twice in the invitation, in the status",
  );
  const output = await terminal.output();
  assertStringIncludes(output, "●");
  assertEquals(UNSAFE.exec(output.replace(OWN_CONTROLS, "")), null);
  assertEquals(output.split("\x07").length - 1, 1, "one bell for all invitations of a moment");
});
