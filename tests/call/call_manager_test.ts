import { assert, assertEquals } from "@std/assert";
import type { Call } from "../../lib/call/call.ts";
import { CallManager, MAX_KNOWN_CALLS } from "../../lib/call/call_manager.ts";
import { type Endpoint, sameEndpoint } from "../../lib/protocol/address.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";
import type { Encryption } from "../../lib/call/encryption_policy.ts";
import { fixedKeyPair, fixedPolicy, fixedToken } from "./fixed_policy.ts";
import { AWFUL, type Datagram, DEAD, idFrom, isVoice, PERFECT, type Phone, Room, UNEVEN } from "./room.ts";
import { moreOrLess } from "../../testing/everything.ts";
import { seededRandom } from "../../testing/netem/random.ts";

Deno.test("CallManager carries a call from invitation to goodbye", () => {
  const room = new Room(1, PERFECT);
  const joao = room.phone("João");
  const maria = room.phone("Maria");
  maria.onInvitation = () => maria.accept();
  joao.invite(maria);
  room.run(5_000);
  assertEquals(joao.told, ["ringing", "started"]);
  assertEquals(maria.told, ["invitation João", "started"]);
  maria.hangUp();
  room.run(6_000);
  assertEquals(joao.told.at(-1), "ended peer_hung_up");
  assertEquals(maria.told.at(-1), "ended hung_up");
  // The invitation goes out twice: the second one echoes the token of `tocando`.
  assertEquals(new Set(joao.sent), new Set(["convite", "confirmação", "ligação_encerrada"]));
  assertEquals(new Set(maria.sent), new Set(["tocando", "resposta_ao_convite/aceito", "encerrar_ligação"]));
  assert(joao.manager.idle && maria.manager.idle);
});

Deno.test("CallManager rings anew for a caller whose phone went away while it rang", () => {
  const room = new Room(3, PERFECT);
  const [maria, joao] = [room.phone("Maria"), room.phone("João")];
  joao.invite(maria);
  room.run(100);
  // Started again, it knows nothing of its first call.
  room.phones.splice(room.phones.indexOf(joao), 1);
  const again = room.phone("joão");
  again.invite(maria);
  room.run(200);
  assertEquals(maria.told, ["invitation João", "withdrawn", "invitation joão"]);
  maria.accept();
  room.run(1000);
  assertEquals(maria.told.at(-1), "started");
  assertEquals(again.told, ["ringing", "started"]);
});

Deno.test("CallManager rejects a third caller as busy by itself, while ringing and while talking", () => {
  const room = new Room(2, PERFECT);
  const [joao, maria, pedro] = [room.phone("João"), room.phone("Maria"), room.phone("Pedro")];
  joao.invite(maria);
  room.run(100);
  pedro.invite(maria);
  room.run(200);
  assertEquals(pedro.told, ["rejected"]);
  maria.accept();
  room.run(300);
  pedro.invite(maria);
  pedro.invite(joao);
  room.run(1_000);
  assertEquals(pedro.told, ["rejected", "rejected", "rejected"]);
  assertEquals(maria.told, ["invitation João", "busy_rejected Pedro", "started", "busy_rejected Pedro"]);
  assertEquals(joao.told, ["ringing", "started", "busy_rejected Pedro"]);
});

Deno.test("CallManager times out on a phone that does not answer, with one notice", () => {
  const room = new Room(3, DEAD);
  const joao = room.phone("João");
  joao.invite(room.phone("Maria"));
  room.run(60_000);
  assertEquals(joao.told, ["no_answer"]);
  assert(joao.manager.idle);
});

Deno.test("CallManager rejects a call that rings for 30 s, and the caller learns the reason", () => {
  const room = new Room(4, PERFECT);
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  joao.invite(maria);
  room.run(60_000);
  assertEquals(joao.told, ["ringing", "rejected"]);
  assertEquals(maria.told, ["invitation João", "missed"]);
});

