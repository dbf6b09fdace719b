/** How loud a voice is. */

/** Level of digital silence in dB below full scale; nothing is shown as softer. */
export const SILENCE_DB = -100;

/**
 * The root mean square level of samples.
 *
 * @returns dB relative to a full-scale square wave: 0 is the loudest there is, a full-scale sine -3, silence
 * {@linkcode SILENCE_DB}.
 */
export function levelDb(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) sum += samples[index]! * samples[index]!;
  if (sum === 0) return SILENCE_DB;
  return Math.max(SILENCE_DB, 10 * Math.log10(sum / samples.length / 32768 ** 2));
}
