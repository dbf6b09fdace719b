/** Standard output that fails, and may work again. */

import { pause } from "../util/pause.ts";
import { type SystemError, systemError } from "../util/system_error.ts";
import { writeAll, type Writer } from "../util/write_all.ts";

/** Time limit for the last write of a program that ends, in milliseconds: its reader may stand still. */
export const FAREWELL_MS = 400;

/** Time until a write that failed is tried again, in milliseconds. Somebody has to make room on a full disk. */
const RETRY_MS = 1000;

/** Capacity of the buffer that Deno keeps for standard output, in bytes (that of Rust's `LineWriter`). */
const BUFFER_BYTES = 1024;

const LINE_FEED = 10;
const NOTHING = new Uint8Array();

/**
 * Writes so that it is known what was written when writing fails.
 *
 * `Deno.stdout.write` writes to a buffer of lines and then flushes it. If only the flush fails, as on a disk or pipe that
 * gets full meanwhile, it fails although it has taken the bytes, and writing them again would repeat them. So this writes
 * pieces that the buffer holds, and if one fails, asks by another flush whether the buffer has it.
 */
export class ExactWriter implements Writer {
  readonly #to: Writer;
  /** Bytes that the buffer has taken and not written. */
  #held = 0;

  /** @param to Usually `Deno.stdout`. */
  constructor(to: Writer) {
    this.#to = to;
  }

  /** After a failure, call it with the same bytes again. */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#held > 0) {
      await this.#to.write(NOTHING);
      const taken = this.#held;
      this.#held = 0;
      return taken;
    }
    const piece = pieceOf(bytes);
    try {
      return await this.#to.write(piece);
    } catch (error) {
      const holdsNothing = await this.#to.write(NOTHING).then(() => true, () => false);
      if (!holdsNothing) this.#held = piece.length;
      throw error;
    }
  }
}

/** The longest piece that the buffer holds, of whole lines if possible. */
function pieceOf(bytes: Uint8Array): Uint8Array {
  const end = bytes.subarray(0, BUFFER_BYTES).lastIndexOf(LINE_FEED) + 1;
  return bytes.subarray(0, end > 0 ? end : BUFFER_BYTES - 1);
}

/** Most bytes that a {@linkcode FileWriter} writes at once: more keep the event loop waiting, and save nothing. */
const FILE_PIECE_BYTES = 64 * 1024;

/** Standard output into a regular file. */
export interface FileOutput {
  /** Writes to a buffer of lines, and flushes it: see {@linkcode ExactWriter}. */
  write(bytes: Uint8Array): number;
  /** Size of the file in bytes. */
  size(): number;
}

/**
 * As {@linkcode ExactWriter}, for a regular file. How much that has grown shows what was written when writing fails, so pieces need
 * not fit the buffer: they take a fifth of the time. If another program writes to the same file while a disk is full, some lines may
 * be missing; if it is made shorter meanwhile, they may be there twice.
 */
export class FileWriter implements Writer {
  readonly #to: FileOutput;
  /** Size of the file before a write that failed and left some bytes in the buffer. */
  #before: number | undefined;

  constructor(to: FileOutput) {
    this.#to = to;
  }

  /** After a failure, call it with the same bytes again. */
  // deno-lint-ignore require-await -- a failure rejects, as that of any other write
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#before !== undefined) {
      const taken = this.#settle(bytes, this.#before);
      if (taken > 0) return taken;
    }
    const before = this.#to.size();
    try {
      return this.#to.write(bytes.subarray(0, FILE_PIECE_BYTES));
    } catch (error) {
      this.#before = before;
      const taken = this.#settle(bytes, before);
      if (taken > 0) return taken;
      throw error;
    }
  }

  /** Has the buffer written. @returns How many of the bytes the file has. @throws {Error} If it cannot be written. */
  #settle(bytes: Uint8Array, before: number): number {
    this.#to.write(NOTHING);
    this.#before = undefined;
    return Math.min(bytes.length, this.#to.size() - before);
  }
}

/** Options of {@linkcode lastingWriter}. */
export interface LastingOptions {
  /** Also tries again when the reader has gone, since another one may come: to a named pipe, or with the log's service. */
  readonly outlivesReader?: boolean;
  /** Time until a write that failed is tried again, in milliseconds. */
  readonly retryMs?: number;
}

/**
 * A function that writes all bytes, however long that takes: on a full disk it waits for room.
 *
 * @param failed Called when writing fails, such as for a full disk, and again only if it has worked in between.
 * @returns Rejects only if nobody reads any more, and with `outlivesReader` never.
 */
export function lastingWriter(
  to: Writer,
  failed: (detail: SystemError) => void,
  { outlivesReader = false, retryMs = RETRY_MS }: LastingOptions = {},
): (bytes: Uint8Array) => Promise<void> {
  let failing = false;
  return async (bytes) => {
    await writeAll(to, bytes, async (error) => {
      const gone = readerHasGone(error);
      if (gone && !outlivesReader) throw error;
      if (!failing) failed(gone ? { kind: "reader_gone" } : systemError(error));
      failing = true;
      await pause(retryMs);
    });
    failing = false;
  };
}

/** Whether a write failed because nobody reads the pipe or socket any more. */
export function readerHasGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
}
