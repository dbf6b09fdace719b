/**
 * A datagram with both its addresses, as Linux's recvmsg(2) and sendmsg(2) have it: the sender's or receiver's, and in a control
 * message (cmsg(3)) this machine's own. A machine may have several, and whoever asked one wants the answer from that one.
 */

import { addressWords, ipAt, LONGEST_ADDRESS_BYTES, MAPPED_PREFIX } from "./socket_address.ts";
import { RECEIVE_BYTES } from "./udp_socket.ts";

/** A `msghdr` on machines of 64 bits: pointers and lengths at these offsets. */
const NAME = 0;
const NAME_LENGTH = 8;
const VECTOR = 16;
const VECTOR_LENGTH = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;

/** Where the parts are in the memory of a message, in bytes; the `iovec` is a pointer and a length. */
const VECTOR_AT = 56;
const NAME_AT = 72;
/** `sockaddr_in6`, padded to words of 64 bits. */
const NAME_BYTES = LONGEST_ADDRESS_BYTES + 4;
const CONTROL_AT = NAME_AT + NAME_BYTES;
/** A `cmsghdr` is a length of 64 bits, a level and a type of 32 each. */
const LEVEL_AT = CONTROL_AT + 8;
const TYPE_AT = CONTROL_AT + 12;
const INFO_AT = CONTROL_AT + 16;
/** `in6_pktinfo`, the longer one: an address and the index of an interface; padded. */
const CONTROL_BYTES = 40;
const DATA_AT = CONTROL_AT + CONTROL_BYTES;
const BYTES = DATA_AT + RECEIVE_BYTES;

/**
 * By version of the socket: level and type of the control message (`IPPROTO_IP`, `IP_PKTINFO`; `IPPROTO_IPV6`, `IPV6_PKTINFO`),
 * bytes of its content, and where the address is in it: of `in_pktinfo` it is `ipi_spec_dst`. A socket of IPv6 has an address of
 * IPv4 in mapped form.
 */
const INFOS = {
  4: { level: 0, type: 8, bytes: 12, offset: 4 },
  6: { level: 41, type: 50, bytes: 20, offset: 0 },
} as const;

/** Memory for one message. */
export class SocketMessage {
  /** 32-bit words of {@linkcode SocketMessage.ends}. */
  static readonly ENDS_WORDS = (NAME_BYTES + CONTROL_BYTES) / 4;
  /** Address of the `msghdr`. */
  readonly address: Deno.PointerObject;
  /** The sender and where the datagram came to, as the system writes them. */
  readonly ends: Uint32Array;
  /** The sender's `sockaddr`. */
  readonly sender: DataView;
  readonly #view: DataView;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #leaveFrom: { readonly version: 4 | 6; readonly ip: string } | undefined;

  /** @param malloc Gives memory, which is kept until the program ends. Needs the permission to call libraries. */
  constructor(malloc: (bytes: number) => bigint) {
    const address = malloc(BYTES);
    const pointer = Deno.UnsafePointer.create(address);
    if (!pointer) throw new Error("no memory");
    const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, BYTES);
    this.address = pointer;
    this.#bytes = new Uint8Array(buffer);
    this.#bytes.fill(0);
    this.#view = new DataView(buffer);
    this.ends = new Uint32Array(buffer, NAME_AT, SocketMessage.ENDS_WORDS);
    this.sender = new DataView(buffer, NAME_AT, NAME_BYTES);
    for (const [field, at] of [[NAME, NAME_AT], [VECTOR, VECTOR_AT], [CONTROL, CONTROL_AT]] as const) {
      this.#view.setBigUint64(field, address + BigInt(at), true);
    }
    this.#set(VECTOR_LENGTH, 1);
    this.#view.setBigUint64(VECTOR_AT, address + BigInt(DATA_AT), true);
  }

  /** Makes room for a datagram to receive. */
  empty(): void {
    this.#set(NAME_LENGTH, NAME_BYTES);
    this.#set(CONTROL_LENGTH, CONTROL_BYTES);
    this.#set(VECTOR_AT + 8, RECEIVE_BYTES);
  }

  /** The received datagram, until the next one. @param length As the system returns it. */
  datagram(length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(DATA_AT, DATA_AT + length);
  }

  /** The address that the received datagram came to, if the system told it. */
  get arrivedAt(): string | undefined {
    if (this.#view.getUint32(CONTROL_LENGTH, true) === 0) return undefined;
    const [level, type] = [this.#view.getInt32(LEVEL_AT, true), this.#view.getInt32(TYPE_AT, true)];
    for (const version of [4, 6] as const) {
      const info = INFOS[version];
      if (level === info.level && type === info.type) return ipAt(this.#view, INFO_AT + info.offset, version);
    }
    return undefined;
  }

  /**
   * Puts in a datagram to send.
   *
   * @param version Of the socket.
   * @param datagram Of at most {@linkcode RECEIVE_BYTES}.
   * @param to The receiver's `sockaddr`.
   * @param leaveFrom An address of this machine; one of IPv6 needs a socket of IPv6.
   */
  fill(version: 4 | 6, datagram: Uint8Array, to: Uint8Array, leaveFrom: string): void {
    this.#bytes.set(datagram, DATA_AT);
    this.#set(VECTOR_AT + 8, datagram.length);
    this.#bytes.set(to, NAME_AT);
    this.#set(NAME_LENGTH, to.length);
    if (this.#leaveFrom?.ip === leaveFrom && this.#leaveFrom.version === version) return;
    this.#leaveFrom = { version, ip: leaveFrom };
    const { level, type, bytes, offset } = INFOS[version];
    this.#bytes.fill(0, CONTROL_AT, DATA_AT);
    this.#set(CONTROL_AT, INFO_AT - CONTROL_AT + bytes);
    this.#view.setInt32(LEVEL_AT, level, true);
    this.#view.setInt32(TYPE_AT, type, true);
    const words = addressWords(leaveFrom);
    const filled = version === 6 && words.length === 1 ? [...MAPPED_PREFIX, ...words] : words;
    for (const [index, word] of filled.entries()) this.#view.setUint32(INFO_AT + offset + 4 * index, word);
    // With the padding behind it (`CMSG_SPACE`).
    this.#set(CONTROL_LENGTH, Math.ceil((INFO_AT - CONTROL_AT + bytes) / 8) * 8);
  }

  /** Sets a length of 64 bits, of which 32 suffice. */
  #set(at: number, length: number): void {
    this.#view.setUint32(at, length, true);
  }
}
