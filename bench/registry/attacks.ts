/**
 * Attacks on a registry over TCP. An attack is a process of its own, so that it does not slow down the measurement: it
 * prints `ready` when it is under way, and goes on until it is killed.
 *
 * Usage: `deno run -A bench/registry/attacks.ts ATTACK PORT`, from `bench/registry.ts`.
 */

import type { RegistryRequest } from "../../lib/protocol/registry_messages.ts";
import { pause } from "../../lib/util/pause.ts";

const encoder = new TextEncoder();

/** A name in the room, for attacks on a person. */
export const VICTIM = "vítima";

async function connect(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  return connection;
}

function line(message: RegistryRequest): string {
  return `${JSON.stringify(message)}\n`;
}

/** Writes the same bytes for ever, and reads the answers or not. Reconnects when the registry closes the connection. */
async function pump(port: number, bytes: Uint8Array, reads: boolean, first = ""): Promise<never> {
  for (;;) {
    try {
      using connection = await connect(port);
      if (reads) drain(connection);
      await connection.write(encoder.encode(first));
      for (;;) await connection.write(bytes);
    } catch {
      await pause(10);
    }
  }
}

async function drain(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // The writing notices.
  }
}

/** A text repeated, as bytes. */
function repeated(text: string, times = 256): Uint8Array {
  return encoder.encode(text.repeat(times));
}

function crowd(count: number, member: (index: number) => Promise<unknown>): void {
  for (let index = 0; index < count; index++) member(index);
}

/** Opens connections and keeps them. */
async function gather(port: number, count: number): Promise<Deno.TcpConn[]> {
  const connections: Deno.TcpConn[] = [];
  while (connections.length < count) {
    connections.push(...await Promise.all(Array.from({ length: 50 }, () => connect(port))));
  }
  return connections;
}

const join = (name: string): string => line({ tipo: "registro", nome: name, ip: "127.0.0.1", porta: 6000 });

/** Concurrent connections of a flood. */
const FLOODERS = 20;

const MALFORMED = [
  `${"[".repeat(4000)}\n`,
  `${'{"a":'.repeat(600)}1${"}".repeat(600)}\n`,
  '{"__proto__":{"tipo":"lista"},"constructor":{"prototype":{"tipo":"lista"}}}\n',
  '{"tipo":"ping","tipo":"lista","tipo":["registro"]}\n',
  '{"tipo":"registro","nome":{"toString":1},"ip":[],"porta":"6000"}\n',
  `{"tipo":"registro","nome":"x","ip":"::1","porta":1e999,"id":${"9".repeat(3000)}}\n`,
].join("");

/** Each starts an attack; its promise settles when the attack is under way. */
export const ATTACKS: Readonly<Record<string, (port: number) => Promise<void> | void>> = {
  "lines without end": (port) => crowd(FLOODERS, () => pump(port, repeated("x", 65_536), true)),
  "over-long lines": (port) => crowd(FLOODERS, () => pump(port, repeated(`${"x".repeat(5000)}\n`, 16), true)),
  "invalid UTF-8": (port) =>
    crowd(
      FLOODERS,
      () => pump(port, new Uint8Array(65_536).map((_, index) => index % 32 ? 0xff : 0x0a), true),
    ),
  "malformed JSON": (port) => crowd(FLOODERS, () => pump(port, repeated(MALFORMED, 4), true)),
  "thousands of requests a second": (port) =>
    crowd(
      FLOODERS,
      (index) =>
        pump(port, repeated(line({ tipo: "consulta", nome: VICTIM })), true, join(`inundação ${index}`)),
    ),
  "asking for lists, never reading": (port) =>
    crowd(FLOODERS, (index) => pump(port, repeated(line({ tipo: "lista" })), false, join(`surdo ${index}`))),
  "asking for somebody's name": (port) => crowd(FLOODERS, () => pump(port, repeated(join(VICTIM)), true)),
  "single bytes in packets of their own": (port) =>
    crowd(FLOODERS, () => pump(port, Uint8Array.of(0x78), true)),
  "one byte a second, 500 connections": async (port) => {
    const connections = await gather(port, 500);
    (async () => {
      for (;;) {
        await pause(1000);
        await Promise.all(connections.map((connection) => connection.write(Uint8Array.of(0x7b))));
      }
    })();
  },
  "2000 connections that say nothing": async (port) => {
    await gather(port, 2000);
  },
  // Without a pause this would measure the loopback interface, which loses packets then.
  "500 connections a second, closed at once": (port) =>
    crowd(4, async () => {
      for (;;) {
        try {
          (await connect(port)).close();
        } catch {
          // Refused, which also counts.
        }
        await pause(8);
      }
    }),
  "joining and leaving": (port) =>
    crowd(4, async (index) => {
      for (let count = 0;; count++) {
        try {
          using connection = await connect(port);
          await connection.write(encoder.encode(join(`${index} ${count}`)));
          await connection.read(new Uint8Array(256));
        } catch {
          await pause(1);
        }
      }
    }),
};

if (import.meta.main) {
  const [name = "", port = ""] = Deno.args;
  await ATTACKS[name]?.(Number(port));
  console.log("ready");
  // An attack goes on after a refusal.
  addEventListener("unhandledrejection", (event) => event.preventDefault());
  setInterval(() => {}, 60_000);
}
