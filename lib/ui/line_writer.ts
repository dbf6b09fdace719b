/** Writes lines of text, many in one system call. */

import { concat } from "@std/bytes/concat";

/**
 * Time for which lines are gathered before a write, in milliseconds: a person does not notice it, and a burst of
 * connections needs one write.
 */
const GATHER_MS = 5;

/** Most text that waits for a slow reader, also what is being written, in UTF-16 units. */
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

/** Bytes of a UTF-16 unit in UTF-8, at most. */
const BYTES_PER_UNIT = 3;

/** Text that is encoded together, in UTF-16 units. */
const ENCODED_AT_ONCE = 4096;

/** Largest buffer that is kept for the next lines, in bytes. */
const MAX_KEPT_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/**
 * Lines as bytes, in a buffer that is used again. As thousands of texts that wait for the next write they outlived the garbage
 * collection of young objects, which took a fifth of a busy registry's time; so did a new buffer for each write.
 */
class EncodedLines {
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** The latest lines: encoding some together takes half as long as each by itself. */
  #text = "";

  get bytes(): Uint8Array {
    this.#encode();
    return this.#bytes.subarray(0, this.#length);
  }

  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= ENCODED_AT_ONCE) this.#encode();
  }

  /** Begins anew. @returns Whether the buffer is of a size to be kept. */
  clear(): boolean {
    this.#length = 0;
    return this.#bytes.length <= MAX_KEPT_BYTES;
  }

  #encode(): void {
    const most = this.#length + BYTES_PER_UNIT * this.#text.length;
    if (most > this.#bytes.length) {
      const larger = new Uint8Array(2 * most);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length += encoder.encodeInto(this.#text, this.#bytes.subarray(this.#length)).written;
    this.#text = "";
  }
}

/** Lines, or a function that makes them just before they are written. */
type Entry = EncodedLines | { readonly make: () => string };

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
  readonly #broken = Promise.withResolvers<void>();
  #entries = new Set<Entry>();
  /** The last entry, if further lines may follow in it. */
  #open: EncodedLines | undefined;
  /** A buffer whose lines are written. */
  #spare: EncodedLines | undefined;
  /** By subject: see {@linkcode LineWriter.writeLatest}. */
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

  /** Whether there is room for a {@linkcode LineWriter.writeLesser}; if not, the line counts as left out. */
  hasRoomForLesser(): boolean {
    const hasRoom = this.#backlog < this.#lesserBacklog;
    if (!hasRoom) this.#drop();
    return hasRoom;
  }

  /**
   * Takes a line that matters less than those of {@linkcode LineWriter.write}, which get a part of the backlog for
   * themselves. Ask {@linkcode LineWriter.hasRoomForLesser} before it is made.
   */
  writeLesser(line: string): void {
    this.#take(line, this.#lesserBacklog);
  }

  get #lesserBacklog(): number {
    return this.#maxBacklog * (1 - RESERVE);
  }

  #take(line: string, most: number): void {
    if (this.#isBroken) return;
    if (this.#backlog + line.length > most) {
      this.#drop();
      return;
    }
    this.#backlog += line.length;
    this.#encode(line);
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
    const entry = { make };
    this.#open = undefined;
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

  #encode(line: string): void {
    if (!this.#open) {
      this.#open = this.#spare ?? new EncodedLines();
      this.#spare = undefined;
      this.#add(this.#open);
    }
    this.#open.add(line);
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
      const taken = this.#backlog;
      const entries = this.#takeAll();
      try {
        await this.#write(this.#bytesOf(entries));
      } catch {
        this.#isBroken = true;
        this.#entries.clear();
        this.#open = undefined;
        this.#latest.clear();
        this.#dropped = 0;
        this.#broken.resolve();
      }
      this.#backlog -= taken;
      this.#spare = entries.find((entry) => entry instanceof EncodedLines && entry.clear()) as
        | EncodedLines
        | undefined;
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

  /** Takes all that waits. */
  #takeAll(): Entry[] {
    if (this.#dropped > 0) this.#encode(this.#leftOut(this.#dropped));
    const entries = [...this.#entries];
    this.#entries = new Set();
    this.#open = undefined;
    this.#latest = new Map();
    this.#dropped = 0;
    return entries;
  }

  #bytesOf(entries: readonly Entry[]): Uint8Array {
    const [first] = entries;
    if (entries.length === 1 && first instanceof EncodedLines) return first.bytes;
    return concat(
      entries.map((entry) =>
        entry instanceof EncodedLines ? entry.bytes : encoder.encode(`${this.#make(entry.make)}\n`)
      ),
    );
  }
}
