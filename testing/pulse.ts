/**
 * Virtual sound cards: a PulseAudio server of the test's own, in a private folder, with null sinks. What is played
 * into a null sink can be recorded from its monitor, so a sink serves as a cable.
 */

/** A virtual cable: a speaker plays into it, a microphone listens at its other end. */
export type Cable = string;

/** The programs without which there are no virtual cards, and how to get them. */
const NEEDED = ["pulseaudio", "pactl", "paplay", "parec"];

/** Why there can be no virtual cards here, or undefined where there can. */
export function pulseMissing(): string | undefined {
  if (Deno.build.os !== "linux") return "virtual sound cards are made with PulseAudio on Linux only";
  const path = (Deno.env.get("PATH") ?? "").split(":");
  for (const program of NEEDED) {
    if (!path.some((folder) => exists(`${folder}/${program}`))) {
      return `${program} is not installed (apt-get install pulseaudio pulseaudio-utils libasound2-plugins)`;
    }
  }
  return undefined;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** How long the server may take to come up. */
const START_DEADLINE_MS = 15_000;

/** A private PulseAudio server. */
export class Pulse implements AsyncDisposable {
  readonly #folder: string;
  readonly #cables: readonly Cable[];
  #process: Deno.ChildProcess;

  private constructor(folder: string, cables: readonly Cable[]) {
    this.#folder = folder;
    this.#cables = cables;
    this.#process = this.#spawn();
  }

  /** Starts a server with these cables, each mono-compatible at 48 kHz. */
  static async start(cables: readonly Cable[]): Promise<Pulse> {
    const folder = await Deno.makeTempDir({ prefix: "sala-pulse-" });
    await Deno.chmod(folder, 0o700);
    await Deno.writeTextFile(
      `${folder}/asound.conf`,
      [
        "</usr/share/alsa/alsa.conf>",
        "pcm.!default { type pulse }",
        "ctl.!default { type pulse }",
      ].join("\n"),
    );
    const pulse = new Pulse(folder, cables);
    await pulse.#answer();
    return pulse;
  }

  /** Kills the server outright: no program that uses it is told. Settles when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  /** Starts the server again in its place, after {@linkcode Pulse.kill}. */
  async restart(): Promise<void> {
    this.#process = this.#spawn();
    await this.#answer();
  }

  /** Makes a cable stand still, so that nothing more is taken or heard, or go on. */
  async standStill(cable: Cable, still: boolean): Promise<void> {
    const args = ["suspend-sink", cable, still ? "1" : "0"];
    const pactl = new Deno.Command("pactl", { args, env: this.env, stdout: "null", stderr: "null" });
    if (!(await pactl.output()).success) throw new Error(`pactl ${args.join(" ")} failed`);
  }

  #spawn(): Deno.ChildProcess {
    const modules = [
      `module-native-protocol-unix auth-anonymous=1 socket=${this.#folder}/native`,
      ...this.#cables.map((name) =>
        `module-null-sink sink_name=${name} rate=48000 channels=1 channel_map=mono`
      ),
    ];
    return new Deno.Command("pulseaudio", {
      args: [
        "-n",
        "--exit-idle-time=-1",
        "--daemonize=no",
        "--use-pid-file=no",
        ...modules.flatMap((module) => ["-L", module]),
      ],
      env: { HOME: this.#folder, XDG_RUNTIME_DIR: this.#folder },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Waits until the server answers. */
  async #answer(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (
      !(await new Deno.Command("pactl", { args: ["info"], env: this.env, stdout: "null", stderr: "null" })
        .output()).success
    ) {
      if (Date.now() > deadline) {
        await this[Symbol.asyncDispose]();
        throw new Error("PulseAudio did not start");
      }
    }
  }

  /** The environment of a program that uses this server. */
  get env(): Record<string, string> {
    return {
      HOME: this.#folder,
      XDG_RUNTIME_DIR: this.#folder,
      PULSE_SERVER: `unix:${this.#folder}/native`,
      ALSA_CONFIG_PATH: `${this.#folder}/asound.conf`,
    };
  }

  /** Sends the server a signal: `SIGSTOP` makes it hang until `SIGCONT`. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** The environment of a phone whose microphone is the end of one cable and whose speaker is another. */
  card(microphone: Cable, speaker: Cable): Record<string, string> {
    return { ...this.env, PULSE_SOURCE: `${microphone}.monitor`, PULSE_SINK: speaker };
  }

  /** Starts to play a WAV file into a cable. It goes on to its end or to the end of the `await using` block. */
  play(path: string, cable: Cable): AsyncDisposable & { readonly done: Promise<void> } {
    const player = new Deno.Command("paplay", {
      args: ["-d", cable, path],
      env: this.env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let stopped = false;
    const done = player.status.then(({ success }) => {
      if (!success && !stopped) throw new Error(`paplay could not play ${path}`);
    });
    return {
      done,
      async [Symbol.asyncDispose]() {
        stopped = true;
        try {
          player.kill("SIGTERM");
        } catch {
          // It has come to its end.
        }
        await player.status;
      },
    };
  }

  /** Plays a WAV file into a cable, to its end. */
  async speak(path: string, cable: Cable): Promise<void> {
    await this.play(path, cable).done;
  }

  /** Starts to record what comes out of a cable: mono, 16 bit, 48 kHz. */
  record(cable: Cable): Recorder {
    return new Recorder(
      new Deno.Command("parec", {
        args: [
          "-d",
          `${cable}.monitor`,
          "--format=s16le",
          "--rate=48000",
          "--channels=1",
          "--raw",
          "--latency-msec=10",
        ],
        env: this.env,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
  }

  /** Stops the server and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** What is being heard at the end of a cable. */
export class Recorder {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<Uint8Array<ArrayBuffer>>;
  readonly #started = Promise.withResolvers<void>();

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#reading = this.#read();
  }

  /** Settles when the first samples have come. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Ends the recording and returns its samples. */
  async stop(): Promise<Int16Array<ArrayBuffer>> {
    this.#process.kill("SIGTERM");
    const bytes = await this.#reading;
    await this.#process.status;
    return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
  }

  async #read(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const part of this.#process.stdout) {
      parts.push(part);
      this.#started.resolve();
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}
