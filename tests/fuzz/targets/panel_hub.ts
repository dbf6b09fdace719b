/** The registry's panel: lines of phones, hostile copies among them, at any time. */

import { assert, assertEquals } from "@std/assert";
import { Hub } from "../../../lib/panel/hub.ts";
import { isHash } from "../../../lib/trace/redact.ts";
import type { LadderMessage } from "../../../lib/trace/ladder.ts";
import { type FuzzTarget, jsonSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

const NAMES = ["joão", "maria", "eva"];

const COPY = {
  ...{ sentido: "enviada", idade: 12, porta: 6000, outro: { ip: "192.0.2.2", porta: 6000 }, bytes: 100 },
  mensagem: { tipo: "convite", chamada: "AAAAAAAA", nome: "joão", prova: "BBBBBBBB" },
};
const RECEIVED = { ...COPY, sentido: "recebida", outro: { ip: "192.0.2.1", porta: 6000 } };
const SAMPLE = {
  ...{ chamada: "AAAAAAAA", idade: 3, porta: 6000, outro: { ip: "192.0.2.2", porta: 6000 } },
  ...{ perda: 1, variacao: 2, ida_e_volta: 3, qualidade: 4 },
};

/** A name that a message of the ladder gives to one of its ends must be that of the phone there. */
function assertNamed({ from, to, transport }: LadderMessage): void {
  for (const { name, ip } of [from, to]) {
    if (name === undefined) continue;
    assert(NAMES.includes(name), "a name of the table");
    if (transport === "UDP") assertEquals(ip, `192.0.2.${NAMES.indexOf(name) + 1}`, "at its own address");
  }
}

/** Each line of the input is one of a phone: they take turns, 100 ms apart. */
export const panelHub: FuzzTarget = {
  name: "panel_hub",
  seeds: jsonSeeds(
    { tipo: "rastro", mensagens: [COPY, { ...COPY, idade: 7 }], omitidas: 3 },
    { tipo: "rastro", mensagens: [RECEIVED], medidas: [SAMPLE] },
    { tipo: "consulta", nome: "maria" },
    {
      tipo: "resposta_desafio",
      nonce: "ICEiIyQlJicoKSorLC0uLw",
      prova: "K3b92hE2AQLqj_svFj9yMtI0D2vo-OY6vgyoBRN4w98",
    },
  ),
  tokens: [
    ...[
      "\n",
      "rastro",
      "mensagens",
      "medidas",
      "omitidas",
      "mensagem",
      "recebida",
      "encerrar_ligação",
      "confirmação",
    ],
    ...[
      "resposta_ao_convite",
      "aceito",
      "40001",
      "192.0.2.1",
      "192.0.2.3",
      "::1",
      "ligação_encerrada",
      "tocando",
    ],
  ],
  run(input) {
    const hub = new Hub({ version: "1", epoch: "e", key: new Uint8Array(32) });
    const phones = NAMES.map((nome, index) => ({ nome, ip: `192.0.2.${index + 1}`, porta: 6000 }));
    const peers = phones.map(({ ip }) => ({ ip, port: 50_000 }));
    let now = 1e12;
    for (const [index, person] of phones.entries()) {
      hub.handleLine(now, person, peers[index]!, "received", JSON.stringify({ tipo: "registro", ...person }));
      hub.handleJoined(now, person, person);
    }
    const ladder: LadderMessage[] = [];
    const lines = decoder.decode(input).split("\n");
    for (const [index, line] of lines.entries()) {
      hub.handleLine(now, phones[index % 3]!, peers[index % 3]!, "received", line);
      now += 100;
      hub.tick(now);
      ladder.push(...hub.drain().flatMap(({ batch }) => batch.messages));
    }
    for (let ticks = 0; hub.wakeAt < Infinity && ticks < 2000; ticks++) {
      hub.tick(now = Math.max(now, hub.wakeAt));
    }
    assertEquals(hub.wakeAt, Infinity, "the hub comes to rest");
    const { messages, people, samples } = hub.snapshot(now).snapshot;
    assertEquals(people.map(({ name, activity }) => [name, activity]), NAMES.map((name) => [name, "free"]));
    assertEquals(messages.map(({ number }) => number), messages.map((_, index) => index + 1));
    for (const message of messages) {
      assertNamed(message);
      assert(message.at <= now && message.transmission >= 1);
      if (message.transport === "UDP") {
        assert(isHash(message.call) && isHash(JSON.parse(message.text).chamada), "nothing but hashes");
      }
    }
    for (const { lossPercent, jitterMs } of samples) assert(lossPercent <= 100 && jitterMs >= 0);
    const kinds = messages.map(({ transport, type, fate }) => `${transport}${type.length}${fate}`);
    return { events: lines.length, came: `${[...new Set(kinds)].sort().slice(0, 6)} ${samples.length}` };
  },
};
