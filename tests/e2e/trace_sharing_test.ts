import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Endpoint } from "../../lib/protocol/address.ts";
import type { Person } from "../../lib/protocol/registry_messages.ts";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import { LiveFeed } from "../../lib/panel/live_feed.ts";
import type { CallSample, LadderMessage } from "../../lib/trace/ladder.ts";
import type { RegistryObserver } from "../../lib/registrar/observer.ts";
import { type RegistryServer, startRegistry } from "../../lib/registrar/server.ts";
import { startRegistry as startRegistryProcess, type ToolProcess } from "../../testing/processes.ts";
import { EVERYTHING, startPhone } from "./phones.ts";

/** A registry with a panel in this process, and all that goes over its wires. */
class PanelRoom implements RegistryObserver, AsyncDisposable {
  readonly feed = new LiveFeed();
  /** Every line that a phone sent, by connection. */
  readonly lines = new Map<object, string[]>();
  readonly names = new Map<object, string>();
  /** What a page makes of the batches. */
  readonly ladder: LadderMessage[] = [];
  readonly samples: CallSample[] = [];
  people: readonly PanelPerson[] = [];
  readonly #server: RegistryServer;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#server = startRegistry({ host: "127.0.0.1", port: 0, observer: this });
    this.feed.listening({ ip: "127.0.0.1", port: this.port });
    this.feed.subscribe(({ batch }) => {
      for (const message of batch.messages) this.ladder[message.number - 1] = message;
      for (const { number, fate } of batch.fates) {
        this.ladder[number - 1] = { ...this.ladder[number - 1]!, fate };
      }
      this.samples.push(...batch.samples);
      this.people = batch.people ?? this.people;
      for (const check of this.#waiting) check();
    });
  }

  get port(): number {
    return this.#server.port;
  }

  handleLine(connection: object, peer: Endpoint, direction: "received" | "sent", text: string): void {
    if (direction === "received") {
      this.lines.set(connection, [...this.lines.get(connection) ?? [], text]);
    }
    this.feed.handleLine(connection, peer, direction, text);
  }

  handleJoined(connection: object, person: Person): void {
    this.names.set(connection, person.nome);
    this.feed.handleJoined(connection, person);
  }

  handleLeft(connection: object): void {
    this.feed.handleLeft(connection);
  }

