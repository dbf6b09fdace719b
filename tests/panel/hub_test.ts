import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { BATCH_MS } from "../../lib/panel/hub.ts";
import { callHash } from "../../lib/trace/redact.ts";
import { holds } from "../../testing/property.ts";
import { callMessages, START, type Way, World } from "./world.ts";

const CALL = "q3mZ0b1c2d3e4f5g6h7i8w";

/** joão, who calls from port 40001, and maria. */
function couple(joaoShares = true, mariaShares = true) {
  const world = new World();
  const joao = world.join("joão", { shares: joaoShares });
  const maria = world.join("maria", { shares: mariaShares });
  const call = callMessages(CALL, "joão", joao.ip, 40001);
  const there = (afterMs: number, message: object, way: Way = {}): void =>
    world.send(afterMs, joao, maria, message, { fromPort: 40001, ...way });
  const back = (afterMs: number, message: object, way: Way = {}): void =>
    world.send(afterMs, maria, joao, message, { toPort: 40001, ...way });
  world.run(3000);
  return { world, joao, maria, call, there, back };
}

Deno.test("Hub shows a registration with the name that it gives", () => {
  const world = new World();
  world.join("joão", { shares: false });
  world.run(1000);
  const joao = { ip: "192.0.2.1", port: 50_000, name: "joão" };
  const registry = { ip: "192.0.2.100", port: 5000, registry: true } as const;
  assertEquals(
    world.ladder.map(({ from, to, type, transport, fate }) => ({ from, to, type, transport, fate })),
    [
      { from: joao, to: registry, type: "registro", transport: "TCP", fate: "received" },
      { from: registry, to: joao, type: "registro_confirmado", transport: "TCP", fate: "received" },
    ],
  );
  const [first] = world.ladder;
  assertEquals([first!.number, first!.at, first!.transmission, first!.call], [1, START, 1, undefined]);
  assertEquals(first!.text, '{"tipo":"registro","nome":"joão","ip":"192.0.2.1","porta":6000}');
  assertEquals(first!.bytes, new TextEncoder().encode(first!.text).length + 1);
  assertEquals(world.people, [
    { name: "joão", ip: "192.0.2.1", port: 6000, activity: "free", since: START, shares: false },
  ]);
});

Deno.test("Hub leaves pings and copies out of the ladder, and shows what is no message without its text", () => {
  const world = new World();
  const joao = world.join("joão");
  const peer = { ip: joao.ip, port: 1 };
  for (const text of ['{"tipo":"ping"}', '{"tipo":"pong","id":1}', '{"tipo":"rastro"}']) {
    world.hub.handleLine(world.now, joao.connection, peer, "received", text);
  }
  world.hub.handleLine(world.now, joao.connection, peer, "received", "GET /segredo HTTP/1.1");
  world.hub.handleLine(world.now, joao.connection, peer, "received", "");
  world.run(1000);
  assertEquals(world.ladder.slice(2).map(({ type, text, bytes }) => [type, text, bytes]), [
    ["", "", 22],
    ["", "", 0],
  ]);
});

Deno.test("Hub makes one message of both copies, and the whole call of two phones", () => {
  const { world, call, there, back } = couple();
  there(0, call.invite);
  back(5, call.ring);
  world.run(1000);
  assertEquals(world.doings, ["joão inviting maria", "maria ringing joão"]);
  back(0, call.accept);
  there(5, call.confirm);
  world.run(1000);
  assertEquals(world.doings, ["joão in_call maria", "maria in_call joão"]);
  back(0, call.hangUp);
  there(5, call.goodbye);
  world.run(1000);
  assertEquals(world.doings, ["joão free", "maria free"]);
  assertEquals(world.datagrams, [
    "joão→maria convite received",
    "maria→joão tocando received",
    "maria→joão resposta_ao_convite received",
    "joão→maria confirmação received",
    "maria→joão encerrar_ligação received",
    "joão→maria ligação_encerrada received",
  ]);
  const invite = world.ladder.find(({ type }) => type === "convite")!;
  assertEquals([invite.at, invite.call, invite.from.port, invite.to.port], [
    START + 3000,
    call.hash,
    40001,
    6000,
  ]);
  assert(!JSON.stringify([world.ladder, world.people]).includes(CALL));
});

