/**
 * UDP sockets as calls use them. `runtime_udp.ts` has them everywhere, `linux_udp.ts` on Linux, with less work for each
 * datagram; `phone.ts` chooses.
 */

import type { Endpoint } from "../protocol/address.ts";
import { MAX_DATAGRAM_BYTES } from "../protocol/call_messages.ts";
import type { Clock } from "../util/clock.ts";
import type { SystemError } from "../util/system_error.ts";
import type { FilterInstruction } from "./bpf_filter.ts";

/** Most bytes to receive of a datagram: one more than the limit, to tell a datagram that exceeds it. */
export const RECEIVE_BYTES = MAX_DATAGRAM_BYTES + 1;

/**
 * DSCP of what a phone sends: expedited forwarding (RFC 3246), the mark of telephony (RFC 4594, section 4.1; RFC 8837), which
 * Wi-Fi sends in its class for voice (RFC 8325). Signalling has it, too: it is a few datagrams on the same ports, and marks that
 * differ would let them overtake voice or fall behind it (RFC 7657, section 5.1).
 */
export const EXPEDITED_FORWARDING = 46;

/**
 * Takes a datagram, whose bytes are valid until it returns, where it came from, and to which address of this machine it came,
 * if the system tells that.
 */
export type DatagramListener = (
  datagram: Uint8Array<ArrayBuffer>,
  sender: Endpoint,
  arrivedAt?: string,
) => void;

/** A UDP socket on all interfaces. */
export interface UdpSocket {
  readonly port: number;
  /**
   * Sends a datagram. One that cannot be sent is lost, as on any network.
   *
   * @param failed Called with the system's error, at once or later.
   * @param leaveFrom The address of this machine to send it from, where the system takes one. Without it, or if the machine
   * has lost it, the system chooses.
   */
  send(
    datagram: Uint8Array<ArrayBuffer>,
    to: Endpoint,
    failed?: (error: SystemError) => void,
    leaveFrom?: string,
  ): void;
  /** Makes the system drop the datagrams that a filter does not accept, where it can. */
  attachFilter(instructions: readonly FilterInstruction[]): void;
  /** Lets all datagrams through again. */
  detachFilter(): void;
  /** Closes the socket. Settles when it is closed and all its datagrams are sent. */
  close(): Promise<void>;
}

/** A way to the system's UDP sockets. */
export interface UdpDriver {
  /** The clock for a call's voice: timers of this one cost least beside the sockets. */
  readonly clock: Clock;
  /**
   * Opens a socket.
   *
   * @param version Of IP. A socket of version 6 receives from version 4, too, where the system does so.
   * @param port 0 is any free one.
   * @param listener Gets each datagram. An exception of its own loses that datagram alone.
   * @throws {Deno.errors.AddrInUse} If another program has the port.
   */
  open(version: 4 | 6, port: number, listener: DatagramListener): UdpSocket;
  /** Gives the event loop priority over datagrams and timers during work that needs many of its turns. */
  restDuring(work: Promise<unknown>): Promise<void>;
}
