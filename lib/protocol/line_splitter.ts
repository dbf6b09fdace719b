/** Framing of the registry protocol: one message a line. */

import { concat } from "@std/bytes/concat";
import { REPLACEMENT } from "./printable.ts";

/** Longest line in bytes without its line feed, by default. */
export const MAX_LINE_BYTES = 4096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** An empty line so far. One for all: an array of bytes takes 1 µs to make, half as long as reading a line. */
const EMPTY = new Uint8Array(0);

/** U+FEFF, which some programs write first; ignored at the beginning of a line. */
const BYTE_ORDER_MARK = "\ufeff";

/** Bytes of an invalid line that are kept for the message trace. */
const EXCERPT_BYTES = 256;

/** A line, or the problem with it and its beginning, decoded as far as possible. */
export type Line =
  | { readonly text: string }
  | { readonly problem: "too_long" | "not_utf8"; readonly beginning: string };

/**
 * Splits a byte stream into lines, however the network segmented it.
 *
 * Buffers one line of the maximum length at most. A longer one is discarded up to its line feed and reported once; the
 * next line is parsed as usual.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  /** The line so far; the beginning of one that is too long. */
  #bytes: Uint8Array = EMPTY;
  #overlong = false;

  /** @param maxBytes Longest line, without its line feed. */
  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes of the stream. The caller may reuse the buffer.
   *
   * @returns The lines that they complete, in order, without empty ones. A line may end in CR LF.
   */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#append(chunk.subarray(start, end));
      const line = this.#finish();
      if (line) lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#append(chunk.slice(start));
    return lines;
  }

  #append(piece: Uint8Array): void {
    if (piece.length === 0 || this.#overlong) return;
    if (this.#bytes.length + piece.length > this.#maxBytes) {
      this.#overlong = true;
      this.#bytes = concat([this.#bytes.subarray(0, EXCERPT_BYTES), piece.subarray(0, EXCERPT_BYTES)]);
    } else {
      // One buffer, no list of chunks: a peer that sends single bytes must not cost more memory than others.
      this.#bytes = this.#bytes.length === 0 ? piece : concat([this.#bytes, piece]);
    }
  }

  #finish(): Line | undefined {
    const overlong = this.#overlong;
    let bytes = this.#bytes;
    this.#bytes = EMPTY;
    this.#overlong = false;
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    if (bytes.length === 0) return undefined;
    if (overlong) return { problem: "too_long", beginning: excerpt(bytes) };
    const text = decoder.decode(bytes);
    if (!isValidUtf8(text, bytes)) return { problem: "not_utf8", beginning: excerpt(bytes) };
    return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function excerpt(bytes: Uint8Array): string {
  return decoder.decode(bytes.subarray(0, EXCERPT_BYTES));
}

/**
 * Whether a decoded text had no invalid bytes. A decoder with `fatal` would tell, too, but takes ten times as long to
 * throw, which would help somebody who floods a registry.
 */
function isValidUtf8(text: string, bytes: Uint8Array): boolean {
  if (!text.includes(REPLACEMENT)) return true;
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, index) => byte === bytes[index]);
}
