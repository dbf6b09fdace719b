/**
 * Invitations that come while one rings whose address nobody has validated. That one may be forged, so these are answered by
 * `tocando`, too, and the first that validates its address takes its place. Nobody hears of the others.
 */

import { networkOf } from "../protocol/address.ts";
import { type Call, type InvitationMessage, TRANSACTION_TIMEOUT_MS } from "./call.ts";

/** Most callers that wait. Past it, the one that came first is forgotten: a phone repeats its invitation. */
export const MAX_WAITING_CALLERS = 128;

/** Most of one address (IPv6: /64). */
export const MAX_WAITING_OF_ADDRESS = 8;

/** Most callers whose tokens are known, also those of forgotten ones: their phones echo them. */
export const MAX_WAITING_TOKENS = 4_096;

/** The callers that wait. */
export class WaitingCallers {
  /** In order of arrival, with the time until which they wait. */
  readonly #callers = new Map<Call, { readonly until: number; readonly network: string }>();

  /** Tokens by call identifier and address. */
  readonly #tokens = new Map<string, string>();

  /** When {@linkcode WaitingCallers.due} has something; `Infinity` for never. */
  get dueAt(): number {
    for (const { until } of this.#callers.values()) return until;
    return Infinity;
  }

  has(call: Call): boolean {
    return this.#callers.has(call);
  }

  delete(call: Call): void {
    this.#callers.delete(call);
    this.#tokens.delete(keyOf(call.id, call.peer.ip, call.peer.port));
  }

  /** The token that an invitation has got, if it was forgotten since, or a new one. */
  tokenOf({ chamada, ip, porta }: InvitationMessage, newToken: () => string): string {
    const key = keyOf(chamada, ip, porta);
    const token = this.#tokens.get(key) ?? newToken();
    this.#tokens.set(key, token);
    if (this.#tokens.size > MAX_WAITING_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!);
    return token;
  }

  /** Adds a caller. @returns The one to forget for it, if any. */
  add(now: number, call: Call): Call | undefined {
    const network = networkOf(call.peer.ip);
    const neighbours = [...this.#callers].filter(([, other]) => other.network === network);
    const forgotten = neighbours.length >= MAX_WAITING_OF_ADDRESS
      ? neighbours[0]![0]
      : this.#callers.size >= MAX_WAITING_CALLERS
      ? this.#callers.keys().next().value
      : undefined;
    if (forgotten) this.#callers.delete(forgotten);
    this.#callers.set(call, { until: now + TRANSACTION_TIMEOUT_MS, network });
    return forgotten;
  }

  /** When a caller came. */
  since(call: Call): number {
    return this.#callers.get(call)!.until - TRANSACTION_TIMEOUT_MS;
  }

  /** Those that have waited too long. */
  due(now: number): readonly Call[] {
    return this.all.filter((call) => this.#callers.get(call)!.until <= now);
  }

  /** All, in order of arrival; those whose invitation is over are dropped. */
  get all(): readonly Call[] {
    for (const call of this.#callers.keys()) if (!call.active) this.delete(call);
    return [...this.#callers.keys()];
  }
}

function keyOf(id: string, ip: string, port: number): string {
  return `${id} ${ip} ${port}`;
}
