/**
 * Virtual sound cards: a private PulseAudio server with null sinks. A null sink has a monitor that records what is played
 * into it, so it serves as a cable.
 */

import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { pause } from "../lib/util/pause.ts";
import { isInstalled, outputOf, Program, runToEnd } from "./program.ts";
import { quantile } from "./quantile.ts";
import { type Temporary, temporaryFolder } from "./temporary.ts";

/** The name of a virtual cable from a speaker to a microphone. */
export type Cable = string;

const NEEDED = ["pulseaudio", "pactl", "paplay", "parec"];

/** Why there are no virtual cards here; undefined if there are. */
export function pulseMissing(): string | undefined {
  if (Deno.build.os !== "linux") return "virtual sound cards are made with PulseAudio on Linux only";
  const missing = NEEDED.find((program) => !isInstalled(program));
  return missing &&
    `${missing} is not installed (apt-get install pulseaudio pulseaudio-utils libasound2-plugins)`;
}

/** How long the server may take to start, and the time between two looks, in milliseconds. */
const START_DEADLINE_MS = 15_000;
const LOOK_INTERVAL_MS = 20;

const ALSA_CONFIG = `</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
`;

const NULL_SINK = "module-null-sink";

/** Kinds of virtual cards: arguments of PulseAudio's `module-null-sink`. */
const CARDS = {
  mono: `rate=${SAMPLE_RATE} channels=1 channel_map=mono`,
  stereo: `rate=${SAMPLE_RATE} channels=2`,
  "44.1 kHz stereo": "rate=44100 channels=2",
  "the server's default": "",
} as const;

/** A kind of virtual card. */
export type Card = keyof typeof CARDS;

/** A private PulseAudio server. */
export class Pulse implements AsyncDisposable {
  readonly #folder: Temporary;
  readonly #cables: readonly Cable[];
  readonly #card: Card;
  readonly #microphones = new Set<string>();
  #server: Program;

  private constructor(folder: Temporary, cables: readonly Cable[], card: Card) {
    this.#folder = folder;
    this.#cables = cables;
    this.#card = card;
    this.#server = this.#start();
  }

  /** Starts a server with these cables. @throws {Error} If it does not start. */
  static async start(cables: readonly Cable[], card: Card = "mono"): Promise<Pulse> {
    const folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o700);
    await Deno.writeTextFile(`${folder.path}/asound.conf`, ALSA_CONFIG);
    const pulse = new Pulse(folder, cables, card);
    await pulse.#answer();
    return pulse;
  }

  /** Kills the server; its clients are not told. Settles when it has ended. */
  async kill(): Promise<void> {
    this.#server.kill("SIGKILL");
    await this.#server.status;
  }

  /** Starts the server again after {@linkcode Pulse.kill}. */
  async restart(): Promise<void> {
    this.#server = this.#start();
    await this.#answer();
  }

  /** Takes all cables away, as if their plugs were pulled. */
  async unload(): Promise<void> {
    await outputOf(["pactl", "unload-module", NULL_SINK], { env: this.env });
  }

  /** Brings them again after {@linkcode Pulse.unload}. */
  async load(): Promise<void> {
    for (const cable of this.#cables) {
      await outputOf(["pactl", "load-module", ...this.#sink(cable).split(" ")], { env: this.env });
    }
  }

  /** Suspends a cable, so that it neither takes nor gives samples, or resumes it. */
  async standStill(cable: Cable, still: boolean): Promise<void> {
    await outputOf(["pactl", "suspend-sink", cable, still ? "1" : "0"], { env: this.env });
  }

  /** The environment of a client of this server. */
  get env(): Record<string, string> {
    const { path } = this.#folder;
    return {
      HOME: path,
      XDG_RUNTIME_DIR: path,
      PULSE_SERVER: `unix:${path}/native`,
      ALSA_CONFIG_PATH: `${path}/asound.conf`,
    };
  }

  /** Sends the server a signal: `SIGSTOP` makes it hang until `SIGCONT`. */
  signal(signal: Deno.Signal): void {
    this.#server.kill(signal);
  }

  /** The environment of a phone whose microphone is the end of one cable and whose speaker is another. */
  card(microphone: Cable, speaker: Cable): Record<string, string> {
    return { ...this.env, PULSE_SOURCE: `${microphone}.monitor`, PULSE_SINK: speaker };
  }

  /** The same for a browser, which takes no sink's monitor for a microphone: the end of the cable gets a source of its own. */
  async browserCard(microphone: Cable, speaker: Cable): Promise<Record<string, string>> {
    const source = `${microphone}.microphone`;
    if (!this.#microphones.has(source)) {
      this.#microphones.add(source);
      const args = ["module-remap-source", `source_name=${source}`, `master=${microphone}.monitor`];
      await outputOf(["pactl", "load-module", ...args], { env: this.env });
    }
    return { ...this.card(microphone, speaker), PULSE_SOURCE: source };
  }

  /** Starts to play a WAV file into a cable, until its end or the end of the `await using` block. */
  play(path: string, cable: Cable): AsyncDisposable & { readonly done: Promise<void> } {
    const player = new Program(["paplay", "-d", cable, path], { env: this.env });
    let stopped = false;
    const done = player.status.then(({ success }) => {
      if (!success && !stopped) throw new Error(`paplay cannot play ${path}: ${player.stderr}`);
    });
    return {
      done,
      async [Symbol.asyncDispose]() {
        stopped = true;
        await player[Symbol.asyncDispose]();
      },
    };
  }

  /** Plays a WAV file into a cable, to its end. */
  async speak(path: string, cable: Cable): Promise<void> {
    await this.play(path, cable).done;
  }

  /** Starts to record the end of a cable. */
  record(cable: Cable): Recorder {
    return new Recorder(cable, this.env);
  }

  /** Stops the server and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    // It may be stopped.
    this.#server.kill("SIGCONT");
    this.#server.kill("SIGTERM");
    await this.#server.status;
    await this.#folder[Symbol.asyncDispose]();
  }

  #start(): Program {
    const { path } = this.#folder;
    const modules = [
      `module-native-protocol-unix auth-anonymous=1 socket=${path}/native`,
      ...this.#cables.map((cable) => this.#sink(cable)),
    ];
    const options = ["-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"];
    return new Program(["pulseaudio", ...options, ...modules.flatMap((module) => ["-L", module])], {
      env: { HOME: path, XDG_RUNTIME_DIR: path },
      forgetful: true,
    });
  }

  #sink(cable: Cable): string {
    return `${NULL_SINK} sink_name=${cable} ${CARDS[this.#card]}`.trim();
  }

  /** Waits until the server answers. */
  async #answer(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!(await runToEnd(["pactl", "info"], { env: this.env })).success) {
      await pause(LOOK_INTERVAL_MS);
      if (Date.now() > deadline) {
        await this[Symbol.asyncDispose]();
        throw new Error(`PulseAudio did not start: ${this.#server.stderr}`);
      }
    }
  }
}

