/** A registry that is killed and restarted at the same port many times. */

import { startProcess, type ToolProcess } from "../../testing/processes.ts";

/** One life of the registry. Its output is not kept: half an hour prints hundreds of megabytes. */
export class SoakRegistry implements AsyncDisposable {
  readonly #process: ToolProcess;

  private constructor(port: number) {
    const args = ["--json", "--quiet", "--port", String(port)];
    this.#process = startProcess("registry", args, { forgetful: true });
  }

  /** Starts a registry, and waits until it listens. @throws {Error} If it ends instead. */
  static async start(port: number): Promise<SoakRegistry> {
    const registry = new SoakRegistry(port);
    await registry.#process.waitForEvent("listening");
    return registry;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Ends it. @returns What it wrote to standard error. */
  async end(signal: Deno.Signal): Promise<string> {
    this.#process.kill(signal);
    await this.#process.exitCode();
    return this.#process.stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}
