/** The program's sound format: PCM, mono, signed 16 bit, 48 kHz. */

/** Sample rate in Hz. It is Opus's own (RFC 6716, section 2), so that voice is not resampled. */
export const SAMPLE_RATE = 48_000;

/** Samples per millisecond. */
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** The 16-bit sample that a float of 1 stands for. */
const FULL_SCALE = 32_768;

/**
 * Converts floats to signed 16 bit, rounded to the nearest and clipped at full scale.
 *
 * @param samples Full scale is -1 to 1; a NaN becomes 0.
 * @param output Receives the result; at least as long as `samples`.
 */
export function toInt16(samples: Float32Array, output: Int16Array): void {
  for (let i = 0; i < samples.length; i++) {
    const scaled = Math.round((samples[i] ?? 0) * FULL_SCALE);
    output[i] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, scaled));
  }
}

/**
 * Converts samples to floats between -1 and 1.
 *
 * @param samples Signed 16 bit, or floats, which are returned unchanged.
 */
export function toFloat32(samples: Int16Array | Float32Array): Float32Array {
  if (samples instanceof Float32Array) return samples;
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) floats[i] = samples[i]! / FULL_SCALE;
  return floats;
}

/** Joins pieces of sound. */
export function joinSamples(pieces: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}
