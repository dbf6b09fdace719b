/** Made-up calls through the real codec: what a phone sends on a network, and how another one hears it. */

import { chooseLibopus } from "../../lib/codec/libopus.ts";
import { openDecoder } from "../../lib/codec/opus.ts";
import { SAMPLE_RATE, SAMPLES_PER_MS, toFloat32, toInt16 } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import type { JitterBufferConfig } from "../../lib/jitter_buffer/config.ts";
import { ReceiverStatistics } from "../../lib/rtp/receiver_statistics.ts";
import { RtcpSession } from "../../lib/rtp/rtcp_session.ts";
import { isRtcp, parseRtp, type RtpPacket } from "../../lib/rtp/rtp.ts";
import { SequenceUnwrapper } from "../../lib/rtp/sequence_unwrapper.ts";
import { VoiceSession } from "../../lib/voice/voice_session.ts";
import { STOI_RATE, StoiReference } from "../../testing/audio/stoi.ts";
import { type Arrival, listen } from "../../testing/listening_phone.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { Impairment } from "../../testing/netem/impairment.ts";
import { quantile } from "../../testing/quantile.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import type { Scene } from "./scenes.ts";

/** The system's, where there is one: it takes half the time. */
const LIBOPUS = chooseLibopus();

const FRAME_MS = 20;
const FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS;

/** Silence before the speech, in which the phones get to know the network, and after it. */
const LEAD_IN_MS = 3_000;
const FADE_OUT_MS = 600;

/** How often the speech is said. */
const REPETITIONS = 2;

/** A sender's packets of this time come up to 40 ms late, because its program is only just compiled. */
const STARTING_MS = 400;
const STARTING_DELAY_MS = 40;

/** Each piece of this length is aligned for itself, so that a change of delay costs what it does to the sound alone. */
const PIECE_MS = 500;

/** The speech is looked for this far around where the timestamps say: the codec's own delay, and time-scaling. */
const SEARCH_MS = 12;

/** The low-pass for the comparison: 12 are enough below 4 kHz, where the measure ends. */
const ZERO_CROSSINGS = 12;

/** Speech, prepared once for all calls. */
export interface Said {
  /** With silence before and after it. */
  readonly samples: Int16Array<ArrayBuffer>;
  readonly reference: StoiReference;
  /** The speech alone at {@linkcode STOI_RATE}. */
  readonly slow: Float32Array;
}

/** How one call was heard. */
export interface Outcome {
  readonly stoi: number;
  /** From the microphone to the loudspeaker, mean over the speech. */
  readonly delayMs: number;
  /** Concealed and underrun time in all of the call. */
  readonly concealedMs: number;
}

/** What the loudspeaker played, and where in it which timestamps are. */
export interface Heard {
  readonly samples: Int16Array<ArrayBuffer>;
  readonly places: readonly TimedPlace[];
  readonly concealedMs: number;
}

/** Where a timestamp is played: how much further in what is played, and how much later than it was recorded. */
interface TimedPlace {
  readonly timestamp: number;
  readonly shiftSamples: number;
  readonly delayMs: number;
}

/** Prepares speech. */
export function prepare(speech: Float32Array): Said {
  const repeated = new Float32Array(REPETITIONS * speech.length);
  for (let n = 0; n < REPETITIONS; n++) repeated.set(speech, n * speech.length);
  const lead = LEAD_IN_MS * SAMPLES_PER_MS;
  const samples = new Int16Array(lead + repeated.length + FADE_OUT_MS * SAMPLES_PER_MS);
  toInt16(repeated, samples.subarray(lead));
  // A quiet room, so that the lead-in is sent as it is in calls.
  const random = seededRandom("room");
  for (let i = 0; i < samples.length; i++) samples[i]! += Math.round(16 * (random() - 0.5));
  const slow = resample(repeated, SAMPLE_RATE, STOI_RATE, ZERO_CROSSINGS);
  return {
    samples,
    reference: new StoiReference(slow),
    slow,
  };
}

