import { SAMPLE_RATE, SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AudioProcessor, type AudioProcessorOptions } from "../../../audio/processing/audio_processor.ts";
import {
  type BlockOrder,
  echoLossDb,
  hear,
  powerOf,
  roomResponse,
  type RoomShape,
  runCall,
  type Scene,
  speech,
  voiceGainDb,
} from "../../../testing/audio/room.ts";
import { EVERYTHING, oneIn } from "../../../testing/everything.ts";
import { noise } from "../../../testing/audio/signals.ts";
import { seededRandom } from "../../../testing/netem/random.ts";

/** Least echo return loss enhancement, and least gain of a near-end voice, in dB. */
const MIN_ERLE_DB = 20;
const MIN_VOICE_GAIN_DB = -3;

const SECONDS = 9;
const FAR = speech(["fala.wav", "resposta.wav"], SECONDS);
const NEAR = speech(["resposta.wav", "fala.wav"], SECONDS);

const seconds = (count: number) => Math.round(count * SAMPLE_RATE);
const ms = (count: number) => Math.round(count * SAMPLES_PER_MS);

const toneAt = (i: number) => 0.2 * Math.sin(2 * Math.PI * 440 * i / SAMPLE_RATE);

/** `sound` from second `from` to `to`, with silence around it. */
function during(sound: Float32Array, from: number, to: number, gain = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from(sound, (sample, i) => i >= seconds(from) && i < seconds(to) ? gain * sample : 0);
}

interface Call extends Partial<Scene> {
  readonly room?: Partial<RoomShape>;
  readonly order?: Partial<BlockOrder>;
  readonly options?: AudioProcessorOptions;
  /** Whether the loudspeaker distorts. */
  readonly distorted?: boolean;
  /** Capture samples lost at second 5. */
  readonly lost?: number;
  /** First and last second of a muted microphone. */
  readonly muted?: readonly [number, number];
  /** A processor after an earlier call. */
  readonly processor?: AudioProcessor;
}

interface CallResult {
  readonly echo: Float32Array;
  readonly output: Float32Array;
  readonly processor: AudioProcessor;
}

/** Rooms by their shapes, so that those of equal shapes are one. */
const rooms = new Map<string, Float32Array>();

function responseOf(shape: Partial<RoomShape> = {}): Float32Array {
  const name = JSON.stringify(shape);
  const response = rooms.get(name) ?? roomResponse({ seed: 7, ...shape });
  rooms.set(name, response);
  return response;
}

function call(setup: Call = {}): CallResult {
  const { room, order, options, distorted, lost = 0, processor = new AudioProcessor(options), ...rest } =
    setup;
  const scene = { far: FAR, response: responseOf(room), delaySamples: ms(80), ...rest };
  const heard = distorted ? scene.far.map((sample) => Math.tanh(2 * sample) / 2) : scene.far;
  let { microphone, echo } = hear({ ...scene, far: heard });
  if (lost > 0) {
    microphone = Int16Array.from(microphone, (_, i) => microphone[i < seconds(5) ? i : i + lost] ?? 0);
    echo = Float32Array.from(echo, (_, i) => echo[i < seconds(5) ? i : i + lost] ?? 0);
  }
  const [mutedFrom, mutedTo] = setup.muted ?? [0, 0];
  microphone.fill(0, seconds(mutedFrom), seconds(mutedTo));
  echo.fill(0, seconds(mutedFrom), seconds(mutedTo));
  const driftPpm = scene.driftPpm ?? 0;
  const output = runCall(processor, scene.far, microphone, { blockSamples: 960, driftPpm, ...order });
  return { echo, output, processor };
}

