/**
 * Checks, a second apart, after which a device without progress counts as stalled. PulseAudio's virtual cards stop for
 * up to 2 s when they start, and an overloaded laptop for longer.
 */
export const STALL_CHECKS = 5;

/**
 * Detects a device that neither fails nor makes progress, as under a sound server that hangs. Counts checks rather than
 * time, so that a process that was stopped for an hour does not blame its devices.
 */
export class StallDetector {
  #checks = 0;

  /** The device gave or took samples. */
  progressed(): void {
    this.#checks = 0;
  }

  /**
   * To be called once a second.
   *
   * @param pending Whether the device owes samples or room for some.
   * @returns Whether the device is stalled.
   */
  check(pending: boolean): boolean {
    this.#checks = pending ? this.#checks + 1 : 0;
    return this.#checks > STALL_CHECKS;
  }
}
