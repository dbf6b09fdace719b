/**
 * Keeps a phone from being used against others. An invitation names the address that is answered to, and anybody can
 * name anybody's: so few datagrams go to an address until something comes back that only a receiver of them knows.
 */

import type { Endpoint } from "../protocol/address.ts";

/** Most datagrams to an address that has not answered, over all calls: an answer, and two more in case it is lost. */
export const MAX_UNVALIDATED_DATAGRAMS = 3;

/** After how long without any reason to send there an address is given as many again. */
export const UNVALIDATED_MEMORY_MS = 60_000;

/** Most such addresses at once. Past it, strangers get no answer until others have been forgotten. */
export const MAX_UNVALIDATED_ADDRESSES = 64;

/** The addresses that have not answered, and what went there. */
export class AmplificationLimit {
  readonly #addresses = new Map<string, { sent: number; wantedAt: number }>();

  /**
   * Whether one more datagram may go to an address that has not answered; if so, it is counted.
   *
   * @param now Milliseconds on any clock that only goes forward.
   */
  take(now: number, to: Endpoint): boolean {
    this.#forget(now);
    const key = keyOf(to);
    const address = this.#addresses.get(key) ?? { sent: 0, wantedAt: now };
    if (address.sent === 0 && this.#addresses.size >= MAX_UNVALIDATED_ADDRESSES) return false;
    address.wantedAt = now;
    // Behind all others, so that the first is always the one that was wanted least lately.
    this.#addresses.delete(key);
    this.#addresses.set(key, address);
    if (address.sent >= MAX_UNVALIDATED_DATAGRAMS) return false;
    address.sent++;
    return true;
  }

  /** An address has answered: what went there need not be counted. */
  validated(from: Endpoint): void {
    this.#addresses.delete(keyOf(from));
  }

  #forget(now: number): void {
    for (const [key, { wantedAt }] of this.#addresses) {
      if (wantedAt + UNVALIDATED_MEMORY_MS > now) return;
      this.#addresses.delete(key);
    }
  }
}

function keyOf({ ip, port }: Endpoint): string {
  return `${ip} ${port}`;
}