Deno.test("Hub marks retransmissions, and what the other phone does not report within 2 s as lost", () => {
  const { world, call, there, back } = couple();
  there(0, call.invite, { lost: true });
  there(250, call.invite);
  back(255, call.ring);
  there(750, call.invite);
  back(755, call.ring, { lost: true });
  world.run(1500);
  assertEquals(world.datagrams, [
    "joão→maria convite unknown",
    "joão→maria convite 2 received",
    "maria→joão tocando received",
    "joão→maria convite 3 received",
    "maria→joão tocando 2 unknown",
  ]);
  world.run(2000);
  assertEquals(world.datagrams, [
    "joão→maria convite lost",
    "joão→maria convite 2 received",
    "maria→joão tocando received",
    "joão→maria convite 3 received",
    "maria→joão tocando 2 lost",
  ]);
  assertEquals(world.hub.snapshot(world.now).snapshot.messages, world.ladder);
});

Deno.test("Hub does not call lost what the other phone may have left out, or got before it shared copies", () => {
  const { world, joao, maria, call, there } = couple();
  there(0, call.invite, { lost: true });
  world.at(100, () => maria.batcher!.handleLeftOut(world.now, 1));
  world.run(3000);
  assertEquals(world.datagrams, ["joão→maria convite unknown"]);
  assertEquals(world.people.find(({ name }) => name === "maria")!.leftOut, 1);
  const eva = world.join("eva", { shares: false });
  world.send(0, joao, eva, call.ring);
  world.at(500, () => world.line(eva, {}));
  world.send(1000, joao, eva, call.ring, { lost: true });
  world.run(5000);
  assertEquals(world.datagrams.slice(1), ["joão→eva tocando unknown", "joão→eva tocando 2 lost"]);
});

Deno.test("Hub does not know what reached a phone that shares nothing, and names it all the same", () => {
  const { world, call, there, back } = couple(true, false);
  there(0, call.invite);
  back(5, call.ring);
  world.run(4000);
  assertEquals(world.datagrams, ["joão→maria convite unknown", "maria→joão tocando received"]);
  assertEquals(world.doings, ["joão inviting maria", "maria ringing joão"]);
  back(0, call.accept);
  there(5, call.confirm);
  world.run(1000);
  assertEquals(world.doings, ["joão in_call maria", "maria in_call joão"]);
  there(0, call.hangUp);
  world.run(1000);
  assertEquals(world.doings, ["joão free", "maria free"]);
});

Deno.test("Hub recognises a caller who shares nothing by the invitation, if it comes from that person's address", () => {
  const { world, joao, maria, call, there, back } = couple(false, true);
  there(0, call.invite);
  back(5, call.ring);
  there(900, call.hangUp);
  world.run(800);
  assertEquals(world.doings, ["joão inviting maria", "maria ringing joão"]);
  world.run(1000);
  assertEquals(world.datagrams, [
    "joão→maria convite received",
    "maria→joão tocando unknown",
    "joão→maria encerrar_ligação received",
  ]);
  const forged = callMessages("forged-invitation-1", "joão", "192.0.2.66", 7000).invite;
  world.copy(maria, "received", maria.port, { ip: "192.0.2.66", port: 7000 }, forged);
  world.run(1000);
  assertEquals(world.datagrams.at(-1), "192.0.2.66:7000→maria convite received");
  assertEquals(joao.batcher, undefined);
});

Deno.test("Hub gives no name to what a phone that shares copies has not sent", () => {
  const { world, maria, joao, call } = couple();
  // From joão's very address, with his name: a listener on his network, or maria's invention.
  world.copy(maria, "received", maria.port, { ip: joao.ip, port: joao.port }, call.invite);
  world.copy(maria, "sent", maria.port, { ip: joao.ip, port: 40001 }, call.ring);
  world.run(1900);
  assertEquals(world.datagrams, ["maria→192.0.2.1:40001 tocando unknown"]);
  world.run(1000);
  assertEquals(world.datagrams[1], "192.0.2.1:6000→maria convite received");
  assertEquals(world.doings[0], "joão free");
});

