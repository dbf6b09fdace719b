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
import { noise, seededRandom } from "../../../testing/audio/signals.ts";

/** What the issue asks for. */
const ECHO_LOSS_BAR_DB = 20;
const VOICE_LOSS_BAR_DB = -3;

const SECONDS = 9;
const FAR = speech(["fala.wav", "resposta.wav"], SECONDS);
const NEAR = speech(["resposta.wav", "fala.wav"], SECONDS);

const seconds = (count: number) => Math.round(count * SAMPLE_RATE);
const ms = (count: number) => Math.round(count * SAMPLES_PER_MS);

const toneAt = (i: number) => 0.2 * Math.sin(2 * Math.PI * 440 * i / SAMPLE_RATE);

/** `sound` from one second to another, silence around it. */
function during(sound: Float32Array, from: number, to: number, gain = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from(sound, (sample, i) => i >= seconds(from) && i < seconds(to) ? gain * sample : 0);
}

interface Call extends Partial<Scene> {
  readonly room?: Partial<RoomShape>;
  readonly order?: Partial<BlockOrder>;
  readonly options?: AudioProcessorOptions;
  /** Whether the loudspeaker clips what it is given. */
  readonly distorted?: boolean;
  /** Samples of the microphone that get lost after five seconds. */
  readonly lost?: number;
  /** Seconds from which to which the microphone is muted. */
  readonly muted?: readonly [number, number];
  /** One that has been in a call before. */
  readonly processor?: AudioProcessor;
}

interface CallResult {
  readonly echo: Float32Array;
  readonly output: Float32Array;
  readonly processor: AudioProcessor;
}

