/** Connects to the first of several registries that answers: a {@linkcode Race} with sockets and a clock. */

import type { Clock } from "../util/clock.ts";
import type { ConnectFailure, PlaceFailure, RegistryPlace, Tried } from "./connect_failure.ts";
import { type Candidate, Race, type RaceOptions } from "./happy_eyeballs.ts";

/** What a race needs from outside. None of the functions may reject. */
export interface RaceParts<Client> {
  readonly clock: Clock;
  /** Aborts the race. */
  readonly signal?: AbortSignal | undefined;
  /** All addresses of a host, in the system's order. `some` may take a part of them before. */
  readonly resolve: (
    host: string,
    some: (ips: readonly string[]) => void,
  ) => Promise<readonly string[] | PlaceFailure>;
  /** Connects; `signal` gives the attempt up. */
  readonly open: (
    candidate: Candidate,
    signal: AbortSignal,
  ) => Promise<{ readonly kind: "connected"; readonly client: Client } | ConnectFailure>;
  /** Waits for an answer of what was connected. @returns Why there is none. */
  readonly probe: (client: Client) => Promise<PlaceFailure | undefined>;
  /** What has come of a connection that has not answered, if that says more than that the time is over. */
  readonly heard?: (client: Client) => PlaceFailure | undefined;
  /** Ends a connection that has not won. */
  readonly close: (client: Client) => void;
}

/** Result of {@linkcode ConnectionRace.next}. */
export type RaceResult<Client> =
  | { readonly kind: "connected"; readonly client: Client; readonly place: Candidate }
  | ConnectFailure;

/** One attempt. */
interface Running<Client> {
  readonly giveUp: AbortController;
  client: Client | undefined;
}

/**
 * One round over all addresses of some registries. {@linkcode ConnectionRace.next} gives the winner, and once that one has
 * not taken the phone, the winner of those that are left.
 */
export class ConnectionRace<Client> {
  readonly #places: readonly RegistryPlace[];
  readonly #parts: RaceParts<Client>;
  readonly #race: Race;
  readonly #running = new Map<Candidate, Running<Client>>();
  /** What those said that never answered. */
  readonly #heard = new Map<string, PlaceFailure>();
  #waiting: PromiseWithResolvers<RaceResult<Client>> | undefined;
  #stopTimer: () => void = () => {};
  #winner: Candidate | undefined;
  #resolving = false;

  constructor(places: readonly RegistryPlace[], options: RaceOptions, parts: RaceParts<Client>) {
    this.#places = places;
    this.#parts = parts;
    this.#race = new Race(parts.clock.now(), places, options);
  }

  /** Whether there is more than one address. */
  get several(): boolean {
    return this.#race.several;
  }

  /**
   * Waits for the next winner. Never rejects. One call at a time.
   *
   * @param reason Why the winner before did not take the phone; that one's connection is the caller's to close.
   */
  async next(reason?: PlaceFailure): Promise<RaceResult<Client>> {
    const { signal } = this.#parts;
    if (signal?.aborted) return { kind: "aborted" };
    const waiting = Promise.withResolvers<RaceResult<Client>>();
    this.#waiting = waiting;
    const abort = (): void => waiting.resolve({ kind: "aborted" });
    signal?.addEventListener("abort", abort);
    this.#begin();
    if (this.#winner && reason) this.#take((now, winner) => this.#race.handleFailure(now, winner, reason));
    try {
      const result = await waiting.promise;
      if (result.kind === "aborted") {
        for (const candidate of this.#running.keys()) this.#abandon(candidate);
      }
      return result;
    } finally {
      this.#waiting = undefined;
      this.#stopTimer();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Looks up all names, once. */
  #begin(): void {
    if (this.#resolving) return;
    this.#resolving = true;
    for (const [index, { host }] of this.#places.entries()) {
      const some = (ips: readonly string[]): void => {
        this.#race.handleResolved(this.#parts.clock.now(), index, ips, true);
        this.#apply();
      };
      this.#parts.resolve(host, some).then((result) => {
        const now = this.#parts.clock.now();
        if ("kind" in result) this.#race.handleUnresolved(now, index, result);
        else this.#race.handleResolved(now, index, result);
        this.#apply();
      });
    }
  }

  #take(input: (now: number, winner: Candidate) => void): void {
    const winner = this.#winner;
    this.#winner = undefined;
    if (winner) input(this.#parts.clock.now(), winner);
    this.#apply();
  }

  /** Applies all output of the race, and sets the timer. */
  #apply(): void {
    for (const output of this.#race.drain()) {
      switch (output.kind) {
        case "begin":
          this.#attempt(output.candidate);
          break;
        case "abandon":
          this.#abandon(output.candidate);
          break;
        case "won": {
          const client = this.#running.get(output.candidate)?.client;
          this.#running.delete(output.candidate);
          this.#winner = output.candidate;
          if (client) this.#waiting?.resolve({ kind: "connected", client, place: output.candidate });
          break;
        }
        case "over":
          this.#waiting?.resolve(failureOf(output.tried.map((tried) => this.#explain(tried))));
      }
    }
    this.#stopTimer();
    const { clock } = this.#parts;
    const at = this.#race.wakeAt;
    if (at === Infinity || !this.#waiting) return;
    this.#stopTimer = clock.setTimer(() => {
      this.#race.tick(clock.now());
      this.#apply();
    }, Math.max(0, at - clock.now()));
  }

  #explain(tried: Tried): Tried {
    const heard = tried.detail.kind === "timeout" ? this.#heard.get(placeKey(tried)) : undefined;
    return heard ? { ...tried, detail: heard } : tried;
  }

  async #attempt(candidate: Candidate): Promise<void> {
    const { clock, open, probe } = this.#parts;
    const running: Running<Client> = { giveUp: new AbortController(), client: undefined };
    this.#running.set(candidate, running);
    const over = (): boolean => this.#running.get(candidate) !== running;
    const result = await open(candidate, running.giveUp.signal);
    if (result.kind === "connected") running.client = result.client;
    if (over()) {
      if (running.client !== undefined) this.#parts.close(running.client);
      return;
    }
    let failure = result.kind === "connected" ? undefined : result;
    // Of one address only there is nothing to choose: it need not show first that it answers.
    if (result.kind === "connected" && this.#race.several) {
      this.#race.handleConnected(clock.now(), candidate);
      this.#apply();
      failure = await probe(result.client);
    }
    if (over()) return;
    if (!failure) this.#race.handleAnswer(clock.now(), candidate);
    else if (failure.kind !== "aborted" && failure.kind !== "none_answered") {
      this.#abandon(candidate);
      this.#race.handleFailure(clock.now(), candidate, failure);
    }
    this.#apply();
  }

  #abandon(candidate: Candidate): void {
    const running = this.#running.get(candidate);
    this.#running.delete(candidate);
    running?.giveUp.abort();
    if (running?.client === undefined) return;
    const heard = this.#parts.heard?.(running.client);
    if (heard) this.#heard.set(placeKey(candidate), heard);
    this.#parts.close(running.client);
  }
}

function placeKey({ ip, port }: Pick<Tried, "ip" | "port">): string {
  return `${ip} ${port}`;
}

/** The one reason if all addresses of one registry failed for it, or if every registry is full; else what each one said. */
function failureOf(tried: readonly Tried[]): ConnectFailure {
  const [first, ...others] = tried;
  if (!first) return { kind: "name_not_resolved" };
  const { kind } = first.detail;
  const same = others.every(({ host, port, detail }) =>
    detail.kind === kind && (kind === "room_full" || host === first.host && port === first.port)
  );
  return same ? first.detail : { kind: "none_answered", tried };
}
