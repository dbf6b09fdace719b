/** Standard output that fails: only a reader that has gone is the end of it. */

import { pause } from "../util/pause.ts";
import { type SystemError, systemError } from "../util/system_error.ts";
import { writeAll, type Writer } from "../util/write_all.ts";

/** Time limit for the last write of a program that ends, in milliseconds: its reader may stand still. */
export const FAREWELL_MS = 400;

/** Time until a write that failed is tried again, in milliseconds. Somebody has to make room on a full disk. */
const RETRY_MS = 1000;

/**
 * A function that writes all bytes, however long that takes: on a full disk it waits for room.
 *
 * @param failed Called when writing fails, such as for a full disk, and again only if it has worked in between.
 * @returns Rejects only if nobody reads any more.
 */
export function lastingWriter(
  to: Writer,
  failed: (detail: SystemError) => void,
  retryMs = RETRY_MS,
): (bytes: Uint8Array) => Promise<void> {
  let failing = false;
  return async (bytes) => {
    await writeAll(to, bytes, async (error) => {
      if (readerHasGone(error)) throw error;
      if (!failing) failed(systemError(error));
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
