/** The visitors of `visitors.ts` as a process of their own, so that the call does not share a thread with them. */

import { importMap } from "../../testing/processes.ts";
import type { LoadReport } from "./load_clients.ts";

/** LoadClients that are in the room. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(registryPort: number, count: number, seed: string) {
    const script = new URL("load_clients.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "-A", "--unstable-net", ...importMap()],
        ...[script, String(registryPort), String(count), seed],
      ],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Starts them, and waits until all are in the room. */
  static async start(registryPort: number, count: number, seed: string): Promise<LoadProcess> {
    const loadClients = new LoadProcess(registryPort, count, seed);
    if ((await loadClients.#lines.next()).done) throw new Error("The visitors do not come");
    return loadClients;
  }

  /** Has all of them leave. @returns What they have seen. @throws {Error} If they have ended before. */
  async leave(): Promise<LoadReport> {
    this.#child.kill("SIGTERM");
    const { value, done } = await this.#lines.next();
    await this.#child.status;
    if (done) throw new Error("The visitors have not said what they saw");
    return JSON.parse(value) as LoadReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // They have left.
    }
    await this.#lines.return?.();
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
