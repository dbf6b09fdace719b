import { assert, assertEquals } from "@std/assert";
import { type Line, LineSplitter, MAX_LINE_BYTES } from "../../lib/protocol/line_splitter.ts";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The lines of a stream that comes in these chunks. */
function split(...chunks: Uint8Array[]): Line[] {
  const splitter = new LineSplitter();
  return chunks.flatMap((chunk) => splitter.push(chunk));
}

const longest = "x".repeat(MAX_LINE_BYTES);

const rows: [what: string, bytes: Uint8Array, lines: Line[]][] = [
  ["nothing", bytesOf(""), []],
  ["no line feed yet", bytesOf("{}"), []],
  ["one line", bytesOf("{}\n"), [{ text: "{}" }]],
  ["several lines", bytesOf("a\nb\nc"), [{ text: "a" }, { text: "b" }]],
  ["CR LF", bytesOf("a\r\nb\r\n"), [{ text: "a" }, { text: "b" }]],
  ["a CR elsewhere", bytesOf("a\rb\n"), [{ text: "a\rb" }]],
  ["empty lines", bytesOf("\n\r\n\na\n\n"), [{ text: "a" }]],
  ["one, two, three and four bytes a character", bytesOf("aã李😀\n"), [{ text: "aã李😀" }]],
  ["a zero byte", bytesOf("a\0b\n"), [{ text: "a\0b" }]],
  ["the longest line", bytesOf(`${longest}\n`), [{ text: longest }]],
  [
    "a line one byte longer, and the next",
    bytesOf(`${longest}y\nz\n`),
    [{ problem: "too_long", beginning: "x".repeat(256) }, { text: "z" }],
  ],
  [
    "a truncated character, and the next line",
    Uint8Array.of(0x61, 0xc3, 0x0a, 0x62, 0x0a),
    [{ problem: "not_utf8", beginning: "a\ufffd" }, { text: "b" }],
  ],
  ["an overlong encoding", Uint8Array.of(0xc0, 0x80, 0x0a), [{
    problem: "not_utf8",
    beginning: "\ufffd\ufffd",
  }]],
  [
    "as many bytes of a character as its replacement has",
    Uint8Array.of(0xf0, 0x9f, 0x8e, 0x0a),
    [{ problem: "not_utf8", beginning: "\ufffd" }],
  ],
  ["a replacement that was written", bytesOf("\ufffd\n"), [{ text: "\ufffd" }]],
  ["a byte order mark, and a second one", bytesOf("\ufeffa\n\ufeff\ufeffb\n"), [{ text: "a" }, {
    text: "\ufeffb",
  }]],
  ["a byte order mark before what cannot be read", Uint8Array.of(0xef, 0xbb, 0xbf, 0xc3, 0x0a), [{
    problem: "not_utf8",
    beginning: "\ufeff\ufffd",
  }]],
  [
    "a surrogate in UTF-8",
    Uint8Array.of(0xed, 0xa0, 0x80, 0x0a),
    [{ problem: "not_utf8", beginning: "\ufffd\ufffd\ufffd" }],
  ],
];

Deno.test("LineSplitter splits a stream into lines", () => {
  for (const [what, bytes, lines] of rows) assertEquals(split(bytes), lines, what);
});

Deno.test("LineSplitter gives the same lines wherever the stream is cut in two", () => {
  const bytes = bytesOf('{"nome":"joão"}\r\n\n{"nome":"李小龙 😀"}\nrest');
  const whole = split(bytes);
  assertEquals(whole.length, 2);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assertEquals(split(bytes.subarray(0, cut), bytes.subarray(cut)), whole, `cut at ${cut}`);
  }
});

Deno.test("LineSplitter gives the same lines for single bytes", () => {
  for (const [what, bytes, lines] of rows.filter(([, bytes]) => bytes.length < 100)) {
    assertEquals(split(...Array.from(bytes, (byte) => Uint8Array.of(byte))), lines, what);
  }
});

Deno.test("LineSplitter reports a line of megabytes once, with its beginning, and parses the next one", () => {
  const splitter = new LineSplitter();
  const chunk = bytesOf("y".repeat(64 * 1024));
  for (let count = 0; count < 256; count++) assertEquals(splitter.push(chunk), []);
  assertEquals(splitter.push(bytesOf("\nb\n")), [{ problem: "too_long", beginning: "y".repeat(256) }, {
    text: "b",
  }]);
});

Deno.test("LineSplitter.push() leaves the buffer to the caller", () => {
  const splitter = new LineSplitter();
  const buffer = bytesOf("ab");
  splitter.push(buffer);
  buffer.fill(0x7a);
  const [line] = splitter.push(bytesOf("\n"));
  assert(line && "text" in line);
  assertEquals(line.text, "ab");
});
