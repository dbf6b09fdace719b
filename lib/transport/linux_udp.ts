/**
 * What Linux can do with a UDP socket and Deno has no words for: to keep more datagrams than usual until the program has
 * time for them, to sort some out before they come to the program at all, and to be waited for without the event loop.
 * The system's own functions are called for that (socket(7), poll(2), recv(2)).
 */

import { linuxLibrary } from "../util/native_library.ts";
import { canonicalIp } from "../protocol/address.ts";
import type { FilterInstruction } from "./bpf_filter.ts";

/** The functions of the C library. */
const SYMBOLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  recvfrom: { parameters: ["i32", "buffer", "u32", "i32", "buffer", "buffer"], result: "i32" },
} as const;

/** Linux's values of the constants. */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
const SOCK_DGRAM = 2;
const AF_INET = 2;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;

/** Room for an address of any kind (`sockaddr_storage`), and where things stand in those of the internet (ip(7)). */
const ADDRESS_BYTES = 128;
const PORT_OFFSET = 2;
const IPV4_OFFSET = 4;
const IPV6_OFFSET = 8;
const IPV6_GROUPS = 8;

/** Words of 32 bits in which the two of them differ: the longer one is of 28 bytes (`sockaddr_in6`). */
const ADDRESS_WORDS = 7;

/** 32-bit words of what is said of each socket to poll(2) (`pollfd`): its descriptor, and what is asked for. */
const POLL_WORDS = 2;

/** Descriptors that are looked through for the socket: what a program may have unless it is told otherwise. */
const MAX_DESCRIPTORS = 1024;

/** Bytes of an instruction of a filter (`sock_filter`), and of what points to all of them (`sock_fprog`). */
const INSTRUCTION_BYTES = 8;
const PROGRAM_BYTES = 16;
const PROGRAM_POINTER_OFFSET = 8;

const NO_SOCKETS: readonly LinuxUdpSocket[] = [];

