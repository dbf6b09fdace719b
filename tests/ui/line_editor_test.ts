import { assert, assertEquals } from "@std/assert";
import { type EditorOutput, LineEditor, MAX_TYPED_LINE } from "../../lib/ui/line_editor.ts";

/** The line after keys, with `|` at the cursor. */
function after(...keys: readonly string[]): string {
  const editor = new LineEditor();
  for (const key of keys) editor.handleText(key);
  return `${editor.left}|${editor.right}`;
}

const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";
const UP = "\x1b[A";
const DOWN = "\x1b[B";

for (
  const [keys, line] of [
    [["ligar"], "ligar|"],
    [["ligar", LEFT, LEFT, "x"], "ligxa".slice(0, 3) + "x|ar"],
    [["ab", "\x1bOD", RIGHT, RIGHT, "c"], "abc|"],
    [["ab", "\x01", "c"], "c|ab"],
    [["ab", "\x1b[H", "\x05", "c"], "abc|"],
    [["ab", "\x7f"], "a|"],
    [["ab", "\x08"], "a|"],
    [["ab", LEFT, "\x1b[3~"], "a|"],
    [["ab", LEFT, "\x04"], "a|"],
    [["ligar maria", "\x17"], "ligar |"],
    [["ligar maria ", "\x1b\x7f"], "ligar |"],
    [["ligar maria", "\x15", "\x19\x19"], "ligar marialigar maria|"],
    [["ligar maria", "\x1bb", "\x0b"], "ligar |"],
    [["ligar maria", "\x01", "\x1bf"], "ligar| maria"],
    [["ligar maria", "\x1b[1;5D"], "ligar |maria"],
    [["a👨‍👩‍👧‍👦b", LEFT, LEFT], "a|👨‍👩‍👧‍👦b"],
    [["a👨‍👩‍👧‍👦", "\x7f"], "a|"],
    [["e\u0301", "\x7f"], "|"],
    [["🇧🇷🇧🇷", "\x7f"], "🇧🇷|"],
    // Sequences that come in pieces, mean nothing, or are an Escape alone.
    [["ab\x1b", "[D", "c"], "ac|b"],
    [["ab\x1b[1;", "5Dc"], "c|ab"],
    [["a\x1b[24~b\x1b[<0;1;1Mc\x1bOPd"], "abcd|"],
    [["a\x1b", "lista"], "alista|"],
    [["a\x1b\x1b[Db"], "b|a"],
    [["a\x00\x02\x03\x1cb"], "b|a"],
    // Pasted text
    [["\x1b[200~ligar maria\x1b[201~"], "ligar maria|"],
    [["\x1b[200~ligar maria\r\x1b[201~"], "ligar maria|"],
    [["\x1b[200~ligar\r\n\tmaria\nsair\n\x1b[201~"], "ligar maria sair|"],
    [["\x1b[200~\nsa", "ir\x1b[2", "01~!"], "sair!|"],
    [["\x1b[200~a\x1b[Ab\x03\x07c\x1b[201~"], "abc|"],
  ] as const
) {
  Deno.test(`LineEditor after ${JSON.stringify(keys)}`, () => assertEquals(after(...keys), line));
}

Deno.test("LineEditor gives lines, and goes through those before with the arrow keys", () => {
  const editor = new LineEditor();
  editor.handleText("lista\rconsultar ana\n\rlista\r\n");
  assertEquals(editor.drain().map((output) => output.kind === "line" ? output.text : output.kind), [
    "lista",
    "consultar ana",
    "",
    "lista",
  ]);
  editor.handleText("new");
  const seen: string[] = [];
  for (const key of [UP, UP, UP, DOWN, DOWN, DOWN]) {
    editor.handleText(key);
    seen.push(editor.left);
  }
  assertEquals(seen, ["lista", "consultar ana", "consultar ana", "lista", "new", "new"]);
});

Deno.test("LineEditor asks for what the keys ask for", () => {
  const editor = new LineEditor();
  editor.handleText("li\x0c\x04\x15\x04\t");
  assertEquals(editor.drain().map(({ kind }) => kind), ["clear", "end", "complete"]);
});

Deno.test("LineEditor lets keys behind a Tab wait until the line is completed", () => {
  const editor = new LineEditor();
  editor.handleText("desl\tx\t\r");
  assertEquals([editor.drain(), editor.left], [[{ kind: "complete" }], "desl"]);
  editor.left = "desligar";
  editor.handleText("");
  assertEquals([editor.drain(), editor.left], [[{ kind: "complete" }], "desligarx"]);
  editor.handleText("y\x1b");
  assertEquals(editor.drain(), [{ kind: "line", text: "desligarx" }]);
  editor.handleText("");
  editor.handleText("[Dz");
  assertEquals([editor.left, editor.right], ["z", "y"]);
});

for (const bracketed of [false, true]) {
  Deno.test(`LineEditor ignores what is ${bracketed ? "pasted" : "typed"} beyond its longest line, and says so once`, () => {
    const editor = new LineEditor();
    const outputs: EditorOutput[] = [];
    const text = "x".repeat(MAX_TYPED_LINE - 1) + "😀".repeat(1000);
    editor.handleText(bracketed ? `\x1b[200~${text}\x1b[201~` : text);
    outputs.push(...editor.drain());
    assertEquals(editor.left, "x".repeat(MAX_TYPED_LINE - 1), "no half of a character");
    assertEquals(outputs, [{ kind: "too_long" }]);
    // Further pieces of the same paste.
    editor.handleText("yyyy");
    assertEquals(editor.drain(), []);
    editor.handleText("\x7fyyy");
    assertEquals(editor.drain(), [{ kind: "too_long" }]);
    editor.handleText("\r");
    assertEquals(editor.drain().map(({ kind }) => kind), ["line"]);
  });
}

Deno.test("LineEditor takes megabytes of anything without slowing down", () => {
  const editor = new LineEditor();
  for (const piece of ["x", "👨‍👩‍👧‍👦", "x\x7f", LEFT, "\x1b[200~x", "a b\x17", UP]) {
    editor.handleText(piece.repeat(100_000 / piece.length));
    assert(editor.left.length + editor.right.length <= MAX_TYPED_LINE);
  }
});
