/** The addresses of registries' names, as the system knows them. */

import { ipVersion, isLoopback } from "../protocol/address.ts";
import { lookUpHost } from "../util/look_up_host.ts";
import { withTimeLimit } from "../util/time_limit.ts";

/** Result of {@linkcode HostAddresses.of}. */
export type FoundAddresses =
  | { readonly ips: readonly string[] }
  /** What the system, or the time limit, threw. */
  | { readonly error: unknown };

/** Asks the system for all addresses of a name, or those of one version of IP. Rejects if it has none. */
export type LookUpHost = (name: string, family?: 4 | 6) => Promise<readonly string[]>;

/**
 * Time after which each version of IP is asked for by itself, in milliseconds: the system gives no address before it has an
 * answer for both, and some networks lose the questions for IPv6 (RFC 8305, section 3).
 */
const APART_MS = 250;

/** Options of {@linkcode HostAddresses.of}. */
export interface AddressOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Takes the addresses of one version of IP while those of the other one are awaited. Must not throw. */
  readonly some?: (ips: readonly string[]) => void;
}

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
  async of(host: string, limitMs: number, { signal, some }: AddressOptions = {}): Promise<FoundAddresses> {
    if (ipVersion(host) !== 0) return { ips: [host] };
    let over = false;
    const timer = setTimeout(() => {
      for (const family of [4, 6] as const) {
        this.#find(host, family).then((ips) => {
          if (!over && ips.length > 0) some?.(ips);
        }, () => {});
      }
    }, APART_MS);
    try {
      return { ips: await withTimeLimit(limitMs, signal, () => this.#find(host)) };
    } catch (error) {
      const known = this.#known.get(host);
      return known ? { ips: known } : { error };
    } finally {
      over = true;
      clearTimeout(timer);
    }
  }

  async #find(host: string, family?: 4 | 6): Promise<readonly string[]> {
    const key = `${host} ${family ?? ""}`;
    let running = this.#running.get(key);
    if (!running) {
      running = this.#lookUp(host, family);
      this.#running.set(key, running);
      const forget = (): boolean => this.#running.delete(key);
      running.then((ips) => {
        if (family === undefined) this.#known.set(host, ips);
        forget();
      }, forget);
    }
    return await running;
  }
}

async function systemLookUp(name: string, family?: 4 | 6): Promise<string[]> {
  const ips = await lookUpHost(name, family);
  // IPv4 first on this machine, so that phones that were given `localhost` can call those that were given 127.0.0.1.
  if (ips.every(isLoopback)) ips.sort((a, b) => ipVersion(a) - ipVersion(b));
  return ips;
}
