/** What the relays between two phones have in common: sockets, and voice that is impaired on its way. */

import { isRtcp } from "../../lib/rtp/rtp.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { type Condition, Impairment } from "./impairment.ts";

/** A kind of network and the seed of its accidents. */
export interface Network {
  readonly condition: Condition;
  readonly seed: string;
}

/** Voice packets of one direction, RTCP left out, since {@linkcode Relay.begin}. */
export interface PathCounts {
  readonly received: number;
  readonly lost: number;
}

/** Stands between two phones. Signalling always passes; voice passes as the network has it. */
export interface Relay extends AsyncDisposable {
  /** From now on the network does its damage, beginning with the first of its accidents. */
  begin(): void;
  /** What became of the voice from the caller to the callee. */
  readonly forward: PathCounts;
}

/** The only address that relays know: both phones are on this machine. */
export const LOOPBACK = "127.0.0.1";

/** Delivers a datagram. */
type Deliver = (datagram: Uint8Array) => void;

/** One direction of voice: holds datagrams back until they are due, or for good. */
export class ImpairedPath implements Disposable {
  readonly #network: Network;
  readonly #direction: string;
  /** RTP and RTCP each have their own: whether a report is sent must not shift the accidents of the voice. */
  #impairments: { readonly rtp: Impairment; readonly rtcp: Impairment } | undefined;
  /** In the order in which they are due; those due at the same time in the order in which they came. */
  readonly #waiting: {
    readonly dueMs: number;
    readonly datagram: Uint8Array;
    readonly deliver: Deliver;
  }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  #lost = 0;

  /** @param direction A name that only this path of the network has. */
  constructor(network: Network, direction: string) {
    this.#network = network;
    this.#direction = direction;
  }

  get counts(): PathCounts {
    return { received: this.#received, lost: this.#lost };
  }

  /** Starts to impair. Until then everything passes at once. */
  begin(): void {
    const { condition, seed } = this.#network;
    this.#impairments = {
      rtp: new Impairment(condition, `${seed} ${this.#direction} rtp`),
      rtcp: new Impairment(condition, `${seed} ${this.#direction} rtcp`),
    };
  }

  /**
   * Takes a datagram of RTP or RTCP.
   *
   * @param datagram Kept until it is delivered.
   */
  pass(datagram: Uint8Array, deliver: Deliver): void {
    if (!this.#impairments) return deliver(datagram);
    const nowMs = performance.now();
    const control = isRtcp(datagram);
    const due = (control ? this.#impairments.rtcp : this.#impairments.rtp).decide(nowMs);
    if (!control) {
      this.#received++;
      if (due.length === 0) this.#lost++;
    }
    for (const dueMs of due) {
      const place = this.#waiting.findLastIndex((other) => other.dueMs <= dueMs) + 1;
      this.#waiting.splice(place, 0, { dueMs, datagram, deliver });
    }
    this.#deliverDue();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #deliverDue(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    while (this.#waiting[0] && this.#waiting[0].dueMs <= nowMs) {
      const { datagram, deliver } = this.#waiting.shift()!;
      deliver(datagram);
    }
    const next = this.#waiting[0];
    if (next) this.#timer = setTimeout(() => this.#deliverDue(), Math.max(0, Math.ceil(next.dueMs - nowMs)));
  }
}

/** A UDP socket on the loopback interface. */
export class RelaySocket implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #receiving: Promise<void>;
  #closed = false;

  /**
   * @param port A port, or 0 for any.
   * @param onDatagram Takes what comes, which is its own to keep.
   * @throws {Deno.errors.AddrInUse} When another program has the port.
   */
  constructor(port: number, onDatagram: (datagram: Uint8Array, from: Endpoint) => void) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port });
    this.#receiving = this.#receive(onDatagram);
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** Sends a datagram, which may get lost like any other. */
  send(datagram: Uint8Array, { ip, port }: Endpoint): void {
    if (this.#closed) return;
    this.#socket.send(datagram, { transport: "udp", hostname: ip, port }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#socket.close();
    await this.#receiving;
  }

  async #receive(onDatagram: (datagram: Uint8Array, from: Endpoint) => void): Promise<void> {
    const buffer = new Uint8Array(65_536);
    while (!this.#closed) {
      try {
        const [datagram, address] = await this.#socket.receive(buffer);
        const { hostname: ip, port } = address as Deno.NetAddr;
        onDatagram(datagram.slice(), { ip, port });
      } catch (error) {
        if (this.#closed) return;
        // On some systems an earlier datagram that found nobody is reported here.
        if (
          !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.ConnectionRefused)
        ) {
          throw error;
        }
      }
    }
  }
}
