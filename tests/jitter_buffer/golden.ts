/**
 * Made-up calls whose whole output is pinned by hashes (`golden.txt`): all networks of the benchmark, frames of 10 and
 * 20 ms, and what else happens to a call.
 *
 * Usage: `sh tools/deno.sh run -A tests/jitter_buffer/golden.ts` writes the hashes anew.
 */

import { concat } from "@std/bytes/concat";
import { CONDITIONS } from "../../bench/voice/conditions.ts";
import type { VoiceDecoder } from "../../lib/codec/opus.ts";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { encodeRedundant, REDUNDANT_PAYLOAD_TYPE, type RedundantFrame } from "../../lib/rtp/red.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE } from "../../lib/rtp/rtp.ts";
import { type Condition, Impairment } from "../../testing/netem/impairment.ts";
import { type Random, seededRandom } from "../../testing/netem/random.ts";
import { type Arrival, listen } from "../../testing/listening_phone.ts";

/** Where the hashes are: a line for each call. */
export const GOLDEN_FILE = new URL("golden.txt", import.meta.url);

const SEEDS = [1, 2, 3, 4, 5, 6];
const SECONDS = 24;

/** Long enough for the delay histogram to scale its weights down. */
const LONG_SECONDS = 100;

/** One made-up call. */
export interface GoldenCall {
  readonly name: string;
  readonly condition: Condition;
  readonly seconds: number;
  readonly frameMs: 10 | 20;
  readonly stretching: boolean;
  /** Earlier frames that each packet carries, and whether each frame carries a copy in itself (in-band FEC). */
  readonly redundancy: 0 | 1 | 2;
  readonly inBand: boolean;
  /** Whether nothing is sent in pauses but a sign of life. */
  readonly discontinuous: boolean;
  readonly speaker: "even" | "stalls" | "drifts";
  readonly phone: "even" | "stalls";
  readonly stream: "one" | "restarts" | "hostile";
}

/** All calls: traits take turns with the seed, so that each network meets each of them. */
export const GOLDEN_CALLS: readonly GoldenCall[] = CONDITIONS.flatMap((condition, index) =>
  ([10, 20] as const).flatMap((frameMs) =>
    SEEDS.map((seed): GoldenCall => {
      const turn = index + seed + frameMs / 10;
      return {
        name: `${condition.id} ${frameMs} ${seed}`,
        condition: seed === 5 ? { ...condition, duplication: { probability: 0.02 } } : condition,
        seconds: index === 0 && seed === 4 ? LONG_SECONDS : SECONDS,
        frameMs,
        stretching: seed % 3 !== 0,
        redundancy: seed % 3 as 0 | 1 | 2,
        inBand: seed === 3 || seed === 4,
        discontinuous: seed % 2 === 0,
        speaker: (["even", "stalls", "even", "drifts"] as const)[turn % 4]!,
        phone: turn % 5 === 0 ? "stalls" : "even",
        stream: (["one", "one", "restarts", "one", "hostile"] as const)[(turn + seed) % 5]!,
      };
    })
  )
);

