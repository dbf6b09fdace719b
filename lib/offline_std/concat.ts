/**
 * Joins byte arrays, as `@std/bytes/concat` does.
 *
 * @param buffers The arrays, in the order in which they follow each other.
 * @returns A new array with a copy of all bytes.
 */
export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const buffer of buffers) {
    joined.set(buffer, offset);
    offset += buffer.length;
  }
  return joined;
}
