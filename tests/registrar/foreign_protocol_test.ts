import { assert, assertEquals } from "@std/assert";
import type { RegistryEvent } from "../../lib/events/registry_events.ts";
import { Admission } from "../../lib/registrar/admission.ts";
import { Connection, type ConversationHost, type Socket } from "../../lib/registrar/connection.ts";
import { protocolOf } from "../../lib/registrar/foreign_protocol.ts";
import { Session } from "../../lib/registrar/session.ts";
import { Statistics } from "../../lib/registrar/statistics.ts";
import { RegistryTable } from "../../lib/registrar/table.ts";

const encoder = new TextEncoder();

const STRANGERS = [
  ["GET /index.html HTTP/1.1\r\n", "http"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http"],
  ["\x16\x03\x01\0\x05", "tls"],
  ["PROXY TCP4 192.0.2.7 10.0.0.1 51234 5000\r\n", "proxy"],
  ["\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "proxy"],
] as const;

const PHONES = [
  '{"tipo":"ping"}\n',
  '\r\n{"tipo":"ping"}\n',
  '\r\n\r\n{"tipo":"ping"}\n',
  "GET\n",
  "GET /\n",
  "PROXYS\n",
  "\x16\x02",
  "ola HTTP/1.1\n",
  `GET /${"a".repeat(300)}`,
];

Deno.test("protocolOf() knows a stranger however its first bytes are cut, and keeps no phone waiting", () => {
  for (const [said, protocol] of STRANGERS) {
    const bytes = encoder.encode(said);
    let decided: string | undefined;
    for (let length = 1; length <= bytes.length; length++) {
      const found = protocolOf(bytes.subarray(0, length));
      assert(found === protocol || found === "undecided" && decided === undefined, `${said}: ${length}`);
      if (found !== "undecided") decided = found;
    }
    assertEquals(decided, protocol);
  }
  for (const said of PHONES) assertEquals(protocolOf(encoder.encode(said)), "lines", said);
});

/** Has a connection read these packets. @returns What the registry said of them, and whether it ended the conversation. */
async function conversation(packets: readonly Uint8Array[]): Promise<[unknown[], boolean]> {
  const rest = [...packets];
  const events: unknown[] = [];
  const socket = {
    read(buffer: Uint8Array): Promise<number | null> {
      const packet = rest.shift();
      if (packet) buffer.set(packet);
      return Promise.resolve(packet?.length ?? null);
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
  } as unknown as Socket;
  const statistics = new Statistics();
  const host: ConversationHost = {
    lineBytes: 4096,
    statistics,
    handleWork: () => 0,
    handleLine: (_now, _connection, line) => events.push(line),
    countSent: () => {},
    handleStart: () => true,
    handleFailure: (_connection, error) => events.push(error),
    handleEnd: () => {},
    handleForeigner: (_peer, protocol) =>
      events.push(protocol satisfies Extract<RegistryEvent, { event: "foreign_client" }>["protocol"]),
    encode: (reply) => `${JSON.stringify(reply)}\n`,
  };
  const peer = { ip: "192.0.2.1", port: 1 };
  const entry = new Admission({ requestsPerSecond: 50 }).enter(0, peer.ip, 1);
  assert("place" in entry);
  const connection = new Connection(socket, peer, new Session(new RegistryTable()), entry.place, host);
  connection.converse(0);
  await connection.over;
  return [events, connection.finished];
}

Deno.test("Connection closes on a stranger whose first bytes come in two packets, without a line of theirs", async () => {
  for (const [said, protocol] of STRANGERS) {
    const bytes = encoder.encode(said);
    for (const at of [1, 6, 8]) {
      if (at >= bytes.length) continue;
      assertEquals(await conversation([bytes.subarray(0, at), bytes.subarray(at)]), [[protocol], true], said);
    }
  }
});

Deno.test("Connection takes a phone's first line in two packets, also one that might have been a stranger's", async () => {
  for (
    const [first, second, line] of [["{", '"a":1}\n', '{"a":1}'], ["\r\n\r\n", "{}\n", "{}"], [
      "GE",
      "T\n",
      "GET",
    ]]
  ) {
    const [events] = await conversation([encoder.encode(first), encoder.encode(second)]);
    assertEquals(events, [{ text: line }]);
  }
});