  /** Settles when the panel shows what `is` wants. */
  async shown(is: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (is()) resolve();
    };
    this.#waiting.add(check);
    check();
    await promise;
    this.#waiting.delete(check);
  }

  /** Settles when the panel shows that people do this, as `joão in_call maria`. */
  doing(...doings: readonly string[]): Promise<void> {
    return this.shown(() => {
      const all = this.people.map(({ name, activity, with: other }) =>
        `${name} ${activity} ${other ?? ""}`.trim()
      );
      return doings.every((doing) => all.includes(doing));
    });
  }

  /** Lines of copies of the phone of this name. */
  tracesOf(name: string): string[] {
    return [...this.lines].filter(([connection]) => this.names.get(connection) === name)
      .flatMap(([, lines]) => lines).filter((line) => line.startsWith('{"tipo":"rastro"'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    this.feed[Symbol.dispose]();
  }
}

/** The values of all security fields of the call messages that a phone printed. */
function secretsOf(phone: ToolProcess): Set<string> {
  const fields = ["chamada", "prova", "chave", "selo", "compromisso", "cruzamento"];
  const messages = phone.events("message").filter(({ transport }) => transport === "UDP")
    .map(({ text }) => JSON.parse(text as string) as Record<string, unknown>);
  return new Set(
    messages.flatMap((message) => fields.map((field) => message[field])).filter((value) =>
      typeof value === "string"
    ),
  );
}

/** Every type of call message of the ladder once, with its ends, in order. */
function story(ladder: readonly LadderMessage[]): string[] {
  const all = ladder.filter(({ transport }) => transport === "UDP").map(({ from, to, type, text }) => {
    const { resposta, motivo } = JSON.parse(text);
    return [from.name ?? "?", to.name ?? "?", type, motivo ?? resposta ?? ""].join(" ").trim();
  });
  // A busy machine may repeat what was not answered within 0.25 s.
  return [...new Set(all)];
}

/** Asserts that nothing that protects the calls of these phones has come to the registry or is on the panel. */
function assertNoSecret(room: PanelRoom, phones: readonly ToolProcess[]): void {
  const sent = [...room.lines.values()].flat().join("\n");
  const panel = JSON.stringify([room.ladder, room.samples, room.feed.snapshot()]);
  for (const phone of phones) {
    const secrets = secretsOf(phone);
    assertGreater(secrets.size, 2);
    for (const secret of secrets) {
      assert(!sent.includes(secret), `a phone sent ${secret}`);
      assert(!panel.includes(secret), `the panel shows ${secret}`);
    }
  }
}

Deno.test("a phone sends copies of a call without what protects it, and one with --no-trace-sharing sends none", async () => {
  await using room = new PanelRoom();
  await using joao = await startPhone(room.port, "joão", ["--answer", "accept"]);
  await using carla = await startPhone(room.port, "carla", ["--no-trace-sharing"]);
  await joao.waitForEvent("trace_shared", ({ port }) => port === room.port);
  await carla.type("ligar joão");
  await carla.waitForEvent("call_started");
  await room.doing("joão in_call carla", "carla in_call joão");
  await carla.type("desligar");
  await joao.waitForEvent("call_ended");
  await room.doing("joão free", "carla free");
  for (const phone of [joao, carla]) {
    await phone.type("sair");
    assertEquals(await phone.exitCode(), 0);
  }
  await room.shown(() => story(room.ladder).length >= 6);
  assertEquals(story(room.ladder), [
    "carla joão convite",
    "joão carla tocando",
    "joão carla resposta_ao_convite aceito",
    "carla joão confirmação",
    "carla joão encerrar_ligação",
    "joão carla ligação_encerrada",
  ]);
  assertNoSecret(room, [joao, carla]);
  assertGreater(room.tracesOf("joão").length, 1);
  assertEquals(room.tracesOf("carla"), []);
  assertEquals(carla.events("trace_shared"), []);
});

Deno.test("registry --panel asks phones for copies, which both print with --show-pings only", async () => {
  for (const [option, printed] of [["--lang=pt", false], ["--show-pings", true]] as const) {
    await using registry = await startRegistryProcess(["--panel", "0", option]);
    await using joao = await startPhone(registry.port, "joão", [option]);
    await joao.waitForEvent("trace_shared");
    await joao.type("sair");
    assertEquals(await joao.exitCode(), 0);
    await registry.process.waitForEvent("left");
    for (const tool of [joao, registry.process]) {
      const texts = tool.events("message").map(({ text }) => text as string);
      assert(texts.some((text) => text.includes('"rastro":true')));
      assertEquals(texts.includes('{"tipo":"rastro"}'), printed);
    }
  }
});

Deno.test({
  name: "five phones' calls are on the panel in order, and nothing that protects them leaves a phone",
  ignore: !EVERYTHING,
  fn: async () => {
    await using room = new PanelRoom();
    const start = (name: string, ...args: string[]) =>
      startPhone(room.port, name, ["--mic", "tone", ...args]);
    await using joao = await start("joão");
    await using maria = await start("maria");
    await using ana = await start("ana");
    await using pedro = await start("pedro", "--answer", "reject");
    await using carla = await start("carla", "--no-trace-sharing");
    for (const phone of [joao, maria, ana, pedro]) await phone.waitForEvent("trace_shared");
    await room.doing("joão free", "maria free", "ana free", "pedro free", "carla free");

    await joao.type("ligar maria");
    await maria.waitForEvent("invitation");
    await room.doing("joão inviting maria", "maria ringing joão");
    await maria.type("aceitar");
    await room.doing("joão in_call maria", "maria in_call joão");
    await ana.type("ligar maria");
    await ana.waitForEvent("rejected", ({ reason }) => reason === "ocupado");
    await ana.type("ligar pedro");
    await ana.waitForEvent("rejected", ({ reason }) => reason === "recusado");
    await room.shown(() =>
      ["joão", "maria"].every((name) => room.samples.some((sample) => sample.name === name))
    );
    await maria.type("desligar");
    await room.doing("joão free", "maria free");
    await carla.type("ligar joão");
    await joao.waitForEvent("invitation");
    await room.doing("carla inviting joão", "joão ringing carla");
    await carla.type("desligar");
    await joao.waitForEvent("invitation_withdrawn");
    for (const phone of [joao, maria, ana, pedro, carla]) {
      await phone.type("sair");
      assertEquals(await phone.exitCode(), 0);
    }
    await room.shown(() =>
      room.people.length === 0 && room.ladder.filter(({ type }) => type === "fechamento").length === 5
    );

    assertEquals(story(room.ladder), [
      "joão maria convite",
      "maria joão tocando",
      "maria joão resposta_ao_convite aceito",
      "joão maria confirmação",
      "ana maria convite",
      "maria ana resposta_ao_convite ocupado",
      "ana maria confirmação",
      "ana pedro convite",
      "pedro ana tocando",
      "pedro ana resposta_ao_convite recusado",
      "ana pedro confirmação",
      "maria joão encerrar_ligação",
      "joão maria ligação_encerrada",
      "carla joão convite",
      "joão carla tocando",
      "carla joão encerrar_ligação",
      "joão carla ligação_encerrada",
    ]);
    const shared = room.ladder.filter(({ transport, from, to }) =>
      transport === "UDP" && from.name !== "carla" && to.name !== "carla"
    );
    assertEquals(shared.filter(({ fate }) => fate !== "received"), [], "on loopback nothing is lost");
    assertEquals(new Set(shared.map(({ call }) => call)).size, 3);
    const times = room.ladder.map(({ at }) => at);
    assert(times.every((at, index) => index === 0 || at >= times[index - 1]! - 1000), "in the order of time");
    const [sample] = room.samples;
    assert(sample && [sample.name, sample.with].toSorted().join() === "joão,maria", JSON.stringify(sample));
    assertEquals(sample.lossPercent, 0);
    assertGreater(sample.mos ?? 0, 3);

    assertNoSecret(room, [joao, maria, ana, pedro, carla]);
    for (const name of ["joão", "maria", "ana", "pedro"]) assertGreater(room.tracesOf(name).length, 1);
    assertEquals(room.tracesOf("carla"), []);
  },
});
