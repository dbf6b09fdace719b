/**
 * Waits for a phone's datagrams and for the time while voice flows, with less work than the runtime's event loop: a
 * sixth of what a call costs the main thread, which is woken more than a hundred times a second.
 *
 * ```text
 *   voice flows   ─┤poll├─datagram─┤poll├─timer─┤poll├─datagram─ … ─┤ turn of the event loop ├─┤poll├─ …
 *                                                                     every 50 ms
 *   no voice      ─┤ event loop ├─ …
 * ```
 *
 * Keys, the registry, files and the screen have their turn often enough for people not to notice.
 */

import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../util/clock.ts";
import { LinuxUdpSocket } from "./linux_udp.ts";

/** How often the event loop has a turn. */
const TURN_MS = 50;

/** A turn takes some 2 ms, in which no timer should be due: it is put off until there is room, but not for ever. */
const TURN_ROOM_MS = 4;
const LATEST_TURN_MS = 2 * TURN_MS;

/** Datagrams of one socket that are received before timers are looked at again. */
const MOST_AT_ONCE = 32;

/** Takes a datagram, which is valid until it returns, and where it came from. */
export type DatagramListener = (datagram: Uint8Array<ArrayBuffer>, sender: Deno.NetAddr) => void;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** The loop of one phone. It goes round as long as there are timers. */
export class PollLoop implements Clock {
  readonly #listeners = new Map<LinuxUdpSocket, DatagramListener>();
  readonly #timers = new Set<Timer>();
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #wait: ((timeoutMs: number) => readonly LinuxUdpSocket[]) | undefined;
  #running = false;
  #idle = Promise.withResolvers<void>();
  #resting = false;

  /** @param bytes Most that is taken of a datagram. */
  constructor(bytes: number) {
    this.#buffer = new Uint8Array(bytes);
  }

  /** Receives from a socket, too, from now on, whenever this loop goes round. */
  watch(socket: LinuxUdpSocket, listener: DatagramListener): void {
    this.#listeners.set(socket, listener);
    this.#wait = LinuxUdpSocket.waiter([...this.#listeners.keys()]);
  }

  /** Lets go of a socket. */
  unwatch(socket: LinuxUdpSocket): void {
    this.#listeners.delete(socket);
    this.#wait = this.#listeners.size > 0 ? LinuxUdpSocket.waiter([...this.#listeners.keys()]) : undefined;
    if (!this.#wait) this.#idle.resolve();
  }

  /**
   * Settles when it does not go round, so that its sockets are the event loop's. A datagram that both are ready for would
   * be the event loop's, which has time for it only in its next turn.
   */
  get idle(): Promise<void> {
    return this.#running ? this.#idle.promise : Promise.resolve();
  }

  /** Leaves all to the event loop until something is done that needs many of its turns. */
  async restDuring(work: Promise<unknown>): Promise<void> {
    this.#resting = true;
    try {
      await work;
    } finally {
      this.#resting = false;
    }
  }

  now(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    if (this.#resting) return systemClock.setTimer(callback, delayMs);
    const timer = { at: performance.now() + delayMs, callback };
    this.#timers.add(timer);
    if (!this.#running) this.#run();
    return () => this.#timers.delete(timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#idle = Promise.withResolvers();
    try {
      await eventLoopTurn();
      let turnAt = performance.now() + TURN_MS;
      while (this.#timers.size > 0) {
        this.#callDue();
        // What waits for a promise goes on.
        await undefined;
        const now = performance.now();
        const nextAt = this.#next()?.at ?? Infinity;
        if (now >= turnAt && (nextAt - now >= TURN_ROOM_MS || now >= turnAt + LATEST_TURN_MS)) {
          await eventLoopTurn();
          turnAt = performance.now() + TURN_MS;
          continue;
        }
        // There is no awakening for a turn alone: a timer or a datagram comes soon.
        const waitMs = Math.max(0, Math.min(nextAt, turnAt + TURN_MS) - now);
        if (!this.#wait) await eventLoopTurn();
        else for (const socket of this.#wait(Math.ceil(waitMs))) this.#receive(socket);
      }
    } finally {
      this.#running = false;
      this.#idle.resolve();
    }
  }

  /** Calls what is due by now, the earliest first. */
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

  #receive(socket: LinuxUdpSocket): void {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      // It may have been let go of because of the last one.
      const listener = this.#listeners.get(socket);
      const length = listener && socket.receive(this.#buffer);
      if (length === undefined) return;
      listener?.(this.#buffer.subarray(0, length), socket.sender);
    }
  }
}

async function eventLoopTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  // What has come meanwhile shall not wait for the next turn.
  await new Promise((resolve) => setImmediate(resolve));
}
