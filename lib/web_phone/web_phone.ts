/** A phone's page: its server, its screen, and the sound of the page that holds it. */

import type { PageReport, SoundEnd, SoundPage, SoundWish } from "../../audio/audio_devices.ts";
import type { BrowserSound } from "../../audio/audio_devices.ts";
import { within } from "../util/time_limit.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import type { PageFile } from "./page_files.ts";
import {
  CLOSE_CODES,
  type PageMessage,
  type PageRequest,
  parsePageRequest,
  type SoundState,
  type SoundTrouble,
} from "./page_messages.ts";
import { PageServer } from "./page_server.ts";
import { parseSoundReport } from "./sound_frames.ts";
import { type ScreenPage, WebScreen, type WebScreenOptions } from "./web_screen.ts";

/** How long a phone that ends waits for its pages to have read everything, in milliseconds. */
const FAREWELL_MS = 300;

/** Most pages at once. */
const MOST_PAGES = 8;

/** Most messages of a page: so many a second, and so many at once. */
const LINE_RATE = { perSecond: 20, burst: 100 };

/** The same for sound: the browser gives 128 samples at a time at the least, and may give those of a second at once. */
const SOUND_RATE = { perSecond: 800, burst: 2000 };

/** A page that takes no more of what it is told has stopped: bytes that wait for it. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

/** Why a page cannot capture or play, in the words of the sound. */
const TROUBLES = {
  not_allowed: { kind: "page_not_allowed" },
  no_device: { kind: "device_gone" },
  failed: { kind: "device_unavailable" },
  needs_click: { kind: "page_needs_click" },
} as const satisfies Record<SoundTrouble, Parameters<BrowserSound["handleTrouble"]>[2]>;

/** Options of a {@linkcode WebPhone}. */
export interface WebPhoneOptions extends WebScreenOptions {
  readonly files: ReadonlyMap<string, PageFile>;
  /** The port; 0 for any free one. */
  readonly port: number;
  readonly sound: Pick<
    BrowserSound,
    "attach" | "detach" | "handleReady" | "handleReport" | "handleTrouble" | "wish"
  >;
  /** Which ends of the sound are the browser's. */
  readonly sides: Readonly<Record<SoundEnd, boolean>>;
  readonly processing: SoundState["processing"];
}

/** The pages of one phone. */
export class WebPhone implements AsyncDisposable {
  readonly screen: WebScreen;
  readonly #options: WebPhoneOptions;
  readonly #server: PageServer;
  readonly #pages = new Map<string, Page>();
  #holder: Page | undefined;
  /** Settles when the last page has gone. */
  #empty = Promise.withResolvers<void>();

  /** Listens at once. @throws What `Deno.serve` throws if it cannot. */
  constructor(options: WebPhoneOptions) {
    this.#options = options;
    this.screen = new WebScreen(options);
    this.#server = new PageServer(options.port, {
      files: options.files,
      welcomes: (path, query) =>
        path === "/line" ? this.#pages.size < MOST_PAGES : this.#holder?.id === query.get("page"),
      connected: (socket, path, query) =>
        path === "/line" ? this.#connected(socket) : this.#pages.get(query.get("page") ?? "")?.hear(socket),
    });
  }

  /** Where the page is; for nobody but this phone's person. */
  get address(): string {
    return this.#server.address;
  }

  /** The page that has the sound, and what it is to do. @param page Whom it is told. */
  soundFor(page: Page): SoundState {
    const { sides, processing, sound } = this.#options;
    const { capture, play } = this.#holder === page ? sound.wish : { capture: false, play: false };
    const holder = this.#holder === undefined ? "none" : this.#holder === page ? "this" : "other";
    return { ...sides, holder, capture, play, processing };
  }

  /** Ends all pages, which get the last events before. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const page of this.#pages.values()) page.close(CLOSE_CODES.phoneEnds);
    if (this.#pages.size > 0) await within(FAREWELL_MS, this.#empty.promise);
    await this.screen[Symbol.asyncDispose]();
    this.#server[Symbol.dispose]();
  }

  #connected(socket: WebSocket): void {
    const page = new Page(socket, {
      language: this.#options.language,
      request: (request) => this.#obey(page, request),
      report: (report) => this.#options.sound.handleReport(page, report),
      heard: (begins) => begins ? this.#options.sound.attach(page) : this.#options.sound.detach(page),
      wished: () => page.send({ type: "sound", sound: this.soundFor(page) }),
      closed: () => this.#closed(page),
    });
    this.#pages.set(page.id, page);
    this.#empty = Promise.withResolvers();
    socket.addEventListener("open", () => {
      if (!this.#holder) this.#giveSound(page);
      this.#welcome(page);
      this.screen.attach(page);
    });
  }

  #welcome(page: Page): void {
    page.send({ ...this.screen.welcome(page), sound: this.soundFor(page) });
  }

  #closed(page: Page): void {
    if (!this.#pages.delete(page.id)) return;
    if (this.#pages.size === 0) this.#empty.resolve();
    this.screen.detach(page);
    if (this.#holder !== page) return;
    this.#holder = undefined;
    // Another one that is open takes over: its person sees that the first one has gone.
    const [next] = [...this.#pages.values()].filter((one) => one.open);
    if (next) this.#giveSound(next);
  }

  /** Gives the sound to a page, if any of it is the browser's. */
  #giveSound(page: Page): void {
    const { microphone, speaker } = this.#options.sides;
    if (!microphone && !speaker || this.#holder === page) return;
    const before = this.#holder;
    this.#holder = page;
    before?.stopHearing(CLOSE_CODES.soundTaken);
    for (const one of this.#pages.values()) one.send({ type: "sound", sound: this.soundFor(one) });
  }

  #obey(page: Page, request: PageRequest): void {
    switch (request.type) {
      case "line":
        return this.screen.type(request.line);
      case "language":
        page.language = request.language;
        return this.#welcome(page);
      case "visible":
        page.visible = request.visible;
        return this.screen.pagesChanged();
      case "people":
        return this.screen.wantPeople();
      case "take_sound":
        return this.#giveSound(page);
      case "sound_ready":
        return this.#options.sound.handleReady(page);
      case "sound_trouble":
        return this.#options.sound.handleTrouble(page, request.side, TROUBLES[request.trouble]);
    }
  }
}

