/**
 * The cost of encryption: the project's own SRTP beside werift-rtp's, and its two implementations of AES-GCM beside that of
 * @noble/ciphers, in time and in size of the program.
 *
 * Usage: `deno run -A bench/srtp.ts`, from any folder. It fetches the other two from npm and writes nothing.
 *
 * All do the same work in turn, in one process: protect and unprotect a packet of voice.
 */

import { Buffer } from "node:buffer";
import { type AesGcm, openssl, runtimeCipher, TAG_BYTES } from "../lib/srtp/aes_gcm.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE, parseRtp } from "../lib/rtp/rtp.ts";
import { SrtpReceiver, SrtpSender } from "../lib/srtp/context.ts";
import { bundledBytes } from "./measure/bundled_bytes.ts";
import { quantile } from "../testing/quantile.ts";
import { WERIFT_RTP } from "./peers/werift_rtp.ts";

/** The part of werift-rtp used here. */
interface WeriftRtp {
  readonly RtpHeader: new (fields: Record<string, number | boolean>) => object;
  readonly SrtpSession: new (options: object) => {
    encrypt(payload: Buffer, header: object): Buffer;
    decrypt(datagram: Buffer): Buffer;
  };
}

/** The part of @noble/ciphers used here. */
interface NobleAes {
  gcm(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): {
    encrypt(plain: Uint8Array): Uint8Array;
    decrypt(sealed: Uint8Array): Uint8Array;
  };
}

// Not a fixed import: see WERIFT_RTP.
const NOBLE_AES = "npm:@noble/ciphers@2.4.0/aes.js";
const { RtpHeader, SrtpSession }: WeriftRtp = await import(WERIFT_RTP);
const { gcm }: NobleAes = await import(NOBLE_AES);

/** Packets of one measurement, and measurements of each after two that do not count. */
const PACKETS = 5_000;
const ROUNDS = 11;
const WARM_UP_ROUNDS = 2;

/** Bytes of 20 ms of speech at 64 kbit/s. */
const PAYLOAD_BYTES = 160;

/** Packets per second and direction of a call. */
const PACKETS_PER_SECOND = 50;

/** Limit for the share of a core that encryption of a call takes. */
const LIMIT_PERCENT = 0.3;

const SSRC = 0x1234_5678;
const KEY = crypto.getRandomValues(new Uint8Array(16));
const SALT = crypto.getRandomValues(new Uint8Array(12));
/** AEAD_AES_128_GCM (RFC 7714, section 14.2) in werift-rtp. */
const PROFILE = 7;

/** Protects and unprotects a packet. @returns Bytes of its payload, so that no work can be optimised away. */
type RoundTrip = (payload: Buffer, sequenceNumber: number) => number;

function own(): RoundTrip {
  const sender = new SrtpSender({ key: KEY, salt: SALT }, system);
  const receiver = new SrtpReceiver({ key: KEY, salt: SALT }, system);
  return (payload, sequenceNumber) => {
    const fields = { payloadType: OPUS_PAYLOAD_TYPE, marker: false, timestamp: 0, ssrc: SSRC };
    const packet = receiver.unprotect(sender.protect(encodeRtp({ ...fields, sequenceNumber, payload })));
    return packet ? parseRtp(packet)?.payload.length ?? 0 : 0;
  };
}

function werift(): RoundTrip {
  const keys = {
    localMasterKey: Buffer.from(KEY),
    localMasterSalt: Buffer.from(SALT),
    remoteMasterKey: Buffer.from(KEY),
    remoteMasterSalt: Buffer.from(SALT),
  };
  const sender = new SrtpSession({ keys, profile: PROFILE });
  const receiver = new SrtpSession({ keys, profile: PROFILE });
  return (payload, sequenceNumber) => {
    const header = new RtpHeader({
      payloadType: OPUS_PAYLOAD_TYPE,
      sequenceNumber,
      timestamp: 0,
      ssrc: SSRC,
    });
    return receiver.decrypt(sender.encrypt(payload, header)).length - 12;
  };
}