Deno.test("Hub takes copies only for the phone's own address, and not for ports of others", () => {
  const world = new World();
  const joao = world.join("joão", { ip: "127.0.0.1" });
  const eva = world.join("eva", { ip: "127.0.0.1", port: 6001 });
  const target = { ip: "127.0.0.1", port: 6002 };
  const say = (phone: typeof joao, port: number, tipo: string) =>
    world.copy(phone, "sent", port, target, { tipo, chamada: CALL });
  say(joao, 40001, "convite");
  world.run(300);
  // joão's registered port, and that of his call.
  say(eva, 6000, "encerrar_ligação");
  say(eva, 40001, "encerrar_ligação");
  // A call of two others.
  say(eva, 6001, "confirmação");
  world.run(2000);
  assertEquals(world.datagrams, ["joão→127.0.0.1:6002 convite unknown"]);
  assertEquals(world.people.map(({ name, leftOut }) => [name, leftOut]), [["joão", undefined], ["eva", 3]]);
});

Deno.test("Hub takes nothing from a connection without a name, nor what may hold a secret", () => {
  const world = new World();
  const peer = { ip: "192.0.2.7", port: 50_000 };
  const mensagem = { tipo: "tocando", chamada: callHash(CALL) };
  const copy = {
    sentido: "enviada",
    idade: 0,
    porta: 6000,
    outro: { ip: "192.0.2.8", porta: 1 },
    bytes: 9,
    mensagem,
  };
  world.hub.handleLine(
    world.now,
    {},
    peer,
    "received",
    JSON.stringify({ tipo: "rastro", mensagens: [copy] }),
  );
  const joao = world.join("joão");
  world.line(joao, { mensagens: [{ ...copy, mensagem: { ...mensagem, selo: "uX5cdbFE9jLg-jEDSPVXIw" } }] });
  world.line(joao, { mensagens: [{ ...copy, idade: -1 }], medidas: [7] });
  world.run(1000);
  assertEquals(world.datagrams, []);
  assertEquals(world.people[0]!.leftOut, 3);
});

Deno.test("Hub lets no phone crowd out others: neither by copies nor by lines", () => {
  const world = new World();
  const joao = world.join("joão");
  const eva = world.join("eva");
  world.send(0, joao, eva, { tipo: "confirmação", chamada: CALL });
  world.run(1000);
  for (let second = 0; second < 600; second++) {
    for (let index = 0; index < 40; index++) {
      const message = { tipo: "confirmação", chamada: callHash(`${second} ${index}`) };
      world.line(eva, {
        mensagens: [
          ...[{
            sentido: "enviada",
            idade: 0,
            porta: 6000,
            outro: { ip: "192.0.2.9", porta: 1 },
            bytes: 9,
            mensagem: message,
          }],
        ],
      });
      world.hub.handleLine(world.now, eva.connection, { ip: "", port: 1 }, "received", '{"tipo":"lista"}');
    }
    world.run(1000);
  }
  const { messages } = world.hub.snapshot(world.now).snapshot;
  assertLessOrEqual(messages.length, 5000);
  assertEquals(messages[0]!.from.name, "joão");
  assertEquals(messages.filter(({ from, to }) => from.name === "joão" && to.name === "eva").length, 1);
  assertGreater(world.people[1]!.leftOut ?? 0, 600 * 50);
});

Deno.test("Hub forgets no call for forged invitations", () => {
  const { world, maria, call, there, back } = couple();
  there(0, call.invite);
  back(5, call.ring);
  for (let index = 0; index < 100; index++) {
    world.at(100 * index + 100, () => {
      const source = { ip: "192.0.2.66", port: 7000 };
      const { invite } = callMessages(`forged-invitation-${index}`, "eva", source.ip, source.port);
      world.copy(maria, "received", maria.port, source, invite);
    });
  }
  world.run(12_000);
  assertEquals(world.doings, ["joão inviting maria", "maria ringing joão"]);
});

