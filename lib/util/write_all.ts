/** A stream whose `write` may take only a part of the bytes and returns how many it took, as Deno's connections do. */
export interface Writer {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes all bytes, in as many writes as it takes.
 *
 * @throws The error of a write that fails.
 */
export async function writeAll(to: Writer, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}
