/** NATS servers with JetStream: one, or a cluster of three, in a temporary folder, on free ports. */

import { pause } from "../lib/util/pause.ts";
import { freePorts } from "./free_ports.ts";
import type { Machine } from "./lan.ts";
import { Program } from "./program.ts";
import { type Temporary, temporaryFolder } from "./temporary.ts";

/** Debian has the server in a folder that is not on everybody's PATH. */
const PROGRAMS = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];

const program = PROGRAMS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Why there is no NATS here; undefined if there is. */
export function natsMissing(): string | undefined {
  return program ? undefined : "nats-server is not installed (apt-get install nats-server)";
}

/** Time limit for a server to listen, in milliseconds. */
const START_MS = 20_000;
const POLL_MS = 20;

/** Options of a server. */
export interface NatsOptions {
  /** A machine of a network, and its address there; this machine unless given. */
  readonly machine?: Machine;
  readonly address?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Whether it can store anything; it can unless told otherwise. */
  readonly jetStream?: boolean;
}

/** One NATS server. It can be killed and started again with what it has stored. */
export class NatsNode implements AsyncDisposable {
  readonly url: string;
  readonly #line: readonly string[];
  readonly #folder: Temporary;
  readonly #through: readonly string[];
  #server: Program;

  constructor(folder: Temporary, address: string, port: number, options: NatsOptions) {
    const { machine, args = [], jetStream = true } = options;
    this.url = `nats://${address}:${port}`;
    this.#folder = folder;
    this.#through = machine?.through ?? [];
    const storage = jetStream ? ["-js", "-sd", folder.path] : [];
    this.#line = [
      ...this.#through,
      ...[program ?? "nats-server", "-a", address, "-p", `${port}`, ...storage, ...args],
    ];
    this.#server = new Program(this.#line);
  }

  /** Starts a server of its own. */
  static async start(options: NatsOptions = {}): Promise<NatsNode> {
    const folder = await temporaryFolder();
    const node = new NatsNode(folder, options.address ?? "127.0.0.1", freePorts(), options);
    await node.ready();
    return node;
  }

  /** Waits until it listens. */
  async ready(): Promise<void> {
    const [, host = "", port = ""] = /nats:\/\/(.*):(\d+)$/.exec(this.url) ?? [];
    const deadline = performance.now() + START_MS;
    const probe = [...this.#through, "bash", "-c", `exec 3<>/dev/tcp/${host}/${port}`];
    const [command = "", ...args] = probe;
    for (;;) {
      const { success } = await new Deno.Command(command, { args, stderr: "null" }).output();
      if (success) return;
      if (performance.now() > deadline) {
        throw new Error(`nats-server does not start\n${this.#server.report()}`);
      }
      await pause(POLL_MS);
    }
  }

  /** Kills it; its clients are not told. */
  async kill(): Promise<void> {
    this.#server.kill("SIGKILL");
    await this.#server.status;
  }

  /** Starts it again. @param empty Without what it had stored. */
  async restart(empty = false): Promise<void> {
    await this.kill();
    if (empty) {
      for await (const { name } of Deno.readDir(this.#folder.path)) {
        await Deno.remove(`${this.#folder.path}/${name}`, { recursive: true });
      }
    }
    this.#server = new Program(this.#line);
    await this.ready();
  }

  /** Stops it where it is, as a machine that swaps. */
  freeze(): void {
    this.#server.kill("SIGSTOP");
  }

  thaw(): void {
    this.#server.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** NATS servers that hold the same: all but one of three may be gone for a moment, and none of three at the same time. */
export class NatsCluster implements AsyncDisposable {
  private constructor(readonly nodes: readonly NatsNode[]) {}

  /** The value of `--cluster`. */
  get urls(): string {
    return this.nodes.map(({ url }) => url).join(",");
  }

  /** Starts a cluster. @param places Machines of a network and their addresses, one for each server. */
  static async start(count: number, places: readonly NatsOptions[] = []): Promise<NatsCluster> {
    if (count === 1) return new NatsCluster([await NatsNode.start(places[0])]);
    const ports = freePorts(2 * count);
    const address = (index: number): string => places[index]?.address ?? "127.0.0.1";
    const routes = Array.from({ length: count }, (_, index) => (
      `nats://${address(index)}:${ports + count + index}`
    ));
    const nodes: NatsNode[] = [];
    for (const [index, route] of routes.entries()) {
      const args = [
        ...["-n", `n${index}`, "--cluster", route, "--cluster_name", "sala", "--routes", routes.join(",")],
        ...places[index]?.args ?? [],
      ];
      const options = { ...places[index], args };
      nodes.push(new NatsNode(await temporaryFolder(), address(index), ports + index, options));
    }
    const cluster = new NatsCluster(nodes);
    await Promise.all(nodes.map((node) => node.ready()));
    return cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }
}
