/** Level given for digital silence, and the lowest level given, in dB relative to full scale. */
export const SILENCE_DB = -100;

/**
 * Root mean square level.
 *
 * @param samples Signed 16 bit.
 * @returns dB relative to a full-scale square wave: a full-scale sine is -3, silence {@linkcode SILENCE_DB}.
 */
export function levelDb(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) sum += samples[index]! * samples[index]!;
  if (sum === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(sum / samples.length / 32768 ** 2));
}