Deno.test("Hub gives figures of calls, and sees by them that a call goes on after the registry was away", () => {
  const { world, joao, maria, call, there, back } = couple();
  there(0, call.invite);
  back(5, call.accept);
  there(10, call.confirm);
  world.run(1000);
  const sample = { call: call.hash, lossPercent: 1, jitterMs: 2, roundTripMs: 3, mos: 4 };
  const measure = (afterMs: number): void => {
    world.at(afterMs, () => {
      joao.batcher!.handleSample(world.now, { ...sample, ownPort: 40001, other: maria });
      maria.batcher!.handleSample(world.now, {
        ...sample,
        ownPort: 6000,
        other: { ip: joao.ip, port: 40001 },
      });
    });
  };
  for (let ms = 0; ms < 30_000; ms += 2000) measure(ms);
  world.run(30_000);
  assertEquals(world.doings, ["joão in_call maria", "maria in_call joão"]);
  const since = world.people[0]!.since;
  const { at: _, ...first } = world.samples[0]!;
  assertEquals(first, { ...sample, name: "joão", with: "maria" });
  assertEquals(world.samples.length, 30);
  world.leave(joao);
  world.run(500);
  assertEquals(world.doings, ["maria in_call joão"]);
  const again = world.join("joão", { ip: joao.ip });
  world.run(500);
  assertEquals(world.doings, ["maria in_call joão", "joão free"]);
  again.batcher!.handleSample(world.now, { ...sample, ownPort: 40001, other: maria });
  world.run(500);
  assertEquals(world.doings, ["maria in_call joão", "joão in_call maria"]);
  assertEquals(world.people[1]!.since, since);
  // Neither says anything any more.
  world.run(20_000);
  assertEquals(world.doings, ["maria free", "joão free"]);
});

Deno.test("Hub ends invitations of which nothing more is heard, and forgets everything in time", () => {
  const { world, call, there } = couple();
  there(0, call.invite);
  world.run(1000);
  assertEquals(world.doings, ["joão inviting maria", "maria free"]);
  world.run(60_000);
  assertEquals(world.doings, ["joão free", "maria free"]);
  world.run(120_000);
  assertEquals(world.hub.wakeAt, Infinity);
});

/** What may happen to a call of two phones, and what both do in the end. */
const STORIES: readonly (readonly [string, (story: ReturnType<typeof couple>) => void, string[]])[] = [
  ["is rejected", ({ call, there, back }) => {
    there(0, call.invite);
    back(5, call.ring);
    back(500, call.reject);
    there(505, call.confirm);
  }, ["joão free", "maria free"]],
  ["is withdrawn", ({ call, there, back }) => {
    there(0, call.invite);
    back(5, call.ring);
    there(500, call.hangUp);
    back(505, call.goodbye);
  }, ["joão free", "maria free"]],
  ["is withdrawn, and the goodbye lost", ({ call, there, back }) => {
    there(0, call.invite);
    back(5, call.ring);
    there(500, call.hangUp, { lost: true });
  }, ["joão free", "maria ringing joão"]],
  ["is accepted, and the confirmation lost", ({ call, there, back }) => {
    there(0, call.invite);
    back(5, call.accept);
    there(10, call.confirm, { lost: true });
  }, ["joão in_call maria", "maria ringing joão"]],
  ["is accepted, and the answer lost", ({ call, there, back }) => {
    there(0, call.invite);
    back(5, call.accept, { lost: true });
  }, ["joão inviting maria", "maria ringing joão"]],
  [
    "has begun, and a goodbye is forged, which maria does not acknowledge",
    ({ call, there, back, world, maria, joao }) => {
      there(0, call.invite);
      back(5, call.accept);
      there(10, call.confirm);
      world.at(500, () =>
        world.copy(maria, "received", 6000, { ip: joao.ip, port: 40001 }, {
          ...call.hangUp,
          selo: "forged",
        }));
    },
    ["joão in_call maria", "maria in_call joão"],
  ],
  ["is over, and a late ring comes", ({ call, there, back }) => {
    there(0, call.invite);
    there(100, call.hangUp);
    back(200, call.ring);
    back(205, call.goodbye);
    back(300, call.ring);
  }, ["joão free", "maria free"]],
];

