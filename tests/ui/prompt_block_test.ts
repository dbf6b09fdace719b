import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type BlockContent, PromptBlock, type TerminalSize } from "../../lib/ui/prompt_block.ts";
import { type TerminalKind, TerminalModel } from "../../testing/terminal_model.ts";

const KINDS: readonly TerminalKind[] = [
  { rewraps: false, joinsEmoji: false },
  { rewraps: false, joinsEmoji: true },
  { rewraps: true, joinsEmoji: false },
  { rewraps: true, joinsEmoji: true },
];

const STATUS = "● maria 01:23  cifra 04821  mic ▁▂▃▄▅▆    -18 dB  alto-falante ▁▂▃▄▅▆▇█";

/** A block on a model of a terminal. */
class Screen {
  readonly block = new PromptBlock(false);
  readonly model: TerminalModel;
  content: BlockContent = { prompt: "joão> ", left: "", right: "", live: "" };
  size: TerminalSize;

  constructor(size: TerminalSize, kind: TerminalKind) {
    this.size = size;
    this.model = new TerminalModel(size.columns, size.rows, kind);
  }

  /** @returns The bytes that it took. */
  draw(changes: Partial<BlockContent> = {}, ...above: readonly string[]): number {
    this.content = { ...this.content, ...changes };
    const lines = above.map((line) => `${line}\r\n`).join("");
    const output = this.block.draw(this.content, { above: lines, clear: false }, this.size);
    this.model.write(output);
    return output.length;
  }

  resize(columns: number, rows = this.size.rows): void {
    this.size = { columns, rows };
    this.model.resize(columns, rows);
  }
}

for (const kind of KINDS) {
  const name = `a terminal that ${kind.rewraps ? "wraps lines again" : "cuts lines off"} and ${
    kind.joinsEmoji ? "joins emoji" : "does not join emoji"
  }`;

  Deno.test(`PromptBlock on ${name} draws the prompt, and the live line below it`, () => {
    const screen = new Screen({ columns: 80, rows: 6 }, kind);
    screen.draw({}, ...Array.from({ length: 10 }, (_, line) => `line ${line}`));
    screen.draw({ left: "ligar ", right: "maria", live: STATUS });
    const lines = Array.from({ length: 10 }, (_, line) => `line ${line}`);
    assertEquals(screen.model.lines, [...lines, "joão> ligar maria", STATUS]);
    assertEquals(screen.model.beforeCursor, "joão> ligar ");
    screen.draw({ live: STATUS.replace("01:23", "01:24") });
    assertEquals(screen.model.lines.at(-1), STATUS.replace("01:23", "01:24"));
    screen.draw({ left: "", right: "" }, "joão> ligar maria");
    assertEquals(screen.model.lines.slice(10), ["joão> ligar maria", "joão>", screen.content.live]);
    screen.draw({ live: "" });
    assertEquals(screen.model.lines.slice(10), ["joão> ligar maria", "joão>"]);
    assertEquals(screen.model.beforeCursor, "joão> ");
  });

  Deno.test(`PromptBlock on ${name} erases no line above it when that becomes narrower`, () => {
    for (const typed of ["", "lig", "ligar 👨‍👩‍👧‍👦 e mais", "x".repeat(70)]) {
      const screen = new Screen({ columns: 100, rows: 12 }, kind);
      const above = Array.from({ length: 20 }, (_, line) => `line ${line}`);
      screen.draw({ left: typed, live: STATUS }, ...above);
      for (let columns = 99; columns >= 12; columns -= 3) {
        screen.resize(columns, 6 + columns % 7);
        screen.draw({ live: STATUS.slice(0, columns - 1) });
        const { lines } = screen.model;
        assertEquals(lines.slice(0, 20), above, `${columns} columns`);
        assertEquals(lines.filter((line) => line.startsWith("●")).length, 1, "one live line");
        assert(screen.model.beforeCursor.startsWith("joão> "), screen.model.beforeCursor);
      }
      // Nothing is left of the prompt, either, unless the typed text was wider than the terminal.
      if (typed.length < 6) assertEquals(screen.model.lines.length, 22);
    }
  });

  Deno.test(`PromptBlock on ${name} has the cursor behind joined emoji, wherever the terminal puts them`, () => {
    for (const emoji of ["👨‍👩‍👧‍👦", "🇧🇷", "👍🏽", "❤️", "🏴‍☠️", "1️⃣", "e\u0301", "美"]) {
      const screen = new Screen({ columns: 60, rows: 5 }, kind);
      screen.draw({ left: `ligar ${emoji}`, right: "", live: STATUS.slice(0, 50) });
      assertEquals(screen.model.beforeCursor, `joão> ligar ${emoji}`);
      screen.draw({ left: `ligar ${emoji}${emoji}`, right: ` x${emoji}` });
      assertEquals(screen.model.beforeCursor, `joão> ligar ${emoji}${emoji}`);
      assertEquals(screen.model.lines, [
        `joão> ligar ${emoji}${emoji} x${emoji}`,
        STATUS.slice(0, 50).trimEnd(),
      ]);
    }
  });

  Deno.test(`PromptBlock on ${name} shows the part of a long line around the cursor, in one row`, () => {
    const screen = new Screen({ columns: 30, rows: 6 }, kind);
    const long = "0123456789".repeat(30);
    screen.draw({ left: long, live: "● maria" });
    assertEquals(screen.model.lines.length, 2);
    assert(screen.model.beforeCursor.endsWith("0123456789"));
    assertStringIncludes(screen.model.beforeCursor, "joão> …");
    screen.draw({ left: "", right: long });
    assertEquals(screen.model.beforeCursor, "joão> ");
    assertEquals(screen.model.lines, [`joão> ${long.slice(0, 22)}…`, "● maria"]);
    screen.draw({ left: long.slice(0, 150), right: long.slice(150) });
    assert(screen.model.beforeCursor.endsWith("6789"));
    assert(screen.model.lines[0]?.endsWith("…"));
  });
}

Deno.test("PromptBlock writes nothing if nothing changes, and only the live line if only that does", () => {
  const screen = new Screen({ columns: 80, rows: 24 }, KINDS[0]!);
  screen.draw({ left: "x".repeat(60), live: STATUS });
  assertEquals(screen.draw(), 0);
  const bytes = screen.draw({ live: STATUS.replace("01:23", "01:24") });
  assert(bytes < STATUS.length + 40, `${bytes} characters`);
});

Deno.test("PromptBlock leaves the live line out where there is no row for it", () => {
  const screen = new Screen({ columns: 40, rows: 2 }, KINDS[0]!);
  screen.draw({ live: "● maria" }, "above");
  assertEquals(screen.model.lines, ["above", "joão>"]);
});
