/** Pseudorandom numbers that depend on a seed alone. */

/** Gives the next number, from 0 up to but not including 1. */
export type Random = () => number;

/**
 * A uniform pseudorandom sequence (SplitMix: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * 2014; in 32 bits, with the mixing function of MurmurHash3).
 *
 * @param seed Any text or number; a text such as `1 loss` gives each purpose a sequence of its own.
 */
export function seededRandom(seed: string | number): Random {
  let state = hash(String(seed));
  return () => {
    state = state + GOLDEN_GAMMA >>> 0;
    return mix(state) / 2 ** 32;
  };
}

/** 2³² divided by the golden ratio, rounded to an odd number. */
const GOLDEN_GAMMA = 0x9e37_79b9;

function mix(value: number): number {
  let mixed = value ^ value >>> 16;
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return (mixed ^ mixed >>> 16) >>> 0;
}

/** FNV-1a (Fowler, Noll and Vo), then mixed: FNV-1a alone gives similar hashes to similar texts. */
function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x0100_0193);
  return mix(value >>> 0);
}

/** A sample of the standard normal distribution (Box and Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A sample of the exponential distribution with mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}
