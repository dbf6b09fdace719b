import { assert, assertEquals, assertMatch } from "@std/assert";
import { textWidth } from "../../lib/ui/terminal_layout.ts";
import type { RegistryEvent } from "../../lib/events/registry_events.ts";
import { RegistryScreen, type RegistryScreenOptions } from "../../lib/ui/registry_screen.ts";
import { registrySentence } from "../../lib/ui/sentences.ts";
import { REGISTRY_TEXTS } from "../../lib/ui/texts/texts.ts";
import { EVERY_REGISTRY_EVENT, hostileEvents, UNSAFE } from "./every_event.ts";

const now = (): Date => new Date("2025-01-31T12:34:56.789Z");

/** The output of a screen for some events. */
async function shown(options: RegistryScreenOptions, ...events: RegistryEvent[]): Promise<string> {
  const written: Uint8Array[] = [];
  const screen = new RegistryScreen((bytes) => {
    written.push(bytes);
    return Promise.resolve();
  }, { now, ...options });
  for (const event of events) screen.show(event);
  await screen.flush();
  return written.map((bytes) => new TextDecoder().decode(bytes)).join("");
}

const message: RegistryEvent = {
  event: "message",
  direction: "received",
  transport: "TCP",
  peer: { ip: "192.168.0.10", port: 51234 },
  text: '{"tipo":"lista"}\x1b[2J',
};
const joao = { name: "joão", ip: "192.168.0.10", port: 6000 };
const table: RegistryEvent = { event: "table", people: [joao] };

const sentences: [event: RegistryEvent, pt: string, en: string][] = [
  [
    {
      ...{ event: "listening", host: "0.0.0.0", hosts: ["0.0.0.0", "::"], port: 5000, version: "1.0.0" },
      ...{ addresses: ["192.0.2.2", "2001:db8::2"], options: [] },
    },
    "sala aberta em 0.0.0.0:5000 e [::]:5000 (Ctrl-C encerra), Sala 1.0.0\n" +
    "os telefones entram com (todos por IPv4 ou todos por IPv6):\n" +
    "  ./phone 192.0.2.2 NOME\n  ./phone 2001:db8::2 NOME",
    "room open at 0.0.0.0:5000 and [::]:5000 (Ctrl-C closes it), Sala 1.0.0\n" +
    "phones join with (all over IPv4 or all over IPv6):\n" +
    "  ./phone 192.0.2.2 NAME\n  ./phone 2001:db8::2 NAME",
  ],
  [
    {
      ...{ event: "listening", host: "2001:db8::2", hosts: ["2001:db8::2"], port: 5001, version: "1.0.0" },
      ...{ addresses: ["2001:db8::2"], options: ["--tls", "--room-password"] },
    },
    "sala aberta em [2001:db8::2]:5001 (Ctrl-C encerra), Sala 1.0.0\nos telefones entram com:\n" +
    "  ./phone [2001:db8::2]:5001 NOME --tls --room-password",
    "room open at [2001:db8::2]:5001 (Ctrl-C closes it), Sala 1.0.0\nphones join with:\n" +
    "  ./phone [2001:db8::2]:5001 NAME --tls --room-password",
  ],
  [
    {
      ...{ event: "listening", host: "127.0.0.1", port: 5000, hosts: ["127.0.0.1", "::1"], version: "1.0.0" },
      ...{ addresses: [], options: [] },
    },
    "sala aberta em 127.0.0.1:5000 e [::1]:5000 (Ctrl-C encerra), Sala 1.0.0\n" +
    "só telefones desta máquina a alcançam; para os outros, use outro --host",
    "room open at 127.0.0.1:5000 and [::1]:5000 (Ctrl-C closes it), Sala 1.0.0\n" +
    "only phones of this machine reach it; for others, use another --host",
  ],
  [
    { event: "joined", name: "maria", ip: "192.0.2.1", port: 6000, version: "1.0.0" },
    "maria (192.0.2.1:6000) entrou na sala, Sala 1.0.0",
    "maria (192.0.2.1:6000) joined the room, Sala 1.0.0",
  ],
  [
    { event: "joined", name: "joão", ip: "::1", port: 6000 },
    "joão ([::1]:6000) entrou na sala",
    "joão ([::1]:6000) joined the room",
  ],
  [
    { event: "left", name: "joão", ip: "192.0.2.1", port: 6000, reason: "goodbye" },
    "joão (192.0.2.1:6000) saiu da sala",
    "joão (192.0.2.1:6000) left the room",
  ],
  [
    { event: "left", name: "joão", ip: "192.0.2.1", port: 6000, reason: "disconnected" },
    "joão (192.0.2.1:6000) saiu da sala: a conexão terminou",
    "joão (192.0.2.1:6000) left the room: the connection ended",
  ],
  [
    { event: "left", name: "joão", ip: "192.0.2.1", port: 6000, reason: "silent" },
    "joão (192.0.2.1:6000) saiu da sala: não dava mais sinal de vida",
    "joão (192.0.2.1:6000) left the room: no sign of life any more",
  ],
  [
    { event: "room_full", connections: 7 },
    "a sala está cheia: o limite de conexões, 7, foi alcançado e as próximas são recusadas",
    "the room is full: no more than 7 connections at once, so others are refused",
  ],
  [
    { event: "address_full", ip: "192.0.2.1", connections: 500 },
    "192.0.2.1 já tem 500 conexões, o máximo de um endereço, e as próximas de lá são recusadas",
    "192.0.2.1 has 500 connections, the most for one address, and more from there are refused",
  ],
  [
    { event: "port_in_use", port: 5000 },
    "a porta 5000 já está em uso; encerre o outro programa ou escolha outra com --port",
    "port 5000 is in use; end the other program or choose another port with --port",
  ],
  [
    { event: "wrong_usage", problem: { kind: "bad_value", option: "--port", value: "x\x1b" } },
    "O valor “x\\u{1b}” não serve para --port. Use um número de 0 a 65535; 0 é uma porta livre qualquer.",
    "The value “x\\u{1b}” is no good for --port. Use a number from 0 to 65535; 0 is any free port.",
  ],
  [
    { event: "wrong_usage", problem: { kind: "missing_argument", argument: "X" } },
    "Falta o argumento X. Use, por exemplo, phone 192.168.0.10 maria. Com --help aparece como se usa.",
    "The argument X is missing. Use, for example, phone 192.168.0.10 maria. With --help you see how it is used.",
  ],
  [
    { event: "failed", detail: { kind: "other", text: "x\ny" } },
    "a sala não pode funcionar: x\\u{a}y",
    "the room cannot run: x\\u{a}y",
  ],
  [
    {
      event: "failed",
      detail: {
        kind: "cannot_listen",
        host: "192.0.2.1",
        port: 5000,
        cause: { kind: "address_not_available" },
      },
    },
    "a sala não pode funcionar: não pode escutar em 192.0.2.1:5000 (o endereço não é desta máquina)",
    "the room cannot run: it cannot listen at 192.0.2.1:5000 (the address is not one of this machine's)",
  ],
  [{ event: "closed" }, "sala encerrada", "room closed"],
  [
    table,
    "nome | endereço IP  | porta\n-----+--------------+------\njoão | 192.168.0.10 |  6000\n1 pessoa na sala",
    "name | IP address   | port\n-----+--------------+-----\njoão | 192.168.0.10 | 6000\n1 person in the room",
  ],
];

