/** The form of sound everywhere in the program: PCM samples, mono, signed 16 bit, at one rate. */

/** Samples a second, in Hz. Opus's own rate (RFC 6716, section 2), so that nothing is resampled on its way. */
export const SAMPLE_RATE = 48_000;

/** Samples in a millisecond. */
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Full scale of signed 16-bit samples: a float of 1 stands for this much. */
const FULL_SCALE = 32_768;

/**
 * Converts samples from floats to signed 16 bit, rounding to the nearest and clipping what is too loud.
 *
 * @param samples Samples between -1 and 1; a NaN becomes 0.
 * @param output Takes the result; at least as long as `samples`.
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
 * @param samples Signed 16-bit samples, or floats, which are handed back as they are.
 */
export function toFloat32(samples: Int16Array | Float32Array): Float32Array {
  return samples instanceof Float32Array
    ? samples
    : Float32Array.from(samples, (sample) => sample / FULL_SCALE);
}
