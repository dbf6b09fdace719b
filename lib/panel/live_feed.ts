/** The hub of a running registry: gives it the time and its timer, and tells those who listen. */

import type { Endpoint } from "../protocol/address.ts";
import type { Person } from "../protocol/registry_messages.ts";
import type { RegistryObserver } from "../registrar/observer.ts";
import { VERSION } from "../util/version.ts";
import type { Snapshot } from "./feed.ts";
import { Hub, type HubOptions, type NumberedBatch } from "./hub.ts";

/** Bytes of the key for hashes, and of the name of this run. */
const KEY_BYTES = 32;
const EPOCH_BYTES = 6;

/** What the panel shows, while it happens. `using` ends it. */
export class LiveFeed implements RegistryObserver, Disposable {
  readonly #hub: Hub;
  readonly #listeners = new Set<(batch: NumberedBatch) => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #closed = false;

  constructor(options: Pick<HubOptions, "pings"> = {}) {
    this.#hub = new Hub({
      version: VERSION,
      epoch: randomBytes(EPOCH_BYTES).toHex(),
      key: randomBytes(KEY_BYTES),
      ...options,
    });
  }

  /** The registry listens there: one end of the messages that it sends and receives. */
  listening(registry: Endpoint): void {
    this.#hub.registry = registry;
  }

  /** All that there is to show, and the number of the last batch that is in it. */
  snapshot(): { readonly id: string; readonly snapshot: Snapshot } {
    return this.#hub.snapshot(now());
  }

  /** The batches that a page missed whose last one had this number; undefined if it needs a snapshot. */
  since(id: string): readonly NumberedBatch[] | undefined {
    return this.#hub.since(id);
  }

  /** Calls `listener` with each batch from now on. It must not throw. @returns Ends that. */
  subscribe(listener: (batch: NumberedBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  handleLine(connection: object, peer: Endpoint, direction: "received" | "sent", text: string): void {
    this.#hub.handleLine(now(), connection, peer, direction, text);
    this.#setTimer();
  }

  handleJoined(connection: object, person: Person): void {
    this.#hub.handleJoined(now(), connection, person);
    this.#setTimer();
  }

  handleLeft(connection: object): void {
    this.#hub.handleLeft(now(), connection);
    this.#setTimer();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  /** Sets the timer, unless it already fires before: a tick that comes early does no harm. */
  #setTimer(): void {
    const { wakeAt } = this.#hub;
    if (this.#closed || wakeAt >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = wakeAt;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#hub.tick(now());
      for (const batch of this.#hub.drain()) {
        for (const listener of this.#listeners) listener(batch);
      }
      this.#setTimer();
    }, Math.max(0, Math.ceil(wakeAt - now())));
  }
}

/** Milliseconds since 1970, as they were at the start, on a clock that does not go back: setting the clock must not mix a ladder up. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
