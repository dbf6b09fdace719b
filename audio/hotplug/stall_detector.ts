/**
 * Looks in a row, a second apart, at which something is waited for in vain until it counts as stalled. The virtual
 * cards of PulseAudio stand still for up to 2 s when they start, and a laptop that is short of time for longer.
 */
export const STALLED_LOOKS = 5;

/**
 * Notices that a device stands still: that it neither fails nor does anything, as under a sound server that hangs.
 * Counts looks rather than time, so that a process that was stopped for an hour does not blame its devices.
 */
export class StallDetector {
  #looks = 0;

  /** The device gave or took samples. */
  moved(): void {
    this.#looks = 0;
  }

  /**
   * To be called once a second.
   *
   * @param waiting Whether anything is wanted of the device.
   * @returns Whether it stands still.
   */
  look(waiting: boolean): boolean {
    this.#looks = waiting ? this.#looks + 1 : 0;
    return this.#looks > STALLED_LOOKS;
  }
}
