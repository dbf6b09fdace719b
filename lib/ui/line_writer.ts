/** Writes lines of text without a system call for each. */

/**
 * How long lines are gathered before they are written, in milliseconds: too short for a person to notice,
 * long enough for what a burst of connections has to tell to go out together.
 */
const GATHER_MS = 5;

/** How much text waits for a slow reader, in UTF-16 units. */
const MAX_BACKLOG = 4 * 1024 * 1024;

/** How many subjects of {@linkcode LineWriter.writeLatest} wait at a time: each keeps what it is made of. */
const MAX_SUBJECTS = 16;

/**
 * What takes long to make, such as a table of thousands, is not made again sooner than after this many times as long: so
 * printing takes at most a hundredth of the time, however much there is to print.
 */
const REST_FACTOR = 100;

/** But a person is not to wait longer than this, in milliseconds. */
const MAX_REST_MS = 2000;

/** One or more lines, or what makes them when they are about to be written. */
interface Entry {
  readonly text: string | (() => string);
  /** What it says something new about: see {@linkcode LineWriter.writeLatest}. */
  readonly subject?: string;
}

/** How a {@linkcode LineWriter} behaves where it need not be as usual. */
export interface LineWriterOptions {
  /** Most text that waits to be written, in UTF-16 units. */
  readonly maxBacklog?: number;
  /** The line that stands where lines had to be left out. */
  readonly leftOut?: (lines: number) => string;
}

/**
 * Gathers lines and writes them together, so that printing does not slow down what is printed about.
 *
 * While a write is under way, further lines wait for the next. If the reader is so slow that too much waits,
 * lines are left out and counted. If it has gone away, nothing more is written and nobody is told but
 * {@linkcode LineWriter.broken}.
 *
 * @example
 * ```ts ignore
 * const writer = new LineWriter((bytes) => writeAll(Deno.stdout, bytes));
 * writer.write("first");
 * writer.write("second");
 * await writer.flush(); // both in one system call
 * ```
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #maxBacklog: number;
  readonly #leftOut: (lines: number) => string;
  readonly #encoder = new TextEncoder();
  readonly #broken = Promise.withResolvers<void>();
  #entries = new Set<Entry>();
  #latest = new Map<string, Entry>();
  #backlog = 0;
  #dropped = 0;
  #isBroken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How long to gather before the next write. */
  #restMs = GATHER_MS;
  /** The write under way, and those that follow it until nothing waits. */
  #draining: Promise<void> | undefined;

  /** @param write Writes all of the bytes; is called again only when its promise has settled. */
  constructor(write: (bytes: Uint8Array) => Promise<void>, options: LineWriterOptions = {}) {
    this.#write = write;
    this.#maxBacklog = options.maxBacklog ?? MAX_BACKLOG;
    this.#leftOut = options.leftOut ?? ((lines) => `… (${lines})`);
  }

  /** Settles if what is written to goes away, such as a pipe whose reader has ended. */
  get broken(): Promise<void> {
    return this.#broken.promise;
  }

  /** Takes a line, without its line feed; it may be several with line feeds between them. */
  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#backlog + line.length > this.#maxBacklog) {
      this.#dropped++;
      return;
    }
    this.#backlog += line.length;
    this.#add({ text: line });
  }

  /**
   * Takes lines of which only the latest are worth reading, such as a whole table: they replace those on the
   * same subject that were not written yet, and are made only when they are about to be written.
   */
  writeLatest(subject: string, make: () => string): void {
    if (this.#isBroken) return;
    const [oldest] = this.#latest.keys();
    const crowded = !this.#latest.has(subject) && this.#latest.size >= MAX_SUBJECTS;
    if (crowded) this.#dropped++;
    const replaced = crowded ? oldest : subject;
    const older = replaced === undefined ? undefined : this.#latest.get(replaced);
    if (older) this.#entries.delete(older);
    if (replaced !== undefined) this.#latest.delete(replaced);
    const entry = { text: make, subject };
    this.#latest.set(subject, entry);
    this.#add(entry);
  }

  /** Settles once all lines so far are written, or cannot be. Never rejects. */
  async flush(): Promise<void> {
    do {
      this.#start();
      await this.#draining;
    } while (this.#waiting);
  }

  #add(entry: Entry): void {
    this.#entries.add(entry);
    if (!this.#draining) this.#timer ??= setTimeout(() => this.#start(), this.#restMs);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting) this.#draining ??= this.#drain();
  }

  get #waiting(): boolean {
    return this.#entries.size > 0 || this.#dropped > 0;
  }

  async #drain(): Promise<void> {
    this.#restMs = GATHER_MS;
    while (this.#waiting && this.#restMs === GATHER_MS) {
      const bytes = this.#encoder.encode(this.#take());
      try {
        await this.#write(bytes);
      } catch {
        this.#isBroken = true;
        this.#entries.clear();
        this.#latest.clear();
        this.#dropped = 0;
        this.#broken.resolve();
      }
    }
    // In the same moment as the last look, so that no line comes in between and waits for ever.
    this.#draining = undefined;
    if (this.#waiting) this.#timer ??= setTimeout(() => this.#start(), this.#restMs);
  }

  /** Makes lines, and sees to it that this takes no more than its part of the time. */
  #make(make: () => string): string {
    const started = performance.now();
    const lines = make();
    const rest = REST_FACTOR * (performance.now() - started);
    this.#restMs = Math.min(MAX_REST_MS, Math.max(this.#restMs, rest));
    return lines;
  }

  /** All that waits, as one text. */
  #take(): string {
    const lines = [...this.#entries].map(({ text }) => typeof text === "string" ? text : this.#make(text));
    if (this.#dropped > 0) lines.push(this.#leftOut(this.#dropped));
    this.#entries = new Set();
    this.#latest = new Map();
    this.#backlog = 0;
    this.#dropped = 0;
    return lines.map((line) => `${line}\n`).join("");
  }
}