Deno.test("CallManager makes one call of two invitations that cross", () => {
  for (const first of [0, 1]) {
    const room = new Room(5 + first, UNEVEN);
    const pair = [room.phone("João"), room.phone("maria")] as const;
    pair[first as 0 | 1].invite(pair[1 - first as 0 | 1]);
    pair[1 - first as 0 | 1].invite(pair[first as 0 | 1]);
    room.run(5_000);
    for (const { told, manager } of pair) {
      assertEquals(manager.current?.state, "talking");
      assert(!told.some((words) => words.startsWith("invitation")), "no phone rings");
      assertEquals(told.filter((words) => words === "started").length, 1);
    }
    assertEquals(pair[0].manager.current?.id, pair[1].manager.current?.id);
  }
});

Deno.test("CallManager does not ring for an invitation that its goodbye overtook", () => {
  const room = new Room(8, PERFECT);
  const maria = room.phone("Maria");
  const from = { ip: "192.0.2.9", port: 40000 };
  const chamada = "q".repeat(22);
  maria.manager.handleMessage(0, { tipo: "encerrar_ligação", chamada }, from, "registered");
  maria.manager.handleMessage(
    1,
    { tipo: "convite", chamada, nome: "João", ip: from.ip, porta: from.port, midia: "opus/48000/1" },
    from,
    "registered",
  );
  maria.drain();
  assertEquals(maria.sent, ["ligação_encerrada"]);
  assertEquals(maria.told, []);
});

Deno.test("CallManager rejects an invitation with an unknown `midia`", () => {
  const room = new Room(9, PERFECT);
  const maria = room.phone("Maria");
  const from = { ip: "192.0.2.9", port: 40000 };
  const chamada = "q".repeat(22);
  maria.manager.handleMessage(
    1,
    { tipo: "convite", chamada, nome: "João", ip: from.ip, porta: from.port, midia: "pcmu/8000/1" },
    from,
    "registered",
  );
  maria.drain();
  assertEquals(maria.sent, ["resposta_ao_convite/rejeitado"]);
  assertEquals(maria.told, []);
});

Deno.test("CallManager keeps a bounded number of calls, whatever comes", () => {
  const manager = new CallManager(fixedPolicy("preferred"));
  const random = seededRandom(10);
  const from = { ip: "192.0.2.9", port: 40000 };
  for (let now = 0; now < 10 * MAX_KNOWN_CALLS; now++) {
    const chamada = idFrom(random);
    if (now % 2) {
      manager.handleMessage(now, { tipo: "encerrar_ligação", chamada }, from, "registered");
    } else {
      manager.handleMessage(
        now,
        { tipo: "convite", chamada, nome: `n${now}`, ip: from.ip, porta: from.port, midia: "opus/48000/1" },
        from,
        "registered",
      );
    }
    manager.drain();
  }
  assertEquals(manager.current?.peer.name, "n0", "the first one still rings");
  assert(manager.size <= MAX_KNOWN_CALLS + 1);
});

Deno.test("CallManager ends a call whose peer is lost", () => {
  const room = new Room(11, PERFECT);
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  maria.onInvitation = () => maria.accept();
  joao.invite(maria);
  room.run(2_000);
  room.network.change(DEAD);
  room.run(7_000);
  assertEquals(joao.told.at(-1), "peer_silent");
  room.network.change(PERFECT);
  room.run(9_000);
  assertEquals(joao.told.at(-1), "peer_back");
  assertEquals(joao.manager.current?.state, "talking");
  room.network.change(DEAD);
  room.run(60_000);
  assertEquals(joao.told.at(-1), "ended peer_lost");
  assertEquals(maria.told.at(-1), "ended peer_lost");
  assert(joao.manager.idle && maria.manager.idle);
});

