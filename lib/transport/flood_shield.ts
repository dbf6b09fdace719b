/** Keeps a flood away from a call: makes the system drop most datagrams that do not come from the other phone. */

import type { Call } from "../call/call.ts";
import { canonicalIp, type Endpoint } from "../protocol/address.ts";
import { type Clock, systemClock } from "../util/clock.ts";
import { floodFilter } from "./bpf_filter.ts";
import type { UdpSocket } from "./udp_socket.ts";

/** Time after which the shield is lowered, in milliseconds; a flood that still goes on raises it again. */
const RAISED_MS = 5_000;

/** A socket whose datagrams the system can filter. */
export type FilteredSocket = Pick<UdpSocket, "attachFilter" | "detachFilter">;

/** Whose datagrams pass: those from the other phone's endpoints, and those of its streams (SSRC) from anywhere. */
export interface ShieldedPeer {
  readonly endpoints: readonly Endpoint[];
  readonly streams: readonly number[];
}

/** A filter at work. */
interface Raised {
  readonly call: Call;
  readonly socket: FilteredSocket;
  readonly cancelTimer: () => void;
}

/** The shield of one phone. */
export class FloodShield {
  readonly #clock: Clock;
  #raised: Raised | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Lets through all datagrams of the other phone and a sample of all others. Does nothing while raised.
   *
   * @param call The call in which it is needed.
   * @param socket The call's socket.
   */
  raise(call: Call, socket: FilteredSocket, peer: ShieldedPeer): void {
    if (this.#raised) return;
    attach(socket, peer);
    this.#raised = { call, socket, cancelTimer: this.#clock.setTimer(() => this.lower(), RAISED_MS) };
  }

  /** The other phone has another endpoint: if raised, lets its datagrams through, too. */
  follow(call: Call, peer: ShieldedPeer): void {
    if (this.#raised?.call === call) attach(this.#raised.socket, peer);
  }

  /** Lowers it if its call is over. */
  update(): void {
    if (this.#raised && this.#raised.call.state !== "talking") this.lower();
  }

  /** Lets everything through again. */
  lower(): void {
    this.#raised?.cancelTimer();
    this.#raised?.socket.detachFilter();
    this.#raised = undefined;
  }
}

function attach(socket: FilteredSocket, { endpoints, streams }: ShieldedPeer): void {
  const senders = endpoints.map(({ ip, port }) => ({ ip: canonicalIp(ip), port }));
  socket.attachFilter(floodFilter(senders, streams));
}