/** AES-GCM alone, with an authenticated header. */
function alone(cipher: AesGcm): RoundTrip {
  const nonce = new Uint8Array(12);
  return (payload, sequenceNumber) => {
    const fields = { payloadType: OPUS_PAYLOAD_TYPE, marker: false, timestamp: 0, ssrc: SSRC };
    const header = encodeRtp({ ...fields, sequenceNumber, payload: new Uint8Array(0) });
    new DataView(nonce.buffer).setUint16(10, sequenceNumber);
    const sealed = new Uint8Array(payload.length + TAG_BYTES);
    cipher.seal(KEY, nonce, header, payload, sealed);
    return cipher.open(KEY, nonce, header, sealed, new Uint8Array(payload.length)) ? payload.length : 0;
  };
}

const noble: AesGcm = {
  seal: (key, iv, associated, message, into) => into.set(gcm(key, iv, associated).encrypt(message)),
  open(key, iv, associated, sealed, into) {
    into.set(gcm(key, iv, associated).decrypt(sealed));
    return true;
  },
  wipe() {},
};

/** Microseconds to protect and unprotect one packet. */
function measure(roundTrip: RoundTrip, payload: Buffer): number {
  let sum = 0;
  const start = performance.now();
  for (let number = 0; number < PACKETS; number++) sum += roundTrip(payload, number);
  const milliseconds = performance.now() - start;
  if (sum !== PACKETS * PAYLOAD_BYTES) throw new Error("the packets were not read as they were written");
  return 1e3 * milliseconds / PACKETS;
}

const ownModule = new URL("../lib/srtp/context.ts", import.meta.url).href;
const cipherModule = new URL("../lib/srtp/aes_gcm.ts", import.meta.url).href;
const system = openssl();
const CANDIDATES = [
  {
    name: `own code, ${system ? "OpenSSL" : "node:crypto"}`,
    make: own,
    source: `import { SrtpReceiver, SrtpSender } from "${ownModule}"; console.log(SrtpReceiver, SrtpSender);`,
  },
  ...system
    ? [{
      name: "OpenSSL, AES-GCM alone",
      make: () => alone(system),
      source: `import { openssl } from "${cipherModule}"; console.log(openssl);`,
    }]
    : [],
  {
    name: "node:crypto, AES-GCM alone",
    make: () => alone(runtimeCipher),
    source: `import { runtimeCipher } from "${cipherModule}"; console.log(runtimeCipher);`,
  },
  {
    name: "werift-rtp",
    make: werift,
    source: `import { RtpHeader, SrtpSession } from "${WERIFT_RTP}"; console.log(RtpHeader, SrtpSession);`,
  },
  {
    name: "@noble/ciphers, AES-GCM alone",
    make: () => alone(noble),
    source: `import { gcm } from "${NOBLE_AES}"; console.log(gcm);`,
  },
];

const payload = Buffer.from(crypto.getRandomValues(new Uint8Array(PAYLOAD_BYTES)));
const rounds = Array.from(
  { length: WARM_UP_ROUNDS + ROUNDS },
  () => CANDIDATES.map(({ make }) => measure(make(), payload)),
).slice(WARM_UP_ROUNDS);

console.log(
  `A packet of ${PAYLOAD_BYTES} bytes of voice, protected and unprotected (${ROUNDS} × ${PACKETS}):`,
);
for (const [index, { name, source }] of CANDIDATES.entries()) {
  const microseconds = quantile(rounds.map((times) => times[index] as number), 0.5);
  const percent = 100 * microseconds * PACKETS_PER_SECOND / 1e6;
  const size = (await bundledBytes(source) / 1e3).toFixed(1);
  console.log(
    `  ${name.padEnd(30)} ${microseconds.toFixed(1).padStart(6)} µs   ${
      percent.toFixed(3)
    } % of a core in a call` +
      `   ${size.padStart(6)} kB of program${
        percent > LIMIT_PERCENT ? `   more than ${LIMIT_PERCENT} %` : ""
      }`,
  );
}
