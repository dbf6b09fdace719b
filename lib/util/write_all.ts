import { pause } from "./pause.ts";

/** A stream whose `write` may take only a part of the bytes and returns how many it took, as Deno's connections do. */
export interface Writer {
  write(bytes: Uint8Array): Promise<number>;
}

/** Time until the next write to a full pipe or terminal that another program has told not to block, in milliseconds. */
const FULL_RETRY_MS = 20;

/**
 * Writes all bytes, in as many writes as it takes.
 *
 * A full pipe or terminal may fail with `EAGAIN` in place of waiting: `O_NONBLOCK` of open(2) belongs to the open file, so
 * any program that shares it may have set that. Such a write is tried again.
 *
 * @param failed Decides about another error: throws it, or settles when the write is to be tried again.
 * @throws The error of a write that fails, unless `failed` takes it.
 */
export async function writeAll(
  to: Writer,
  bytes: Uint8Array,
  failed: (error: unknown) => Promise<void> = (error) => Promise.reject(error),
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += await to.write(sent === 0 ? bytes : bytes.subarray(sent));
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) await pause(FULL_RETRY_MS);
      else await failed(error);
    }
  }
}
