/** The common parts of relays between two phones: sockets, and impaired paths for voice. */

import { isRtcp } from "../../lib/rtp/rtp.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { type Condition, Impairment } from "./impairment.ts";

/** A network condition and a seed: see {@linkcode Impairment}. */
export interface Network {
  readonly condition: Condition;
  readonly seed: string;
}

/** RTP packets of one direction since {@linkcode Relay.begin}, RTCP not counted. */
export interface PathCounts {
  readonly received: number;
  readonly lost: number;
}

/** Relays between two phones. Signalling passes unimpaired, RTP and RTCP are impaired. */
export interface Relay extends AsyncDisposable {
  /** Starts to impair, from the beginning of the random sequences. */
  begin(): void;
  /** Counts of the voice from the caller to the callee. */
  readonly forward: PathCounts;
}

/** Both phones are on this machine. */
export const LOOPBACK = "127.0.0.1";

/** Delivers a datagram. */
type Deliver = (datagram: Uint8Array) => void;

/** One direction of voice: holds datagrams until they are due, or drops them. */
export class ImpairedPath implements Disposable {
  readonly #network: Network;
  readonly #direction: string;
  /** Separate for RTP and RTCP: a report must not change the fate of voice packets. */
  #impairments: { readonly rtp: Impairment; readonly rtcp: Impairment } | undefined;
  /** In the order of due times; equal times in the order of arrival. */
  readonly #waiting: {
    readonly dueMs: number;
    readonly datagram: Uint8Array;
    readonly deliver: Deliver;
  }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  #lost = 0;

  /** @param direction A different name for each path of the network. */
  constructor(network: Network, direction: string) {
    this.#network = network;
    this.#direction = direction;
  }

  get counts(): PathCounts {
    return { received: this.#received, lost: this.#lost };
  }

  /** Starts to impair. Until then everything passes without delay. */
  begin(): void {
    const { condition, seed } = this.#network;
    this.#impairments = {
      rtp: new Impairment(condition, `${seed} ${this.#direction} rtp`),
      rtcp: new Impairment(condition, `${seed} ${this.#direction} rtcp`),
    };
  }

  /**
   * Sends a datagram of RTP or RTCP.
   *
   * @param datagram Must not change until it is delivered.
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

/** The two directions of a relay. */
export class ImpairedPaths implements Disposable {
  readonly forward: ImpairedPath;
  readonly backward: ImpairedPath;

  constructor(network: Network) {
    this.forward = new ImpairedPath(network, "forward");
    this.backward = new ImpairedPath(network, "backward");
  }

  /** See {@linkcode ImpairedPath.begin}. */
  begin(): void {
    this.forward.begin();
    this.backward.begin();
  }

  [Symbol.dispose](): void {
    this.forward[Symbol.dispose]();
    this.backward[Symbol.dispose]();
  }
}

/** A UDP socket on the loopback interface. */
export class RelaySocket implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #receiving: Promise<void>;
  #closed = false;

  /**
   * @param port A port, or 0 for any.
   * @param onDatagram Called with each datagram, which it may keep.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   */
  constructor(port: number, onDatagram: (datagram: Uint8Array, from: Endpoint) => void) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port });
    this.#receiving = this.#receive(onDatagram);
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** Sends a datagram. Errors count as loss. */
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
        // Some systems report here that an earlier datagram reached a closed port.
        if (
          !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.ConnectionRefused)
        ) {
          throw error;
        }
      }
    }
  }
}
