/**
 * A thread of its own for a stream's calls into the sound library, since any of them can stand still: PulseAudio's plugin
 * for ALSA waits without end for a lock when the server dies while a block is half read. Whoever asks waits a bounded
 * time for the answer, and can go on without it.
 */

import { AudioError } from "../audio_io.ts";
import { INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED } from "./structs.ts";

/** What the thread can be asked. */
const CALL = {
  /** Leave the stream to others. */
  leave: 0,
  /** Read, if the given number of samples is there. Answers what was there before, or an error. */
  read: 1,
  /** Answers how many samples {@linkcode CALL.write} can take. */
  room: 2,
  /** Write. Answers 0 or an error. */
  write: 3,
} as const;

/** Most samples of one call. */
const MOST_SAMPLES = 48_000;

/** Longest wait for an answer, in milliseconds: calls that do not stand still take 0.1 ms, on a busy machine some ms. */
const ANSWER_MS = 20;

/**
 * A call that has not answered in 2 s of waiting stands still. Each time that the thread is asked in vain counts as 50 ms
 * at most, so that a process that was stopped for an hour does not blame its devices.
 */
const HUNG_MS = 2000;
const MOST_COUNTED_MS = 50;

/** Shared memory: 32-bit words, then the stream, then the samples. */
const WORDS = { asked: 0, answered: 1, call: 2, count: 3, result: 4 } as const;
const STREAM_OFFSET = 24;
const SAMPLES_OFFSET = 32;

/** What the thread is sent for each stream that it serves. */
interface Task {
  /** File name of the library. */
  readonly library: string;
  readonly memory: SharedArrayBuffer;
}

/** Serves one stream at a time on a thread of its own. */
export class SoundThread {
  readonly #library: string;
  readonly #worker: Worker;
  readonly #memory = new SharedArrayBuffer(SAMPLES_OFFSET + 2 * MOST_SAMPLES);
  readonly #words = new Int32Array(this.#memory, 0, STREAM_OFFSET / 4);
  readonly #stream = new BigUint64Array(this.#memory, STREAM_OFFSET, 1);
  readonly #samples = new Int16Array(this.#memory, SAMPLES_OFFSET, MOST_SAMPLES);
  /** The device's name, for errors. */
  #name = "";
  #asked = 0;
  /** Whether an answer came too late for whoever asked. */
  #late = false;
  #lateMs = 0;
  #lastAskedMs = 0;
  #left = Promise.withResolvers<void>();

  /** @param library File name of the library, which is loaded already. */
  constructor(library: string) {
    this.#library = library;
    // A module of its own would have to be carried into every kind of executable.
    const source = `(${serve})(${JSON.stringify(NUMBERS)})`;
    this.#worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
    this.#worker.onmessage = () => this.#left.resolve();
    // A thread that does not start is one that does not answer.
    this.#worker.onerror = (event) => event.preventDefault();
  }

  /** Takes over a stream. */
  serve(name: string, stream: bigint): void {
    this.#name = name;
    this.#left = Promise.withResolvers();
    this.#words.fill(0);
    this.#asked = 0;
    this.#late = false;
    this.#lateMs = 0;
    this.#stream[0] = stream;
    this.#worker.postMessage({ library: this.#library, memory: this.#memory } satisfies Task);
  }

  /** Leaves the stream to others. Settles when no call is made any more: never, if one stands still. */
  leave(): Promise<void> {
    this.#ask(CALL.leave, 0);
    return this.#left.promise;
  }

  /** Ends the thread. */
  end(): void {
    this.#worker.terminate();
  }

