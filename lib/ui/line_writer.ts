/** Writes lines of text, many in one system call. */

/**
 * Time for which lines are gathered before a write, in milliseconds: a person does not notice it, and a burst of
 * connections needs one write.
 */
const GATHER_MS = 5;

/** Most text that waits for a slow reader, in UTF-16 units. */
const MAX_BACKLOG = 4 * 1024 * 1024;

/** Part of that which is only for lines that matter more than the others. */
const RESERVE = 1 / 8;

/** Most subjects of {@linkcode LineWriter.writeLatest} that wait; each keeps its data in memory. */
const MAX_SUBJECTS = 4;

/**
 * After a slow text, such as a table of thousands, the next write waits for this many times as long as making it took: so
 * printing takes at most a hundredth of the processor.
 */
const REST_FACTOR = 100;

/** Longest such wait, in milliseconds. */
const MAX_REST_MS = 2000;

/** One or more lines, or a function that makes them just before they are written. */
interface Entry {
  readonly text: string | (() => string);
  /** See {@linkcode LineWriter.writeLatest}. */
  readonly subject?: string;
}

/** Options of a {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** Most text that waits for a slow reader, in UTF-16 units. */
  readonly maxBacklog?: number;
  /** Makes the line that replaces lines left out. */
  readonly leftOut?: (lines: number) => string;
}

/**
 * Gathers lines and writes them together, so that printing does not slow the program down.
 *
 * During a write, further lines wait for the next one. Beyond the most text that may wait, lines are left out and counted.
 * Once the reader has gone, nothing more is written; {@linkcode LineWriter.broken} says so.
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
  /** Lines left out since the last line that said so, and since the beginning. */
  #dropped = 0;
  #leftOutInAll = 0;
  #isBroken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Time to gather before the next write, in milliseconds. */
  #restMs = GATHER_MS;
  /** The write in progress and those after it, until nothing waits. */
  #draining: Promise<void> | undefined;

  /**
   * @param write Writes all of the bytes; called again only after its promise has settled. Rejects only if the reader has
   * gone.
   */
  constructor(write: (bytes: Uint8Array) => Promise<void>, options: LineWriterOptions = {}) {
    this.#write = write;
    this.#maxBacklog = options.maxBacklog ?? MAX_BACKLOG;
    this.#leftOut = options.leftOut ?? ((lines) => `… (${lines})`);
  }

  /** Settles when the reader has gone, such as that of a pipe. */
  get broken(): Promise<void> {
    return this.#broken.promise;
  }

  /** Lines left out since the beginning. */
  get leftOut(): number {
    return this.#leftOutInAll;
  }

  /** Takes a line without its line feed, or several with line feeds between them. */
  write(line: string): void {
    this.#take(line, this.#maxBacklog);
  }

  /**
   * Takes a line that matters less than those of {@linkcode LineWriter.write}, which get a part of the backlog for
   * themselves. It is made only if there is room.
   *
   * @returns The line; undefined if it was not made.
   */
  writeLesser(make: () => string): string | undefined {
    const most = this.#maxBacklog * (1 - RESERVE);
    if (this.#backlog >= most) {
      this.#drop();
      return undefined;
    }
    const line = make();
    this.#take(line, most);
    return line;
  }

  #take(line: string, most: number): void {
    if (this.#isBroken) return;
    if (this.#backlog + line.length > most) {
      this.#drop();
      return;
    }
    this.#backlog += line.length;
    this.#add({ text: line });
  }

  #drop(): void {
    if (this.#isBroken) return;
    this.#dropped++;
    this.#leftOutInAll++;
  }

  /**
   * Takes lines of which only the latest matter, such as a whole table: they replace those of the same subject that still
   * wait, and are made just before they are written.
   */
  writeLatest(subject: string, make: () => string): void {
    if (this.#isBroken) return;
    const [oldest] = this.#latest.keys();
    const crowded = !this.#latest.has(subject) && this.#latest.size >= MAX_SUBJECTS;
    if (crowded) this.#drop();
    const replaced = crowded ? oldest : subject;
    const older = replaced === undefined ? undefined : this.#latest.get(replaced);
    if (older) this.#entries.delete(older);
    if (replaced !== undefined) this.#latest.delete(replaced);
    const entry = { text: make, subject };
    this.#latest.set(subject, entry);
    this.#add(entry);
  }

  /** Settles once all lines so far are written or cannot be. Never rejects. */
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
      const bytes = this.#encoder.encode(this.#takeAll());
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
    // No await after the last check: a line in between would wait for ever.
    this.#draining = undefined;
    if (this.#waiting) this.#timer ??= setTimeout(() => this.#start(), this.#restMs);
  }

  /** Makes lines, and lengthens the next wait by the time that took. */
  #make(make: () => string): string {
    const started = performance.now();
    const lines = make();
    const rest = REST_FACTOR * (performance.now() - started);
    this.#restMs = Math.min(MAX_REST_MS, Math.max(this.#restMs, rest));
    return lines;
  }

  /** Takes all waiting lines as one text. */
  #takeAll(): string {
    const lines = [...this.#entries].map(({ text }) => typeof text === "string" ? text : this.#make(text));
    if (this.#dropped > 0) lines.push(this.#leftOut(this.#dropped));
    this.#entries = new Set();
    this.#latest = new Map();
    this.#backlog = 0;
    this.#dropped = 0;
    return lines.map((line) => `${line}\n`).join("");
  }
}
