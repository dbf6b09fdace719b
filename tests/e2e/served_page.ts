/** The phone's page with a phone whose events a test makes up: the server and the page are the real ones. */

import type { Page } from "playwright-core";
import type { SoundPage, SoundWish } from "../../audio/audio_devices.ts";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import { isBackground } from "../../lib/ui/trace_line.ts";
import { sentence } from "../../lib/ui/sentences.ts";
import { PHONE_TEXTS } from "../../lib/ui/texts/texts.ts";
import { loadPageFiles } from "../../lib/web_phone/page_files.ts";
import type { PageLanguage } from "../../lib/web_phone/page_messages.ts";
import { WebPhone } from "../../lib/web_phone/web_phone.ts";
import { until } from "../../testing/until.ts";

/** A call. */
export const CALL: CallStatus = {
  name: "joão",
  seconds: 7,
  code: "31415",
  microphoneDb: -20,
  speakerDb: -30,
  muted: false,
  framesSent: 1,
  mos: 4.2,
  lossInPercent: 1,
  jitterInMs: 2,
  roundTripMs: 3,
  playoutDelayMs: 40,
};

/** Options of {@linkcode ServedPhone.open}. */
export interface ServedOptions {
  readonly language?: PageLanguage;
  /** Whether the browser is microphone and loudspeaker. */
  readonly sound?: boolean;
  readonly port?: number;
}

/** A phone that is in no room. */
export class ServedPhone implements AsyncDisposable {
  readonly web: WebPhone;
  /** What pages asked for, as lines. */
  readonly lines: string[] = [];
  /** What was in the way of a page's sound. */
  readonly troubles: string[] = [];
  wish: SoundWish = { capture: false, play: false };
  #page: SoundPage | undefined;

  private constructor(files: Awaited<ReturnType<typeof loadPageFiles>>, options: ServedOptions) {
    const { language = "pt", sound = false, port = 0 } = options;
    this.web = new WebPhone({
      ...{ files, port, language, name: "ana", version: "1.2.3" },
      sides: { microphone: sound, speaker: sound },
      processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      sentences: (event, language) => {
        if (event.event !== "message") return sentence(event, PHONE_TEXTS[language]);
        return isBackground(event) ? undefined : {};
      },
      sound: this.#sound(),
    });
    this.#read();
  }

  static async open(options: ServedOptions = {}): Promise<ServedPhone> {
    return new ServedPhone(await loadPageFiles(), options);
  }

  get address(): string {
    return this.web.address;
  }

  /** Enters the room. */
  enter(...names: readonly string[]): void {
    this.show({ event: "registered", name: "ana", ip: "192.0.2.1", port: 6000 });
    this.web.screen.people(["ana", ...names].map((name, at) => ({ name, ip: "192.0.2.1", port: 6000 + at })));
  }

  show(event: PhoneEvent): void {
    this.web.screen.show(event);
  }

  status(status: Parameters<WebPhone["screen"]["status"]>[0]): void {
    this.web.screen.status(status);
  }

  /** Wishes something else of the page's sound. */
  want(wish: SoundWish): void {
    this.wish = wish;
    this.#page?.want(wish);
  }

  /** Waits for a line of a page. */
  async typed(line: string): Promise<void> {
    await until(`a page typed ${line}`, () => this.lines.includes(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.web[Symbol.asyncDispose]();
  }

  async #read(): Promise<void> {
    for await (const line of this.web.screen.lines) this.lines.push(line);
  }

  #sound(): ConstructorParameters<typeof WebPhone>[0]["sound"] {
    // deno-lint-ignore no-this-alias
    const phone = this;
    return {
      get wish(): SoundWish {
        return phone.wish;
      },
      attach(page: SoundPage): void {
        phone.#page = page;
        page.want(phone.wish);
      },
      detach(): void {
        phone.#page = undefined;
      },
      handleReady(): void {},
      handleReport(): void {},
      handleTrouble(_: SoundPage, end: string, { kind }: { readonly kind: string }): void {
        phone.troubles.push(`${end} ${kind}`);
      },
    };
  }
}

/** Waits until an expression is true on a page. Playwright's own `waitForFunction` evaluates in the page, whose policy forbids it. */
export async function seen(page: Page, expression: string): Promise<void> {
  await until(expression, async () => await page.evaluate(`Boolean(${expression})`));
}