/** Echoes at the far ends of what is promised, and more of them where nobody waits. */
const ECHOES: readonly (readonly [string, Call])[] = [
  ["after 20 ms", { delaySamples: ms(20) }],
  ["after 400 ms", { delaySamples: ms(400) }],
  ["from a loudspeaker that is 300 ppm fast", { driftPpm: 300 }],
  ["in bursts of blocks and with drift", {
    driftPpm: 200,
    order: { random: seededRandom(4), blockSamples: 480 },
  }],
  ["of a room that decays slowly", { room: { decayDb: 25, directToReverberantDb: 0, echoDb: -6 } }],
  ["that is faint", { room: { echoDb: -20 } }],
  ["that is loud", { room: { echoDb: 0 } }],
  ["of tones", { far: FAR.map((sample, i) => i > seconds(4) && i < seconds(6) ? toneAt(i) : sample) }],
  ["of a small loudspeaker that distorts", { distorted: true }],
];
const MORE_ECHOES: typeof ECHOES = [
  ["after 80 ms", {}],
  ["after 200 ms", { delaySamples: ms(200) }],
  ["in blocks of 10 ms", { order: { blockSamples: 480 } }],
  ["in bursts of blocks", { order: { random: seededRandom(3) } }],
  ["from a loudspeaker that is 300 ppm slow", { driftPpm: -300 }],
  ["of another room", { room: { seed: 99 } }],
  ["beside a fan", { noisePeak: 0.003 }],
  ["without noise suppression", { options: { noiseReduction: false } }],
];

for (const [what, setup] of [...ECHOES, ...EVERYTHING ? MORE_ECHOES : []]) {
  Deno.test(`AudioProcessor cancels echo ${what}`, () => {
    const { echo, output } = call(setup);
    const loss = echoLossDb(echo, output, seconds(3), seconds(SECONDS));
    assert(loss >= MIN_ERLE_DB, `${loss.toFixed(1)} dB`);
  });
}

Deno.test("AudioProcessor keeps the echo path while the microphone is muted, and gives silence meanwhile", () => {
  const { echo, output } = call({ muted: [4, 6] });
  assert(output.subarray(seconds(4) + ms(40), seconds(6)).every((sample) => sample === 0));
  const loss = echoLossDb(echo, output, seconds(6) + ms(150), seconds(7));
  assert(loss >= MIN_ERLE_DB, `${loss.toFixed(1)} dB`);
});

Deno.test("AudioProcessor does not amplify residual echo", () => {
  const { processor } = call();
  const { gainDb } = processor.figures;
  assert(Math.abs(gainDb) < 1, `${gainDb} dB`);
});

const VOICES: readonly (readonly [string, Call, number])[] = [
  ["that is faint during double talk", {}, 0.3],
  ["during double talk with drift", { driftPpm: 300 }, 1],
  ["without echo", { room: { echoDb: -120 } }, 1],
];
const MORE_VOICES: typeof VOICES = [
  ["during double talk", {}, 1],
  ["during double talk in a room that decays slowly", { room: { decayDb: 25, echoDb: -6 } }, 1],
];

for (const [what, setup, gain] of [...VOICES, ...EVERYTHING ? MORE_VOICES : []]) {
  Deno.test(`AudioProcessor passes a voice ${what}`, () => {
    const near = during(NEAR, 4, 7, gain);
    const { echo, output, processor } = call({ ...setup, near, options: { gain: false } });
    const change = voiceGainDb(near, output, processor.latencySamples, seconds(4), seconds(7));
    assert(change >= MIN_VOICE_GAIN_DB && change < 1, `${change.toFixed(1)} dB`);
    if (powerOf(echo, 0, echo.length) < 1e-9) return;
    const loss = echoLossDb(echo, output, seconds(8), seconds(SECONDS));
    assert(loss >= MIN_ERLE_DB, `echo afterwards: ${loss.toFixed(1)} dB`);
  });
}

const CHANGES: readonly (readonly [string, Call])[] = [
  ["the delay grew by 40 ms", { step: { at: seconds(5), delaySamples: ms(120) } }],
  ["the delay shrank by 40 ms", { step: { at: seconds(5), delaySamples: ms(40) } }],
  ["a capture block was lost", { lost: 960 }],
];

for (const [what, setup] of CHANGES) {
  Deno.test(`AudioProcessor cancels echo again within 3 s after ${what}`, () => {
    const { echo, output } = call(setup);
    const before = echoLossDb(echo, output, seconds(3), seconds(5));
    const after = echoLossDb(echo, output, seconds(8), seconds(SECONDS));
    assert(
      before >= MIN_ERLE_DB && after >= MIN_ERLE_DB,
      `${before.toFixed(1)}, ${after.toFixed(1)} dB`,
    );
  });
}

