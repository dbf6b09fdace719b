/** Raises the scheduling priority of the process, as sound servers do. */

import { getPriority, setPriority } from "node:os";

/** The niceness of PulseAudio (`nice-level` of pulse-daemon.conf(5)); -20 is the highest priority, 19 the lowest. */
const NICENESS = -11;

/**
 * Raises the priority of this process and of its later threads, including PortAudio's: a wait of 30 ms for the processor
 * is a gap of 30 ms in the voice, or 30 ms more delay.
 *
 * A niceness other than 0 stays as it is. Systems permit this to some users only (`RLIMIT_NICE` of getrlimit(2)); for
 * others nothing changes.
 */
export function raisePriority(): void {
  try {
    if (getPriority() === 0) setPriority(NICENESS);
  } catch {
    // Not permitted.
  }
}
