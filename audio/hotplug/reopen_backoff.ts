/** When lost sound devices are looked for again, and what the person is told about them. */

/** One end of the sound. */
export type DeviceSide = "microphone" | "speaker";

/**
 * From a loss to its being told, and to the first look for the device, in milliseconds. A sound server that dies takes
 * both devices along, and that shall be one sentence.
 */
export const GATHER_MS = 500;

/**
 * How long the return of one device waits for that of the other, to be told in one sentence: the virtual microphones of
 * PulseAudio take up to 2 s to begin.
 */
export const BACK_GATHER_MS = 2000;

/** Longest pause between two looks. One costs some hundredths of a second of a processor. */
export const LONGEST_PAUSE_MS = 5000;

/** What is to be done, at most one of each kind at a time. */
export type ReopenStep =
  /** These are gone: the person is to know. */
  | { readonly kind: "lost"; readonly sides: readonly DeviceSide[] }
  /** These are to be opened, if they can be. To be answered with {@linkcode ReopenBackoff.attempted}. */
  | { readonly kind: "attempt"; readonly sides: readonly DeviceSide[] }
  /** These are in use again. */
  | { readonly kind: "back"; readonly sides: readonly DeviceSide[] };

/**
 * Decides when lost devices are looked for: half a second after the loss, then with pauses that double up to 5 s. Each
 * loss is told once, and so is each return. Reads no clock and opens nothing.
 *
 * After every input, all of {@linkcode ReopenBackoff.poll} is to be done, and again at {@linkcode ReopenBackoff.wakeAt}.
 */
export class ReopenBackoff {
  readonly #missing = new Set<DeviceSide>();
  readonly #untold = new Set<DeviceSide>();
  readonly #back = new Set<DeviceSide>();
  #tellAt: number | undefined;
  #backAt: number | undefined;
  #attemptAt: number | undefined;
  #attempting = false;
  #pauseMs = GATHER_MS;

  /** When there is something to do if nothing else happens before. */
  get wakeAt(): number | undefined {
    const attemptAt = this.#attempting ? undefined : this.#attemptAt;
    const times = [this.#tellAt, this.#backAt, attemptAt].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** A device has gone, or could not be opened to begin with. One that never worked since the last time is no news. */
  lost(side: DeviceSide, now: number): void {
    if (this.#missing.has(side)) return;
    // Where nobody was told yet that it was back, nobody need be told that it has gone again.
    const told = this.#back.delete(side);
    this.#missing.add(side);
    if (!told) {
      this.#untold.add(side);
      this.#tellAt ??= now + GATHER_MS;
    }
    this.#pauseMs = GATHER_MS;
    this.#attemptAt = now + this.#pauseMs;
    this.#stopWithout();
  }

  /** A device is there again, and works. */
  returned(side: DeviceSide, now: number): void {
    // A loss that nobody was told of is none to return from.
    if (this.#missing.delete(side) && !this.#untold.delete(side)) this.#back.add(side);
    if (this.#back.size > 0) {
      this.#backAt = this.#missing.size === 0 ? now : this.#backAt ?? now + BACK_GATHER_MS;
    }
    this.#stopWithout();
  }

  /** Nobody needs the device any more. */
  released(side: DeviceSide): void {
    this.#missing.delete(side);
    this.#untold.delete(side);
    this.#back.delete(side);
    this.#stopWithout();
  }

  /** The attempt is over. Devices that were opened may take a while to work: {@linkcode ReopenBackoff.returned}. */
  attempted(now: number): void {
    this.#attempting = false;
    if (this.#missing.size === 0) return;
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#attemptAt = now + this.#pauseMs;
  }

  /** What is to be done now. */
  poll(now: number): ReopenStep[] {
    const steps: ReopenStep[] = [];
    if (this.#tellAt !== undefined && now >= this.#tellAt) {
      this.#tellAt = undefined;
      steps.push({ kind: "lost", sides: taken(this.#untold) });
    }
    if (this.#backAt !== undefined && now >= this.#backAt) {
      this.#backAt = undefined;
      steps.push({ kind: "back", sides: taken(this.#back) });
    }
    if (!this.#attempting && this.#attemptAt !== undefined && now >= this.#attemptAt) {
      this.#attemptAt = undefined;
      this.#attempting = true;
      steps.push({ kind: "attempt", sides: [...this.#missing] });
    }
    return steps;
  }

  #stopWithout(): void {
    if (this.#untold.size === 0) this.#tellAt = undefined;
    if (this.#back.size === 0) this.#backAt = undefined;
    if (this.#missing.size === 0) this.#attemptAt = undefined;
  }
}

/** Takes everything out. */
function taken(sides: Set<DeviceSide>): DeviceSide[] {
  const all = [...sides];
  sides.clear();
  return all;
}