Deno.test("RegistryScreen says everything in Portuguese and in English", async () => {
  for (const [event, pt, en] of sentences) {
    assertEquals(await shown({ language: "pt" }, event), `${pt}\n`);
    assertEquals(await shown({ language: "en" }, event), `${en}\n`);
  }
});

Deno.test("RegistryScreen shows messages with date, time, direction and peer, and without control characters", async () => {
  assertMatch(
    await shown({ language: "pt" }, message),
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.789 ← recebida TCP 192\.168\.0\.10:51234 \{"tipo":"lista"\}\\u\{1b\}\[2J\n$/,
  );
});

Deno.test("RegistryScreen begins each event of a log with its local date and time, and no row of a table", async () => {
  const at = (): Date => new Date(2025, 0, 31, 2, 4, 6, 7);
  const refused: RegistryEvent = { event: "password_refused", name: "eva", peer: message.peer, omitted: 3 };
  assertEquals((await shown({ language: "en", dated: true, now: at }, message, table, refused)).split("\n"), [
    '2025-01-31 02:04:06.007 ← received TCP 192.168.0.10:51234 {"tipo":"lista"}\\u{1b}[2J',
    "name | IP address   | port",
    "-----+--------------+-----",
    "joão | 192.168.0.10 | 6000",
    "2025-01-31 02:04:06.007 1 person in the room",
    "2025-01-31 02:04:06.007 wrong password: “eva”, from 192.168.0.10:51234, was not let in (and 3 more like it before)",
    "",
  ]);
});

Deno.test("RegistryScreen shows pings only if asked for, and all other messages", async () => {
  const told = (text: string): RegistryEvent => ({ ...message, text });
  const pings = ['{"tipo":"ping"}', '{ "id": 1, "tipo" : "pong" }', '{"tipo":"lista","tipo":"ping"}'];
  const others = ['{"tipo":"consulta","nome":"ping"}', '"ping"', '{"ping":"ping"}', '{"tipo":"ping"'];
  const events = [...pings, ...others].map(told);
  for (const json of [false, true]) {
    assertEquals(
      await shown({ language: "pt", json }, ...events),
      await shown({ language: "pt", json }, ...others.map(told)),
    );
    const all = (await shown({ language: "pt", json, showPings: true }, ...events)).split("\n");
    assertEquals(all.length, events.length + 1);
  }
});

Deno.test("RegistryScreen breaks sentences between words on a terminal, and no message", async () => {
  const full: RegistryEvent = { event: "address_full", ip: "192.168.0.10", connections: 500 };
  const lines = (await shown({ language: "en", columns: () => 40 }, full, message)).split("\n");
  assertEquals(lines.slice(0, 3), [
    "192.168.0.10 has 500 connections, the",
    "  most for one address, and more from",
    "  there are refused",
  ]);
  assertEquals(lines.length, 5);
});

Deno.test("RegistryScreen lets no control characters through", async () => {
  const events = hostileEvents(7, 5, EVERY_REGISTRY_EVENT);
  for (const language of ["pt", "en"] as const) {
    for (const line of (await shown({ language }, ...events)).split("\n")) assert(!UNSAFE.test(line), line);
  }
});

Deno.test("RegistryScreen leaves out messages, and only them, with quiet", async () => {
  assertEquals(
    await shown({ language: "pt", quiet: true, json: true }, message, table, message),
    await shown({ language: "pt", json: true }, table),
  );
});

Deno.test("RegistryScreen writes events as lines of JSON that a terminal cannot act upon", async () => {
  const event: RegistryEvent = { event: "joined", name: "a\x9b\u202e\u{e0061}李", ip: "::1", port: 1 };
  const line = await shown({ language: "pt", json: true }, event);
  assertEquals(JSON.parse(line), { time: "2025-01-31T12:34:56.789Z", ...event });
  assertEquals(
    line,
    '{"time":"2025-01-31T12:34:56.789Z","event":"joined",' +
      '"name":"a\\u009b\\u202e\\udb40\\udc61李","ip":"::1","port":1}\n',
  );
});

Deno.test("RegistryScreen shows only the last of several waiting tables, after the events before it", async () => {
  const joined: RegistryEvent = { event: "joined", name: "joão", ip: "::1", port: 1 };
  const events = [joined, { event: "table", people: [] }, joined, table, {
    event: "closed",
  }] satisfies RegistryEvent[];
  assertEquals(
    (await shown({ language: "pt", json: true }, ...events)).trim().split("\n").map((line) =>
      JSON.parse(line).event
    ),
    ["joined", "joined", "table", "closed"],
  );
});

Deno.test("RegistryScreen uses colours only with that option", async () => {
  const joined: RegistryEvent = { event: "joined", name: "joão", ip: "::1", port: 1 };
  assertEquals((await shown({ language: "pt", colour: true }, joined)).startsWith("\x1b["), true);
  assertEquals((await shown({ language: "pt" }, joined, message, table)).includes("\x1b"), false);
});

Deno.test("registrySentence() aligns the columns of a table in any script", () => {
  const people = [
    joao,
    { name: "joa\u0303o", ip: "::1", port: 1 },
    { name: "李小龙", ip: "2001:db8:1111:2222:3333:4444:5555:6666", port: 65535 },
    { name: "محمد", ip: "10.0.0.1", port: 6000 },
    { name: "x".repeat(32), ip: "10.0.0.2", port: 6000 },
  ];
  const lines = registrySentence({ event: "table", people }, REGISTRY_TEXTS.pt).split("\n");
  assertEquals(lines.length, people.length + 3);
  assertEquals(lines.at(-1), "5 pessoas na sala");
  const bars = lines.slice(0, -1).map((line) => {
    const cells = line.split(/[|+]/);
    assertEquals(cells.length, 3);
    return cells.map(textWidth);
  });
  for (const widths of bars) assertEquals(widths, [33, 40, 6]);
  assertEquals(lines[3]?.startsWith("joa\u0303o "), true);
});

Deno.test("registrySentence() says how many people are above the rows of a table", () => {
  const lines = registrySentence({ event: "table", people: [joao], omitted: 9950 }, REGISTRY_TEXTS.pt).split(
    "\n",
  );
  assertEquals(lines, [
    "nome | endereço IP  | porta",
    "-----+--------------+------",
    "… e mais 9.950 antes",
    "joão | 192.168.0.10 |  6000",
    "9.951 pessoas na sala",
  ]);
});

Deno.test("registrySentence() shows an empty room", () => {
  assertEquals(
    registrySentence({ event: "table", people: [] }, REGISTRY_TEXTS.pt),
    "nome | endereço IP | porta\n-----+-------------+------\n0 pessoas na sala",
  );
});

Deno.test("RegistryScreen dates the sentence, and leaves the command lines below it to be copied", async () => {
  const lines = (await shown({ language: "pt", dated: true, columns: () => 40 }, {
    ...{ event: "listening", host: "0.0.0.0", hosts: ["0.0.0.0"], port: 5001, version: "1.0.0" },
    ...{ addresses: ["192.0.2.2"], options: ["--tls", "--room-password"] },
  })).trimEnd().split("\n");
  assertMatch(lines[0] ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} sala aberta/);
  assertEquals(lines.slice(-2), [
    "os telefones entram com:",
    "  ./phone 192.0.2.2:5001 NOME --tls --room-password",
  ]);
});

