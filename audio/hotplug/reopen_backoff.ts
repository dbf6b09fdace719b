/** Decides when to reopen lost sound devices, and what to report to the person. */

import { exponentialBackoff } from "../../lib/util/backoff.ts";

/** One end of the sound. */
export type DeviceSide = "microphone" | "speaker";

/**
 * From a loss to its report and to the first attempt to reopen, in milliseconds: a sound server that dies takes both
 * devices along, which makes one report.
 */
export const LOSS_GATHER_MS = 500;

/**
 * Longest wait, from the return of one device, for the other to join its report, in milliseconds: PulseAudio's virtual
 * microphones take up to 2 s to start.
 */
export const RETURN_GATHER_MS = 2000;

/** Longest pause between two attempts, in milliseconds. One costs some hundredths of a second of processor time. */
export const MAX_PAUSE_MS = 5000;

const pauseMs = exponentialBackoff(LOSS_GATHER_MS, MAX_PAUSE_MS);

/** Something to do or to report, for one device or both. */
export type ReopenStep =
  /** Report that these are lost. */
  | { readonly kind: "lost"; readonly sides: readonly DeviceSide[] }
  /** Try to open these, then call {@linkcode ReopenBackoff.handleAttempted}. */
  | { readonly kind: "attempt"; readonly sides: readonly DeviceSide[] }
  /** Report that these are in use again. */
  | { readonly kind: "back"; readonly sides: readonly DeviceSide[] };

/**
 * Schedules attempts to reopen lost devices: 0.5 s after the loss, then with pauses that double up to 5 s. Reports each
 * loss and each return once. Reads no clock and opens nothing.
 *
 * After every input, drain the output and ask for {@linkcode ReopenBackoff.wakeAt} again.
 */
export class ReopenBackoff {
  readonly #missing = new Set<DeviceSide>();
  readonly #unreportedLosses = new Set<DeviceSide>();
  readonly #unreportedReturns = new Set<DeviceSide>();
  #reportLossAt: number | undefined;
  #reportReturnAt: number | undefined;
  #attemptAt: number | undefined;
  #attempting = false;
  /** Attempts since the last loss. */
  #attempts = 0;
  #output: ReopenStep[] = [];

  /** When {@linkcode ReopenBackoff.tick} wants to be called; undefined for not at all. */
  get wakeAt(): number | undefined {
    const attemptAt = this.#attempting ? undefined : this.#attemptAt;
    const times = [this.#reportLossAt, this.#reportReturnAt, attemptAt].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** A device is lost, or did not open at first. Ignored for one that has not worked since its last loss. */
  handleLost(now: number, side: DeviceSide): void {
    if (this.#missing.has(side)) return;
    // A loss before the return was reported cancels that report and makes none.
    const lossReported = this.#unreportedReturns.delete(side);
    this.#missing.add(side);
    if (!lossReported) {
      this.#unreportedLosses.add(side);
      this.#reportLossAt ??= now + LOSS_GATHER_MS;
    }
    this.#attempts = 0;
    this.#attemptAt = now + pauseMs(0);
    this.#cancelUnneeded();
    this.tick(now);
  }

  /** A device works again. */
  handleReturned(now: number, side: DeviceSide): void {
    // A return before the loss was reported cancels that report and makes none.
    if (this.#missing.delete(side) && !this.#unreportedLosses.delete(side)) this.#unreportedReturns.add(side);
    if (this.#unreportedReturns.size > 0) {
      this.#reportReturnAt = this.#missing.size === 0 ? now : this.#reportReturnAt ?? now + RETURN_GATHER_MS;
    }
    this.#cancelUnneeded();
    this.tick(now);
  }

  /** Something says that lost devices may be back: the next attempt is now. */
  handleHope(now: number): void {
    if (this.#missing.size === 0) return;
    this.#attempts = 0;
    this.#attemptAt = now;
    this.tick(now);
  }

  /** No call uses the device any more. */
  handleReleased(now: number, side: DeviceSide): void {
    this.#missing.delete(side);
    this.#unreportedLosses.delete(side);
    this.#unreportedReturns.delete(side);
    this.#cancelUnneeded();
    this.tick(now);
  }

  /** The attempt is over. An opened device may take a while to work: {@linkcode ReopenBackoff.handleReturned}. */
  handleAttempted(now: number): void {
    this.#attempting = false;
    if (this.#missing.size > 0) this.#attemptAt = now + pauseMs(++this.#attempts);
    this.tick(now);
  }

  /** Does what is due; nothing if called early. */
  tick(now: number): void {
    if (this.#reportLossAt !== undefined && now >= this.#reportLossAt) {
      this.#reportLossAt = undefined;
      this.#output.push({ kind: "lost", sides: takeAll(this.#unreportedLosses) });
    }
    if (this.#reportReturnAt !== undefined && now >= this.#reportReturnAt) {
      this.#reportReturnAt = undefined;
      this.#output.push({ kind: "back", sides: takeAll(this.#unreportedReturns) });
    }
    if (!this.#attempting && this.#attemptAt !== undefined && now >= this.#attemptAt) {
      this.#attemptAt = undefined;
      this.#attempting = true;
      this.#output.push({ kind: "attempt", sides: [...this.#missing] });
    }
  }

  /** Takes out the steps to do now. */
  drain(): ReopenStep[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  #cancelUnneeded(): void {
    if (this.#unreportedLosses.size === 0) this.#reportLossAt = undefined;
    if (this.#unreportedReturns.size === 0) this.#reportReturnAt = undefined;
    if (this.#missing.size === 0) this.#attemptAt = undefined;
  }
}

function takeAll(sides: Set<DeviceSide>): DeviceSide[] {
  const all = [...sides];
  sides.clear();
  return all;
}
