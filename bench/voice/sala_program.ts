/** This project's phone in the comparison. */

import { startProcess, type ToolProcess } from "../../testing/processes.ts";
import { RelayThread } from "../../testing/netem/relay_thread.ts";
import type { CallSetup, FrameCounts, PhoneProgram, VoiceCall } from "./voice_call.ts";

/** A call with its two phones. */
export interface SalaCall extends VoiceCall {
  readonly caller: ToolProcess;
  readonly callee: ToolProcess;
}

/** The phone with given options. Its calls share a registry. */
export class SalaProgram implements PhoneProgram {
  readonly name: string;
  readonly #registry: { readonly port: number };
  readonly #args: readonly string[];
  static #calls = 0;

  /**
   * @param registry A registry on this machine.
   * @param args Options of the phone, for both sides.
   */
  constructor(name: string, registry: { readonly port: number }, args: readonly string[] = []) {
    this.name = name;
    this.#registry = registry;
    this.#args = args;
  }

  async startCall({ callerCard, calleeCard, network }: CallSetup): Promise<SalaCall> {
    const number = ++SalaProgram.#calls;
    const names = { caller: `caller ${number}`, callee: `callee ${number}`, relay: `relay ${number}` };
    await using parts = new AsyncDisposableStack();
    const callee = parts.use(this.#phone(names.callee, calleeCard, "--answer", "accept"));
    const { port } = await callee.waitForEvent("registered");
    const relay = network &&
      parts.use(
        await RelayThread.open({
          kind: "sala",
          registryPort: this.#registry.port,
          name: names.relay,
          calleePort: port as number,
          network,
        }),
      );
    const called = relay ? names.relay : names.callee;
    const caller = parts.use(this.#phone(names.caller, callerCard, "--call", called));
    await Promise.all([caller.waitForEvent("call_started"), callee.waitForEvent("call_started")]);
    const owned = parts.move();
    return {
      caller,
      callee,
      pids: [caller.pid, callee.pid],
      begin: () => relay?.begin(),
      network: async () => await relay?.forward(),
      async hangUp() {
        await caller.type("sair");
        const figures = await callee.waitForEvent("call_ended");
        await callee.type("sair");
        await Promise.all([caller.exitCode(), callee.exitCode()]);
        return frameCounts(figures);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  #phone(name: string, env: Readonly<Record<string, string>>, ...args: string[]): ToolProcess {
    return startProcess(
      "phone",
      [`127.0.0.1:${this.#registry.port}`, name, "0", "--json", "--quiet", ...args, ...this.#args],
      { env, stdin: "piped" },
    );
  }
}

/** The frame counts of `call_ended`. */
function frameCounts(figures: Readonly<Record<string, unknown>>): FrameCounts {
  const fields = {
    played: figures.framesPlayed,
    rebuilt: figures.framesRebuilt,
    concealed: figures.framesConcealed,
    late: figures.framesLate,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === "number"));
}

/** Exit status of the phone for an unknown option. */
const WRONG_USAGE = 2;

/** Whether the phone knows all of these options. */
export async function phoneKnows(args: readonly string[]): Promise<boolean> {
  // No registry listens at port 1, so a phone that knows the options exits at once with another status.
  await using phone = startProcess("phone", ["127.0.0.1:1", "bench", "0", "--json", ...args]);
  return await phone.exitCode() !== WRONG_USAGE;
}