Deno.test("RegistryScreen leaves out what one address causes beyond a limit, says how much, and shows who joins", async () => {
  const long = { ...message, text: "x".repeat(1000) };
  const limits = { addressBytes: 1000, totalBytes: 0 };
  const joined: RegistryEvent = { event: "joined", ...joao };
  const text = await shown(
    { language: "en", limits },
    ...Array.from({ length: 100 }, () => long),
    joined,
    { ...long, peer: { ip: "192.168.0.11", port: 1 }, text: "of another" },
    { event: "closed" },
  );
  const lines = text.trim().split("\n");
  // 8 s of the limit.
  assertEquals(lines.filter((line) => line.endsWith("xxx")).length, 8);
  assertEquals(lines.slice(8).map((line) => line.replace(/^.*TCP /, "")), [
    "joão (192.168.0.10:6000) joined the room",
    "192.168.0.11:1 of another",
    "… 92 lines of 192.168.0.10 left out, beyond --log-limit",
    "room closed",
  ]);
});

Deno.test("RegistryScreen charges the phone of who joins, not the address that it registers", async () => {
  const written: string[] = [];
  const screen = new RegistryScreen((bytes) => {
    written.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }, { now, language: "en", limits: { addressBytes: 100, totalBytes: 0 } });
  const said = (ip: string): RegistryEvent => ({ ...message, peer: { ip, port: 1 }, text: "x" });
  for (let count = 0; count < 100; count++) {
    screen.show({ event: "joined", name: "x", ip: "192.0.2.1", port: 1 }, "198.51.100.1");
  }
  screen.show(said("198.51.100.1"));
  screen.show(said("192.0.2.1"));
  screen.show({ event: "closed" });
  await screen.flush();
  const lines = written.join("").trim().split("\n");
  assertEquals(lines.filter((line) => line.includes("joined")).length, 100, "who joins is always shown");
  assertEquals(lines.slice(100).map((line) => line.replace(/^.*TCP /, "")), [
    "192.0.2.1:1 x",
    "… 1 line of 198.51.100.1 left out, beyond --log-limit",
    "room closed",
  ]);
  assertEquals(screen.leftOut, { output: 0, limit: 1 });
});