for (const [what, tell, doings] of STORIES) {
  Deno.test(`Hub knows what people do when a call ${what}`, () => {
    const story = couple();
    tell(story);
    story.world.run(2000);
    assertEquals(story.world.doings, doings);
  });
}

Deno.test("Hub keeps order and names when a phone leaves right after its last message", () => {
  const { world, joao, call, there, back } = couple();
  there(0, call.invite);
  back(5, call.ring);
  there(10, call.hangUp);
  back(15, call.goodbye);
  world.run(20);
  world.leave(joao);
  world.run(3000);
  assertEquals(world.datagrams, [
    "joão→maria convite received",
    "maria→joão tocando received",
    "joão→maria encerrar_ligação received",
    "maria→joão ligação_encerrada received",
  ]);
});

Deno.test("Hub gives a page that was away what it missed, or says that it needs a snapshot", () => {
  const { world, call, there } = couple();
  const { id, snapshot } = world.hub.snapshot(world.now);
  assertEquals(world.hub.since(id), []);
  there(0, call.invite, { lost: true });
  world.run(5000);
  const missed = world.hub.since(id)!;
  assertEquals(missed.flatMap(({ batch }) => batch.messages).map(({ type }) => type), ["convite"]);
  assertEquals(missed.flatMap(({ batch }) => batch.fates), [{
    number: snapshot.messages.length + 1,
    fate: "lost",
  }]);
  assertEquals(missed.at(-1)!.id, world.hub.snapshot(world.now).id);
  assertEquals(world.hub.since(missed[0]!.id)!.length, missed.length - 1);
  const strange = [
    "",
    "e",
    "e-",
    "e--1",
    "e-1.5",
    "e-NaN",
    "e-1e9",
    "f-1",
    "1",
    `${missed.at(-1)!.id}1`,
    "__proto__",
  ];
  for (const strangeId of strange) assertEquals(world.hub.since(strangeId), undefined, strangeId);
});

Deno.test("Hub gives at most ten batches a second, and nothing where nothing happens", () => {
  const { world, joao, maria } = couple();
  for (let ms = 0; ms < 10_000; ms += 5) {
    world.at(
      ms,
      () => world.copy(joao, "sent", 6000, maria, { tipo: "confirmação", chamada: `call-of-${ms}-ms-later` }),
    );
  }
  const from = world.batchTimes.length;
  world.run(10_000);
  const times = world.batchTimes.slice(from);
  for (let index = 1; index < times.length; index++) {
    assert(times[index]! - times[index - 1]! >= BATCH_MS - 0.001);
  }
  world.run(200_000);
  assertEquals(world.hub.wakeAt, Infinity);
});

