/**
 * A name server (RFC 1035) for tests, over UDP: knows a few names, and nobody else's. Prints the type and the name of each
 * question, such as `A sala`, before it answers.
 *
 * Usage: `name_server.ts ADDRESS NAME=IP,IP... [NAME!AAAA=IP...]`; of a name with `!AAAA` it leaves questions for IPv6 unanswered.
 */

import { ipVersion } from "../lib/protocol/address.ts";
import { addressWords } from "../lib/transport/socket_address.ts";
import type { Machine } from "./lan.ts";
import { Program, scriptLine } from "./program.ts";

const PORT = 53;
const HEADER_BYTES = 12;

/** Types of records, by number (RFC 1035, section 3.2.2; RFC 3596). */
const TYPES: Readonly<Record<number, 4 | 6>> = { 1: 4, 28: 6 };

/** Response, authoritative, recursion desired and available; and the code for a name that does not exist. */
const ANSWER_FLAGS = 0x8580;
const NO_SUCH_NAME = 3;

/** What is known of a name. */
export interface KnownName {
  readonly ips: readonly string[];
  /** Whether questions for IPv6 get lost. */
  readonly silent: boolean;
}

/** The question of a message. */
interface Question {
  readonly name: string;
  /** The version of IP that it asks for, 0 for something else. */
  readonly version: 0 | 4 | 6;
  /** Where it ends in the message. */
  readonly end: number;
}

/** Reads the one question of a query. */
export function parseQuestion(query: Uint8Array): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length; (length = query[at] ?? 0) > 0; at += length + 1) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)));
  }
  const type = query[at + 1]! << 8 | query[at + 2]!;
  return { name: labels.join(".").toLowerCase(), version: TYPES[type] ?? 0, end: at + 5 };
}

/** The answer to a query. */
export function answer(
  query: Uint8Array,
  { version, end }: Question,
  known: KnownName | undefined,
): Uint8Array {
  const ips = known?.ips.filter((ip) => ipVersion(ip) === version) ?? [];
  const bytes = [...query.subarray(0, end)];
  const flags = ANSWER_FLAGS | (known ? 0 : NO_SUCH_NAME);
  bytes.splice(2, HEADER_BYTES - 2, flags >> 8, flags & 0xff, 0, 1, 0, ips.length, 0, 0, 0, 0);
  for (const ip of ips) {
    const data = addressWords(ip).flatMap((word) => [24, 16, 8, 0].map((shift) => word >> shift & 0xff));
    // A pointer to the name in the question; type and class of the question; no time to live.
    bytes.push(0xc0, HEADER_BYTES, ...query.subarray(end - 4, end), 0, 0, 0, 0, 0, data.length, ...data);
  }
  return new Uint8Array(bytes);
}

/** Starts a name server on a machine of a network, and waits until it listens. Its lines are the questions. */
export async function startNameServer(
  machine: Machine,
  address: string,
  names: readonly string[],
): Promise<Program> {
  const line = scriptLine("testing/name_server.ts", [address, ...names], ["--unstable-net"]);
  const server = new Program([...machine.through, ...line], {}, "name server");
  await server.waitFor((said) => said === "ready");
  return server;
}

async function serve([address = "", ...names]: readonly string[]): Promise<void> {
  const known = new Map(names.map((text): [string, KnownName] => {
    const [, name = "", silent, ips = ""] = /^([^!=]+)(!AAAA)?=(.*)$/.exec(text) ?? [];
    return [name, { ips: ips.split(","), silent: silent !== undefined }];
  }));
  const socket = Deno.listenDatagram({ transport: "udp", hostname: address, port: PORT });
  console.log("ready");
  for await (const [query, from] of socket) {
    const question = parseQuestion(query);
    const { name, version } = question;
    console.log(`${version === 6 ? "AAAA" : version === 4 ? "A" : "?"} ${name}`);
    const found = known.get(name);
    if (!(found?.silent && version === 6)) await socket.send(answer(query, question, found), from);
  }
}

if (import.meta.main) await serve(Deno.args);
