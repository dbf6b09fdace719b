/** Puts this program before others that want the processor, as sound servers do for themselves. */

import { getPriority, setPriority } from "node:os";

/** The niceness that PulseAudio takes (`nice-level` of pulse-daemon.conf(5)): 20 is the last in turn, -20 the first. */
const NICENESS = -11;

/**
 * Lets this program have the processor as soon as voice is there, however much others have to do. It needs little
 * of it, but needs that little at once: who waits for a turn for 30 ms is not heard for so long, or is played later.
 *
 * Whoever has given the program another niceness than the usual keeps it. Systems leave it to some people only
 * (`RLIMIT_NICE` of getrlimit(2)); others speak as well, but are in turn. It holds for threads that start later, too, and
 * so for those of PortAudio.
 */
export function raisePriority(): void {
  try {
    if (getPriority() === 0) setPriority(NICENESS);
  } catch {
    // Not this person.
  }
}
