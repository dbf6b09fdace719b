import { assert } from "@std/assert";
import { SAMPLE_RATE } from "../../../lib/dsp/pcm.ts";
import { NoiseSuppressor, SUPPRESSOR_DELAY_SAMPLES } from "../../../audio/processing/noise_suppressor.ts";
import { powerOf, speech } from "../../../testing/audio/room.ts";
import { noise } from "../../../testing/audio/signals.ts";

const BLOCK = 480;
const seconds = (count: number) => Math.round(count * SAMPLE_RATE);

/** Sends sound through a suppressor; full scale at 1. @returns Its output with its latency. */
function suppressed(input: Float32Array): Float32Array {
  const suppressor = new NoiseSuppressor({ noise: true });
  const output = new Float32Array(input.length);
  for (let start = 0; start + BLOCK <= input.length; start += BLOCK) {
    const block = Float64Array.from(input.subarray(start, start + BLOCK), (sample) => 32768 * sample);
    suppressor.process(block);
    output.set(Float32Array.from(block, (sample) => sample / 32768), start);
  }
  return output;
}

/** Speech with pauses. */
const VOICE = speech(["fala.wav"], 8);

/** White noise at a level in dBFS from second `from` on. */
function hiss(levelDb: number, from = 0): Float32Array {
  const whole = noise(VOICE.length, 5, Math.sqrt(3) * 10 ** (levelDb / 20));
  return whole.map((sample, i) => i < seconds(from) ? 0 : sample);
}

const sum = (...sounds: Float32Array[]) =>
  VOICE.map((_, i) => sounds.reduce((total, sound) => total + sound[i]!, 0));

/** Suppression of the noise at the end, in dB, with no speech from second 6 on. */
function reductionDb(input: Float32Array, noise: Float32Array): number {
  const output = suppressed(input.map((sample, i) => i < seconds(6) ? sample : noise[i]!));
  return 10 *
    Math.log10(powerOf(noise, seconds(7.5), seconds(8)) / powerOf(output, seconds(7.5), seconds(8)));
}

Deno.test("NoiseSuppressor passes a voice unchanged over inaudible noise", () => {
  const input = sum(VOICE, hiss(-90));
  const output = suppressed(input);
  const [from, to] = [seconds(1), seconds(7)];
  const error = output.map((sample, i) => sample - (input[i - SUPPRESSOR_DELAY_SAMPLES] ?? 0));
  const errorDb = 10 * Math.log10(powerOf(error, from, to) / powerOf(input, from, to));
  assert(errorDb < -55, `${errorDb.toFixed(1)} dB`);
});

Deno.test("NoiseSuppressor suppresses a fan that starts during speech", () => {
  const fan = hiss(-50, 3);
  const reduction = reductionDb(sum(VOICE, fan), fan);
  assert(reduction > 10, `${reduction.toFixed(1)} dB`);
});

Deno.test("NoiseSuppressor suppresses noise again within seconds of a knock", () => {
  const room = hiss(-62);
  const knock = VOICE.map((_, i) => i >= seconds(4) && i < seconds(4.02) ? (i % 96 < 48 ? 0.95 : -0.95) : 0);
  const reduction = reductionDb(sum(VOICE.map((sample) => 0.1 * sample), room, knock), room);
  assert(reduction > 10, `${reduction.toFixed(1)} dB`);
});
