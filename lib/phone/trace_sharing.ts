/** Shares copies of a phone's call messages with a registry that has a panel, as long as it is registered there. */

import type { Call } from "../call/call.ts";
import type { Endpoint } from "../protocol/address.ts";
import type { Trace } from "../protocol/trace.ts";
import type { Registration } from "../registration/registration.ts";
import { callHash } from "../trace/redact.ts";
import { TraceBatcher } from "../trace/trace_batcher.ts";
import type { WireTrace } from "../transport/call_transport.ts";
import type { CallSample } from "./call_session.ts";

/** Time after which a registry that takes no line is asked again, in milliseconds. */
const BUSY_MS = 250;

/** Most lines when the phone leaves: what happened last is worth more than all of what waits. */
const LAST_LINES = 4;

/** The registry, as far as copies go to it. */
export type TraceTaker = Pick<Registration, "wantsTrace" | "readyForTrace" | "sendTrace">;

/** What a phone shares. */
export class TraceSharing {
  readonly #registry: () => TraceTaker | undefined;
  #batcher: TraceBatcher | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param registry Where the phone is registered, if it is. */
  constructor(registry: () => TraceTaker | undefined) {
    this.#registry = registry;
  }

  /** The phone is registered, perhaps again. @returns Whether the registry gets copies from now on. */
  begin(): boolean {
    this.stop();
    if (!this.#registry()?.wantsTrace) return false;
    this.#batcher = new TraceBatcher();
    this.#send();
    return true;
  }

  /** A call message was sent or received. */
  handleMessage({ direction, peer, text }: Trace, { ownPort, bytes, current, omitted }: WireTrace): void {
    const batcher = this.#batcher;
    if (!batcher) return;
    const now = performance.now();
    batcher.handleLeftOut(now, omitted);
    batcher.handleMessage(now, { direction, ownPort, other: peer, bytes, text, current });
    this.#setTimer();
  }

  /** Figures of a running call. @param ownPort The phone's UDP port in it. */
  handleSample({ id }: Call, ownPort: number, other: Endpoint, sample: CallSample): void {
    this.#batcher?.handleSample(performance.now(), { ...sample, call: callHash(id), ownPort, other });
    this.#setTimer();
  }

  /** The phone leaves: sends what waits at once, before its goodbye. */
  flush(): void {
    for (let lines = 0; lines < LAST_LINES; lines++) {
      const line = this.#batcher?.drain(performance.now());
      if (line === undefined) break;
      this.#registry()?.sendTrace(line);
    }
    this.stop();
  }

  /** The registration has ended, or does not want copies: nothing more is kept. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#batcher = undefined;
  }

  #setTimer(): void {
    const wakeAt = this.#batcher?.wakeAt ?? Infinity;
    if (this.#timer !== undefined || wakeAt === Infinity) return;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, Math.ceil(wakeAt - performance.now())));
  }

  #send(): void {
    this.#timer = undefined;
    const registry = this.#registry();
    if (!this.#batcher || !registry?.wantsTrace) return this.stop();
    // A line that waits would be dated too late: its ages are those of now.
    if (!registry.readyForTrace) {
      this.#timer = setTimeout(() => this.#send(), BUSY_MS);
      return;
    }
    const line = this.#batcher.drain(performance.now());
    if (line !== undefined) registry.sendTrace(line);
    this.#setTimer();
  }
}
