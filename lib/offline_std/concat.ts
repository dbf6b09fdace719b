import { Buffer } from "node:buffer";

/** Joins byte arrays in their order into a new one, as `@std/bytes/concat` does. */
export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(buffers)); // copies: a Buffer may share its memory with others
}
