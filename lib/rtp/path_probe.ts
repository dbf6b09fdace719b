/**
 * Path challenge and response (as RFC 9000, section 8.2, has them for QUIC): whoever sends a challenge to an address and gets
 * its token back knows that the peer receives there. They are APP packets of RTCP (RFC 3550, section 6.7), which a program
 * that does not know them ignores, behind an empty report, since a compound packet starts with one.
 */

import { encodeCompound, parseCompound } from "./rtcp.ts";

/** A challenge or its response. They count only where RTCP is encrypted: anybody could send plain ones. */
export interface PathProbe {
  readonly kind: "challenge" | "response";
  /** 64 random bits. */
  readonly token: bigint;
}

/** Names of the APP packets. */
const NAMES = { challenge: "SALD", response: "SALR" } as const;

const TOKEN_BYTES = 8;

/** Encodes a probe as a compound packet of 28 bytes. @param ssrc Any one of the sender's. */
export function encodePathProbe(ssrc: number, { kind, token }: PathProbe): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(TOKEN_BYTES);
  new DataView(data.buffer).setBigUint64(0, token);
  return encodeCompound([
    { kind: "receiver_report", ssrc, blocks: [] },
    { kind: "application", ssrc, name: NAMES[kind], data },
  ]);
}

/** @returns The first probe of an RTCP packet; undefined if it has none. */
export function parsePathProbe(datagram: Uint8Array): PathProbe | undefined {
  for (const packet of parseCompound(datagram) ?? []) {
    if (packet.kind !== "application" || packet.data.length !== TOKEN_BYTES) continue;
    const { name, data } = packet;
    const kind = name === NAMES.challenge ? "challenge" : name === NAMES.response ? "response" : undefined;
    if (kind) return { kind, token: new DataView(data.buffer, data.byteOffset).getBigUint64(0) };
  }
  return undefined;
}
