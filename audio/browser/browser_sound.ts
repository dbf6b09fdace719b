/**
 * The sound of a browser's page, without the network to it: who carries its messages attaches a page and passes on what it
 * says.
 *
 * The page counts what it plays, so this side knows how long its queue is. Its clock is that of its sound card: the phone
 * sends frames as they come, and refills the queue as it empties, as with any card.
 */

import { type AudioDetail, AudioError, type AudioSink, type AudioSource } from "../audio_io.ts";
import { BrowserSink, PageQueue } from "./browser_sink.ts";
import { type Clock, systemClock } from "../../lib/util/clock.ts";
import { BrowserSource } from "./browser_source.ts";

/** The choice of `--mic` and `--speaker`, and the name of the device. */
export const BROWSER = "browser";

/** What the page is to do now. */
export interface SoundWish {
  readonly capture: boolean;
  readonly play: boolean;
}

/** The page that holds the sound. */
export interface SoundPage {
  /** Begins and ends to capture and to play. */
  want(wish: SoundWish): void;
  /** Takes samples for the page's queue. Not kept. */
  play(samples: Int16Array<ArrayBuffer>): void;
}

/** What a page tells of its sound. Counts are of samples, since the page was attached, and wrap at 2^32. */
export interface PageReport {
  /** Samples taken out of the page's queue. */
  readonly played: number;
  /** From the queue to the loudspeaker, and from the microphone to this report, in samples. */
  readonly outputLatency: number;
  readonly inputLatency: number;
  /** What the microphone gave since the last report. */
  readonly samples: Int16Array;
}

/** One end of the sound. */
export type SoundEnd = "microphone" | "speaker";

/** The sound of the page of one phone. */
export class BrowserSound {
  readonly #clock: Clock;
  readonly #sources = new Set<BrowserSource>();
  readonly #sinks = new Set<BrowserSink>();
  #page: { readonly page: SoundPage; readonly queue: PageQueue } | undefined;
  #ready = (): void => {};

  /** @param clock The system's unless a test hands in its own. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Calls `listener` when devices that did not open may open now. */
  onReady(listener: () => void): void {
    this.#ready = listener;
  }

  /** What the page is to do now. */
  get wish(): SoundWish {
    return { capture: this.#sources.size > 0, play: this.#sinks.size > 0 };
  }

  /** A page holds the sound from now on, in place of one before. Its queue is empty. */
  attach(page: SoundPage): void {
    if (this.#page) this.detach(this.#page.page);
    this.#page = { page, queue: new PageQueue((samples) => page.play(samples), this.#clock) };
    page.want(this.wish);
    this.#ready();
  }

  /** A page does not hold the sound any more. */
  detach(page: SoundPage): void {
    if (page !== this.#page?.page) return;
    this.#page = undefined;
    this.#fail("microphone", { kind: "no_page" });
    this.#fail("speaker", { kind: "no_page" });
  }

  /** The page cannot capture, or play. */
  handleTrouble(page: SoundPage, end: SoundEnd, detail: AudioDetail): void {
    if (page === this.#page?.page) this.#fail(end, detail);
  }

  /** What the page could not do may work now, as after a click. */
  handleReady(page: SoundPage): void {
    if (page === this.#page?.page) this.#ready();
  }

  /** Takes a report and the samples with it. */
  handleReport(page: SoundPage, report: PageReport): void {
    if (page !== this.#page?.page) return;
    this.#page.queue.handleReport(report.played, report.outputLatency);
    for (const sink of this.#sinks) sink.handlePlaying();
    if (report.samples.length === 0) return;
    for (const source of this.#sources) source.handleSamples(report.samples, report.inputLatency);
  }

  /**
   * Opens the microphone. Settles with its first samples.
   *
   * @throws {AudioError} If there is no page, or it cannot capture.
   */
  async openSource(readSamples: number): Promise<AudioSource> {
    this.#pageQueue();
    const source = new BrowserSource(readSamples, () => {
      this.#sources.delete(source);
      this.#wish();
    });
    this.#sources.add(source);
    this.#wish();
    await source.started;
    return source;
  }

  /**
   * Opens the loudspeaker. Settles when the page plays.
   *
   * @throws {AudioError} If there is no page, or it cannot play.
   */
  async openSink(servedSamples: number): Promise<AudioSink> {
    const sink = new BrowserSink(servedSamples, this.#pageQueue(), () => {
      this.#sinks.delete(sink);
      this.#wish();
    });
    this.#sinks.add(sink);
    this.#wish();
    await sink.started;
    return sink;
  }

  /** The queue of the page. @throws {AudioError} If there is none. */
  #pageQueue(): PageQueue {
    if (this.#page) return this.#page.queue;
    throw new AudioError("no_device", BROWSER, { kind: "no_page" });
  }

  #fail(end: SoundEnd, detail: AudioDetail): void {
    const error = new AudioError("device_failed", BROWSER, detail);
    for (const one of end === "microphone" ? this.#sources : this.#sinks) one.fail(error);
  }

  #wish(): void {
    this.#page?.page.want(this.wish);
  }
}
