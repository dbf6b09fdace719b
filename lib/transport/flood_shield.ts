/** Keeps a flood away from a call: has the system drop most datagrams that do not come from the other phone. */

import type { Call } from "../call/call.ts";
import { canonicalIp, type Endpoint } from "../protocol/address.ts";
import { type FilterInstruction, floodFilter } from "./bpf_filter.ts";

/** Time after which the shield is lowered, in milliseconds; a flood that still goes on raises it again. */
const RAISED_MS = 5_000;

/** A socket whose datagrams the system can filter. */
export interface FilteredSocket {
  attachFilter(instructions: readonly FilterInstruction[]): void;
  detachFilter(): void;
}

/** A filter at work. */
interface Raised {
  readonly call: Call;
  readonly socket: FilteredSocket;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The shield of one phone. */
export class FloodShield {
  #raised: Raised | undefined;

  /**
   * Lets through all datagrams from some endpoints and a sample of all others. Does nothing while it is raised already.
   *
   * @param call The call in which it is needed.
   * @param socket The call's socket.
   * @param senders Endpoints of the other phone.
   */
  raise(call: Call, socket: FilteredSocket, senders: readonly Endpoint[]): void {
    if (this.#raised) return;
    socket.attachFilter(floodFilter(senders.map(({ ip, port }) => ({ ip: canonicalIp(ip), port }))));
    this.#raised = { call, socket, timer: setTimeout(() => this.lower(), RAISED_MS) };
  }

  /** Lowers it if its call is over. */
  update(): void {
    if (this.#raised && this.#raised.call.state !== "talking") this.lower();
  }

  /** Lets everything through again. */
  lower(): void {
    clearTimeout(this.#raised?.timer);
    this.#raised?.socket.detachFilter();
    this.#raised = undefined;
  }
}