/** A message between two of five phones, its transmissions, and what becomes of each. */
const anyMessage = fc.record({
  from: fc.nat(4),
  to: fc.nat(4),
  at: fc.nat(5000),
  transmissions: fc.array(
    fc.record({
      lost: fc.boolean(),
      delayMs: fc.integer({ min: 1, max: 120 }),
      arrivals: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});
const anyHistory = fc.array(anyMessage, { maxLength: 25 });
const anySharing = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });

type History = typeof anyHistory extends fc.Arbitrary<infer H> ? H : never;

/** Plays a history. @returns What the ladder must be, and is. */
function play(history: History, sharing: readonly boolean[], lineDelays: readonly (readonly number[])[]) {
  const world = new World();
  const phones = sharing.map((shares, index) =>
    world.join(`p${index}`, { shares, lineDelays: lineDelays[index] ?? [0] })
  );
  world.run(3000);
  const begin = world.now;
  const truth: { at: number; arrivedAt: number; text: string; from: number; to: number; key: string }[] = [];
  for (const [index, { from, to, at, transmissions }] of history.entries()) {
    const [sender, receiver] = [phones[from]!, phones[to]!];
    if (from === to) continue;
    for (const [k, way] of transmissions.entries()) {
      // No two at one moment: which is first, nobody could tell.
      const sentAt = at + 300 * k + index / 100;
      world.send(
        sentAt,
        sender,
        receiver,
        { tipo: "encerrar_ligação", chamada: CALL, motivo: `${index}` },
        way,
      );
      const known = sharing[from] ? "sent" : sharing[to] && !way.lost ? "received" : undefined;
      if (!known) continue;
      const fate = sharing[to] ? (way.lost ? "lost" : "received") : "unknown";
      truth.push({
        at: begin + (known === "sent" ? sentAt : sentAt + way.delayMs),
        arrivedAt: way.lost ? Infinity : begin + sentAt + way.delayMs,
        text: `p${from}→p${to} ${index} ${fate}`,
        ...{ from, to, key: `${index} ${k + 1}` },
      });
    }
  }
  world.run(15_000);
  const ladder = world.ladder.filter(({ transport }) => transport === "UDP").map((message) => ({
    at: message.at,
    number: message.number,
    key: `${JSON.parse(message.text).motivo} ${message.transmission}`,
    text: `${message.from.name}→${message.to.name} ${JSON.parse(message.text).motivo} ${message.fate}`,
  }));
  return { truth, ladder, world };
}

/**
 * A history in which it can be told what happened: a doubled datagram may also be a retransmission that arrived, if one is lost, or
 * if nobody says what was sent.
 */
function distinct(history: History, sharing: readonly boolean[]): History {
  return history.map((message) => {
    const clear = sharing[message.from] && !message.transmissions.some(({ lost }) => lost);
    const once = ({ lost, delayMs }: Way & { lost: boolean; delayMs: number }) => ({
      lost,
      delayMs,
      arrivals: 1,
    });
    return clear ? message : { ...message, transmissions: message.transmissions.map(once) };
  });
}

Deno.test("Hub's ladder is the true history, whatever is lost, doubled and delayed, and whoever shares", () => {
  holds(fc.property(anyHistory, anySharing, (history, sharing) => {
    const { truth, ladder, world } = play(distinct(history, sharing), sharing, []);
    const expected = truth.sort((a, b) => a.at - b.at).map(({ text }) => text);
    assertEquals(ladder.map(({ text }) => text), expected);
    assertEquals(world.hub.snapshot(world.now).snapshot.messages, world.ladder);
  }));
});

Deno.test("Hub's ladder keeps causes before effects when copies come late, in any interleaving", () => {
  // With a way of 80 ms and the 250 ms of a phone, copies are there before their message is shown.
  const anyDelays = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }), {
    minLength: 5,
    maxLength: 5,
  });
  const all = [true, true, true, true, true];
  const quick = anyHistory.map((history) =>
    distinct(history, all).map((message) => ({
      ...message,
      at: message.at / 4,
      transmissions: message.transmissions.map((way) => ({ ...way, delayMs: Math.min(way.delayMs, 80) })),
    }))
  );
  holds(fc.property(quick, anyDelays, (history, delays) => {
    const { truth, ladder } = play(history, all, delays);
    assertEquals(ladder.map(({ text }) => text).toSorted(), truth.map(({ text }) => text).toSorted());
    const shownAt = new Map(ladder.map(({ key, at }) => [key, at]));
    assertEquals(shownAt.size, truth.length, "transmissions are counted");
    for (const cause of truth) {
      for (const effect of truth) {
        const sameSender = cause.from === effect.from && cause.at + 0.1 < effect.at;
        const answered = cause.to === effect.from && cause.arrivedAt + 0.2 < effect.at;
        if (!sameSender && !answered) continue;
        assert(shownAt.get(cause.key)! < shownAt.get(effect.key)!, `${cause.text} before ${effect.text}`);
      }
    }
  }));
});
