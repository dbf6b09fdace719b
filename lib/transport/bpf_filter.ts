/**
 * The filter of a flooded phone in a call, for the system (BPF: Linux, Documentation/networking/filter.rst): it passes all
 * datagrams of the other phone, also from an address that is new to this one, and a sample of all others, so that others can
 * still call.
 */

import { isIPv4 } from "node:net";
import type { Endpoint } from "../protocol/address.ts";
import { addressWords } from "./socket_address.ts";

/** An instruction of the kernel's packet filter (Linux, Documentation/networking/filter.rst). */
export interface FilterInstruction {
  readonly code: number;
  /** Instructions to skip if a comparison is true, and if it is false. */
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
}

/** One in 64 datagrams from elsewhere passes, at random. */
export const SAMPLE = 64;

// Instructions (Linux, linux/bpf_common.h): load a word or half a word, compare it, return.
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const RETURN = 0x06;

/** Offsets (linux/filter.h): loads are from the UDP header, unless one of these is added. */
const NETWORK_HEADER = 0xfff0_0000; // SKF_NET_OFF, -0x100000
const RANDOM_NUMBER = 0xffff_f038; // SKF_AD_OFF + SKF_AD_RANDOM, -0x1000 + 56

/** Offsets of the source in the headers of UDP (RFC 768), IPv4 (RFC 791) and IPv6 (RFC 8200). */
const SOURCE_PORT = 0;
const IPV4_SOURCE = 12;
const IPV6_SOURCE = 8;

/** Offsets of the SSRC behind the header of UDP, in RTP and RTCP (RFC 3550, sections 5.1 and 6.4). */
const RTP_SSRC = 8 + 8;
const RTCP_SSRC = 8 + 4;

/** Answers: the bytes of the datagram that pass. */
const ALL_OF_IT = 0xffff_ffff;
const NOTHING = 0;

/**
 * The filter that passes the datagrams of some senders and streams, and one in {@linkcode SAMPLE} of all others.
 *
 * @param senders Addresses in their one text form, of the same version of IP as the socket.
 * @param streams SSRCs.
 */
export function floodFilter(
  senders: readonly Endpoint[],
  streams: readonly number[] = [],
): FilterInstruction[] {
  const instructions: FilterInstruction[] = [];
  for (const { ip, port } of senders) {
    const words = addressWords(ip);
    // A difference jumps behind this sender's instructions: two for each comparison, and the return.
    let left = 2 * (1 + words.length) + 1;
    const compare = (code: number, offset: number, value: number) => {
      left -= 2;
      instructions.push({ code, value: offset }, { code: JUMP_IF_EQUAL, ifFalse: left, value });
    };
    compare(LOAD_HALF, SOURCE_PORT, port);
    const start = NETWORK_HEADER + (isIPv4(ip) ? IPV4_SOURCE : IPV6_SOURCE);
    for (const [index, word] of words.entries()) compare(LOAD_WORD, start + 4 * index, word);
    instructions.push({ code: RETURN, value: ALL_OF_IT });
  }
  for (const offset of streams.length === 0 ? [] : [RTCP_SSRC, RTP_SSRC]) {
    // A datagram that is too short to have one is dropped here.
    instructions.push({ code: LOAD_WORD, value: offset });
    for (const value of streams) {
      instructions.push({ code: JUMP_IF_EQUAL, ifFalse: 1, value }, { code: RETURN, value: ALL_OF_IT });
    }
  }
  instructions.push(
    { code: LOAD_WORD, value: RANDOM_NUMBER },
    { code: JUMP_IF_GREATER, ifTrue: 1, value: Math.floor(ALL_OF_IT / SAMPLE) },
    { code: RETURN, value: ALL_OF_IT },
    { code: RETURN, value: NOTHING },
  );
  return instructions;
}