/** A minute of people who invite, accept, refuse and hang up at random. @returns How many of them talked. */
function busyMinute(
  seed: number,
  encryption: readonly Encryption[],
  onRoom: (room: Room) => void = () => {},
): number {
  const room = new Room(seed, AWFUL);
  const phones = ["Ana", "Bia", "Caio"].map((name, index) => room.phone(name, encryption[index]));
  onRoom(room);
  for (const phone of phones) {
    phone.onInvitation = () => {
      const mood = room.random();
      if (mood < 0.6) phone.accept();
      else if (mood < 0.8) phone.hangUp();
    };
  }
  for (let action = 0; action < 30; action++) {
    const phone = phones[Math.floor(room.random() * 3)]!;
    const other = phones[(phones.indexOf(phone) + 1 + Math.floor(room.random() * 2)) % 3]!;
    room.timeline.at(room.random() * 60_000, () => {
      if (phone.manager.current) phone.hangUp();
      else phone.invite(other);
    });
  }
  room.run(60_000);
  // Then nobody does anything: invitations time out, and each call is up on both sides or on neither.
  room.run(160_000);
  for (const { manager, name } of phones) {
    const call = manager.current;
    if (!call) continue;
    assertEquals(call.state, "talking", `seed ${seed}: ${name} is stuck`);
    const other = phones.find((phone) => phone.name === call.peer.name);
    assertEquals(other?.manager.current?.id, call.id, `seed ${seed}: ${name} talks to nobody`);
  }
  for (const phone of phones) phone.hangUp();
  room.run(200_000);
  for (const { manager, name } of phones) {
    assertEquals(manager.current, undefined, `seed ${seed}: ${name} is still in a call`);
    assert(manager.idle, `seed ${seed}: ${name} still says goodbye`);
  }
  return phones.filter(({ told }) => told.includes("started")).length;
}

const EVERYBODY_ENCRYPTS = ["preferred", "preferred", "required"] as const;

Deno.test("CallManager leaves no call half open on a network that loses, duplicates and reorders", () => {
  const minutes = moreOrLess(200, 60);
  let talked = 0;
  for (let seed = 100; seed < 100 + minutes; seed++) talked += busyMinute(seed, EVERYBODY_ENCRYPTS);
  assert(talked > 1.5 * minutes, `${talked} people talked`);
});

Deno.test("CallManager leaves no call half open where some phones do not encrypt", () => {
  const minutes = moreOrLess(100, 30);
  let talked = 0;
  for (let seed = 300; seed < 300 + minutes; seed++) {
    talked += busyMinute(seed, ["off", "preferred", "required"]);
  }
  assert(talked > 0.7 * minutes, `${talked} people talked`);
});

/**
 * An attacker that sees every datagram, and replays some of them or forges messages of calls that are under way, with
 * any source and destination.
 */
