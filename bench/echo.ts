/**
 * Echo cancelling in a simulated room: the project's own beside SpeexDSP's, where that is installed.
 *
 * Usage: `deno run -A bench/echo.ts`, from any folder. Takes half a minute and writes nothing but its tables.
 *
 * The project's own finds delay and drift by itself. SpeexDSP cannot, so its far end is aligned with the echo to the
 * sample, 4 ms ahead, at the start. Gain control is off, so that levels can be compared.
 */

import { SAMPLE_RATE, SAMPLES_PER_MS } from "../lib/dsp/pcm.ts";
import { AudioProcessor } from "../audio/processing/audio_processor.ts";
import {
  type BlockOrder,
  echoLossDb,
  hear,
  type Processor,
  roomResponse,
  runCall,
  type Scene,
  speech,
  voiceGainDb,
} from "../testing/audio/room.ts";
import { SpeexDsp } from "./peers/speexdsp.ts";

const SECONDS = 12;
const FRAME = 960;
/** SpeexDSP's manual asks for 10 to 20 ms; the frame is its latency. */
const SPEEX_FRAME = 480;
const HEADROOM = 192;
const DELAY_MS = 80;
/** Near-end speech in the double-talk rows, in seconds. */
const TALK = { from: 7, to: 10 } as const;

const FAR = speech(["fala.wav", "resposta.wav"], SECONDS);
const NEAR = speech(["resposta.wav", "fala.wav"], SECONDS).map((sample, i) =>
  i >= TALK.from * SAMPLE_RATE && i < TALK.to * SAMPLE_RATE ? sample : 0
);

const milliseconds = (count: number) => count * SAMPLES_PER_MS;

const BASE: Scene = { far: FAR, response: roomResponse({ seed: 7 }), delaySamples: milliseconds(DELAY_MS) };

const SCENES: readonly (readonly [string, Partial<Scene>])[] = [
  ["a room, 80 ms", {}],
  ["another room, slow decay", {
    response: roomResponse({ seed: 21, decayDb: 25, directToReverberantDb: 0 }),
  }],
  ["drift 30 ppm", { driftPpm: 30 }],
  ["drift 300 ppm", { driftPpm: 300 }],
  ["drift -300 ppm", { driftPpm: -300 }],
  ["delay +40 ms at 6 s", { step: { at: 6 * SAMPLE_RATE, delaySamples: milliseconds(DELAY_MS + 40) } }],
  ["distorting loudspeaker", { far: FAR.map((sample) => Math.tanh(2 * sample) / 2) }],
];

/** A processor to compare. */
interface Contender extends Disposable {
  readonly processor: Processor;
  readonly latencySamples: number;
}

function own(): Contender {
  const processor = new AudioProcessor({ gain: false });
  return { processor, latencySamples: processor.latencySamples, [Symbol.dispose]: () => {} };
}

function speex(tailMs: number): Contender | undefined {
  const speexDsp = SpeexDsp.open(SPEEX_FRAME, milliseconds(tailMs), SAMPLE_RATE);
  if (!speexDsp) return undefined;
  const far = Int16Array.from(FAR, (sample) => Math.round(32767 * sample));
  const output = new Int16Array(SPEEX_FRAME);
  const aligned = new Int16Array(SPEEX_FRAME);
  let captured = 0;
  const processor = {
    played: () => {},
    capture: (samples: Int16Array<ArrayBuffer>) => {
      for (let start = 0; start < samples.length; start += SPEEX_FRAME, captured += SPEEX_FRAME) {
        const first = captured - BASE.delaySamples + HEADROOM;
        for (let i = 0; i < SPEEX_FRAME; i++) aligned[i] = far[first + i] ?? 0;
        const block = samples.subarray(start, start + SPEEX_FRAME);
        speexDsp.process(block, aligned, output);
        block.set(output);
      }
    },
  };
  return {
    processor,
    latencySamples: speexDsp.latencySamples,
    [Symbol.dispose]: () => speexDsp[Symbol.dispose](),
  };
}

const CONTENDERS: readonly (readonly [string, () => Contender | undefined])[] = [
  ["Sala", own],
  ["SpeexDSP 128 ms", () => speex(128)],
  ["SpeexDSP 160 ms", () => speex(160)],
  ["SpeexDSP 200 ms", () => speex(200)],
];

/** Measures the processor time of each 20 ms. */
class Stopwatch implements Processor {
  readonly #processor: Processor;
  readonly #times: number[] = [];
  #time = 0;

  constructor(processor: Processor) {
    this.#processor = processor;
  }

  played(samples: Int16Array): void {
    const start = performance.now();
    this.#processor.played(samples);
    this.#time += performance.now() - start;
  }

  capture(samples: Int16Array<ArrayBuffer>): void {
    const start = performance.now();
    this.#processor.capture(samples);
    this.#times.push(this.#time + performance.now() - start);
    this.#time = 0;
  }

  /** Median and mean over the second half, when the code is compiled, in percent of one core. */
  shares(): readonly [number, number] {
    const times = this.#times.slice(this.#times.length / 2).toSorted((a, b) => a - b);
    const frame = 1000 * FRAME / SAMPLE_RATE;
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    return [100 * times[times.length >> 1]! / frame, 100 * mean / frame];
  }
}

const row = (name: string, cells: readonly string[]) =>
  console.log(name.padEnd(26) + cells.map((cell) => cell.padStart(7)).join(""));

for (const [name, change] of SCENES) {
  const scene = { ...BASE, ...change };
  const alone = hear(scene);
  const both = hear({ ...scene, near: NEAR });
  const order: BlockOrder = { blockSamples: FRAME, driftPpm: scene.driftPpm ?? 0 };
  console.log();
  row(
    `${name}: dB less echo`,
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((second) => `${second} s`).concat("voice", "cpu %", "mean"),
  );
  for (const [contenderName, open] of CONTENDERS) {
    using contender = open();
    using second = open();
    if (!contender || !second) continue;
    const stopwatch = new Stopwatch(contender.processor);
    const output = runCall(stopwatch, FAR, alone.microphone, order);
    const losses = Array.from(
      { length: SECONDS },
      (_, i) => echoLossDb(alone.echo, output, i * SAMPLE_RATE, (i + 1) * SAMPLE_RATE).toFixed(0),
    );
    const talk = runCall(second.processor, FAR, both.microphone, order);
    const [from, to] = [TALK.from * SAMPLE_RATE, TALK.to * SAMPLE_RATE];
    const voice = voiceGainDb(NEAR, talk, second.latencySamples, from, to);
    row(contenderName, [...losses, voice.toFixed(1), ...stopwatch.shares().map((share) => share.toFixed(2))]);
  }
}
