/** The framing of the conversation with the registry, against a slow and simple reading of the same rules. */

import { assert, assertEquals } from "@std/assert";
import { type Line, LineSplitter, MAX_LINE_BYTES } from "../../../lib/protocol/line_splitter.ts";
import { ByteReader } from "../byte_reader.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

/** Longest beginning of a broken line that is shown. */
const SHOWN_BYTES = 256;

/** Packets that a stream is cut into, at most: more only take time. */
const MOST_PACKETS = 12;

const strict = new TextDecoder("utf-8", { fatal: true });

/** The rules of the protocol, read from all bytes at once. */
function expectedLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0, end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) {
    const whole = bytes.subarray(start, end);
    const line = whole.at(-1) === 13 ? whole.subarray(0, -1) : whole;
    if (whole.length > MAX_LINE_BYTES) lines.push("too_long");
    else if (line.length > 0) lines.push(textOrProblem(line));
  }
  return lines;
}

function textOrProblem(line: Uint8Array): string {
  try {
    return `text ${strict.decode(line)}`;
  } catch {
    return "not_utf8";
  }
}

function described(line: Line): string {
  return "text" in line ? `text ${line.text}` : line.problem;
}

/** Bytes 0 to 3 say how the stream is cut, the rest is the stream. */
export const lineSplitter: FuzzTarget = {
  name: "line_splitter",
  seeds: textSeeds(
    '\0\0\0\0{"tipo":"ping"}\n{"tipo":"lista"}\r\n\r\n\n',
    '\x01\x07\x00\x20{"tipo":"registro","nome":"joão","ip":"::1","porta":6000}\n',
    "\x02\0\x05\0a\r\n\rb\n\r\r\nc",
    '\x20\x01\x01\x08{"tipo":"consulta","nome":"maria"}\n{"tipo":"pong"}\n',
    `\xff\x01\x03\x09${"a".repeat(MAX_LINE_BYTES)}\nb\n`,
    `\x05\x01\x03\x09${"ã".repeat(MAX_LINE_BYTES / 2)}\r\nb\n`,
  ),
  tokens: ["\n", "\r\n", "\r\r\n", "ã".repeat(200)],
  run(input) {
    const reader = new ByteReader(input);
    const cuts = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
    const stream = input.subarray(4);
    const splitter = new LineSplitter();
    const lines: Line[] = [];
    for (let start = 0, cut = 0; start < stream.length; cut++) {
      // From single bytes, where there are few, to whole packets.
      const length = Math.ceil(stream.length / MOST_PACKETS) + cuts[cut % 4]! * (cut % 3 === 0 ? 1 : 16);
      // A copy, for the buffer of a connection is written over with each packet.
      const packet = stream.slice(start, start + length);
      lines.push(...splitter.push(packet));
      packet.fill(0x21);
      start += length;
    }
    assertEquals(lines.map(described).join("\n"), expectedLines(stream).join("\n"));
    for (const line of lines) {
      if ("problem" in line) assert(line.beginning.length <= SHOWN_BYTES, "a long beginning");
    }
    return { events: 1, came: lines.map((line) => "text" in line ? "t" : line.problem).slice(0, 4).join() };
  },
};
