/** Key log: lets other programs decrypt a packet capture, for teaching and debugging. */

import { MASTER_KEY_BYTES, MASTER_SALT_BYTES, type SrtpMaster } from "../srtp/key_derivation.ts";
import type { CallKeys, Side } from "./key_exchange.ts";

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
  const lines = [line(chamada, "caller", caller), line(chamada, "callee", callee)];
  Deno.writeTextFileSync(path, lines.join(""), { append: true, mode: FILE_MODE });
}

function line(chamada: string, side: Side, { key, salt }: SrtpMaster): string {
  const bytes = new Uint8Array(MASTER_KEY_BYTES + MASTER_SALT_BYTES);
  bytes.set(key);
  bytes.set(salt, MASTER_KEY_BYTES);
  return `${chamada} ${side} AEAD_AES_128_GCM inline:${bytes.toBase64()}\n`;
}
