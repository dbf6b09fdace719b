/** Plays the tones of telephony in the loudspeaker before a call, which then takes the open loudspeaker over. */

import type { AudioSink } from "../../audio/audio_devices.ts";
import { CallTone, type ToneKind } from "../dsp/call_tones.ts";
import { type Clock, systemClock } from "../util/clock.ts";

/** Time between two looks at the loudspeaker's queue, in milliseconds: half of the shortest packet's. */
const SERVE_MS = 5;

/** Plays one tone after the other. A loudspeaker that fails is silence: nothing here is an error. */
export class TonePlayer {
  readonly #open: () => Promise<AudioSink>;
  readonly #clock: Clock;
  #tone: CallTone | undefined;
  /** The loudspeaker, from the first tone until it is closed or taken. */
  #sink: Promise<AudioSink> | undefined;
  #cancel = (): void => {};

  /** @param open Opens the loudspeaker as a call does. */
  constructor(open: () => Promise<AudioSink>, clock: Clock = systemClock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Whether the loudspeaker is open, or opening, for tones. */
  get holdsSink(): boolean {
    return this.#sink !== undefined;
  }

  /** Plays a tone in place of the one before. */
  play(kind: ToneKind): void {
    this.#tone = new CallTone(kind);
    if (this.#sink) return;
    const sink = this.#open();
    this.#sink = sink;
    sink.then((opened) => this.#serve(sink, opened), () => {
      if (this.#sink === sink) this.#sink = undefined;
    });
  }

  /** Ends the tone, and keeps the loudspeaker open for the call. */
  hush(): void {
    this.#tone?.end();
  }

  /** Gives the loudspeaker to a call, which owns it from then on; undefined if there is none. */
  take(): Promise<AudioSink> | undefined {
    const sink = this.#sink;
    this.#release();
    return sink;
  }

  /** Ends the tone and closes the loudspeaker. */
  async close(): Promise<void> {
    const sink = this.#sink;
    this.#release();
    try {
      await (await sink)?.[Symbol.asyncDispose]();
    } catch {
      // It did not open, or failed before.
    }
  }

  #release(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#sink = undefined;
    this.#tone = undefined;
  }

  #serve(sink: Promise<AudioSink>, opened: AudioSink): void {
    if (this.#sink !== sink) return;
    try {
      const samples = new Int16Array(Math.max(0, opened.wanted()));
      this.#tone?.fill(samples);
      if (samples.length > 0) opened.write(samples).catch(() => {});
    } catch {
      // A supervised device comes back by itself.
    }
    this.#cancel = this.#clock.setTimer(() => this.#serve(sink, opened), SERVE_MS);
  }
}
