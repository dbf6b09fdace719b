/** Standard input as a stream. */

import { pause } from "../util/pause.ts";

const READ_BYTES = 8192;

/** Time until the next look at an input that another program has told not to block, in milliseconds: unnoticed while typing. */
const EMPTY_RETRY_MS = 30;

/**
 * Standard input. Where another program that shares it has set `O_NONBLOCK`, reading fails with `EAGAIN` while there is
 * nothing: then it is tried again.
 *
 * Unlike `Deno.stdin.readable`, it reads only what is asked for, leaves standard input open, and can be made again.
 */
export function standardInput(): ReadableStream<Uint8Array> {
  let wanted = true;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (wanted) {
        try {
          const buffer = new Uint8Array(READ_BYTES);
          const count = await Deno.stdin.read(buffer);
          if (!wanted) return;
          if (count === null) controller.close();
          else controller.enqueue(buffer.subarray(0, count));
          return;
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          await pause(EMPTY_RETRY_MS);
        }
      }
    },
    cancel() {
      wanted = false;
    },
  }, { highWaterMark: 0 });
}