function attack(room: Room, untilMs: number): void {
  const heard: { to: Endpoint; from: Endpoint; datagram: Datagram }[] = [];
  const pick = <T>(values: readonly T[]): T => values[Math.floor(room.random() * values.length)]!;
  room.onSent = (to, from, datagram) => {
    if (room.timeline.now < untilMs) heard.push({ to, from, datagram });
  };
  const attacker = fixedKeyPair(255);
  const forge = () => {
    if (heard.length > 0) {
      const { to, from, datagram } = pick(heard.slice(-200));
      const { onSent } = room;
      room.onSent = undefined;
      if (isVoice(datagram) || room.random() < 0.3) {
        room.send(to, from, datagram);
      } else {
        const { chamada } = datagram;
        const fields = [{}, { chave: attacker.publicKey }, { selo: "A".repeat(22) }, {
          prova: "B".repeat(22),
        }];
        const made = {
          ...pick<CallMessage>([
            { tipo: "tocando", chamada },
            { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
            { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "ocupado" },
            { tipo: "confirmação", chamada },
            { tipo: "encerrar_ligação", chamada },
            { tipo: "ligação_encerrada", chamada },
          ]),
          ...pick(fields),
          ...pick(fields),
        };
        room.send(pick([to, from]), pick([to, from]), made);
      }
      room.onSent = onSent;
    }
    if (room.timeline.now < untilMs) room.timeline.at(room.timeline.now + 500 * room.random(), forge);
  };
  room.timeline.at(0, forge);
}

Deno.test("CallManager leaves no call half open while an attacker forges and replays messages", () => {
  const minutes = moreOrLess(100, 30);
  let talked = 0;
  for (let seed = 400; seed < 400 + minutes; seed++) {
    talked += busyMinute(seed, EVERYBODY_ENCRYPTS, (room) => attack(room, 80_000));
  }
  assert(talked > 0.5 * minutes, `${talked} people talked`);
});

Deno.test("CallManager lets no attacker end, silence or take over an encrypted call", () => {
  for (let seed = 500; seed < 540; seed++) {
    const room = new Room(seed, {
      ...UNEVEN,
      loss: { kind: "random", probability: 0.05 },
      duplication: { probability: 0.1, laterMs: 50 },
    });
    const [joao, maria] = [room.phone("João"), room.phone("Maria")];
    maria.onInvitation = () => maria.accept();
    joao.invite(maria);
    room.run(3_000);
    assertEquals([joao.manager.current?.state, maria.manager.current?.state], ["talking", "talking"]);
    const { code } = joao.manager.current!.keys!;
    assertEquals(maria.manager.current!.keys!.code, code);
    attack(room, 60_000);
    room.run(60_000);
    assertEquals([joao.manager.current?.state, maria.manager.current?.state], ["talking", "talking"]);
    // The answer may have overtaken `tocando`.
    assertEquals(joao.told.filter((words) => words !== "ringing"), ["started"]);
    assertEquals(maria.told, ["invitation João", "started"]);
    assertEquals(joao.manager.current!.keys!.code, code);
    joao.hangUp();
    room.run(80_000);
    assertEquals(maria.told.at(-1), "ended peer_hung_up");
    assert(joao.manager.idle && maria.manager.idle);
  }
});

Deno.test("CallManager rejects or gives up a call without encryption if its policy requires encryption", () => {
  for (
    const [caller, callee, callersEnd, calleesEnd] of [
      ["required", "off", "not_encrypted", "withdrawn"],
      ["off", "required", "rejected", "unencrypted_rejected João"],
    ] as const
  ) {
    const room = new Room(12, PERFECT);
    const [joao, maria] = [room.phone("João", caller), room.phone("Maria", callee)];
    maria.onInvitation = () => maria.accept();
    joao.invite(maria);
    room.run(20_000);
    assertEquals(joao.told.at(-1), callersEnd);
    assertEquals(maria.told.at(-1), calleesEnd);
    assert(joao.manager.idle && maria.manager.idle);
  }
});

Deno.test("CallManager makes a call in the clear if only one of the two phones encrypts", () => {
  for (const [caller, callee] of [["preferred", "off"], ["off", "preferred"]] as const) {
    const room = new Room(13, PERFECT);
    const [joao, maria] = [room.phone("João", caller), room.phone("Maria", callee)];
    maria.onInvitation = () => maria.accept();
    joao.invite(maria);
    room.run(20_000);
    for (const { manager } of [joao, maria]) {
      assertEquals([manager.current?.state, manager.current?.keys], ["talking", undefined]);
    }
  }
});

Deno.test("CallManager takes the goodbye of a callee that had no keys yet", () => {
  const room = new Room(14, PERFECT);
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  maria.onInvitation = () => maria.accept();
  // The first confirmation is lost, and Maria hangs up before the second one.
  room.onSent = (_, __, datagram) => {
    if (isVoice(datagram) || datagram.tipo !== "confirmação") return;
    room.onSent = undefined;
    room.network.change(DEAD);
    room.timeline.at(room.timeline.now + 5, () => {
      maria.hangUp();
      room.network.change(PERFECT);
    });
  };
  joao.invite(maria);
  room.run(20_000);
  assertEquals(maria.told.at(-1), "ended hung_up");
  assertEquals(joao.told.at(-1), "ended peer_hung_up");
  assert(joao.manager.idle && maria.manager.idle);
});

/** Counts what a phone sends to an address while an attacker sends it messages that name that address. */
function sentTo(
  victim: Endpoint,
  untilMs: number,
  onRing: (phone: Phone) => void,
  forge: (round: number) => { message: CallMessage; from: Endpoint },
): { all: number; voice: number } {
  const room = new Room(15, PERFECT);
  const maria = room.phone("Maria");
  const counts = { all: 0, voice: 0 };
  maria.onInvitation = onRing;
  room.onSent = (to, _, datagram) => {
    if (!sameEndpoint(to, victim)) return;
    counts.all++;
    if (isVoice(datagram)) counts.voice++;
  };
  for (let at = 0; at < untilMs; at += 100) {
    room.timeline.at(at, (now) => {
      const { message, from } = forge(at / 100);
      maria.deliver(now, maria.registered, from, message);
    });
  }
  room.run(untilMs);
  return counts;
}

const VICTIM = { ip: "192.0.2.77", port: 7777 };
const ATTACKER = { ip: "192.0.2.66", port: 6666 };
const nameOf = (round: number) => `forjada-${round}`.padEnd(22, "-");
const forgedInvitation = (round: number, more = {}): CallMessage => ({
  tipo: "convite",
  chamada: nameOf(round),
  nome: `n${round}`,
  ip: VICTIM.ip,
  porta: VICTIM.port,
  midia: "opus/48000/1",
  ...more,
});

for (
  const [what, onRing, forge] of [
    [
      "one invitation",
      (phone: Phone) => phone.accept(),
      () => ({ message: forgedInvitation(0), from: ATTACKER }),
    ],
    ["many invitations", () => {}, (round: number) => ({ message: forgedInvitation(round), from: ATTACKER })],
    ["many invitations, each refused", (phone: Phone) => phone.hangUp(), (round: number) => ({
      message: forgedInvitation(round),
      from: ATTACKER,
    })],
    ["invitations with a guessed token", () => {}, (round: number) => ({
      message: forgedInvitation(0, { prova: nameOf(round) }),
      from: ATTACKER,
    })],
    [
      "invitations that offer encryption, and confirmations",
      (phone: Phone) => phone.accept(),
      (round: number) => ({
        message: round % 2
          ? {
            tipo: "confirmação",
            chamada: nameOf(round - 1),
            chave: fixedKeyPair(255).publicKey,
            selo: "A".repeat(22),
          }
          : forgedInvitation(round, { compromisso: "A".repeat(43) }),
        from: VICTIM,
      }),
    ],
    ["invitations and confirmations from elsewhere", (phone: Phone) => phone.accept(), (round: number) => ({
      message: round % 2 ? { tipo: "confirmação", chamada: nameOf(round - 1) } : forgedInvitation(round),
      from: ATTACKER,
    })],
    ["goodbyes with a forged source", () => {}, (round: number) => ({
      message: { tipo: "encerrar_ligação", chamada: nameOf(round) },
      from: VICTIM,
    })],
    ["invitations and goodbyes with a forged source", () => {}, (round: number) => ({
      message: round % 2 ? { tipo: "encerrar_ligação", chamada: nameOf(round - 1) } : forgedInvitation(round),
      from: VICTIM,
    })],
  ] as [string, (phone: Phone) => void, (round: number) => { message: CallMessage; from: Endpoint }][]
) {
  Deno.test(`CallManager sends three datagrams a minute at most and no voice to the address in ${what}`, () => {
    // The last one is left for messages that do come from that address.
    const all = sameEndpoint(forge(0).from, VICTIM) ? 3 : 2;
    assertEquals(sentTo(VICTIM, 60_000, onRing, forge), { all, voice: 0 });
  });
}

Deno.test("CallManager sends three datagrams at most to an address, whatever the ports", () => {
  const everyPort = (round: number) => ({ ...forgedInvitation(round), porta: 1 + round }) as CallMessage;
  for (const from of [VICTIM, ATTACKER]) {
    const room = new Room(15, PERFECT);
    const maria = room.phone("Maria");
    let sent = 0;
    room.onSent = () => sent++;
    for (let at = 0; at < 120_000; at += 100) {
      room.timeline.at(at, (now) => maria.deliver(now, maria.registered, from, everyPort(at / 100)));
    }
    room.run(120_000);
    assertEquals(sent, from === VICTIM ? 3 : 2);
  }
});

Deno.test("CallManager ends a call in the clear whose address was forged, though somebody elsewhere sends messages", () => {
  const room = new Room(16, PERFECT);
  const maria = room.phone("Maria");
  maria.onInvitation = () => maria.accept();
  let voiceMs = 0;
  room.onSent = (to, _, datagram) => {
    if (sameEndpoint(to, VICTIM) && isVoice(datagram)) voiceMs += 200;
  };
  const chamada = nameOf(0);
  const send = (at: number, from: Endpoint, message: CallMessage) =>
    room.timeline.at(at, (now) => maria.deliver(now, maria.registered, from, message));
  send(0, ATTACKER, forgedInvitation(0));
  send(100, VICTIM, { tipo: "confirmação", chamada });
  for (let at = 200; at < 30_000; at += 500) {
    send(at, { ...ATTACKER, port: at }, at % 1_000 ? forgedInvitation(0) : { tipo: "confirmação", chamada });
  }
  room.run(60_000);
  assertEquals(maria.told.slice(-2), ["peer_silent", "ended peer_lost"]);
  assert(voiceMs <= 10_200, `${voiceMs} ms of voice`);
});

/** Every transition in the tables of call_test.ts and encrypted_call_test.ts. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  inviting: ["proceeding", "talking", "closing", "ended"],
  proceeding: ["talking", "closing", "ended"],
  ringing: ["accepting", "rejecting", "ended"],
  accepting: ["talking", "closing", "ended"],
  rejecting: ["ended"],
  talking: ["closing", "ended"],
  closing: ["ended"],
  ended: [],
};

Deno.test("CallManager makes no other transitions than those of the tables, whatever comes", () => {
  for (let seed = 600; seed < 620; seed++) {
    const random = seededRandom(seed);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    const manager = new CallManager(fixedPolicy(pick(["off", "preferred", "required"])));
    const places = [{ ip: "192.0.2.8", port: 1 }, { ip: "192.0.2.9", port: 2 }];
    const names = ["a", "b", "c"].map((letter) => letter.repeat(22));
    const known = new Map<string, { call: Call; state: string }>();
    const watch = (call: Call) => known.set(call.id, known.get(call.id) ?? { call, state: call.state });
    const values = { chave: fixedKeyPair(200).publicKey, selo: "A".repeat(22), prova: fixedToken(1) };
    for (let now = 0; now < 100_000; now += 1 + Math.floor(random() * 200)) {
      const chamada = pick(names);
      const from = pick(places);
      const fields = Object.fromEntries(Object.entries(values).filter(() => random() < 0.3));
      const what = random();
      if (what < 0.02 && !manager.current) {
        names.push(idFrom(random));
        manager.invite(now, names.at(-1)!, { name: "n", ...places[0]! }, { name: "m", ...places[1]! });
      } else if (what < 0.05) manager.accept(now);
      else if (what < 0.07) manager.hangUp(now);
      else if (what < 0.2) manager.tick(now);
      else {
        const message = {
          ...pick<CallMessage>([
            { tipo: "convite", chamada, nome: "m", ip: from.ip, porta: from.port, midia: "opus/48000/1" },
            { tipo: "tocando", chamada },
            { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
            { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "recusado" },
            { tipo: "confirmação", chamada },
            { tipo: "encerrar_ligação", chamada },
            { tipo: "ligação_encerrada", chamada },
          ]),
          ...fields,
          ...(random() < 0.5 ? { compromisso: "A".repeat(43) } : {}),
        };
        manager.handleMessage(now, message, from, "registered");
      }
      for (const output of manager.drain()) if ("call" in output) watch(output.call);
      if (manager.current) watch(manager.current);
      for (const entry of known.values()) {
        const { state } = entry.call;
        const reachable = [entry.state, ...CHANGES[entry.state]!];
        assert(reachable.includes(state), `seed ${seed}: from ${entry.state} to ${state}`);
        entry.state = state;
      }
    }
  }
});

/** An invitation from João, at 192.0.2.1:40000. */
function invitation(chamada: string, fields: { readonly destino?: string; readonly midia?: string } = {}) {
  const place = { ip: "192.0.2.1", porta: 40000 };
  return { tipo: "convite", chamada, nome: "João", ...place, midia: "opus/48000/1", ...fields } as const;
}

/** The answer of a phone of `name` to João's invitation, after it has invited `invited`. */
function answerOf(
  name: string | undefined,
  fields: Parameters<typeof invitation>[1],
  invited?: string,
): { readonly answer: string; readonly told: readonly string[]; readonly state: string | undefined } {
  const manager = new CallManager(fixedPolicy("preferred"));
  manager.name = name;
  const self = { name: name ?? "", ip: "192.0.2.2", port: 40000 };
  const peer = { ip: "192.0.2.1", port: 6000 };
  if (invited) manager.invite(0, "m".repeat(22), self, { name: invited, ...peer });
  manager.drain();
  const from = { ip: "192.0.2.1", port: 40000 };
  manager.handleMessage(1, invitation("a".repeat(22), fields), from, "registered");
  const outputs = manager.drain();
  const answers = outputs.flatMap((output) =>
    output.kind === "send" && output.message.chamada.startsWith("a") ? [output.message] : []
  );
  const [answer] = answers.map((message) => "motivo" in message ? message.motivo : message.tipo);
  return {
    answer: answer ?? "none",
    told: outputs.map(({ kind }) => kind).filter((kind) => kind !== "send"),
    state: manager.current?.state,
  };
}

Deno.test("CallManager rejects an invitation for another person, and rings for its own in any spelling", () => {
  const other = { answer: "outra_pessoa", told: ["misdirected_rejected"], state: undefined };
  assertEquals(answerOf("Maria", { destino: "Pedro" }), other);
  // Before everything else: nothing of the invitation concerns this person.
  assertEquals(answerOf("Maria", { destino: "Pedro", midia: "g711" }), other);
  for (const destino of ["Maria", "MARIA", undefined]) {
    const rings = answerOf("Maria", destino === undefined ? {} : { destino });
    assertEquals(rings, { answer: "tocando", told: ["invitation"], state: "ringing" });
  }
  assertEquals(answerOf(undefined, { destino: "Pedro" }).answer, "tocando", "no name yet");
});

Deno.test("CallManager tells an invitation for another person from being busy and from one that crosses", () => {
  // João's invitation to Pedro reaches Maria's phone, which invites somebody else, or João.
  for (const invited of ["Ana", "João"]) {
    assertEquals(answerOf("Maria", { destino: "Pedro" }, invited), {
      answer: "outra_pessoa",
      told: ["misdirected_rejected"],
      state: "inviting",
    });
  }
  assertEquals(answerOf("Maria", { destino: "Maria" }, "Ana").answer, "ocupado");
  // It may cross, so it waits for its proof (crossing_test.ts).
  assertEquals(answerOf("Maria", { destino: "Maria" }, "João"), {
    answer: "none",
    told: [],
    state: "inviting",
  });
});

Deno.test("CallManager names the invited person, and learns that it was somebody else's phone", () => {
  const room = new Room(40, PERFECT);
  const [joao, pedro] = [room.phone("João"), room.phone("Pedro")];
  pedro.manager.name = "Pedro";
  joao.manager.invite(0, "b".repeat(22), { name: "João", ip: "192.0.2.1", port: 6000 }, {
    name: "Maria",
    ...pedro.registered,
  });
  const [sent] = joao.manager.drain();
  assert(sent?.kind === "send" && sent.message.tipo === "convite");
  assertEquals(sent.message.destino, "Maria");
  pedro.manager.handleMessage(1, sent.message, { ip: "192.0.2.1", port: 6000 }, "registered");
  const [answer] = pedro.manager.drain();
  assert(answer?.kind === "send");
  joao.manager.handleMessage(2, answer.message, pedro.registered, "b".repeat(22));
  const notices = joao.manager.drain().flatMap((output) => output.kind === "notice" ? [output.notice] : []);
  assertEquals(notices, [{ kind: "rejected", reason: "outra_pessoa" }]);
});

Deno.test("CallManager gives up an invitation that cannot be sent, at once and without a goodbye", () => {
  const manager = new CallManager(fixedPolicy("preferred"));
  const id = "c".repeat(22);
  const detail = { kind: "network_unreachable" } as const;
  manager.invite(0, id, { name: "João", ip: "192.0.2.1", port: 40000 }, {
    name: "Maria",
    ip: "192.0.2.2",
    port: 6000,
  });
  manager.drain();
  manager.handleSendFailure(1, id, detail);
  const outputs = manager.drain();
  assertEquals(outputs.map(({ kind }) => kind), ["notice", "release"]);
  assert(outputs[0]?.kind === "notice");
  assertEquals(outputs[0].notice, { kind: "unreachable", detail });
  assertEquals(manager.current, undefined);
  assert(manager.idle);
  manager.handleSendFailure(2, id, detail);
  manager.handleSendFailure(2, "unknown", detail);
  assertEquals(manager.drain(), []);
});
