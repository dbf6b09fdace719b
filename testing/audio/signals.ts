/** Synthetic sounds for tests; the same on every run. */

import { seededRandom } from "../netem/random.ts";

/**
 * White noise between -`peak` and `peak`.
 *
 * @param length Number of samples.
 * @param seed A different noise for each seed.
 */
export function noise(length: number, seed: number, peak = 0.5): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => peak * (2 * random() - 1));
}

/**
 * A sine that starts at 0.
 *
 * @param frequency In Hz.
 * @param sampleRate In Hz.
 */
export function sine(
  frequency: number,
  sampleRate: number,
  seconds: number,
  peak = 0.5,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => peak * Math.sin(2 * Math.PI * frequency * i / sampleRate),
  );
}

/**
 * Synthetic speech: syllables of a gliding voice with overtones and a little hiss, and pauses between words.
 *
 * @param sampleRate In Hz.
 * @param seed A different speaker for each seed.
 */
export function speechLike(seconds: number, sampleRate: number, seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const samples = new Float32Array(Math.round(seconds * sampleRate));
  let start = 0;
  let phase = 0;
  while (start < samples.length) {
    const length = Math.round((0.1 + 0.15 * random()) * sampleRate);
    const [pitch, glide, brightness] = [90 + 120 * random(), 60 * (random() - 0.5), random()];
    for (let i = 0; i < length && start + i < samples.length; i++) {
      phase += 2 * Math.PI * (pitch + glide * i / length) / sampleRate;
      let value = 0.05 * (random() - 0.5);
      for (let overtone = 1; overtone <= 12; overtone++) {
        value += Math.sin(overtone * phase) / (1 + Math.abs(overtone - 1 - 8 * brightness));
      }
      samples[start + i] = 0.12 * value * Math.sin(Math.PI * i / length);
    }
    const pause = random() < 0.25 ? 0.2 : 0.01;
    start += length + Math.round(pause * sampleRate);
  }
  return samples;
}

/** Root mean square. */
export function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