/** A UDP socket of this program, as the system knows it. */
export class LinuxUdpSocket implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #descriptor: number;
  /** Where the last datagram came from, as the system says it, and what was made of one before. */
  readonly #address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  readonly #addressWords = new Uint32Array(this.#address.buffer, 0, ADDRESS_WORDS);
  readonly #addressLength = new Uint32Array(1);
  readonly #knownWords = new Uint32Array(ADDRESS_WORDS);
  #sender: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>, descriptor: number) {
    this.#library = library;
    this.#descriptor = descriptor;
  }

  /**
   * Finds the socket that is bound to a port, since Deno does not tell its descriptor.
   *
   * @returns Undefined on another system, with another C library than the usual one, or where it may not be called.
   */
  static boundTo(port: number): LinuxUdpSocket | undefined {
    const library = linuxLibrary(["libc.so.6"], SYMBOLS);
    if (!library) return undefined;
    const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
    for (let descriptor = 0; descriptor < MAX_DESCRIPTORS; descriptor++) {
      const length = Uint32Array.of(ADDRESS_BYTES);
      if (library.symbols.getsockname(descriptor, address.buffer, length) !== 0) continue;
      const socket = new LinuxUdpSocket(library, descriptor);
      if (address.getUint16(PORT_OFFSET) === port && socket.#option(SO_TYPE) === SOCK_DGRAM) return socket;
    }
    library.close();
    return undefined;
  }

  /**
   * Asks for room for what has come and was not yet received.
   *
   * @param bytes How much; the system has a limit of its own.
   * @returns How much there is now, with what the system needs for itself.
   */
  enlargeReceiveBuffer(bytes: number): number | undefined {
    const value = Int32Array.of(bytes);
    this.#library.symbols.setsockopt(this.#descriptor, SOL_SOCKET, SO_RCVBUF, value, value.byteLength);
    return this.#option(SO_RCVBUF);
  }

  /**
   * Has the system throw away what a filter does not accept, before it takes any room or time of this program.
   *
   * @returns Whether it does.
   */
  attachFilter(instructions: readonly FilterInstruction[]): boolean {
    // In the byte order of the machine: all that Deno runs on have the lowest byte first.
    const code = new DataView(new ArrayBuffer(INSTRUCTION_BYTES * instructions.length));
    for (const [index, { code: operation, ifTrue = 0, ifFalse = 0, value }] of instructions.entries()) {
      const at = INSTRUCTION_BYTES * index;
      code.setUint16(at, operation, true);
      code.setUint8(at + 2, ifTrue);
      code.setUint8(at + 3, ifFalse);
      code.setUint32(at + 4, value, true);
    }
    const program = new DataView(new ArrayBuffer(PROGRAM_BYTES));
    program.setUint16(0, instructions.length, true);
    const pointer = Deno.UnsafePointer.value(Deno.UnsafePointer.of(code));
    program.setBigUint64(PROGRAM_POINTER_OFFSET, BigInt(pointer), true);
    return this.#library.symbols.setsockopt(
      this.#descriptor,
      SOL_SOCKET,
      SO_ATTACH_FILTER,
      program.buffer,
      PROGRAM_BYTES,
    ) === 0;
  }

  /** Has the system let everything through again. */
  detachFilter(): void {
    const value = Int32Array.of(0);
    this.#library.symbols.setsockopt(this.#descriptor, SOL_SOCKET, SO_DETACH_FILTER, value, value.byteLength);
  }

  /**
   * Takes the next datagram that has come, without waiting for one.
   *
   * @param buffer Where it is put; of a longer one the end is lost.
   * @returns Its length in bytes, undefined where there is none.
   */
  receive(buffer: Uint8Array<ArrayBuffer>): number | undefined {
    this.#addressLength[0] = ADDRESS_BYTES;
    const length = this.#library.symbols.recvfrom(
      this.#descriptor,
      buffer,
      buffer.length,
      MSG_DONTWAIT,
      this.#address,
      this.#addressLength,
    );
    return length < 0 ? undefined : length;
  }

  /** Where the last datagram that was received came from. */
  get sender(): Deno.NetAddr {
    const words = this.#addressWords;
    // As a rule from where the one before it did.
    if (words.some((word, index) => word !== this.#knownWords[index])) {
      this.#knownWords.set(words);
      this.#sender = readAddress(this.#address);
    }
    return this.#sender;
  }

  /**
   * Makes ready to wait for datagrams of several sockets. Nothing else of this program goes on while it waits.
   *
   * @param sockets At least one.
   * @returns Waits for so many milliseconds at most, and gives those of the sockets to which a datagram has come.
   */
  static waiter(sockets: readonly LinuxUdpSocket[]): (timeoutMs: number) => readonly LinuxUdpSocket[] {
    const { poll } = sockets[0]!.#library.symbols;
    const descriptors = new Int32Array(POLL_WORDS * sockets.length);
    for (const [index, socket] of sockets.entries()) {
      descriptors.set([socket.#descriptor, POLLIN], POLL_WORDS * index);
    }
    return (timeoutMs) => {
      if (poll(descriptors, sockets.length, timeoutMs) <= 0) return NO_SOCKETS;
      // What was asked for stands in the lower half of a word, what has happened in the upper one.
      return sockets.filter((_, index) => descriptors[POLL_WORDS * index + 1]! >>> 16 !== 0);
    };
  }

  /** Lets go of the C library. The socket is its owner's. */
  [Symbol.dispose](): void {
    this.#library.close();
  }

  #option(name: number): number | undefined {
    const value = Int32Array.of(0);
    const length = Uint32Array.of(value.byteLength);
    const failed = this.#library.symbols.getsockopt(this.#descriptor, SOL_SOCKET, name, value, length) !== 0;
    return failed ? undefined : value[0];
  }
}

/** Reads a `sockaddr_in` or `sockaddr_in6`. The family is in the byte order of the machine, the rest in the network's. */
function readAddress(address: DataView): Deno.NetAddr {
  const hostname = address.getUint16(0, true) === AF_INET
    ? new Uint8Array(address.buffer, IPV4_OFFSET, 4).join(".")
    : canonicalIp(
      Array.from(
        { length: IPV6_GROUPS },
        (_, index) => address.getUint16(IPV6_OFFSET + 2 * index).toString(16),
      ).join(":"),
    );
  return { transport: "udp", hostname, port: address.getUint16(PORT_OFFSET) };
}
