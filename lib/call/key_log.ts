/** Key log: lets other programs decrypt a packet capture, for teaching and debugging. */

import { MASTER_KEY_BYTES, MASTER_SALT_BYTES, type SrtpMaster } from "../srtp/key_derivation.ts";
import type { CallKeys, Side } from "./key_exchange.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const [PADDING, LINE_FEED] = [0x3d, 0x0a];

/** Characters of key and salt in base64. */
const TEXT_BYTES = 4 * Math.ceil((MASTER_KEY_BYTES + MASTER_SALT_BYTES) / 3);

/** Readable by its owner only. */
const FILE_MODE = 0o600;

/**
 * Appends two lines to a file, one for each direction of a call: `chamada`, sender, and the master key and salt as in
 * SDP (RFC 4568, section 9.1; RFC 7714, section 14.1), which SRTP tools read.
 *
 * ```text
 * q3mZ0b1c2d3e4f5g6h7i8w caller AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCw==
 * ```
 *
 * @param side This phone's.
 * @throws {Deno.errors.NotFound} If the folder does not exist; other `Deno.errors` if the file cannot be written.
 */
export function logKeys(path: string, chamada: string, side: Side, { outgoing, incoming }: CallKeys): void {
  const [caller, callee] = side === "caller" ? [outgoing, incoming] : [incoming, outgoing];
  for (const [sender, master] of [["caller", caller], ["callee", callee]] as const) {
    const line = lineOf(chamada, sender, master);
    try {
      Deno.writeFileSync(path, line, { append: true, mode: FILE_MODE });
    } finally {
      line.fill(0);
    }
  }
}

/** Bytes rather than a string, which could not be overwritten: keys leave the memory with the call. */
function lineOf(chamada: string, sender: Side, { key, salt }: SrtpMaster): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode(`${chamada} ${sender} AEAD_AES_128_GCM inline:`);
  const line = new Uint8Array(new ArrayBuffer(start.length + TEXT_BYTES + 1));
  line.set(start);
  writeBase64([...key, ...salt], line.subarray(start.length));
  line[line.length - 1] = LINE_FEED;
  return line;
}

/** Writes bytes in base64 (RFC 4648, section 4). */
function writeBase64(bytes: number[], text: Uint8Array): void {
  for (let at = 0; at < text.length; at++) {
    // Each character has six bits.
    const first = Math.floor(at * 6 / 8);
    const pair = (bytes[first] ?? 0) << 8 | (bytes[first + 1] ?? 0);
    text[at] = first < bytes.length ? ALPHABET.charCodeAt(pair >> 10 - at * 6 % 8 & 0x3f) : PADDING;
  }
  bytes.fill(0);
}
