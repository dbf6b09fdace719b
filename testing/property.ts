/** Property tests with fast-check, with the same values in every run. */

import fc from "fast-check";
import { moreOrLess } from "./everything.ts";
import { addressProblem, isLinkLocal } from "../lib/protocol/address.ts";

const SEED = 1;

/** Values per property unless told otherwise. */
const RUNS = moreOrLess(300, 100);

/**
 * Checks a property.
 *
 * @param runs Number of values to try.
 * @throws {Error} With the smallest counterexample found.
 */
export function holds<Values>(property: fc.IProperty<Values>, runs: number = RUNS): void {
  fc.assert(property, { seed: SEED, numRuns: runs });
}

/** The same for an asynchronous property. */
export async function holdsInTime<Values>(
  property: fc.IAsyncProperty<Values>,
  runs: number = RUNS,
): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns: runs });
}

/** Text of any code points, with unassigned ones, controls and lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

/** An IPv4 or IPv6 address. */
export const anyIp: fc.Arbitrary<string> = fc.oneof(fc.ipV4(), fc.ipV6());

/** An address that a phone or a registry can have. */
export const usableIp: fc.Arbitrary<string> = anyIp.filter((ip) => !addressProblem(ip) && !isLinkLocal(ip));

/** A port, 1 to 65535. */
export const anyPort: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65535 });
