/** Framing of the conversation with the registry: one line, one message. */

import { concat } from "@std/bytes/concat";

/** Longest line in bytes, its line feed not counted, unless a registry is told otherwise. */
export const MAX_LINE_BYTES = 4096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Some programs put it before what they write. It means nothing here. */
const BYTE_ORDER_MARK = "\ufeff";

/** What stands for bytes that cannot be read. It may also have been written. */
const REPLACEMENT = "\ufffd";

/** How much of a line that is no message is kept to be shown, in bytes. */
const SHOWN_BYTES = 256;

/** One line of a TCP stream, or what was wrong with it and how it begins, as far as it can be read. */
export type Line =
  | { readonly text: string }
  | { readonly problem: "too_long" | "not_utf8"; readonly beginning: string };

/**
 * Cuts a stream of bytes into lines, however the network cut it into packets.
 *
 * Keeps no more of an unfinished line than a line may have. What comes of a longer one is thrown away up
 * to its line feed and reported once, so that the connection can go on with the next line.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** What came of the line so far; of one that is too long, its beginning. */
  #bytes: Uint8Array = new Uint8Array(0);
  #overlong = false;

  /** @param maxBytes Longest line, its line feed not counted. */
  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes of the stream. They are copied where they are kept.
   *
   * @returns The lines that they complete, in order, empty ones left out. A line may end in CR LF.
   */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end));
      const line = this.#finish();
      if (line) lines.push(line);
      start = end + 1;
    }
    this.#keep(chunk.slice(start));
    return lines;
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0 || this.#overlong) return;
    if (this.#bytes.length + piece.length > this.#maxBytes) {
      this.#overlong = true;
      this.#bytes = concat([this.#bytes.subarray(0, SHOWN_BYTES), piece.subarray(0, SHOWN_BYTES)]);
    } else {
      // One piece of memory, not a list: a peer that sends single bytes is not to cost more than others.
      this.#bytes = this.#bytes.length === 0 ? piece : concat([this.#bytes, piece]);
    }
  }

  #finish(): Line | undefined {
    const overlong = this.#overlong;
    let bytes = this.#bytes;
    this.#bytes = new Uint8Array(0);
    this.#overlong = false;
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    if (bytes.length === 0) return undefined;
    if (overlong) return { problem: "too_long", beginning: this.#begin(bytes) };
    const text = this.#decoder.decode(bytes);
    if (!isWhole(text, bytes)) return { problem: "not_utf8", beginning: this.#begin(bytes) };
    return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
  }

  #begin(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes.subarray(0, SHOWN_BYTES));
  }
}

const encoder = new TextEncoder();

/**
 * Whether all of some bytes could be read. A decoder with `fatal` would say so too, but takes ten times as long to throw,
 * and whoever floods a registry does not pay for that.
 */
function isWhole(text: string, bytes: Uint8Array): boolean {
  if (!text.includes(REPLACEMENT)) return true;
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, index) => byte === bytes[index]);
}
