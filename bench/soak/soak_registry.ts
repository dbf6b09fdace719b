/** A registry that is killed and started again at the same port, many times. */

import { commandLine } from "../../testing/processes.ts";
import { LOOPBACK } from "../../testing/netem/relay.ts";

/**
 * Ports below those that the system gives to whoever asks for any (32768 on Linux): one of these would be given to a phone
 * while the registry is away.
 */
const PORTS = [20_000, 32_000] as const;

/** A port that nobody has now, and that nobody is given who asks for any. */
export function quietPort(): number {
  const [least, most] = PORTS;
  for (;;) {
    const port = least + Math.floor(Math.random() * (most - least));
    try {
      using _listener = Deno.listen({ hostname: LOOPBACK, port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** One life of the registry. What it prints is read and thrown away: in half an hour it is hundreds of megabytes. */
export class SoakRegistry implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>;
  readonly #errors: Promise<string>;
  readonly #listening = Promise.withResolvers<void>();

  private constructor(port: number) {
    const [program = "", ...args] = commandLine("registry", ["--json", "--quiet", "--port", String(port)]);
    this.#child = new Deno.Command(program, {
      args,
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = this.#read();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Starts a registry, and waits until it listens. @throws {Error} If it ends instead. */
  static async start(port: number): Promise<SoakRegistry> {
    const registry = new SoakRegistry(port);
    await registry.#listening.promise;
    return registry;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it. @returns What it wrote to standard error. */
  async end(signal: Deno.Signal): Promise<string> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself, and said why.
    }
    await Promise.all([this.#child.status, this.#output]);
    return await this.#errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let begun = "";
    let listening = false;
    for await (const bytes of this.#child.stdout) {
      if (listening) continue;
      begun += decoder.decode(bytes, { stream: true });
      listening = begun.includes('"listening"');
      if (listening) this.#listening.resolve();
    }
    this.#listening.reject(new Error(`The registry does not start: ${begun}`));
  }
}
