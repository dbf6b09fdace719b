/** The phone's screen in browsers: events and the live line out, typed lines in, to and from any number of pages. */

import type { PersonFields } from "../events/fields.ts";
import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";
import type { Screen } from "../phone/screen.ts";
import type { PageEvent, PageLanguage, PageMessage, PageTone, Welcome } from "./page_messages.ts";

/** Most events that a page which opens late, or again, is told. */
const MOST_REMEMBERED = 1000;

/** Most lines that wait to be carried out; more are dropped, which only a page gone wild sends. */
const MOST_LINES = 100;

/** Time between two looks at the room while somebody sees a page, in milliseconds. */
const PEOPLE_MS = 5000;

/** The sentence about an event: none for the trace; undefined for what no screen shows. */
export type Sentences = (
  event: PhoneEvent,
  language: PageLanguage,
) => { readonly text?: string; readonly tone?: PageTone } | undefined;

/** A page, as far as the screen uses it. */
export interface ScreenPage {
  readonly id: string;
  language: PageLanguage;
  /** Whether anybody can see it. */
  visible: boolean;
  send(message: PageMessage): void;
}

/** Options of a {@linkcode WebScreen}. */
export interface WebScreenOptions {
  readonly language: PageLanguage;
  /** The person's name on the command line. */
  readonly name: string;
  readonly version: string;
  readonly sentences: Sentences;
  /** The current time; tests give another one. */
  readonly now?: () => Date;
}

/** An event that happened. */
type Past = Pick<PageEvent, "number" | "time" | "event">;

/** The screen of all pages of one phone. */
export class WebScreen implements Screen {
  readonly interactive = true;
  readonly endLeaves = false;
  readonly broken: Promise<void> = new Promise(() => {});
  readonly #options: WebScreenOptions;
  readonly #pages = new Set<ScreenPage>();
  #past: Past[] = [];
  #numbered = 0;
  #name: string;
  #muted = false;
  #status: LiveStatus | undefined;
  #people: readonly PersonFields[] | undefined;
  #askForPeople: (() => void) | undefined;
  #peopleTimer: ReturnType<typeof setInterval> | undefined;
  readonly #lines: string[] = [];
  #lineCame = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: WebScreenOptions) {
    this.#options = options;
    this.#name = options.name;
  }

  /** All that a page needs to know at first, but for the sound. */
  welcome(page: ScreenPage): Omit<Welcome, "sound"> {
    return {
      type: "welcome",
      version: this.#options.version,
      language: this.#options.language,
      page: page.id,
      name: this.#name,
      history: this.#past.map((past) => this.#told(past, page.language)).filter((one) => one !== undefined),
      status: this.#status ?? null,
      muted: this.#muted,
      people: this.#people ?? null,
    };
  }

  /** Tells a page everything from now on. */
  attach(page: ScreenPage): void {
    this.#pages.add(page);
    this.pagesChanged();
  }

  /** A page has gone. */
  detach(page: ScreenPage): void {
    this.#pages.delete(page);
    this.pagesChanged();
  }

  /** A page has come or gone, or is seen again or no more. */
  pagesChanged(): void {
    const seen = [...this.#pages].some(({ visible }) => visible);
    if (seen === (this.#peopleTimer !== undefined)) return;
    clearInterval(this.#peopleTimer);
    this.#peopleTimer = seen ? setInterval(() => this.wantPeople(), PEOPLE_MS) : undefined;
    if (seen) this.wantPeople();
  }

  /** A page wants to know who is in the room. */
  wantPeople(): void {
    this.#askForPeople?.();
  }

  /** A person typed, or clicked, a command. */
  type(line: string): void {
    if (this.#lines.length >= MOST_LINES || this.#closed) return;
    this.#lines.push(line);
    this.#lineCame.resolve();
  }

  show(event: PhoneEvent): void {
    if (event.event === "registered" || event.event === "registry_back") this.#name = event.name;
    if (event.event === "muted") this.#muted = event.muted;
    if (event.event === "people") this.people(event.people);
    // Nobody else will see it: what keeps connections alive fills no history.
    if (!this.#options.sentences(event, this.#options.language)) return;
    const time = (this.#options.now?.() ?? new Date()).toISOString();
    const past = { number: ++this.#numbered, time, event };
    this.#past.push(past);
    if (this.#past.length > 2 * MOST_REMEMBERED) this.#past = this.#past.slice(-MOST_REMEMBERED);
    for (const page of this.#pages) {
      const told = this.#told(past, page.language);
      if (told) page.send(told);
    }
  }

  status(status: LiveStatus | undefined): void {
    this.#status = status;
    this.#tellAll({ type: "status", status: status ?? null });
  }

  names(): void {}

  onNamesWanted(): void {}

  people(people: readonly PersonFields[]): void {
    this.#people = people;
    this.#tellAll({ type: "people", people });
  }

  onPeopleWanted(listener: () => void): void {
    this.#askForPeople = listener;
    if (this.#peopleTimer !== undefined) listener();
  }

  get lines(): AsyncIterable<string> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<string, void, void> {
    while (!this.#closed) {
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else {
        await this.#lineCame.promise;
        this.#lineCame = Promise.withResolvers();
      }
    }
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#peopleTimer);
    this.#lineCame.resolve();
    return Promise.resolve();
  }

  #told(past: Past, language: PageLanguage): PageEvent | undefined {
    const sentence = this.#options.sentences(past.event, language);
    return sentence && { type: "event", ...past, ...sentence };
  }

  #tellAll(message: PageMessage): void {
    for (const page of this.#pages) page.send(message);
  }
}
