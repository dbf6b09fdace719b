/**
 * Relays in threads of their own, so that what else a measurement does, such as starting programs, is no part of the
 * network.
 */

import type { Network, PathCounts } from "./relay.ts";

/** Which relay, and what it needs to open: see `SalaRelay.open` and `SipRelay`. */
export type RelaySetup =
  | {
    readonly kind: "sala";
    readonly registryPort: number;
    readonly name: string;
    readonly calleePort: number;
    readonly network: Network;
  }
  | { readonly kind: "sip"; readonly calleePort: number; readonly network: Network };

/** What the thread is asked for, and how it answers. */
export type RelayRequest = { readonly open: RelaySetup } | "begin" | "count";
export type RelayReply =
  | { readonly opened: { readonly port: number } }
  | { readonly counted: PathCounts }
  | { readonly failed: string };

/** A relay that runs elsewhere. */
export class RelayThread implements Disposable {
  readonly #worker: Worker;
  /** Settles with the answer to the last question, or with what went wrong in the thread. */
  #answered = Promise.withResolvers<RelayReply>();
  /** Why the thread ended by itself. */
  #failure: Error | undefined;
  #port = 0;

  private constructor() {
    this.#worker = new Worker(new URL("relay_worker.ts", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#answered.resolve(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#failure = new Error(`The relay failed: ${event.message}`);
      this.#answered.reject(this.#failure);
    });
  }

  /** Starts a thread, and opens the relay in it. @throws {Error} If it cannot be opened. */
  static async open(setup: RelaySetup): Promise<RelayThread> {
    const thread = new RelayThread();
    try {
      const reply = await thread.#ask({ open: setup });
      if (!("opened" in reply)) throw new Error("The relay did not open");
      thread.#port = reply.opened.port;
      return thread;
    } catch (error) {
      thread.#worker.terminate();
      throw error;
    }
  }

  /** Where SIP goes to; 0 for a relay that is found by its name. */
  get port(): number {
    return this.#port;
  }

  /** See `Relay.begin`. */
  begin(): void {
    this.#worker.postMessage("begin" satisfies RelayRequest);
  }

  /** See `Relay.forward`. */
  async forward(): Promise<PathCounts> {
    const reply = await this.#ask("count");
    if (!("counted" in reply)) throw new Error("The relay did not count");
    return reply.counted;
  }

  /** Ends the thread, with its sockets and its place in the room. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  /** One question at a time. */
  async #ask(request: RelayRequest): Promise<RelayReply> {
    if (this.#failure) throw this.#failure;
    this.#answered = Promise.withResolvers();
    this.#worker.postMessage(request);
    const reply = await this.#answered.promise;
    if ("failed" in reply) throw new Error(reply.failed);
    return reply;
  }
}
