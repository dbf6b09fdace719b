/**
 * Attacks on a registry over TCP, each by a thousand hostile connections and more from one to fifty addresses. An attack is a
 * process of its own, in C, so that it does not slow down the measurement.
 */

import type { RegistryRequest } from "../../lib/protocol/registry_messages.ts";
import { outputOf, Program } from "../../testing/program.ts";

const encoder = new TextEncoder();

/** A name in the room, for attacks on a person. */
export const VICTIM = "vítima";

/** What hostile connections do. */
export interface Attack {
  /** What each says first; `%d` becomes a number that is never used twice. */
  readonly first?: string;
  /** What each says then, again and again; likewise. */
  readonly repeat?: string | Uint8Array;
  /** Pause between repetitions in milliseconds; without it as fast as the registry takes them. */
  readonly everyMs?: number;
  /** Whether answers are read. */
  readonly reads?: boolean;
  /** When connections close, and new ones begin: after the first answer, or at once. */
  readonly closes?: "answered" | "at once";
  /** Number of connections; a thousand unless given. */
  readonly connections?: number;
  /** Most new connections a second, of all together. */
  readonly perSecond?: number;
  /** Addresses that they come from, in place of one or fifty of the loopback network: the first, and how many. */
  readonly from?: readonly [first: string, count: number];
  /** Further options of the registry. */
  readonly options?: readonly string[];
}

const CONNECTIONS = 1000;
const PER_SECOND = 2000;

function line(message: RegistryRequest): string {
  return `${JSON.stringify(message)}\n`;
}

const join = (name: string): string => line({ tipo: "registro", nome: name, ip: "127.0.0.1", porta: 6000 });

const MALFORMED = [
  `${"[".repeat(4000)}\n`,
  `${'{"a":'.repeat(600)}1${"}".repeat(600)}\n`,
  '{"__proto__":{"tipo":"lista"},"constructor":{"prototype":{"tipo":"lista"}}}\n',
  '{"tipo":"ping","tipo":"lista","tipo":["registro"]}\n',
  '{"tipo":"registro","nome":{"toString":1},"ip":[],"porta":"6000"}\n',
  `{"tipo":"registro","nome":"x","ip":"::1","porta":1e999,"id":${"9".repeat(3000)}}\n`,
].join("");

/** A request of the longest line, in an invalid answer to no challenge: the registry prints all of it, and its answer. */
const LONGEST = `{"tipo":"resposta_desafio","nonce":"${"A".repeat(22)}","prova":"${"A".repeat(43)}","x":"`;

/** A small room, which squatters fill. */
const SMALL_ROOM = ["--connection-limit", "1000"];

/** The network of {@linkcode Attack.from} that {@linkcode ownNetwork} makes. */
const NETWORK = "2001:db8:1:1::";

/** All attacks, by what they do. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "lines without end": { repeat: "x".repeat(65_536), reads: true },
  "over-long lines": { repeat: `${"x".repeat(5000)}\n`.repeat(16), reads: true },
  "invalid UTF-8": {
    repeat: new Uint8Array(65_536).map((_, index) => index % 32 ? 0xff : 0x0a),
    reads: true,
  },
  "malformed JSON": { repeat: MALFORMED.repeat(4), reads: true },
  "thousands of requests a second": {
    first: join("inundação %d"),
    repeat: line({ tipo: "consulta", nome: VICTIM }).repeat(256),
    reads: true,
  },
  "asking for lists, never reading": { first: join("surdo %d"), repeat: line({ tipo: "lista" }).repeat(256) },
  "asking for somebody's name": { repeat: join(VICTIM).repeat(256), reads: true },
  "longest lines, to fill the log": { repeat: `${LONGEST.padEnd(4094, "x")}"}\n`.repeat(16), reads: true },
  "single bytes in packets of their own": { repeat: "x", reads: true },
  "one byte a second": { repeat: "{", everyMs: 1000 },
  "2000 connections that say nothing": { connections: 2000 },
  "2000 without a name, a line every 14 s, room for 1000": {
    repeat: "x\n",
    everyMs: 14_000,
    reads: true,
    connections: 2000,
    options: SMALL_ROOM,
  },
  "7000 of one /64 without a name, room for 1000": {
    repeat: "x\n",
    everyMs: 14_000,
    reads: true,
    connections: 7000,
    from: [`${NETWORK}1`, 7000],
    options: SMALL_ROOM,
  },
  "2000 with names, room for 1500": {
    first: join("cheio %d"),
    reads: true,
    connections: 2000,
    options: ["--connection-limit", "1500"],
  },
  // More would measure the loopback interface, which loses packets then.
  "500 connections a second, closed at once": { closes: "at once", perSecond: 500 },
  "joining and leaving": { first: join("entra %d"), closes: "answered" },
};

/** Makes the command line run in a network of its own that has all addresses of a /64, if this may make one. */
export function ownNetwork(line: readonly string[]): string[] {
  const script = `ip link set lo up && ip -6 route add local ${NETWORK}/64 dev lo && exec "$0" "$@"`;
  return ["unshare", "-n", "sh", "-c", script, ...line];
}

/** Compiles the attacker. @returns Path of the program. @throws {Error} Without gcc. */
export async function compileAttacker(folder: string): Promise<string> {
  const program = `${folder}/attacker`;
  const source = new URL("attacker.c", import.meta.url).pathname;
  await outputOf(["gcc", "-O2", "-Wall", "-o", program, source]);
  return program;
}

/**
 * Starts an attack, and waits until it is under way.
 *
 * @param program The compiled attacker.
 * @param addresses How many addresses it comes from.
 */
export async function startAttack(
  program: string,
  attack: Attack,
  port: number,
  addresses: number,
): Promise<Program> {
  const { first = "", repeat = "", everyMs = 0, reads = false, closes, from } = attack;
  const { connections = CONNECTIONS, perSecond = PER_SECOND } = attack;
  // The program has read them when it says `ready`.
  const files = [first, repeat].map((said) => {
    const path = Deno.makeTempFileSync();
    Deno.writeFileSync(path, typeof said === "string" ? encoder.encode(said) : said);
    return path;
  });
  const [source, count] = from ?? ["127.0.1.1", addresses];
  const options = `-${reads ? "r" : ""}${closes === "answered" ? "c" : closes ? "o" : ""}`;
  // The attack must not have the processor time of those whom it attacks.
  const attacker = new Program([
    ...[
      "nice",
      "-n",
      "10",
      program,
      from ? "::1" : "127.0.0.1",
      `${port}`,
      `${connections}`,
      source,
      `${count}`,
    ],
    ...[...files, options, `${everyMs}`, `${perSecond}`],
  ]);
  await attacker.waitForText("ready");
  for (const path of files) Deno.removeSync(path);
  return attacker;
}