/** All datagrams of a call as they arrive: a whole voice session sends them, and follows the receiver's reports. */
export async function sendCall(said: Said, scene: Scene, seed: string): Promise<Arrival[]> {
  const clock = new FakeClock("by advance");
  const network = new Impairment({ baseDelayMs: 1, ...scene }, `${seed} there`);
  const backward = new Impairment(scene, `${seed} back`);
  const random = seededRandom(`${seed} phones`);
  const statistics = new ReceiverStatistics();
  const reports = new RtcpSession({ ssrc: 2, statistics, now: 0, unixMs: 0, random });
  const arrivals: Arrival[] = [];
  const due: Arrival[] = [];
  let first: RtpPacket | undefined;
  let frames = 0;
  let lastStartAt = 0;
  const session = await VoiceSession.start({
    source: {
      name: "speech",
      delaySamples: 0,
      read(frame) {
        const waitMs = (frames + 1) * FRAME_MS - clock.now();
        if (waitMs > 0) return waitMs;
        frame.set(said.samples.subarray(frames * FRAME_SAMPLES, (frames + 1) * FRAME_SAMPLES));
        frames++;
        return 0;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    sink: {
      name: "nothing",
      delaySamples: 0,
      roomSamples: 0,
      wanted: () => 0,
      write: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    frameSamples: FRAME_SAMPLES,
    errorCorrection: true,
    redundancy: true,
    stretching: true,
    send(datagram) {
      if (isRtcp(datagram)) return;
      const packet = parseRtp(datagram)!;
      first ??= packet;
      // A stream begins at random numbers; here each begins at the same, so that a call can be repeated exactly.
      const view = new DataView(datagram.buffer, datagram.byteOffset);
      view.setUint16(2, packet.sequenceNumber - first.sequenceNumber);
      view.setUint32(4, packet.timestamp - first.timestamp);
      view.setUint32(8, 1);
      const now = clock.now();
      const startDelay = now < STARTING_MS ? STARTING_DELAY_MS * random() : 0.5 * random();
      lastStartAt = Math.max(lastStartAt, now + startDelay);
      for (const atMs of network.decide(lastStartAt)) {
        arrivals.push({ atMs, datagram });
        due.push({ atMs, datagram });
      }
    },
    replaceSource: (error) => {
      throw error;
    },
    replaceSink: (error) => {
      throw error;
    },
    libopus: LIBOPUS,
    clock,
  });
  const sequence = new SequenceUnwrapper(16);
  while (frames * FRAME_SAMPLES < said.samples.length) {
    clock.advanceAtOnce(FRAME_MS);
    const now = clock.now();
    due.sort((one, other) => one.atMs - other.atMs);
    for (; due.length > 0 && due[0]!.atMs <= now; due.shift()) {
      const { sequenceNumber, timestamp } = parseRtp(due[0]!.datagram)!;
      statistics.record(first!.ssrc, sequence.extend(sequenceNumber), timestamp, due[0]!.atMs);
    }
    const report = reports.tick(now);
    if (!report || backward.decide(now).length === 0) continue;
    session.handleDatagram(report);
    await clock.advance(0); // An encoder that expects losses takes over.
  }
  await session.stop();
  await session.closed();
  return arrivals.sort((one, other) => one.atMs - other.atMs);
}

/** Hears the datagrams of a call with one configuration of the jitter buffer. */
export async function hearCall(
  said: Said,
  scene: Scene,
  seed: string,
  arrivals: readonly Arrival[],
  config: JitterBufferConfig,
): Promise<Heard> {
  using decoder = await openDecoder(LIBOPUS);
  const places: TimedPlace[] = [];
  const { samples, receiver, underrunSamples } = listen({
    arrivals,
    seconds: said.samples.length / SAMPLE_RATE,
    decoder,
    frameSamples: FRAME_SAMPLES,
    config,
    random: seededRandom(`${seed} timers`),
    ...(scene.phoneStalls && { awakeMs: stalls(`${seed} phone`, [2_000, 6_000], [5, 60]) }),
    ...(scene.speakerStalls && { speakerBehindMs: standstills(`${seed} speaker`) }),
    look: (_, { jitterBuffer: { playoutTimestamp } }, { position, playedAtMs }) => {
      const timestamp = playoutTimestamp % 2 ** 32;
      const delayMs = playedAtMs - timestamp / SAMPLES_PER_MS;
      places.push({ timestamp, shiftSamples: position - timestamp, delayMs });
    },
  });
  const concealed = receiver.jitterBuffer.counts.concealedSamples + underrunSamples;
  return { samples, places, concealedMs: concealed / SAMPLES_PER_MS };
}

/** Compares what was heard with what was said. */
export function judge(said: Said, { samples, places, concealedMs }: Heard): Outcome {
  const heard = resample(toFloat32(samples), SAMPLE_RATE, STOI_RATE, ZERO_CROSSINGS);
  const aligned = new Float32Array(said.slow.length);
  const lead = LEAD_IN_MS * STOI_RATE / 1_000;
  const between = (start: number, end: number) => {
    const [from, to] = [start, end].map((place) => (place + lead) * SAMPLE_RATE / STOI_RATE);
    return places.filter(({ timestamp }) => timestamp >= from! && timestamp < to!);
  };
  const pieceLength = PIECE_MS * STOI_RATE / 1_000;
  for (let start = 0; start < said.slow.length; start += pieceLength) {
    const end = Math.min(said.slow.length, start + pieceLength);
    const clear = said.slow.subarray(start, end);
    const shifts = between(start, end).map(({ shiftSamples }) => shiftSamples);
    const expected = lead + start + Math.round(quantile(shifts, 0.5) * STOI_RATE / SAMPLE_RATE);
    const at = expected + bestShift(clear, heard, expected);
    aligned.set(heard.subarray(at, at + clear.length), start);
  }
  const delays = between(0, said.slow.length).map(({ delayMs }) => delayMs);
  return {
    stoi: said.reference.compare(aligned),
    delayMs: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
    concealedMs,
  };
}

/** Where the speech is likest to what was heard: every other sample first, then those beside the best. */
function bestShift(clear: Float32Array, heard: Float32Array, at: number): number {
  const reach = SEARCH_MS * STOI_RATE / 1_000;
  const likeness = (shift: number) => {
    const from = at + shift;
    const end = Math.min(clear.length, heard.length - from);
    let product = 0;
    for (let i = Math.max(0, -from); i < end; i += 2) product += clear[i]! * heard[from + i]!;
    return product;
  };
  let [best, bestLikeness] = [0, -Infinity];
  const look = (shift: number) => {
    const found = likeness(shift);
    if (found > bestLikeness) [best, bestLikeness] = [shift, found];
  };
  for (let shift = -reach; shift <= reach; shift += 2) look(shift);
  for (const shift of [best - 1, best + 1]) look(shift);
  return best;
}

/** A phone that comes to nothing for some time, again and again. */
function stalls(
  seed: string,
  gapMs: readonly [number, number],
  lengthMs: readonly [number, number],
): (timeMs: number) => number {
  const channel = new Impairment({ name: "stalls", stalls: { gapMs, lengthMs } }, seed);
  channel.decide(0);
  return (timeMs) => channel.decide(timeMs)[0]!;
}

/** A loudspeaker that starts 30 ms ahead, and stands still for 10 to 80 ms every 3 to 8 s. */
function standstills(seed: string): (timeMs: number) => number {
  const random = seededRandom(seed);
  const planned: { readonly atMs: number; readonly behindMs: number }[] = [{ atMs: 300, behindMs: 30 }];
  return (timeMs) => {
    for (let last = planned.at(-1)!; last.atMs < timeMs; last = planned.at(-1)!) {
      planned.push({
        atMs: last.atMs + 3_000 + 5_000 * random(),
        behindMs: last.behindMs + 10 + 70 * random(),
      });
    }
    return planned.findLast(({ atMs }) => atMs <= timeMs)?.behindMs ?? 0;
  };
}
