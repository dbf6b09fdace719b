/** The load clients of `load_clients.ts` in a process, so that the measured call does not share a thread with them. */

import { Program, scriptLine } from "../../testing/program.ts";
import type { LoadReport } from "./load_clients.ts";

/** Running load clients. */
export class LoadProcess implements AsyncDisposable {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Starts load clients and waits until all are in the room. */
  static async start(registryPort: number, count: number, seed: string): Promise<LoadProcess> {
    const args = [String(registryPort), String(count), seed];
    const program = new Program(scriptLine("bench/soak/load_clients.ts", args));
    try {
      await program.waitForText("here");
      return new LoadProcess(program);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes all of them leave. @returns What they counted. @throws {Error} If the process has ended before. */
  async leave(): Promise<LoadReport> {
    this.#program.kill("SIGTERM");
    return JSON.parse(await this.#program.waitForText("{")) as LoadReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