Deno.test("AudioProcessor.devicesChanged() lets it converge on another echo path as fast as on the first", () => {
  const { processor } = call({ delaySamples: ms(300), driftPpm: 300 });
  processor.devicesChanged();
  assertEquals([processor.figures.delaySamples, processor.figures.driftPpm], [undefined, 0]);
  const { echo, output } = call({ processor, driftPpm: -300, room: { seed: 99 } });
  const loss = echoLossDb(echo, output, seconds(3), seconds(SECONDS));
  assert(loss >= MIN_ERLE_DB, `${loss.toFixed(1)} dB`);
  // Without a canceller, there is nothing to forget.
  new AudioProcessor({ echoCancel: false }).devicesChanged();
});

Deno.test("AudioProcessor.figures give delay, drift and echo reduction", () => {
  const { processor } = call({ driftPpm: -300, order: { blockSamples: 480 } });
  const { delaySamples, driftPpm, echoReductionDb } = processor.figures;
  assert(delaySamples !== undefined);
  // The loudspeaker played 300 ppm of 9 s less than the microphone captured.
  const missing = seconds(SECONDS) * 300e-6;
  assert(Math.abs(delaySamples - (ms(80) - missing)) < ms(12), `${delaySamples} samples`);
  assert(Math.abs(driftPpm + 300) < 30, `${driftPpm} ppm`);
  assert(echoReductionDb > 10, `${echoReductionDb} dB`);
});

Deno.test("AudioProcessor cancels more echo in the first second when told the latencies", () => {
  const { microphone, echo } = hear({ far: FAR, response: responseOf(), delaySamples: ms(300) });
  const first = seconds(1);
  const lossWith = (output?: number, input?: number) => {
    const inner = new AudioProcessor();
    const processor = {
      played: (samples: Int16Array) => inner.played(samples, output),
      capture: (samples: Int16Array) => inner.capture(samples, input),
    };
    return echoLossDb(
      echo,
      runCall(processor, FAR, microphone.subarray(0, first), { blockSamples: 480 }),
      0,
      first,
    );
  };
  const [told, roughly, untold] = [lossWith(ms(290), ms(10)), lossWith(ms(285), ms(10)), lossWith()];
  const text = `${told.toFixed(1)} dB with it, ${roughly.toFixed(1)} dB roughly, ${
    untold.toFixed(1)
  } dB without`;
  assert(told > untold + 3 && roughly > untold + 3, text);
});

/** Active speech level in dBFS: mean power of the blocks of 10 ms within 16 dB of it. */
function activeDb(samples: Float32Array, from: number, to: number): number {
  const powers = [];
  for (let start = from; start + 480 <= to; start += 480) powers.push(powerOf(samples, start, start + 480));
  let level = Math.max(...powers);
  for (let round = 0; round < 20; round++) {
    const active = powers.filter((power) => power > level / 40);
    level = active.reduce((sum, power) => sum + power, 0) / active.length;
  }
  return 10 * Math.log10(level);
}

const NO_ECHO = { echoCancel: false } as const;

/** Sends speech and noise of given levels in dBFS through a processor in frames of 20 ms. */
function speak(speechDb: number, noiseDb: number, options: AudioProcessorOptions): Float32Array {
  const voice = speech(["fala.wav", "resposta.wav"], 6);
  const gain = 10 ** ((speechDb - activeDb(voice, 0, voice.length)) / 20);
  const hiss = noise(voice.length, 5, Math.sqrt(3) * 10 ** (noiseDb / 20));
  const microphone = Int16Array.from(
    voice,
    (sample, i) => Math.max(-32768, Math.min(32767, Math.round(32767 * (gain * sample + hiss[i]!)))),
  );
  return runCall(new AudioProcessor(options), voice, microphone, { blockSamples: 960 });
}

