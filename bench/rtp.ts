/**
 * The project's own RTP code beside werift-rtp's: time to encode and parse a packet of voice, and the size that each adds
 * to a program.
 *
 * Usage: `deno run -A bench/rtp.ts`, from any folder. It fetches werift-rtp from npm and writes nothing.
 *
 * Both do the same work in turn, in one process. It prints medians over the rounds, and the range of the ratio.
 */

import { Buffer } from "node:buffer";
import { encodeRtp, OPUS_PAYLOAD_TYPE, parseRtp } from "../lib/rtp/rtp.ts";
import { bundledBytes } from "./measure/bundled_bytes.ts";
import { quantile } from "../testing/quantile.ts";
import { WERIFT_RTP } from "./peers/werift_rtp.ts";

/** The part of werift-rtp used here. */
interface WeriftRtp {
  readonly RtpHeader: new (fields: Record<string, number | boolean>) => WeriftHeader;
  readonly RtpPacket: {
    new (header: WeriftHeader, payload: Buffer): { serialize(): Buffer };
    deSerialize(datagram: Buffer): { readonly header: WeriftHeader; readonly payload: Buffer };
  };
}

interface WeriftHeader {
  readonly sequenceNumber: number;
}

const { RtpHeader, RtpPacket }: WeriftRtp = await import(WERIFT_RTP);

/** Packets of one measurement: about 0.1 s of work, much longer than the clock's resolution. */
const PACKETS = 100_000;

/** Measurements of each, after two that do not count because the code is not compiled yet. */
const ROUNDS = 11;
const WARM_UP_ROUNDS = 2;

/** Bytes of 20 ms of speech at 48 kbit/s. */
const PAYLOAD_BYTES = 120;

const SSRC = 0x1234_5678;

/** Encodes and parses one packet. @returns A value that depends on it, so that no work can be optimised away. */
type RoundTrip = (index: number, payload: Buffer) => number;

const own: RoundTrip = (index, payload) => {
  const datagram = encodeRtp({
    payloadType: OPUS_PAYLOAD_TYPE,
    marker: false,
    sequenceNumber: index & 0xffff,
    timestamp: index * 960 >>> 0,
    ssrc: SSRC,
    payload,
  });
  const packet = parseRtp(datagram);
  if (!packet) throw new Error("the packet was not understood");
  return packet.sequenceNumber + packet.payload.length;
};

const werift: RoundTrip = (index, payload) => {
  const header = new RtpHeader({
    payloadType: OPUS_PAYLOAD_TYPE,
    marker: false,
    sequenceNumber: index & 0xffff,
    timestamp: index * 960 >>> 0,
    ssrc: SSRC,
  });
  const datagram = new RtpPacket(header, payload).serialize();
  const packet = RtpPacket.deSerialize(datagram);
  return packet.header.sequenceNumber + packet.payload.length;
};

/** Nanoseconds for one packet, on average over {@linkcode PACKETS}. */
function measure(roundTrip: RoundTrip, payload: Buffer): number {
  let sum = 0;
  const start = performance.now();
  for (let index = 0; index < PACKETS; index++) sum += roundTrip(index, payload);
  const milliseconds = performance.now() - start;
  let expected = 0;
  for (let index = 0; index < PACKETS; index++) expected += (index & 0xffff) + PAYLOAD_BYTES;
  if (sum !== expected) throw new Error("the packets were not read as they were written");
  return 1e6 * milliseconds / PACKETS;
}

// werift-rtp takes the Buffer of Node's sockets; the project's own code takes any Uint8Array, which a Buffer is.
const payload = Buffer.from(crypto.getRandomValues(new Uint8Array(PAYLOAD_BYTES)));
const rounds = Array.from({ length: WARM_UP_ROUNDS + ROUNDS }, () => ({
  own: measure(own, payload),
  werift: measure(werift, payload),
})).slice(WARM_UP_ROUNDS);
const ratios = rounds.map(({ own, werift }) => werift / own).toSorted((a, b) => a - b);

const ownModule = new URL("../lib/rtp/rtp.ts", import.meta.url).href;
const ownBytes = await bundledBytes(
  `import { encodeRtp, parseRtp } from "${ownModule}"; console.log(encodeRtp, parseRtp);`,
);
const weriftBytes = await bundledBytes(
  `import { RtpHeader, RtpPacket } from "${WERIFT_RTP}"; console.log(RtpHeader, RtpPacket);`,
);

console.log(
  `Writing and reading one packet of ${PAYLOAD_BYTES} bytes of voice (${ROUNDS} rounds of ${PACKETS}):`,
);
console.log(`  own code     ${quantile(rounds.map(({ own }) => own), 0.5).toFixed(0)} ns`);
console.log(`  werift-rtp   ${quantile(rounds.map(({ werift }) => werift), 0.5).toFixed(0)} ns`);
console.log(
  `  ratio        ${quantile(ratios, 0.5).toFixed(1)} (${ratios.at(0)?.toFixed(1)} to ${
    ratios.at(-1)?.toFixed(1)
  })`,
);
console.log("What it adds to a bundled program, minified:");
console.log(`  own code     ${(ownBytes / 1e3).toFixed(1)} kB`);
console.log(`  werift-rtp   ${(weriftBytes / 1e3).toFixed(1)} kB`);