Deno.test("RegistryScreen bounds what tables fill, and shows the last one", async () => {
  const written: string[] = [];
  const screen = new RegistryScreen((bytes) => {
    written.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }, { now, json: true, language: "en", limits: { addressBytes: 1000, totalBytes: 0 } });
  const crowd = Array.from({ length: 50 }, (_, index) => ({ ...joao, name: `joão ${index}` }));
  for (let count = 0; count < 100; count++) {
    screen.show({ event: "joined", ...joao }, joao.ip);
    screen.show({ event: "table", people: [{ ...joao, name: `${count}` }, ...crowd] });
    await screen.flush();
  }
  screen.show({ event: "closed" });
  await screen.flush();
  const events = written.join("").trimEnd().split("\n").map((line) => JSON.parse(line));
  const tables = events.filter(({ event }) => event === "table");
  assert(tables.length >= 2 && tables.length < 50, `${tables.length}`);
  assertEquals(tables.at(-1)?.people[0].name, "99");
  assertEquals(events.filter(({ event }) => event === "joined").length, 100);
});

Deno.test("RegistryScreen counts connections that are no phones' among what an address may make it write", async () => {
  const strangers: RegistryEvent[] = [
    { event: "foreign_client", ip: "192.0.2.1", protocol: "http" },
    { event: "tls_failed", ip: "192.0.2.1", detail: { kind: "no_tls" } },
    { event: "proxy_refused", ip: "192.0.2.1", problem: "no_header" },
  ];
  for (const event of strangers) {
    const output = await shown(
      { json: true, language: "en", limits: { addressBytes: 100, totalBytes: 0 } },
      ...new Array<RegistryEvent>(200).fill(event),
      { event: "closed" },
    );
    const events = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    const told = events.filter(({ event }) => event !== "log_limited" && event !== "closed").length;
    const omitted = events.flatMap(({ event, lines }) => event === "log_limited" ? [lines] : []);
    assert(told < 100, `${told}`);
    assertEquals(told + omitted.reduce((sum, lines) => sum + lines, 0), 200);
  }
});