for (const speechDb of oneIn(3, [-45, -35, -20, -10])) {
  Deno.test(`AudioProcessor brings speech from ${speechDb} to -20 dBFS within 3 s`, () => {
    const output = speak(speechDb, -80, NO_ECHO);
    const level = activeDb(output, seconds(3), seconds(6));
    assert(Math.abs(level + 20) < 2, `${level.toFixed(1)} dB`);
  });
}

for (const noiseReduction of [true, false]) {
  Deno.test(`AudioProcessor does not amplify noise ${noiseReduction ? "with" : "without"} noise suppression`, () => {
    const output = speak(-200, -50, { ...NO_ECHO, noiseReduction });
    for (let second = 0; second < 6; second++) {
      const level = 10 * Math.log10(powerOf(output, seconds(second), seconds(second + 1)));
      assert(level < -50 + 1, `${level.toFixed(1)} dB in second ${second + 1}`);
    }
  });
}

Deno.test("AudioProcessor suppresses steady noise by more than 10 dB and passes the speech over it", () => {
  const voice = during(speech(["fala.wav"], 6), 2, 5, 0.5);
  const hiss = noise(voice.length, 5, 0.005);
  const microphone = Int16Array.from(voice, (sample, i) => Math.round(32767 * (sample + hiss[i]!)));
  const processor = new AudioProcessor({ ...NO_ECHO, gain: false });
  const output = runCall(processor, voice, microphone, { blockSamples: 480 });
  const change = voiceGainDb(voice, output, processor.latencySamples, seconds(2), seconds(5));
  assert(Math.abs(change) < 1, `speech ${change.toFixed(1)} dB`);
  for (const [from, to] of [[1, 2], [5.5, 6]] as const) {
    const reduction = 10 * Math.log10(
      powerOf(hiss, seconds(from), seconds(to)) / powerOf(output, seconds(from), seconds(to)),
    );
    assert(reduction > 10 && reduction < 18, `noise ${reduction.toFixed(1)} dB down from second ${from}`);
  }
});

Deno.test("AudioProcessor passes bursts of tone unchanged", () => {
  const tone = Float32Array.from(
    { length: seconds(5) },
    (_, i) => i % seconds(1) < seconds(0.5) ? 0.2 * Math.sin(2 * Math.PI * 1000 * i / SAMPLE_RATE) : 0,
  );
  const microphone = Int16Array.from(tone, (sample) => Math.round(32767 * sample));
  const processor = new AudioProcessor({ gain: false });
  const output = runCall(processor, new Float32Array(tone.length), microphone, { blockSamples: 480 });
  const change = voiceGainDb(tone, output, processor.latencySamples, seconds(1), seconds(5));
  assert(Math.abs(change) < 0.5, `${change.toFixed(2)} dB`);
});

Deno.test("AudioProcessor gives silence for silence", () => {
  const output = runCall(new AudioProcessor(), FAR, new Int16Array(seconds(4)), { blockSamples: 960 });
  assert(output.every((sample) => sample === 0));
});

Deno.test("AudioProcessor with all stages off changes nothing", () => {
  const processor = new AudioProcessor({ echoCancel: false, noiseReduction: false, gain: false });
  assertEquals(processor.latencySamples, 0);
  const block = Int16Array.from({ length: 960 }, (_, i) => (i * 7919) % 65536 - 32768);
  const processed = block.slice();
  processor.capture(processed);
  assertEquals(processed, block);
});

Deno.test("AudioProcessor delays by exactly its latency", () => {
  const voice = Float32Array.from(noise(seconds(1), 8, 0.3));
  const microphone = Int16Array.from(voice, (sample) => Math.round(32767 * sample));
  const processor = new AudioProcessor({ noiseReduction: false, gain: false });
  const output = runCall(processor, new Float32Array(voice.length), microphone, { blockSamples: 480 });
  assertEquals(processor.latencySamples, 144);
  for (let i = 4800; i < microphone.length; i++) {
    assert(Math.abs(32767 * output[i]! - microphone[i - 144]!) <= 1, `sample ${i}`);
  }
});

Deno.test("AudioProcessor.capture() refuses a fraction of a block", () => {
  assertThrows(() => new AudioProcessor().capture(new Int16Array(500)), RangeError, "500");
});
