/** What people see and hear from an invitation to its answer: the live line, and the tones of telephony. */

import type { RingStatus } from "../events/phone_events.ts";
import type { Screen } from "./screen.ts";
import type { CallAudio } from "./call_audio.ts";

/** Time between two updates of the live line. */
const STATUS_INTERVAL_MS = 1000;

/** How long the busy tone lasts. */
const BUSY_MS = 2500;

/** Shows and sounds one invitation at a time. */
export class Ringer {
  readonly #screen: Pick<Screen, "status">;
  readonly #audio: Pick<CallAudio, "playTone" | "hushTone" | "closeTone">;
  #statusTimer: ReturnType<typeof setInterval> | undefined;
  #busyTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(screen: Pick<Screen, "status">, audio: Pick<CallAudio, "playTone" | "hushTone" | "closeTone">) {
    this.#screen = screen;
    this.#audio = audio;
  }

  /** Somebody calls (`in`), or is called (`out`). */
  start(ringing: RingStatus["ringing"], name: string): void {
    this.stop();
    const startedAt = performance.now();
    const show = (): void =>
      this.#screen.status({ ringing, name, seconds: Math.floor((performance.now() - startedAt) / 1000) });
    show();
    const timer = setInterval(() => {
      // A busy runtime may still call a timer that was cleared.
      if (this.#statusTimer === timer) show();
    }, STATUS_INTERVAL_MS);
    this.#statusTimer = timer;
    if (ringing === "in") this.#audio.playTone("ring");
  }

  /** The other phone rings. */
  ringback(): void {
    if (this.#statusTimer !== undefined) this.#audio.playTone("ringback");
  }

  /** It is answered, and a call follows. */
  answered(): void {
    this.#clear();
    this.#audio.hushTone();
  }

  /** The other phone is busy, or nobody answers it. */
  busy(): void {
    this.#clear();
    this.#audio.playTone("busy");
    this.#busyTimer = setTimeout(() => this.stop(), BUSY_MS);
  }

  /** It is over without a call. */
  stop(): void {
    this.#clear();
    this.#audio.closeTone();
  }

  #clear(): void {
    clearTimeout(this.#busyTimer);
    if (this.#statusTimer === undefined) return;
    clearInterval(this.#statusTimer);
    this.#statusTimer = undefined;
    this.#screen.status(undefined);
  }
}
