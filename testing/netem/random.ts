/** Random numbers that come out the same every time for the same seed. */

/** A source of random numbers. */
export type Random = () => number;

/**
 * Makes a source of evenly spread numbers from 0 up to but not including 1 (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", 2014, in 32 bits with the mixing function of MurmurHash3).
 *
 * @param seed Any text: a number, a number and a purpose. Each text has numbers of its own.
 */
export function seededRandom(seed: string): Random {
  let state = hash(seed);
  return () => {
    state = state + GOLDEN_GAMMA >>> 0;
    return mix(state) / 2 ** 32;
  };
}

/** 2³² over the golden ratio, to the nearest odd number: its multiples spread evenly. */
const GOLDEN_GAMMA = 0x9e37_79b9;

function mix(value: number): number {
  let mixed = value ^ value >>> 16;
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return (mixed ^ mixed >>> 16) >>> 0;
}

/** FNV-1a (Fowler, Noll and Vo), then mixed, because that alone leaves alike texts with alike numbers. */
function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x0100_0193);
  return mix(value >>> 0);
}

/** A number of the normal distribution with mean 0 and deviation 1 (Box and Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A number of the exponential distribution with mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}