/** The hash of all that comes of a call: what is heard, the counts, and the delay on the way. */
export async function goldenHash(call: GoldenCall): Promise<string> {
  const random = seededRandom(`${call.name} phone`);
  const looks: string[] = [];
  const { samples, receiver, underrunSamples } = listen({
    arrivals: arrivalsOf(call),
    seconds: call.seconds,
    decoder: new ToneDecoder(call),
    frameSamples: call.frameMs * SAMPLES_PER_MS,
    stretching: call.stretching,
    random,
    ...(call.phone === "stalls" && { awakeMs: phoneStalls }),
    ...(call.speaker !== "even" &&
      { speakerBehindMs: call.speaker === "stalls" ? speakerStalls : speakerDrifts }),
    look: (_, { jitterBuffer: { delayMs, targetMs } }) =>
      looks.push(`${delayMs.toFixed(3)} ${targetMs.toFixed(3)}`),
  });
  const text = JSON.stringify([Object.values(receiver.jitterBuffer.counts), underrunSamples, looks]);
  const bytes = concat([new Uint8Array(samples.buffer), new TextEncoder().encode(text)]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A phone that does nothing for 30 to 90 ms, every 3 s. */
function phoneStalls(timeMs: number): number {
  const round = Math.floor(timeMs / 3_000);
  const end = round * 3_000 + 30 + round % 3 * 30;
  return round > 0 && timeMs < end ? end : timeMs;
}

/** A loudspeaker that stands still for 60 ms at 6 s, for 25 ms at 12 s, and for 300 ms at 18 s. */
function speakerStalls(timeMs: number): number {
  return timeMs < 6_000 ? 0 : timeMs < 12_000 ? 60 : timeMs < 18_000 ? 85 : 385;
}

/** One whose clock is 500 ppm slow. */
function speakerDrifts(timeMs: number): number {
  return timeMs / 2_000;
}

/** Who speaks when: 2.4 s of speech, 0.6 s of pause, and in every second round 3 s of pause. */
function speaking(timeMs: number): boolean {
  return timeMs % 9_000 < 2_400 || timeMs % 9_000 >= 3_000 && timeMs % 9_000 < 6_000;
}

/** All datagrams of a call in the order of their arrival. */
function arrivalsOf(call: GoldenCall): Arrival[] {
  const impairment = new Impairment({ baseDelayMs: 2, ...call.condition }, call.name);
  const random = seededRandom(`${call.name} stream`);
  const arrivals: Arrival[] = [];
  const before: { readonly payload: Uint8Array; readonly frame: number }[] = [];
  let [ssrc, sequenceNumber, timestamp] = [7, 65_500, 2 ** 32 - 48_000];
  let quietFrames = 0;
  for (let frame = 0; frame * call.frameMs < 1_000 * call.seconds; frame++) {
    const timeMs = frame * call.frameMs;
    if (call.stream === "restarts" && frame % 400 === 399) ssrc++;
    if (call.stream === "hostile" && random() < 0.005) sequenceNumber += Math.floor(300 * random());
    if (call.stream === "hostile" && random() < 0.005) timestamp += Math.floor(480_000 * (random() - 0.3));
    quietFrames = speaking(timeMs) ? 0 : quietFrames + 1;
    const silent = call.discontinuous && quietFrames > 10;
    const sent = !silent || quietFrames * call.frameMs % 400 === 0;
    const frameTimestamp = timestamp + frame * call.frameMs * SAMPLES_PER_MS;
    if (!sent) {
      before.length = 0;
      continue;
    }
    const payload = call.stream === "hostile" && random() < 0.01
      ? Uint8Array.of(FIRST_BYTE[call.frameMs], 9, 9)
      : payloadOf(frame, call, silent, speaking(timeMs));
    const redundant: RedundantFrame[] = before.slice(before.length - call.redundancy).map((earlier) => ({
      timestampOffset: (frame - earlier.frame) * call.frameMs * SAMPLES_PER_MS,
      payload: earlier.payload,
    }));
    const datagram = encodeRtp({
      payloadType: redundant.length > 0 ? REDUNDANT_PAYLOAD_TYPE : OPUS_PAYLOAD_TYPE,
      marker: false,
      sequenceNumber: sequenceNumber++ & 0xffff,
      timestamp: frameTimestamp >>> 0,
      ssrc,
      payload: redundant.length > 0 ? encodeRedundant({ redundant, payload }) : payload,
    });
    before.push({ payload, frame });
    if (before.length > call.redundancy) before.shift();
    for (const atMs of impairment.decide(timeMs + call.frameMs)) arrivals.push({ atMs, datagram });
  }
  return arrivals.sort((one, other) => one.atMs - other.atMs);
}

/** First byte of an Opus packet of one frame of 10 or 20 ms (RFC 6716, section 3.1), and two bits that leave it one. */
const FIRST_BYTE = { 10: 0xd0, 20: 0xd8 } as const;
const COPY = 0x20;
const LOUD = 0x04;

/** A payload that says which frame it is; one of two bytes is silent. */
function payloadOf(
  frame: number,
  { frameMs, inBand }: GoldenCall,
  silent: boolean,
  loud: boolean,
): Uint8Array {
  const first = FIRST_BYTE[frameMs];
  if (silent) return Uint8Array.of(first, 0);
  return Uint8Array.of(first | (inBand ? COPY : 0) | (loud ? LOUD : 0), frame >> 16, frame >> 8, frame);
}

/** One period of the voice, 8 ms, of whole numbers so that every machine makes the same. */
const PERIOD = Int16Array.from({ length: 384 }, (_, phase) => {
  return phase < 40 ? 40 * phase : phase < 120 ? 1_600 - 30 * (phase - 40) : -800 + 3 * (phase - 120);
});

/** A voice of a steady pitch whose loudness goes up and down. What it makes up goes on, softer each time. */
class ToneDecoder implements VoiceDecoder {
  readonly #frame: Int16Array;
  readonly #made = new Int16Array(5_760);
  readonly #noise: Random;
  #concealed = 0;

  constructor({ frameMs, name }: GoldenCall) {
    this.#frame = new Int16Array(frameMs * SAMPLES_PER_MS);
    this.#noise = seededRandom(`${name} noise`);
  }

  decode(packet: Uint8Array): Int16Array | undefined {
    if (packet.length === 3) return undefined;
    this.#concealed = 0;
    return packet.length < 4 ? this.#frame.fill(0) : this.#tone(packet, 0);
  }

  carriesCopy(packet: Uint8Array): boolean {
    return packet.length === 4 && (packet[0]! & COPY) !== 0;
  }

  recover(packet: Uint8Array, samples: number): Int16Array | undefined {
    return this.carriesCopy(packet) ? this.#tone(packet, 1).subarray(0, samples) : undefined;
  }

  conceal(samples: number): Int16Array {
    this.#concealed++;
    const made = this.#made.subarray(0, samples);
    for (let i = 0; i < samples; i++) made[i] = PERIOD[i % PERIOD.length]! * 4 / this.#concealed;
    return made;
  }

  [Symbol.dispose](): void {}

  #tone(packet: Uint8Array, earlier: number): Int16Array {
    const frame = packet[1]! * 65_536 + packet[2]! * 256 + packet[3]! - earlier;
    const gain = (packet[0]! & LOUD) === 0 ? 0 : 2 + frame % 25 / 2;
    const start = frame * this.#frame.length + PERIOD.length;
    for (let i = 0; i < this.#frame.length; i++) {
      this.#frame[i] = gain * PERIOD[(start + i) % PERIOD.length]! + 20 * this.#noise();
    }
    return this.#frame;
  }
}

/** The hashes of calls as they stand in the file. */
export async function goldenText(calls: readonly GoldenCall[] = GOLDEN_CALLS): Promise<string> {
  const lines: string[] = [];
  for (const call of calls) lines.push(`${await goldenHash(call)} ${call.name}\n`);
  return lines.join("");
}

if (import.meta.main) await Deno.writeTextFile(GOLDEN_FILE, await goldenText());
