/** Retransmission of a message until it is answered, as UDP does not deliver by itself. */

import type { CallMessage } from "../protocol/call_messages.ts";
import { exponentialBackoff } from "../util/backoff.ts";

/** First interval between two transmissions; each further one is twice as long (T1 in RFC 3261, section 17.1.2.2). */
export const INITIAL_RETRANSMIT_INTERVAL_MS = 250;

/**
 * Longest interval (T2 in the same section): a message goes out 8 times before a transaction's 10 s are over, enough for a
 * lossy network.
 */
export const MAX_RETRANSMIT_INTERVAL_MS = 2_000;

const intervalMs = exponentialBackoff(INITIAL_RETRANSMIT_INTERVAL_MS, MAX_RETRANSMIT_INTERVAL_MS);

/** The retransmission timer of one call, which has at most one unanswered message at a time. */
export class Retransmission {
  #message: (() => CallMessage) | undefined;
  #retransmissions = 0;
  #dueAt = Infinity;

  /** When {@linkcode Retransmission.tick} wants to be called; `Infinity` while no message waits for its answer. */
  get wakeAt(): number {
    return this.#dueAt;
  }

  /**
   * Starts over with another message.
   *
   * @param message Builds the message anew each time, since a `prova` to echo may have come in between.
   * @returns The message, to be sent now.
   */
  start(now: number, message: () => CallMessage): CallMessage {
    this.#message = message;
    this.#retransmissions = 0;
    this.#dueAt = now + intervalMs(0);
    return message();
  }

  /** The message was answered, or is no longer worth sending. */
  stop(): void {
    this.#message = undefined;
    this.#dueAt = Infinity;
  }

  /** @returns The message, if it is time to send it again. */
  tick(now: number): CallMessage | undefined {
    if (!this.#message || now < this.#dueAt) return undefined;
    this.#dueAt = now + intervalMs(++this.#retransmissions);
    return this.#message();
  }
}
