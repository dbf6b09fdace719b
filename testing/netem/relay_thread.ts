/** Relays in threads of their own, so that other work of a measurement, such as starting programs, does not delay them. */

import type { Network, PathCounts } from "./relay.ts";

/** The parameters of `SalaRelay.open` or `SipRelay`. */
export type RelaySetup =
  | {
    readonly kind: "sala";
    readonly registryPort: number;
    readonly name: string;
    readonly calleePort: number;
    readonly network: Network;
  }
  | { readonly kind: "sip"; readonly calleePort: number; readonly network: Network };

/** Requests to the thread, and its replies. */
export type RelayRequest = { readonly open: RelaySetup } | "begin" | "count";
export type RelayReply =
  | { readonly opened: { readonly port: number } }
  | { readonly counted: PathCounts }
  | { readonly failed: string };

/** A relay in another thread. */
export class RelayThread implements Disposable {
  readonly #worker: Worker;
  /** Settles with the reply to the last request, or with the failure of the thread. */
  #answered = Promise.withResolvers<RelayReply>();
  /** Why the thread ended unasked. */
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

  /** Starts a thread and opens the relay in it. @throws {Error} If that fails. */
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

  /** The SIP port; 0 for a relay with a name in the room. */
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

  /** Ends the thread with its sockets and its registration. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  /** One request at a time. */
  async #ask(request: RelayRequest): Promise<RelayReply> {
    if (this.#failure) throw this.#failure;
    this.#answered = Promise.withResolvers();
    this.#worker.postMessage(request);
    const reply = await this.#answered.promise;
    if ("failed" in reply) throw new Error(reply.failed);
    return reply;
  }
}
