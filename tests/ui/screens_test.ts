import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import { JsonScreen } from "../../lib/ui/json_screen.ts";
import { PlainScreen } from "../../lib/ui/plain_screen.ts";
import { EVERY_EVENT, hostileEvents, UNSAFE } from "./every_event.ts";

const NOON = new Date(2025, 0, 31, 12);

/** Collects the output of a screen. */
class Paper {
  text = "";
  readonly write = (bytes: Uint8Array): Promise<void> => {
    this.text += new TextDecoder().decode(bytes);
    return Promise.resolve();
  };

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

function input(text = ""): ReadableStream<Uint8Array> {
  return ReadableStream.from([new TextEncoder().encode(text)]);
}

const MESSAGE: PhoneEvent = {
  event: "message",
  direction: "sent",
  transport: "TCP",
  peer: { ip: "192.168.0.10", port: 5000 },
  text: '{"tipo":"lista"}',
};
const STATUS: CallStatus = {
  name: "maria",
  seconds: 1,
  code: null,
  microphoneDb: -18,
  speakerDb: -20,
  muted: false,
};

function plain(
  paper: Paper,
  changes: Partial<ConstructorParameters<typeof PlainScreen>[0]> = {},
): PlainScreen {
  return new PlainScreen({
    language: "pt",
    quiet: false,
    colour: false,
    write: paper.write,
    input: input(),
    now: () => NOON,
    ...changes,
  });
}

Deno.test("PlainScreen writes messages with their time, and sentences with their mark", async () => {
  const paper = new Paper();
  await using screen = plain(paper);
  screen.show(MESSAGE);
  screen.show({ event: "rejected", name: "maria", reason: "recusado" });
  screen.show({ event: "people", people: [{ name: "joão", ip: "192.168.0.10", port: 6000 }] });
  screen.status();
  screen.show({ event: "closed" });
  await screen.flush();
  assertEquals(paper.lines, [
    '12:00:00.000 → enviada  TCP 192.168.0.10:5000 {"tipo":"lista"}',
    "✗ maria recusou a ligação (usuário destino ocupado).",
    "• Há uma pessoa na sala:",
    "  nome | endereço IP  | porta",
    "  joão | 192.168.0.10 |  6000",
    "• Até logo!",
  ]);
});

Deno.test("PlainScreen writes why the phone ends without its work to standard error, and the rest to standard output", async () => {
  const [paper, errors] = [new Paper(), new Paper()];
  await using screen = plain(paper, { writeError: errors.write });
  const device = { side: "speaker", code: "no_device", subject: "USB", detail: { kind: "stalled" } } as const;
  const refusal = { kind: "registry_refused", reason: "nao_registrado", text: "" } as const;
  const ends: PhoneEvent[] = [
    { event: "registry_unreachable", host: "sala.local", port: 5000, detail: { kind: "refused" } },
    { event: "registry_full" },
    { event: "password_refused", given: true },
    { event: "name_taken", name: "maria" },
    { event: "port_in_use", port: 6000 },
    { event: "port_unusable", port: 80, detail: { kind: "port_privileged" } },
    { event: "audio_failed", ...device, asked: true },
    { event: "failed", detail: { kind: "no_memory" } },
  ];
  const goesOn: PhoneEvent[] = [
    { event: "registry_lost" },
    { event: "unknown_person", name: "ana", similar: [] },
    { event: "rejected", name: "ana", reason: "ocupado" },
    { event: "audio_failed", ...device, asked: false },
    { event: "failed", detail: refusal },
    { event: "bad_name", name: "?" },
  ];
  for (const event of [...ends, ...goesOn]) screen.show(event);
  await screen.flush();
  assertEquals([errors.lines.length, paper.lines.length], [ends.length, goesOn.length]);
  // A person sees both, and may be asked for another name.
  await using still = plain(paper, { writeError: errors.write, interactive: true });
  still.show({ event: "name_taken", name: "maria" });
  await still.flush();
  assertEquals(paper.lines.length, goesOn.length + 1);
});

Deno.test("PlainScreen leaves out messages with quiet", async () => {
  const paper = new Paper();
  await using screen = plain(paper, { quiet: true });
  screen.show(MESSAGE);
  screen.show({ event: "closed" });
  await screen.flush();
  assertEquals(paper.lines, ["• Até logo!"]);
});

Deno.test("PlainScreen and JsonScreen show pings only if asked for", async () => {
  const ping = { ...MESSAGE, text: '{"tipo":"ping"}' } as PhoneEvent;
  for (const showPings of [false, true]) {
    for (const json of [false, true]) {
      const paper = new Paper();
      await using screen = json
        ? new JsonScreen({ quiet: false, showPings, write: paper.write, input: input() })
        : plain(paper, { showPings });
      for (const event of [MESSAGE, ping]) screen.show(event);
      await screen.flush();
      assertEquals(paper.lines.length, showPings ? 2 : 1);
    }
  }
});

Deno.test("PlainScreen breaks sentences between words only if it has a width", async () => {
  for (const [columns, lines] of [[undefined, 1], [() => 30, 3]] as const) {
    const paper = new Paper();
    await using screen = plain(paper, { columns });
    screen.show({ event: "unknown_person", name: "pedro", similar: [] });
    await screen.flush();
    assertEquals(paper.lines.length, lines);
    assert(paper.lines.every((line) => columns === undefined || line.length <= 30));
    assertEquals(
      paper.lines.map((line) => line.trim()).join(" "),
      "✗ Não há ninguém chamado “pedro” na sala. Digite “lista” para ver quem está.",
    );
  }
});

Deno.test("PlainScreen and JsonScreen ignore an invitation that rings", async () => {
  const paper = new Paper();
  await using screen = plain(paper);
  await using json = new JsonScreen({ quiet: false, write: paper.write, input: input() });
  for (const each of [screen, json]) each.status({ ringing: "in", name: "maria", seconds: 3 });
  await Promise.all([screen.flush(), json.flush()]);
  assertEquals(paper.text, "");
});

Deno.test("PlainScreen uses colours only with that option", async () => {
  for (const colour of [true, false]) {
    const paper = new Paper();
    await using screen = plain(paper, { colour });
    for (const event of EVERY_EVENT) screen.show(event);
    await screen.flush();
    assertEquals(paper.text.includes("\x1b["), colour);
  }
});

Deno.test("PlainScreen reads commands until the input ends", async () => {
  await using screen = plain(new Paper(), { input: input("ligar maria\r\nsair") });
  assertEquals(await Array.fromAsync(screen.lines), ["ligar maria", "sair"]);
  assertEquals(screen.interactive, false);
});

for (const kind of ["PlainScreen", "JsonScreen"] as const) {
  Deno.test(`${kind} lets no control characters through`, async () => {
    const paper = new Paper();
    await using screen = kind === "PlainScreen"
      ? plain(paper)
      : new JsonScreen({ quiet: false, write: paper.write, input: input() });
    const events = hostileEvents(7, 20);
    for (const event of events) screen.show(event);
    await screen.flush();
    assert(paper.lines.length >= events.length);
    for (const line of paper.lines) assert(!UNSAFE.test(line), JSON.stringify(line));
  });

  Deno.test(`${kind} ends its lines and says so when nobody reads what it writes`, async () => {
    const write = (): Promise<void> => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
    const endless = new ReadableStream<Uint8Array>();
    await using screen = kind === "PlainScreen"
      ? plain(new Paper(), { write, input: endless })
      : new JsonScreen({ quiet: false, write, input: endless });
    const lines = Array.fromAsync(screen.lines);
    screen.show({ event: "registry_lost" });
    await screen.broken;
    assertEquals(await lines, []);
    screen.show({ event: "closed" });
    await screen.flush();
  });
}

Deno.test("JsonScreen writes each event with its own fields as a line", async () => {
  const paper = new Paper();
  await using screen = new JsonScreen({ quiet: false, write: paper.write, input: input(), now: () => NOON });
  for (const event of EVERY_EVENT) screen.show(event);
  await screen.flush();
  const time = NOON.toISOString();
  assertEquals(paper.lines.map((line) => JSON.parse(line)), EVERY_EVENT.map((event) => ({ time, ...event })));
  assert(paper.lines.every((line) => line.startsWith(`{"time":"${time}","event":"`)));
});

Deno.test("JsonScreen writes text that parses back unchanged", async () => {
  const paper = new Paper();
  await using screen = new JsonScreen({ quiet: false, write: paper.write, input: input() });
  const text = "\x1b[2J\x9b\u202e\u2028\r\n\u{e0041}joão";
  screen.show({ event: "unknown_command", text, similar: [] });
  await screen.flush();
  assertEquals(JSON.parse(paper.text).text, text);
});

Deno.test("JsonScreen leaves out messages with quiet", async () => {
  const paper = new Paper();
  await using screen = new JsonScreen({ quiet: true, write: paper.write, input: input() });
  screen.show(MESSAGE);
  screen.show({ event: "closed" });
  await screen.flush();
  assertEquals(paper.lines.map((line) => JSON.parse(line).event), ["closed"]);
});

Deno.test("JsonScreen writes the state of a call once a second, and at once in each call", async () => {
  const paper = new Paper();
  let now = NOON.getTime();
  await using screen = new JsonScreen({
    quiet: false,
    write: paper.write,
    input: input(),
    now: () => new Date(now),
  });
  for (let seconds = 0; seconds < 3; seconds += 0.2, now += 200) screen.status({ ...STATUS, seconds });
  screen.status(undefined);
  screen.status({ ...STATUS, name: "pedro", seconds: 0 });
  await screen.flush();
  const events = paper.lines.map((line) => JSON.parse(line));
  assertEquals(events.map(({ event, name, seconds }) => [event, name, Math.round(seconds)]), [
    ["status", "maria", 0],
    ["status", "maria", 1],
    ["status", "maria", 2],
    ["status", "pedro", 0],
  ]);
  assertStringIncludes(paper.lines[0] ?? "", '"microphoneDb":-18,"speakerDb":-20,"muted":false}');
});
