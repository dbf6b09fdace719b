/** baresip, a softphone in C, in the comparison: https://github.com/baresip/baresip. */

import { LOOPBACK } from "../../testing/netem/relay.ts";
import { RelayThread } from "../../testing/netem/relay_thread.ts";
import type { CallSetup, PhoneProgram, VoiceCall } from "./voice_call.ts";
import { isInstalled, Program } from "../../testing/program.ts";
import { type Temporary, temporaryFolder } from "../../testing/temporary.ts";
import { within } from "../../lib/util/time_limit.ts";
import { freePorts } from "../../testing/free_ports.ts";

/** Its sound drivers that work with the virtual cards. */
export type BaresipDriver = "alsa" | "portaudio";

/** Where packages install the modules. */
const MODULE_FOLDERS = [
  "/usr/lib/baresip/modules",
  "/usr/local/lib/baresip/modules",
  "/usr/lib64/baresip/modules",
];

/** How long to wait for a control message, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Why baresip cannot run here and how to get it, or undefined if it can. */
export function baresipMissing(): string | undefined {
  const install = "apt-get install baresip-core";
  if (!isInstalled("baresip")) return `baresip is not installed (${install})`;
  return moduleFolder() === undefined ? `baresip's modules are missing (${install})` : undefined;
}

function moduleFolder(): string | undefined {
  return MODULE_FOLDERS.find((folder) => {
    try {
      return Deno.statSync(`${folder}/opus.so`).isFile;
    } catch {
      return false;
    }
  });
}

/** baresip with its default settings, Opus and one of its sound drivers. */
export class BaresipProgram implements PhoneProgram {
  readonly name: string;
  readonly #driver: BaresipDriver;

  constructor(name: string, driver: BaresipDriver) {
    this.name = name;
    this.#driver = driver;
  }

  async startCall({ callerCard, calleeCard, network }: CallSetup): Promise<VoiceCall> {
    await using parts = new AsyncDisposableStack();
    const callee = parts.use(await Baresip.start(this.#driver, calleeCard));
    const relay = network && parts.use(
      await RelayThread.open({ kind: "sip", calleePort: callee.sipPort, network }),
    );
    const caller = parts.use(await Baresip.start(this.#driver, callerCard));
    await caller.command("dial", `sip:phone@${LOOPBACK}:${relay?.port ?? callee.sipPort}`);
    await Promise.all([caller.event("CALL_ESTABLISHED"), callee.event("CALL_ESTABLISHED")]);
    const owned = parts.move();
    return {
      pids: [caller.pid, callee.pid],
      begin: () => relay?.begin(),
      network: async () => await relay?.forward(),
      async hangUp() {
        await caller.command("hangup");
        await callee.event("CALL_CLOSED");
        return {};
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }
}

/** A message of the control connection: an event, or the response to a command. */
interface ControlMessage {
  readonly event?: boolean;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly type?: string;
  readonly data?: string;
  readonly param?: string;
}

/** A running baresip, controlled over TCP (module ctrl_tcp). */
class Baresip implements AsyncDisposable {
  readonly sipPort: number;
  readonly #folder: Temporary;
  readonly #program: Program;
  readonly #control: Deno.TcpConn;
  readonly #reading: Promise<void>;
  readonly #messages: ControlMessage[] = [];
  readonly #waiters = new Set<() => void>();

  private constructor(
    sipPort: number,
    folder: Temporary,
    program: Program,
    control: Deno.TcpConn,
  ) {
    this.sipPort = sipPort;
    this.#folder = folder;
    this.#program = program;
    this.#control = control;
    this.#reading = this.#readControl();
  }

  static async start(driver: BaresipDriver, card: Readonly<Record<string, string>>): Promise<Baresip> {
    const folder = await temporaryFolder();
    const { path } = folder;
    // Two for SIP, of which the second is for TLS.
    const [sipPort, controlPort] = [freePorts(2), freePorts()];
    await Promise.all([
      Deno.writeTextFile(`${path}/config`, config(driver, sipPort, controlPort)),
      Deno.writeTextFile(
        `${path}/accounts`,
        `<sip:phone@${LOOPBACK}:${sipPort}>;regint=0;answermode=auto\n`,
      ),
      Deno.writeTextFile(`${path}/contacts`, ""),
    ]);
    const program = new Program(["baresip", "-f", path], { env: card });
    try {
      await program.waitForText("baresip is ready");
      const control = await Deno.connect({ hostname: LOOPBACK, port: controlPort });
      return new Baresip(sipPort, folder, program, control);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Sends a command and waits for its response. @throws {Error} If it fails. */
  async command(command: string, params = ""): Promise<void> {
    const text = JSON.stringify({ command, params, token: command });
    await this.#control.write(new TextEncoder().encode(`${text.length}:${text},`));
    const { ok, data } = await this.#message(
      ({ response }) => response === true,
      `an answer to "${command}"`,
    );
    if (ok !== true) throw new Error(`baresip cannot ${command}: ${data}`);
  }

  /** Waits for an event, which may have come already. @throws {Error} If the call is closed instead. */
  async event(type: string): Promise<void> {
    const message = await this.#message(
      (message) => message.event === true && (message.type === type || message.type === "CALL_CLOSED"),
      type,
    );
    if (message.type !== type) throw new Error(`baresip's call has failed: ${message.param}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill("SIGTERM");
    // The end of the process ends the connection, and that ends the reading.
    await Promise.allSettled([this.#program.status, this.#reading]);
    await this.#folder[Symbol.asyncDispose]();
  }

  async #message(matches: (message: ControlMessage) => boolean, what: string): Promise<ControlMessage> {
    const { promise, resolve } = Promise.withResolvers<ControlMessage>();
    const look = () => {
      const index = this.#messages.findIndex(matches);
      if (index >= 0) resolve(this.#messages.splice(index, 1)[0]!);
    };
    this.#waiters.add(look);
    look();
    try {
      if (!await within(PATIENCE_MS, promise)) throw new Error(`baresip does not say ${what}`);
      return await promise;
    } finally {
      this.#waiters.delete(look);
    }
  }

  /** Messages are netstrings: length, colon, bytes, comma. */
  async #readControl(): Promise<void> {
    let rest = "";
    // Latin-1 has one character per byte.
    const decoder = new TextDecoder("latin1");
    try {
      for await (const bytes of this.#control.readable) {
        rest += decoder.decode(bytes);
        for (;;) {
          const colon = rest.indexOf(":");
          const end = colon + 1 + Number(rest.slice(0, colon));
          if (colon < 0 || rest.length <= end) break;
          this.#messages.push(JSON.parse(rest.slice(colon + 1, end)) as ControlMessage);
          rest = rest.slice(end + 1);
          for (const look of this.#waiters) look();
        }
      }
    } catch {
      // The process has ended.
    }
  }
}

/** Other settings keep their defaults: frames of 20 ms and a jitter buffer of 5 to 10 frames. */
function config(driver: BaresipDriver, sipPort: number, controlPort: number): string {
  const device = driver === "alsa" ? "alsa,default" : "portaudio,";
  return [
    `sip_listen ${LOOPBACK}:${sipPort}`,
    `net_interface ${LOOPBACK}`,
    `audio_player ${device}`,
    `audio_source ${device}`,
    `audio_alert ${device}`,
    "ringback_disabled yes",
    `module_path ${moduleFolder()}`,
    "module opus.so",
    `module ${driver}.so`,
    "module_tmp account.so",
    "module_app menu.so",
    "module_app ctrl_tcp.so",
    `ctrl_tcp_listen ${LOOPBACK}:${controlPort}`,
    "",
  ].join("\n");
}
