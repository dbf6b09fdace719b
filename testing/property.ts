/** Properties, held by fast-check with values that are the same in every run. */

import fc from "fast-check";

const SEED = 1;

/** Enough for what is easy to find. */
const RUNS = 300;

/**
 * Holds a property, or throws with the smallest values found for which it does not.
 *
 * @param runs How many values are tried; fewer where each takes long.
 */
export function holds<Values>(property: fc.IProperty<Values>, runs: number = RUNS): void {
  fc.assert(property, { seed: SEED, numRuns: runs });
}

/** The same for one that has to be waited for. */
export async function holdsInTime<Values>(
  property: fc.IAsyncProperty<Values>,
  runs: number = RUNS,
): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns: runs });
}

/** Text of any code points, unassigned ones, controls and lone surrogates among them. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

/** An address of either version. */
export const anyIp: fc.Arbitrary<string> = fc.oneof(fc.ipV4(), fc.ipV6());

/** A port that datagrams can be sent to. */
export const anyPort: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65535 });
