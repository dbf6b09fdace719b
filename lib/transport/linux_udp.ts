/**
 * UDP sockets of Linux, by its own functions (udp(7), poll(2)): with less work for each datagram than the runtime's, a larger
 * receive buffer, packets that are marked as voice, and a filter that drops datagrams before this program spends time on them.
 *
 * All that needs the permission to call libraries is done in {@linkcode LinuxUdp.load}.
 */

import { type Endpoint, ipVersion } from "../protocol/address.ts";
import { hostAddresses, type HostNetwork, runtimeNetwork } from "../util/host_addresses.ts";
import { linuxLibrary } from "../util/native_library.ts";
import { linuxError, type SystemError } from "../util/system_error.ts";
import type { FilterInstruction } from "./bpf_filter.ts";
import { type PolledSocket, PollLoop, type SocketPoll } from "./poll_loop.ts";
import { SocketMessage } from "./socket_message.ts";
import { ADDRESS_BYTES, encodeAddress, FAMILIES, type LinkNames, parseAddress } from "./socket_address.ts";
import {
  type DatagramListener,
  EXPEDITED_FORWARDING,
  RECEIVE_BYTES,
  type UdpDriver,
  type UdpSocket,
} from "./udp_socket.ts";

/** The functions of the C library. Sizes of 64 bits (`size_t`) are 32 here: they are small, and extended with zeros. */
const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recvfrom: { parameters: ["i32", "buffer", "u32", "i32", "buffer", "buffer"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "u32", "i32", "buffer", "u32"], result: "i32" },
  recvmsg: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  pollAside: { name: "poll", parameters: ["buffer", "u32", "i32"], result: "i32", nonblocking: true },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  if_indextoname: { parameters: ["u32", "buffer"], result: "usize" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // Addresses as numbers: asking the runtime for an array's address needs a permission each time.
  malloc: { parameters: ["u32"], result: "usize" },
  memcpy: { parameters: ["usize", "buffer", "u32"], result: "usize" },
  memcpyHere: { name: "memcpy", parameters: ["buffer", "usize", "u32"], result: "usize" },
  free: { parameters: ["usize"], result: "void" },
  __errno_location: { parameters: [], result: "usize" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Linux's values of the constants (x86-64 and ARM64: asm-generic/socket.h, linux/net.h, asm-generic/fcntl.h). */
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const CLOSE_ON_EXEC = 0o2000000;
const NONBLOCKING = 0o4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
const POLLIN = 1;

/** Netlink (linux/netlink.h, linux/rtnetlink.h): `sockaddr_nl` has 12 bytes, the groups of messages in the last four. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const NETLINK_ADDRESS_BYTES = 12;
const NETLINK_GROUPS_OFFSET = 8;
/** Room for the beginning of a message, which is enough to take it. */
const NETLINK_MESSAGE_BYTES = 256;
/** `RTMGRP_IPV4_IFADDR` and `RTMGRP_IPV6_IFADDR`. */
const ADDRESS_GROUPS = 0x10 | 0x100;

/**
 * Receive buffer, if the system gives it: 80 ms of 50,000 datagrams a
 * second, which fill the usual 208 KiB in 5 ms. The system counts some 1000 bytes for a small one.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Levels and options for the mark of a socket's packets (linux/in.h, linux/in6.h): the byte of the header whose upper six bits
 * are the DSCP (RFC 2474). A socket of IPv6 needs both, since it also sends to addresses of IPv4.
 */
const MARKS = {
  4: [{ level: 0, option: 1 }], // IPPROTO_IP, IP_TOS
  6: [{ level: 0, option: 1 }, { level: 41, option: 67 }], // IPPROTO_IPV6, IPV6_TCLASS
} as const;

/** Levels and options that tell to which address a datagram came: `IP_PKTINFO` (ip(7)), `IPV6_RECVPKTINFO` (ipv6(7)). */
const TELL_ARRIVAL = { 4: { level: 0, option: 8 }, 6: { level: 41, option: 49 } } as const;

/** 32-bit words of an entry for poll(2) (`pollfd`): the descriptor, then the events to wait for and those that happened. */
const POLL_WORDS = 2;

const FOREVER = -1;

/** Room for the name of a network interface with its final zero (`IF_NAMESIZE`). */
const INTERFACE_NAME_BYTES = 16;

/** Bytes of an instruction of a filter (`sock_filter`), and of a program that points to them (`sock_fprog`). */
const INSTRUCTION_BYTES = 8;
const PROGRAM_BYTES = 16;
const PROGRAM_POINTER_OFFSET = 8;

/** Bytes of an eventfd's counter (eventfd(2)). */
const COUNTER_BYTES = 8;

/** Linux's UDP. */
export class LinuxUdp implements UdpDriver {
  readonly clock: PollLoop;
  readonly #library: Library;
  /** Shared by all sockets: a datagram is handled before the next one is received. */
  readonly #incoming: SocketMessage;
  readonly #outgoing: SocketMessage;

  private constructor(library: Library, event: number) {
    this.#library = library;
    const { malloc } = library;
    this.#incoming = new SocketMessage(malloc);
    this.#outgoing = new SocketMessage(malloc);
    this.clock = new PollLoop((sockets) => new LinuxPoll(library, event, sockets));
  }

  /** @returns Undefined on another system, with a C library other than glibc, or without the permission to call it. */
  static load(): LinuxUdp | undefined {
    const library = linuxLibrary(["libc.so.6"], SYMBOLS)?.symbols;
    const event = library?.eventfd(0, NONBLOCKING | CLOSE_ON_EXEC) ?? -1;
    return library && event >= 0 ? new LinuxUdp(library, event) : undefined;
  }

  open(version: 4 | 6, port: number, listener: DatagramListener): UdpSocket {
    const { socket, bind, close, setsockopt } = this.#library;
    const descriptor = socket(FAMILIES[version], SOCK_DGRAM | CLOSE_ON_EXEC | NONBLOCKING, 0);
    const address = encodeAddress(version, { ip: version === 6 ? "::" : "0.0.0.0", port });
    if (descriptor < 0 || bind(descriptor, address, address.length) !== 0) {
      if (descriptor >= 0) close(descriptor);
      throw bindError(version, port);
    }
    const bytes = Int32Array.of(RECEIVE_BUFFER_BYTES);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, bytes, bytes.byteLength);
    const mark = Int32Array.of(EXPEDITED_FORWARDING << 2);
    for (const { level, option } of MARKS[version]) {
      setsockopt(descriptor, level, option, mark, mark.byteLength);
    }
    const { level, option } = TELL_ARRIVAL[version];
    setsockopt(descriptor, level, option, Int32Array.of(1), Int32Array.BYTES_PER_ELEMENT);
    const messages = { incoming: this.#incoming, outgoing: this.#outgoing };
    return new LinuxUdpSocket(this.#library, this.clock, messages, descriptor, version, listener);
  }

  restDuring(work: Promise<unknown>): Promise<void> {
    return this.clock.restDuring(work);
  }

  /** This host's addresses; the kernel tells at once of a change (rtnetlink(7)). */
  get network(): HostNetwork {
    return { addresses: hostAddresses, watch: (changed) => this.#watch(changed) };
  }

  #watch(changed: () => void): AsyncDisposable {
    const { socket, bind, close } = this.#library;
    const descriptor = socket(AF_NETLINK, SOCK_RAW | CLOSE_ON_EXEC | NONBLOCKING, NETLINK_ROUTE);
    const address = new DataView(new ArrayBuffer(NETLINK_ADDRESS_BYTES));
    address.setUint16(0, AF_NETLINK, true);
    address.setUint32(NETLINK_GROUPS_OFFSET, ADDRESS_GROUPS, true);
    if (descriptor < 0 || bind(descriptor, address.buffer, NETLINK_ADDRESS_BYTES) !== 0) {
      if (descriptor >= 0) close(descriptor);
      // Some containers have no netlink.
      return runtimeNetwork.watch(changed);
    }
    return new AddressWatch(this.#library, this.clock, descriptor, changed);
  }
}

/** A netlink socket that gets a message for each address that comes or goes. */
class AddressWatch implements PolledSocket, AsyncDisposable {
  readonly descriptor: number;
  readonly #library: Library;
  readonly #loop: PollLoop;
  readonly #changed: () => void;
  readonly #buffer = new Uint8Array(NETLINK_MESSAGE_BYTES);

  constructor(library: Library, loop: PollLoop, descriptor: number, changed: () => void) {
    this.#library = library;
    this.#loop = loop;
    this.descriptor = descriptor;
    this.#changed = changed;
    loop.add(this);
  }

  /** Reads all messages and tells of them once. An overrun fails the first read (ENOBUFS) and is a change, too. */
  receive(): boolean {
    const { recvfrom } = this.#library;
    const sender = new Uint8Array(NETLINK_ADDRESS_BYTES);
    const length = Uint32Array.of(NETLINK_ADDRESS_BYTES);
    const buffer = this.#buffer;
    while (
      recvfrom(this.descriptor, buffer, buffer.length, 0, sender, length) > 0
    ) { /* Their content does not matter. */ }
    this.#changed();
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop.remove(this);
    this.#library.close(this.descriptor);
  }
}

/** The names of this machine's network interfaces; an interface that has gone has its number only. */
function linkNames({ if_nametoindex, if_indextoname }: Library): LinkNames {
  return {
    indexOf: (name) =>
      /^\d+$/.test(name) ? Number(name) : if_nametoindex(new TextEncoder().encode(`${name}\0`)),
    nameOf(index) {
      const name = new Uint8Array(INTERFACE_NAME_BYTES);
      if (if_indextoname(index, name) === 0n) return String(index);
      return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
    },
  };
}

/** The runtime's error for a port that cannot be bound: the runtime's own attempt throws it. */
function bindError(version: 4 | 6, port: number): Error {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: version === 6 ? "::" : "0.0.0.0", port }).close();
    return new Deno.errors.AddrInUse(`UDP port ${port} cannot be had`);
  } catch (error) {
    return error as Error;
  }
}

/** One socket of Linux. */
class LinuxUdpSocket implements UdpSocket, PolledSocket {
  readonly port: number;
  readonly descriptor: number;
  readonly #library: Library;
  readonly #loop: PollLoop;
  readonly #links: LinkNames;
  readonly #version: 4 | 6;
  readonly #listener: DatagramListener;
  readonly #incoming: SocketMessage;
  readonly #outgoing: SocketMessage;
  /** The last sender and receiver and their addresses: mostly the same from one datagram to the next. */
  readonly #ends = new Uint32Array(SocketMessage.ENDS_WORDS);
  #sender: Endpoint = { ip: "", port: 0 };
  #arrivedAt: string | undefined;
  #receiver: Endpoint | undefined;
  /** Undefined for an address of IPv6 on a socket of IPv4. */
  #receiverAddress: Uint8Array<ArrayBuffer> | undefined;
  #closed = false;

  constructor(
    library: Library,
    loop: PollLoop,
    { incoming, outgoing }: { readonly incoming: SocketMessage; readonly outgoing: SocketMessage },
    descriptor: number,
    version: 4 | 6,
    listener: DatagramListener,
  ) {
    this.#library = library;
    this.#loop = loop;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#links = linkNames(library);
    this.descriptor = descriptor;
    this.#version = version;
    this.#listener = listener;
    const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
    library.getsockname(descriptor, address.buffer, Uint32Array.of(ADDRESS_BYTES));
    this.port = parseAddress(address).port;
    loop.add(this);
  }

  send(
    datagram: Uint8Array<ArrayBuffer>,
    to: Endpoint,
    failed?: (error: SystemError) => void,
    leaveFrom?: string,
  ): void {
    if (this.#closed) return;
    const { ip, port } = to;
    if (this.#receiver?.ip !== ip || this.#receiver.port !== port) {
      this.#receiver = { ip, port };
      const hasRoom = this.#version === 6 || ipVersion(ip) === 4;
      this.#receiverAddress = hasRoom ? encodeAddress(this.#version, to, this.#links) : undefined;
    }
    const address = this.#receiverAddress;
    if (!address) return failed?.({ kind: "ip_version_not_available" });
    const { sendto, sendmsg } = this.#library;
    const mayChoose = leaveFrom !== undefined && (this.#version === 6 || ipVersion(leaveFrom) === 4);
    if (mayChoose && datagram.length <= RECEIVE_BYTES) {
      this.#outgoing.fill(this.#version, datagram, address, leaveFrom);
      if (sendmsg(this.descriptor, this.#outgoing.address, 0) >= 0) return;
    }
    const sent = sendto(this.descriptor, datagram, datagram.length, 0, address, address.length);
    if (sent < 0) failed?.(linuxError(this.#errno()));
  }

  /** The number of the last error. */
  #errno(): number {
    const { __errno_location, memcpyHere } = this.#library;
    const number = new Int32Array(1);
    memcpyHere(number, __errno_location(), number.byteLength);
    return number[0]!;
  }

  receive(): boolean {
    const message = this.#incoming;
    message.empty();
    const length = this.#library.recvmsg(this.descriptor, message.address, 0);
    if (length < 0) return false;
    const { ends } = message;
    if (ends.some((word, index) => word !== this.#ends[index])) {
      this.#ends.set(ends);
      this.#sender = parseAddress(message.sender, this.#links);
      this.#arrivedAt = message.arrivedAt;
    }
    try {
      this.#listener(message.datagram(length), this.#sender, this.#arrivedAt);
    } catch {
      // An error in one datagram must not affect the next.
    }
    return true;
  }

  attachFilter(instructions: readonly FilterInstruction[]): void {
    const { malloc, memcpy, free, setsockopt } = this.#library;
    // In the machine's byte order: Deno runs on little-endian machines only.
    const code = new DataView(new ArrayBuffer(INSTRUCTION_BYTES * instructions.length));
    for (const [index, { code: operation, ifTrue = 0, ifFalse = 0, value }] of instructions.entries()) {
      const at = INSTRUCTION_BYTES * index;
      code.setUint16(at, operation, true);
      code.setUint8(at + 2, ifTrue);
      code.setUint8(at + 3, ifFalse);
      code.setUint32(at + 4, value, true);
    }
    const address = malloc(code.byteLength);
    memcpy(address, code.buffer, code.byteLength);
    const program = new DataView(new ArrayBuffer(PROGRAM_BYTES));
    program.setUint16(0, instructions.length, true);
    program.setBigUint64(PROGRAM_POINTER_OFFSET, address, true);
    setsockopt(this.descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program.buffer, PROGRAM_BYTES);
    free(address);
  }

  detachFilter(): void {
    const value = Int32Array.of(0);
    this.#library.setsockopt(this.descriptor, SOL_SOCKET, SO_DETACH_FILTER, value, value.byteLength);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // First: a thread that still polls it would keep the port.
    await this.#loop.remove(this);
    this.#library.close(this.descriptor);
  }
}

/** poll(2) over some sockets. */
class LinuxPoll implements SocketPoll {
  readonly #library: Library;
  readonly #event: number;
  readonly #sockets: readonly PolledSocket[];
  readonly #descriptors: Int32Array<ArrayBuffer>;
  /** For the other thread, with the event that interrupts it at the end. */
  readonly #asideDescriptors: Int32Array<ArrayBuffer>;

  constructor(library: Library, event: number, sockets: readonly PolledSocket[]) {
    this.#library = library;
    this.#event = event;
    this.#sockets = sockets;
    const descriptors = sockets.map(({ descriptor }) => descriptor);
    this.#descriptors = pollEntries(descriptors);
    this.#asideDescriptors = pollEntries([...descriptors, event]);
  }

  wait(timeoutMs: number): readonly PolledSocket[] {
    const count = this.#library.poll(this.#descriptors, this.#sockets.length, timeoutMs);
    return count > 0 ? this.#ready(this.#descriptors) : NO_SOCKETS;
  }

  async waitAside(): Promise<readonly PolledSocket[]> {
    const { pollAside, read } = this.#library;
    const count = await pollAside(this.#asideDescriptors, this.#sockets.length + 1, FOREVER);
    read(this.#event, new Uint8Array(COUNTER_BYTES), COUNTER_BYTES);
    return count > 0 ? this.#ready(this.#asideDescriptors) : NO_SOCKETS;
  }

  interrupt(): void {
    this.#library.write(this.#event, new Uint8Array(BigUint64Array.of(1n).buffer), COUNTER_BYTES);
  }

  #ready(entries: Int32Array): readonly PolledSocket[] {
    // The events to wait for stand in the lower half of a word, those that happened in the upper one.
    return this.#sockets.filter((_, index) => entries[POLL_WORDS * index + 1]! >>> 16 !== 0);
  }
}

const NO_SOCKETS: readonly PolledSocket[] = [];

function pollEntries(descriptors: readonly number[]): Int32Array<ArrayBuffer> {
  // On a buffer of its own: the collector moves small arrays, and another thread writes here.
  const entries = new Int32Array(new ArrayBuffer(4 * POLL_WORDS * descriptors.length));
  for (const [index, descriptor] of descriptors.entries()) {
    entries.set([descriptor, POLLIN], POLL_WORDS * index);
  }
  return entries;
}
