/** The load generator in C: compiles it into a temporary folder, and runs it. */

import { isInstalled, outputOf, Program } from "../../testing/program.ts";
import { type Temporary, temporaryFolder } from "../../testing/temporary.ts";

/** The processors of servers and of load: each has one for itself, so that neither is measured with the other. */
export const SERVER_CORE = "0";
const LOAD_CORE = "1";

/** What the generator reports: times in milliseconds. */
export interface LoadReport {
  readonly seconds: number;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What a server speaks: Sala's lines, or RESP as Redis does. */
export type LoadProtocol = "sala" | "resp";

/** The words that run a program on one core, where that is possible. */
export function pinned(core: string): string[] {
  return navigator.hardwareConcurrency > 1 && isInstalled("taskset") ? ["taskset", "-c", core] : [];
}

/** The compiled generator. */
export class LoadGenerator implements AsyncDisposable {
  readonly #folder: Temporary;

  private constructor(folder: Temporary) {
    this.#folder = folder;
  }

  /** Compiles it. @returns Undefined if there is no compiler. */
  static async make(): Promise<LoadGenerator | undefined> {
    if (!isInstalled("gcc")) return undefined;
    const folder = await temporaryFolder();
    const source = new URL("load.c", import.meta.url).pathname;
    await outputOf(["gcc", "-O2", "-Wall", "-Wextra", "-o", `${folder.path}/load`, source]);
    return new LoadGenerator(folder);
  }

  /** Looks names up over some connections. @param intervalMs Of each connection; 0: as fast as it is answered. */
  async ask(
    protocol: LoadProtocol,
    port: number,
    connections: number,
    seconds: number,
    intervalMs = 0,
  ): Promise<LoadReport> {
    return await this.#report(["ask", protocol, port, connections, seconds, intervalMs]);
  }

  /** One person after the other joins and leaves. */
  async churn(port: number, times: number, pauseMs: number): Promise<LoadReport> {
    return await this.#report(["churn", port, times, pauseMs]);
  }

  /** Phones that stay, and come back as Sala's do: the program prints a report with `in`, and after a restart with `back`. */
  hold(port: number, phones: number, window: number): Program {
    return new Program(this.#line(["hold", port, phones, window]), { stdin: "piped" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }

  async #report(args: readonly (string | number)[]): Promise<LoadReport> {
    return JSON.parse(await outputOf(this.#line(args))) as LoadReport;
  }

  #line(args: readonly (string | number)[]): string[] {
    return [...pinned(LOAD_CORE), `${this.#folder.path}/load`, ...args.map(String)];
  }
}

/** Waits for a report of {@linkcode LoadGenerator.hold}. */
export async function reported(program: Program, event: "in" | "back"): Promise<LoadReport> {
  return JSON.parse(await program.waitForText(`"event":"${event}"`)) as LoadReport;
}
