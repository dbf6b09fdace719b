/**
 * Who may see the panel: everybody who reaches it, or with a room password who knows that. The password itself is never sent: the
 * page answers a challenge as phones do (`lib/protocol/password_challenge.ts`), and then has a session by a cookie.
 */

import { randomBytes } from "node:crypto";
import { networkOf } from "../protocol/address.ts";
import type { Challenge, PasswordGate } from "../protocol/password_challenge.ts";
import type { Person } from "../protocol/registry_messages.ts";
import { TokenBucket } from "../util/token_bucket.ts";

/** What a page proves its knowledge of the password for. No phone has such an address, so its proof is not for a registration. */
export const PANEL_BINDING: Person = { nome: "", ip: "painel", porta: 0 };

/** Most challenges of an address without an answer, and most sessions; older ones are forgotten. */
const MAX_CHALLENGES = 64;
const MAX_SESSIONS = 1000;

/** Wrong attempts of one address: 5 at once, then one every 6 s. A whole class may come from behind one address. */
const ATTEMPTS = 5;
const ATTEMPTS_PER_SECOND = 1 / 6;

/** Most addresses whose attempts are counted, and whose challenges are kept. */
const MAX_ADDRESSES = 1000;

/** The answer of the page. */
export interface LoginAnswer {
  /** That of the challenge. */
  readonly desafio: string;
  /** The page's own. */
  readonly nonce: string;
  readonly prova: string;
}

/** Sessions of pages. */
export class PanelAccess {
  readonly #gate: PasswordGate | undefined;
  /** By address, so that one that asks for very many pushes out its own. */
  readonly #challenges = new Map<string, Map<string, Challenge>>();
  readonly #sessions = new Set<string>();
  readonly #attempts = new Map<string, TokenBucket>();

  /** @param gate Of the room's password, if it has one. */
  constructor(gate: PasswordGate | undefined) {
    this.#gate = gate;
  }

  /** Whether a page with these cookies may see the room. */
  admits(sessions: readonly string[]): boolean {
    return !this.#gate || sessions.some((session) => this.#sessions.has(session));
  }

  /** A new challenge for an address; undefined without a password. */
  challenge(ip: string): Challenge | undefined {
    const challenge = this.#gate?.challenge();
    if (!challenge) return undefined;
    const network = networkOf(ip);
    const own = this.#challenges.get(network) ?? new Map<string, Challenge>();
    remember(this.#challenges, network, own, MAX_ADDRESSES);
    remember(own, challenge.nonce, challenge, MAX_CHALLENGES);
    return challenge;
  }

  /**
   * Takes an answer, once for each challenge.
   *
   * @param now Milliseconds on any clock that does not go back.
   * @returns The cookie of a new session.
   */
  answer(now: number, ip: string, answer: LoginAnswer): string | "wrong" | "too_often" {
    const network = networkOf(ip);
    const attempts = this.#attempts.get(network) ?? new TokenBucket(ATTEMPTS_PER_SECOND, ATTEMPTS);
    remember(this.#attempts, network, attempts, MAX_ADDRESSES);
    if (attempts.level(now) < 1) return "too_often";
    const own = this.#challenges.get(network);
    const challenge = own?.get(answer.desafio);
    own?.delete(answer.desafio);
    if (!challenge || !this.#gate?.accepts(challenge, answer, PANEL_BINDING)) {
      attempts.take(now, 1);
      return "wrong";
    }
    const session = randomBytes(16).toString("base64url");
    const [oldest] = this.#sessions;
    if (oldest !== undefined && this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(oldest);
    this.#sessions.add(session);
    return session;
  }
}

/** Puts an entry last, and forgets the first if there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size >= most) map.delete(oldest);
  map.set(key, value);
}

/** The answer in a body. @returns Undefined if it is none. */
export function parseLogin(body: string): LoginAnswer | undefined {
  try {
    const { desafio, nonce, prova } = JSON.parse(body);
    const all = [desafio, nonce, prova];
    return all.every((value) => typeof value === "string" && /^[\w-]{16,64}$/.test(value))
      ? { desafio, nonce, prova }
      : undefined;
  } catch {
    return undefined;
  }
}
