/** Waiting for what tells nobody when it happens, such as the growth of a file. */

import { pause } from "../lib/util/pause.ts";

/** Longest wait for something that a busy machine may take seconds for, and time between two looks, in milliseconds. */
const PATIENCE_MS = 30_000;
const LOOK_INTERVAL_MS = 20;

/**
 * Waits until something is so. What is looked at may not grow by the looking: no load without a bound while one waits.
 *
 * @throws {Error} If it is not within 30 s.
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await pause(LOOK_INTERVAL_MS);
  }
}
