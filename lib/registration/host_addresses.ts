/** The addresses of registries' names, as the system knows them. */

import { lookup } from "node:dns/promises";
import { ipVersion, isLoopback } from "../protocol/address.ts";
import { withTimeLimit } from "../util/time_limit.ts";

/** Result of {@linkcode HostAddresses.of}. */
export type FoundAddresses =
  | { readonly ips: readonly string[] }
  /** What the system, or the time limit, threw. */
  | { readonly error: unknown };

/** Asks the system for all addresses of a name. Rejects if it has none. */
export type LookUpHost = (name: string) => Promise<readonly string[]>;

/**
 * Addresses over several rounds. A lookup that takes longer than one round serves the next: it cannot be cancelled, and would
 * never end in time if each round began it anew. Where the name servers are away, what they said last counts.
 */
export class HostAddresses {
  readonly #lookUp: LookUpHost;
  readonly #running = new Map<string, Promise<readonly string[]>>();
  readonly #known = new Map<string, readonly string[]>();

  constructor(lookUp: LookUpHost = systemLookUp) {
    this.#lookUp = lookUp;
  }

  /** All addresses of a host, in the system's order. Never rejects. @param limitMs Time limit, in milliseconds. */
  async of(host: string, limitMs: number, signal?: AbortSignal): Promise<FoundAddresses> {
    if (ipVersion(host) !== 0) return { ips: [host] };
    try {
      return { ips: await withTimeLimit(limitMs, signal, () => this.#find(host)) };
    } catch (error) {
      const known = this.#known.get(host);
      return known ? { ips: known } : { error };
    }
  }

  async #find(host: string): Promise<readonly string[]> {
    let running = this.#running.get(host);
    if (!running) {
      running = this.#lookUp(host);
      this.#running.set(host, running);
      const forget = (): boolean => this.#running.delete(host);
      running.then((ips) => {
        this.#known.set(host, ips);
        forget();
      }, forget);
    }
    return await running;
  }
}

async function systemLookUp(name: string): Promise<string[]> {
  const ips = (await lookup(name, { all: true })).map(({ address }) => address);
  // IPv4 first on this machine, so that phones that were given `localhost` can call those that were given 127.0.0.1.
  if (ips.every(isLoopback)) ips.sort((a, b) => ipVersion(a) - ipVersion(b));
  return ips;
}