function call(setup: Call = {}): CallResult {
  const { room, order, options, distorted, lost = 0, processor = new AudioProcessor(options), ...rest } =
    setup;
  const scene = { far: FAR, response: roomResponse({ seed: 7, ...room }), delaySamples: ms(80), ...rest };
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

const ECHOES: readonly (readonly [string, Call])[] = [
  ["80 ms after it was played", {}],
  ["20 ms after it was played", { delaySamples: ms(20) }],
  ["200 ms after it was played", { delaySamples: ms(200) }],
  ["400 ms after it was played", { delaySamples: ms(400) }],
  ["in blocks of 10 ms", { order: { blockSamples: 480 } }],
  ["in blocks that come in bursts", { order: { random: seededRandom(3) } }],
  ["from a loudspeaker that is 300 ppm fast", { driftPpm: 300 }],
  ["from a loudspeaker that is 300 ppm slow", { driftPpm: -300 }],
  ["in bursts and with drift", { driftPpm: 200, order: { random: seededRandom(4), blockSamples: 480 } }],
  ["of another room", { room: { seed: 99 } }],
  ["of a room that hardly decays", { room: { decayDb: 25, directToReverberantDb: 0, echoDb: -6 } }],
  ["that is faint", { room: { echoDb: -20 } }],
  ["that is loud", { room: { echoDb: 0 } }],
  ["over a fan", { noisePeak: 0.003 }],
  ["of tones", { far: FAR.map((sample, i) => i > seconds(4) && i < seconds(6) ? toneAt(i) : sample) }],
  ["of a small loudspeaker that distorts", { distorted: true }],
  ["without noise reduction", { options: { noiseReduction: false } }],
];

for (const [what, setup] of ECHOES) {
  Deno.test(`AudioProcessor takes out echo ${what}`, () => {
    const { echo, output } = call(setup);
    const loss = echoLossDb(echo, output, seconds(3), seconds(SECONDS));
    assert(loss >= ECHO_LOSS_BAR_DB, `${loss.toFixed(1)} dB`);
  });
}

Deno.test("AudioProcessor still knows the echo after the microphone was muted, and is silent while it is", () => {
  const { echo, output } = call({ muted: [4, 6] });
  assert(output.subarray(seconds(4) + ms(40), seconds(6)).every((sample) => sample === 0));
  const loss = echoLossDb(echo, output, seconds(6) + ms(150), seconds(7));
  assert(loss >= ECHO_LOSS_BAR_DB, `${loss.toFixed(1)} dB`);
});

Deno.test("AudioProcessor does not make the rest of an echo loud", () => {
  const { processor } = call();
  const { gainDb } = processor.figures;
  assert(Math.abs(gainDb) < 1, `${gainDb} dB`);
});

const VOICES: readonly (readonly [string, Call, number])[] = [
  ["beside an echo", {}, 1],
  ["that is faint beside an echo", {}, 0.3],
  ["beside an echo that drifts", { driftPpm: 300 }, 1],
  ["beside a loud echo of a room that hardly decays", { room: { decayDb: 25, echoDb: -6 } }, 1],
  ["where there is no echo", { room: { echoDb: -120 } }, 1],
];

for (const [what, setup, gain] of VOICES) {
  Deno.test(`AudioProcessor leaves a voice ${what}`, () => {
    const near = during(NEAR, 4, 7, gain);
    const { echo, output, processor } = call({ ...setup, near, options: { gain: false } });
    const change = voiceGainDb(near, output, processor.latencySamples, seconds(4), seconds(7));
    assert(change >= VOICE_LOSS_BAR_DB && change < 1, `${change.toFixed(1)} dB`);
    if (powerOf(echo, 0, echo.length) < 1e-9) return;
    const loss = echoLossDb(echo, output, seconds(8), seconds(SECONDS));
    assert(loss >= ECHO_LOSS_BAR_DB, `the echo afterwards: ${loss.toFixed(1)} dB`);
  });
}

const CHANGES: readonly (readonly [string, Call])[] = [
  ["the delay has grown by 40 ms", { step: { at: seconds(5), delaySamples: ms(120) } }],
  ["the delay has shrunk by 40 ms", { step: { at: seconds(5), delaySamples: ms(40) } }],
  ["a block of the microphone was lost", { lost: 960 }],
];

for (const [what, setup] of CHANGES) {
  Deno.test(`AudioProcessor finds the echo again within 3 s when ${what}`, () => {
    const { echo, output } = call(setup);
    const before = echoLossDb(echo, output, seconds(3), seconds(5));
    const after = echoLossDb(echo, output, seconds(8), seconds(SECONDS));
    assert(
      before >= ECHO_LOSS_BAR_DB && after >= ECHO_LOSS_BAR_DB,
      `${before.toFixed(1)}, ${after.toFixed(1)} dB`,
    );
  });
}

Deno.test("AudioProcessor.devicesChanged() makes it find another echo as soon as the first one", () => {
  const { processor } = call({ delaySamples: ms(300), driftPpm: 300 });
  processor.devicesChanged();
  assertEquals([processor.figures.delaySamples, processor.figures.driftPpm], [undefined, 0]);
  const { echo, output } = call({ processor, driftPpm: -300, room: { seed: 99 } });
  const loss = echoLossDb(echo, output, seconds(3), seconds(SECONDS));
  assert(loss >= ECHO_LOSS_BAR_DB, `${loss.toFixed(1)} dB`);
  // Nothing to forget.
  new AudioProcessor({ echoCancel: false }).devicesChanged();
});

Deno.test("AudioProcessor.figures tell delay, drift and how much echo is taken out", () => {
  const { processor } = call({ driftPpm: -300, order: { blockSamples: 480 } });
  const { delaySamples, driftPpm, echoReductionDb } = processor.figures;
  assert(delaySamples !== undefined);
  // The loudspeaker has had 300 ppm of nine seconds less to play than the microphone has given.
  const missing = seconds(SECONDS) * 300e-6;
  assert(Math.abs(delaySamples - (ms(80) - missing)) < ms(12), `${delaySamples} samples`);
  assert(Math.abs(driftPpm + 300) < 30, `${driftPpm} ppm`);
  assert(echoReductionDb > 10, `${echoReductionDb} dB`);
});

Deno.test("AudioProcessor takes out more of the first second when it is told the delay", () => {
  const { microphone, echo } = hear({ far: FAR, response: roomResponse({ seed: 7 }), delaySamples: ms(300) });
  const first = seconds(1);
  const lossWith = (output?: number, input?: number) => {
    const voice = new AudioProcessor();
    const processor = {
      played: (samples: Int16Array) => voice.played(samples, output),
      capture: (samples: Int16Array) => voice.capture(samples, input),
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

/** Mean power, in dB, of the blocks of 10 ms that are within 16 dB of it: the active level of speech. */
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

/** Speech at an active level, and noise at a level, through a processor in frames of 20 ms. */
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

for (const speechDb of [-45, -35, -20, -10]) {
  Deno.test(`AudioProcessor brings speech at ${speechDb} dB to -20 dB within 3 s`, () => {
    const output = speak(speechDb, -80, NO_ECHO);
    const level = activeDb(output, seconds(3), seconds(6));
    assert(Math.abs(level + 20) < 2, `${level.toFixed(1)} dB`);
  });
}

for (const noiseReduction of [true, false]) {
  Deno.test(`AudioProcessor does not make noise loud ${noiseReduction ? "with" : "without"} noise reduction`, () => {
    const output = speak(-200, -50, { ...NO_ECHO, noiseReduction });
    for (let second = 0; second < 6; second++) {
      const level = 10 * Math.log10(powerOf(output, seconds(second), seconds(second + 1)));
      assert(level < -50 + 1, `${level.toFixed(1)} dB in second ${second + 1}`);
    }
  });
}

Deno.test("AudioProcessor takes steady noise down by more than 10 dB and leaves the speech over it", () => {
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

Deno.test("AudioProcessor lets bursts of tone through as they are", () => {
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

Deno.test("AudioProcessor makes silence of silence", () => {
  const output = runCall(new AudioProcessor(), FAR, new Int16Array(seconds(4)), { blockSamples: 960 });
  assert(output.every((sample) => sample === 0));
});

Deno.test("AudioProcessor without anything on changes nothing", () => {
  const processor = new AudioProcessor({ echoCancel: false, noiseReduction: false, gain: false });
  assertEquals(processor.latencySamples, 0);
  const block = Int16Array.from({ length: 960 }, (_, i) => (i * 7919) % 65536 - 32768);
  const processed = block.slice();
  processor.capture(processed);
  assertEquals(processed, block);
});

Deno.test("AudioProcessor delays by its latency and by nothing else", () => {
  const voice = Float32Array.from(noise(seconds(1), 8, 0.3));
  const microphone = Int16Array.from(voice, (sample) => Math.round(32767 * sample));
  const processor = new AudioProcessor({ noiseReduction: false, gain: false });
  const output = runCall(processor, new Float32Array(voice.length), microphone, { blockSamples: 480 });
  assertEquals(processor.latencySamples, 144);
  for (let i = 4800; i < microphone.length; i++) {
    assert(Math.abs(32767 * output[i]! - microphone[i - 144]!) <= 1, `sample ${i}`);
  }
});

Deno.test("AudioProcessor.capture() refuses what is no whole number of blocks", () => {
  assertThrows(() => new AudioProcessor().capture(new Int16Array(500)), RangeError, "500");
});