/** What a page's messages do. */
interface PageEvents {
  readonly language: ScreenPage["language"];
  readonly request: (request: PageRequest) => void;
  readonly report: (report: PageReport) => void;
  /** The connection for sound begins, or ends. */
  readonly heard: (begins: boolean) => void;
  /** The phone wishes something else of the page's sound. */
  readonly wished: (wish: SoundWish) => void;
  readonly closed: () => void;
}

/** A page that is open. */
class Page implements ScreenPage, SoundPage {
  readonly id = crypto.randomUUID();
  language: ScreenPage["language"];
  visible = true;
  readonly #line: WebSocket;
  readonly #events: PageEvents;
  #sound: WebSocket | undefined;

  constructor(line: WebSocket, events: PageEvents) {
    this.#line = line;
    this.#events = events;
    this.language = events.language;
    const rate = new TokenBucket(LINE_RATE.perSecond, LINE_RATE.burst);
    line.addEventListener("message", ({ data }) => {
      const request = typeof data === "string" && rate.tryTake(performance.now()) && parsePageRequest(data);
      if (request) events.request(request);
      else this.close(CLOSE_CODES.misbehaved);
    });
    const closed = (): void => {
      this.stopHearing(CLOSE_CODES.phoneEnds);
      events.closed();
    };
    line.addEventListener("close", closed);
    line.addEventListener("error", closed);
  }

  /** Whether it can be spoken to. */
  get open(): boolean {
    return this.#line.readyState === WebSocket.OPEN;
  }

  send(message: PageMessage): void {
    if (!this.open) return;
    if (this.#line.bufferedAmount > MOST_UNREAD_BYTES) return this.close(CLOSE_CODES.misbehaved);
    this.#line.send(JSON.stringify(message));
  }

  want(wish: SoundWish): void {
    this.#events.wished(wish);
  }

  play(samples: Int16Array<ArrayBuffer>): void {
    const sound = this.#sound;
    if (sound?.readyState === WebSocket.OPEN) sound.send(samples.slice());
  }

  /** Takes the connection for sound, in place of one before. */
  hear(socket: WebSocket): void {
    this.stopHearing(CLOSE_CODES.soundTaken);
    this.#sound = socket;
    const rate = new TokenBucket(SOUND_RATE.perSecond, SOUND_RATE.burst);
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#sound) return;
      const report = data instanceof ArrayBuffer && rate.tryTake(performance.now()) && parseSoundReport(data);
      if (report) this.#events.report(report);
      else this.stopHearing(CLOSE_CODES.misbehaved);
    });
    const ended = (): void => {
      if (socket === this.#sound) this.stopHearing(CLOSE_CODES.phoneEnds);
    };
    socket.addEventListener("open", () => {
      if (socket === this.#sound) this.#events.heard(true);
    });
    socket.addEventListener("close", ended);
    socket.addEventListener("error", ended);
  }

  /** Ends the connection for sound. */
  stopHearing(code: number): void {
    const sound = this.#sound;
    this.#sound = undefined;
    if (sound) this.#events.heard(false);
    if (sound && sound.readyState <= WebSocket.OPEN) sound.close(code);
  }

  /** Ends the page's connections. */
  close(code: number): void {
    this.stopHearing(code);
    if (this.#line.readyState <= WebSocket.OPEN) this.#line.close(code);
  }
}
