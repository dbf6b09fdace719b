/**
 * Waits for a phone's datagrams and timers while voice flows, with less work than the runtime's event loop, which a call
 * wakes more than a hundred times a second (figures: `bench/results/udp.md`).
 *
 * ```text
 *   voice flows   ─┤poll├─datagram─┤poll├─timer─┤poll├─datagram─ … ─┤ turn of the event loop ├─┤poll├─ …
 *                                                                     every 50 ms
 *   no voice      ─┤ event loop, another thread polls ├─ …
 * ```
 *
 * Keyboard, registry, files and screen wait for the next turn, which people do not notice.
 */

import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../util/clock.ts";

/** Time between turns of the event loop while voice flows. */
const TURN_MS = 50;

/** A turn takes some 2 ms. It waits until no timer is due in that time, up to the latest. */
const TURN_ROOM_MS = 4;
const LATEST_TURN_MS = 2 * TURN_MS;

/** Most datagrams to receive from one socket before due timers run. */
const MOST_AT_ONCE = 32;

/** A socket that can be polled. */
export interface PolledSocket {
  readonly descriptor: number;
  /** Receives the next datagram, without waiting for one. @returns Whether there was one. */
  receive(): boolean;
}

/** poll(2) over a set of sockets, which never changes. */
export interface SocketPoll {
  /** Waits on this thread. @returns The sockets that have a datagram; none after `timeoutMs`. */
  wait(timeoutMs: number): readonly PolledSocket[];
  /** Waits on another thread, for at most one caller at a time, until it is interrupted. */
  waitAside(): Promise<readonly PolledSocket[]>;
  /** Makes {@linkcode SocketPoll.waitAside} settle. */
  interrupt(): void;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** The loop of one phone. It holds the main thread while there are timers; otherwise another thread waits. */
export class PollLoop implements Clock {
  readonly #openPoll: (sockets: readonly PolledSocket[]) => SocketPoll;
  readonly #sockets = new Set<PolledSocket>();
  readonly #timers = new Set<Timer>();
  #poll: SocketPoll | undefined;
  #running = false;
  /** Works during which the main thread is left alone. */
  #rests = 0;
  /** Whether `#receiveAside` runs. */
  #aside = false;
  /** Settles when the other thread has stopped waiting. */
  #asideWait: Promise<readonly PolledSocket[]> | undefined;

  /** @param openPoll Gives a way to wait for some sockets, at least one. */
  constructor(openPoll: (sockets: readonly PolledSocket[]) => SocketPoll) {
    this.#openPoll = openPoll;
  }

  /** Receives from a socket from now on. */
  add(socket: PolledSocket): void {
    this.#sockets.add(socket);
    this.#socketsChanged();
  }

  /** Stops receiving from a socket. Settles when no thread waits for it any more. */
  async remove(socket: PolledSocket): Promise<void> {
    this.#sockets.delete(socket);
    const wait = this.#asideWait;
    this.#socketsChanged();
    await wait;
  }

  /** Leaves the main thread to the event loop during work that needs many of its turns. */
  async restDuring(work: Promise<unknown>): Promise<void> {
    this.#rests++;
    try {
      await work;
    } finally {
      this.#rests--;
    }
  }

  now(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    if (this.#rests > 0) return systemClock.setTimer(callback, delayMs);
    const timer = { at: performance.now() + delayMs, callback };
    this.#timers.add(timer);
    if (!this.#running) this.#run();
    return () => this.#timers.delete(timer);
  }

  #socketsChanged(): void {
    if (this.#asideWait) this.#poll?.interrupt();
    this.#poll = this.#sockets.size > 0 ? this.#openPoll([...this.#sockets]) : undefined;
    this.#receiveAside();
  }

  /** Receives while no timers are set, as another thread polls. */
  async #receiveAside(): Promise<void> {
    if (this.#aside) return;
    this.#aside = true;
    while (this.#poll && !this.#running) {
      this.#asideWait = this.#poll.waitAside();
      const ready = await this.#asideWait;
      this.#asideWait = undefined;
      for (const socket of ready) this.#receive(socket);
    }
    this.#aside = false;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      await eventLoopTurn();
      let turnAt = performance.now() + TURN_MS;
      while (this.#timers.size > 0) {
        this.#callDue();
        // Promise callbacks run.
        await undefined;
        const now = performance.now();
        const nextAt = this.#next()?.at ?? Infinity;
        if (now >= turnAt && (nextAt - now >= TURN_ROOM_MS || now >= turnAt + LATEST_TURN_MS)) {
          await eventLoopTurn();
          turnAt = performance.now() + TURN_MS;
          continue;
        }
        // A turn alone needs no wake-up: a timer or a datagram comes soon.
        const waitMs = Math.max(0, Math.min(nextAt, turnAt + TURN_MS) - now);
        if (!this.#poll) await eventLoopTurn();
        else for (const socket of this.#poll.wait(Math.ceil(waitMs))) this.#receive(socket);
      }
    } finally {
      this.#running = false;
      this.#receiveAside();
    }
  }

  /** Runs due timers, the earliest first. */
  #callDue(): void {
    const now = performance.now();
    for (let timer = this.#next(); timer && timer.at <= now; timer = this.#next()) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }

  #receive(socket: PolledSocket): void {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      // The last datagram may have removed the socket.
      if (!this.#sockets.has(socket) || !socket.receive()) return;
    }
  }
}

async function eventLoopTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  // Serves all that came meanwhile, in this turn rather than the next.
  await new Promise((resolve) => setImmediate(resolve));
}