/** A recording: mono, 16 bit, {@linkcode SAMPLE_RATE}. */
export interface Recording {
  readonly samples: Int16Array<ArrayBuffer>;
  /** When the first sample left the cable, in milliseconds on `performance.now()`. */
  readonly startMs: number;
}

/** Most sound in which a recorder looks for what it is to hear, in seconds. */
const MOST_HEARD_SECONDS = 60;

/** Size of a read and initial capacity, in bytes. */
const BLOCK_BYTES = 16_384;
const EXPECTED_SECONDS = 60;

/**
 * Latency asked of the server in milliseconds. A shorter one would make the server use shorter blocks than the phones ask
 * for, and so shorten the measured delay.
 */
const LATENCY_MS = 10;

/** Records the end of a cable until it is stopped. */
export class Recorder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #bytes = new Uint8Array(2 * SAMPLE_RATE * EXPECTED_SECONDS);
  #length = 0;
  /** The start of the recording, as each block gives it. */
  readonly #startsMs: number[] = [];
  readonly #started = Promise.withResolvers<void>();
  #hasEnded = false;
  /** Tells {@linkcode Recorder.hears} of a block, or of the end. */
  #more = (): void => {};

  /** @param env The environment of a client of the server. */
  constructor(cable: Cable, env: Readonly<Record<string, string>>) {
    this.#process = new Deno.Command("parec", {
      args: [
        `--device=${cable}.monitor`,
        "--format=s16le",
        `--rate=${SAMPLE_RATE}`,
        "--channels=1",
        "--raw",
        `--latency-msec=${LATENCY_MS}`,
        `--process-time-msec=${LATENCY_MS}`,
      ],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
    // Not everybody waits for the start.
    this.#started.promise.catch(() => {});
  }

  /** Settles at the first samples. @throws {Error} If the recording ends without any. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /**
   * Settles when the sound from now on is as `is` says; asked after each block. Rejects if the recording ends first, as when
   * the sound server dies, or after a minute of other sound.
   */
  async hears(is: (samples: Int16Array) => boolean): Promise<void> {
    const from = this.#length >> 1;
    while (!is(this.#recorded().subarray(from))) {
      if (this.#hasEnded) throw new Error("the recording ended before the sound came");
      if ((this.#length >> 1) - from > MOST_HEARD_SECONDS * SAMPLE_RATE) {
        throw new Error(`${MOST_HEARD_SECONDS} s were recorded without the sound`);
      }
      const more = Promise.withResolvers<void>();
      this.#more = more.resolve;
      await more.promise;
    }
  }

  #recorded(): Int16Array<ArrayBuffer> {
    return new Int16Array(this.#bytes.buffer, 0, this.#length >> 1);
  }

  /** Ends the recording. */
  async stop(): Promise<Recording> {
    await this[Symbol.asyncDispose]();
    // The first blocks may have waited; the median of the others is free of scheduling delays.
    const startMs = quantile(this.#startsMs.slice(this.#startsMs.length >> 2), 0.5);
    return { samples: this.#recorded(), startMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#reading;
    await this.#process.status;
  }

  /** Reads into buffers that it reuses: allocation would load the machine that is measured. */
  async #read(): Promise<void> {
    const reader = this.#process.stdout.getReader({ mode: "byob" });
    let block = new Uint8Array(BLOCK_BYTES);
    for (;;) {
      const { value, done } = await reader.read(block);
      if (done) break;
      this.#add(value);
      block = new Uint8Array(value.buffer);
    }
    this.#started.reject(new Error("parec recorded nothing"));
    this.#hasEnded = true;
    this.#more();
  }

  #add(block: Uint8Array): void {
    if (this.#length + block.length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#bytes.length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes.set(block, this.#length);
    this.#length += block.length;
    this.#startsMs.push(performance.now() - 1000 * this.#length / 2 / SAMPLE_RATE);
    this.#started.resolve();
    this.#more();
  }
}