  /**
   * Fills `samples` from the stream if as many are there.
   *
   * @returns How many were there, or an error code; undefined while there is no answer.
   * @throws {AudioError} If the library stands still.
   */
  read(samples: Int16Array): number | undefined {
    if (!this.#late) {
      if (!this.#isFree()) return undefined;
      this.#ask(CALL.read, samples.length);
    }
    this.#late = !this.#isFree();
    if (this.#late) return undefined;
    const result = this.#result;
    if (result >= samples.length) samples.set(this.#samples.subarray(0, samples.length));
    return result;
  }

  /**
   * Samples that fit into the stream's queue, or an error code; undefined while there is no answer. An error of the last
   * write comes first.
   *
   * @throws {AudioError} If the library stands still.
   */
  room(): number | undefined {
    if (!this.#late) {
      if (!this.#isFree()) return undefined;
      if (this.#result < 0) return this.#result;
      this.#ask(CALL.room, 0);
    }
    this.#late = !this.#isFree();
    return this.#late ? undefined : this.#result;
  }

  /** Writes samples, as many as {@linkcode SoundThread.room} gave; drops them while there is no answer. Does not wait. */
  write(samples: Int16Array): void {
    if (this.#late || Atomics.load(this.#words, WORDS.answered) !== this.#asked) return;
    this.#samples.set(samples);
    this.#ask(CALL.write, samples.length);
  }

  get #result(): number {
    return this.#words[WORDS.result] as number;
  }

  #ask(call: number, count: number): void {
    this.#words[WORDS.call] = call;
    this.#words[WORDS.count] = count;
    Atomics.store(this.#words, WORDS.asked, ++this.#asked);
    Atomics.notify(this.#words, WORDS.asked);
  }

  /** Whether the thread has answered; waits for that, unless it was late already. */
  #isFree(): boolean {
    const words = this.#words;
    const nowMs = performance.now();
    const waitMs = this.#lateMs > 0 ? 0 : ANSWER_MS;
    for (let answered; (answered = Atomics.load(words, WORDS.answered)) !== this.#asked;) {
      if (waitMs > 0 && Atomics.wait(words, WORDS.answered, answered, waitMs) !== "timed-out") continue;
      this.#lateMs += waitMs + Math.min(nowMs - this.#lastAskedMs, MOST_COUNTED_MS);
      this.#lastAskedMs = nowMs;
      if (this.#lateMs > HUNG_MS) throw new AudioError("device_failed", this.#name, { kind: "stalled" });
      return false;
    }
    this.#lastAskedMs = nowMs;
    this.#lateMs = 0;
    return true;
  }
}

/** The numbers that {@linkcode serve} needs. */
const NUMBERS = {
  WORDS,
  CALL,
  STREAM_OFFSET,
  SAMPLES_OFFSET,
  NO_ERRORS: [INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED],
};

/** What the thread runs. Its text is sent there, so it uses nothing of this file but types. */
function serve({ WORDS, CALL, STREAM_OFFSET, SAMPLES_OFFSET, NO_ERRORS }: typeof NUMBERS): void {
  const thread = self as unknown as {
    onmessage: (event: MessageEvent<Task>) => void;
    postMessage: (message: null) => void;
  };
  thread.onmessage = ({ data: { library, memory } }) => {
    const { symbols } = Deno.dlopen(library, {
      Pa_ReadStream: { parameters: ["u64", "buffer", "usize"], result: "i32" },
      Pa_WriteStream: { parameters: ["u64", "buffer", "usize"], result: "i32" },
      Pa_GetStreamReadAvailable: { parameters: ["u64"], result: "isize" },
      Pa_GetStreamWriteAvailable: { parameters: ["u64"], result: "isize" },
    });
    const words = new Int32Array(memory, 0, STREAM_OFFSET / 4);
    const [stream = 0n] = new BigUint64Array(memory, STREAM_OFFSET, 1);
    // The types of Deno 2.6 know no shared memory here.
    const samples = new Int16Array(memory, SAMPLES_OFFSET) as Int16Array as Int16Array<ArrayBuffer>;
    const checked = (result: number | bigint) => NO_ERRORS.includes(Number(result)) ? 0 : Number(result);
    const answer = (call: number | undefined, count: number): number => {
      if (call === CALL.write) return checked(symbols.Pa_WriteStream(stream, samples, BigInt(count)));
      if (call === CALL.room) return checked(symbols.Pa_GetStreamWriteAvailable(stream));
      const available = checked(symbols.Pa_GetStreamReadAvailable(stream));
      const code = available < count ? 0 : checked(symbols.Pa_ReadStream(stream, samples, BigInt(count)));
      return code < 0 ? code : available;
    };
    for (let seen = 0;;) {
      Atomics.wait(words, WORDS.asked, seen);
      seen = Atomics.load(words, WORDS.asked);
      if (words[WORDS.call] === CALL.leave) break;
      words[WORDS.result] = answer(words[WORDS.call], words[WORDS.count] as number);
      Atomics.store(words, WORDS.answered, seen);
      Atomics.notify(words, WORDS.answered);
    }
    thread.postMessage(null);
  };
}
