/** A network of several machines on this one: Linux's network namespaces on a bridge (`ip-netns(8)`, `veth(4)`). */

import { isInstalled, outputOf, runToEnd } from "./program.ts";

let made = 0;

async function ip(...args: readonly string[]): Promise<string> {
  return await outputOf(["ip", ...args]);
}

/** Whether networks can be made here: with iproute2, as root, on Linux. Tests that need one are ignored elsewhere. */
export async function canMakeLan(): Promise<boolean> {
  if (Deno.build.os !== "linux" || !isInstalled("ip")) return false;
  try {
    await using _lan = await Lan.open();
    return true;
  } catch {
    return false;
  }
}

/** A network cable with a switch. Names are random: tests at the same time may share a process, each with this module. */
export class Lan implements AsyncDisposable {
  readonly #prefix = `sala-${crypto.randomUUID().slice(0, 8)}`;
  readonly #machines: string[] = [];

  private constructor() {}

  /** @throws {Error} Where it is not permitted. */
  static async open(): Promise<Lan> {
    const lan = new Lan();
    const hub = lan.#namespace("hub");
    try {
      await ip("netns", "add", hub);
      await ip("-n", hub, "link", "add", "br0", "type", "bridge");
      await ip("-n", hub, "link", "set", "br0", "up");
      return lan;
    } catch (error) {
      await lan[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Adds a machine with one card, `eth0`, and an address, such as `10.0.0.1/24`. */
  async machine(name: string, ...addresses: readonly string[]): Promise<Machine> {
    const namespace = this.#namespace(name);
    await ip("netns", "add", namespace);
    await ip("-n", namespace, "link", "set", "lo", "up");
    const machine = new Machine(namespace);
    await this.card(machine, "eth0");
    for (const address of addresses) await machine.add(address);
    return machine;
  }

  /** Adds a card to a machine. */
  async card({ namespace }: Machine, card: string): Promise<void> {
    const hub = `${this.#prefix}-hub`;
    // At most 15 characters; unique within the hub.
    const port = `p${made++}`;
    await ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", card, "netns", namespace);
    await ip("-n", hub, "link", "set", port, "master", "br0", "up");
    await ip("-n", namespace, "link", "set", card, "up");
  }

  #namespace(name: string): string {
    const namespace = `${this.#prefix}-${name}`;
    this.#machines.push(namespace);
    return namespace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#machines) {
      await runToEnd(["ip", "netns", "del", namespace]);
      await Deno.remove(`/etc/netns/${namespace}`, { recursive: true }).catch(() => {});
    }
  }
}

/** One machine of a network. */
export class Machine {
  constructor(readonly namespace: string) {}

  /** The words before a command line that run it on this machine. */
  get through(): readonly string[] {
    return ["ip", "netns", "exec", this.namespace];
  }

  /** Adds an address such as `10.0.0.1/24`, usable at once. */
  async add(address: string, card = "eth0"): Promise<void> {
    const now = address.includes(":") ? ["nodad"] : [];
    await ip("-n", this.namespace, "address", "add", address, "dev", card, ...now);
  }

  async remove(address: string, card = "eth0"): Promise<void> {
    await ip("-n", this.namespace, "address", "del", address, "dev", card);
  }

  /** Gives addresses a name on this machine: `ip netns exec` puts this file in the place of /etc/hosts. */
  async name(name: string, ...addresses: readonly string[]): Promise<void> {
    await this.#own("hosts", addresses.map((address) => `${address} ${name}\n`).join(""));
  }

  /** Lets this machine ask a name server, and nothing before it. */
  async askForNames(server: string): Promise<void> {
    await this.#own("resolv.conf", `nameserver ${server}\n`);
    await this.#own("nsswitch.conf", "hosts: files dns\n");
  }

  /** Gives this machine a file in /etc of its own. */
  async #own(file: string, text: string): Promise<void> {
    const folder = `/etc/netns/${this.namespace}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/${file}`, text);
  }

  /** Changes the table of routes: words of `ip route`. */
  async route(...words: readonly string[]): Promise<void> {
    await ip("-n", this.namespace, "route", ...words);
  }

  /**
   * Loses all packets from this machine to an address of its link, as long as what is returned is not disposed of: they go to a
   * card that is not there.
   */
  async losesTo(address: string, card = "eth0"): Promise<AsyncDisposable> {
    const nobody = ["lladdr", "02:00:00:00:00:01", "nud", "permanent"];
    await ip("-n", this.namespace, "neighbour", "replace", address, ...nobody, "dev", card);
    let mended: Promise<string> | undefined;
    const mend = () => mended ??= ip("-n", this.namespace, "neighbour", "del", address, "dev", card);
    return { [Symbol.asyncDispose]: async () => void await mend() };
  }
}
