import { moreOrLess } from "../../testing/everything.ts";
import { assert, assertEquals } from "@std/assert";
import type { InvitationMessage } from "../../lib/call/call.ts";
import { CallManager } from "../../lib/call/call_manager.ts";
import { CROSSING_PATIENCE_MS, crossingProof, MAX_CROSSING } from "../../lib/call/crossing.ts";
import type { Encryption } from "../../lib/call/encryption_policy.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { type CallMessage, encodeCallMessage, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import type { Condition } from "../../testing/netem/impairment.ts";
import { fixedKeyPair, fixedPolicy } from "./fixed_policy.ts";
import { AWFUL, idFrom, isVoice, PERFECT, Room, UNEVEN } from "./room.ts";

const OWN = "m".repeat(22);
const [SMALLER, LARGER] = ["a".repeat(22), "z".repeat(22)];
const MARIA = { name: "Maria", ip: "192.0.2.2", port: 40000 };
const JOAO = { name: "João", ip: "192.0.2.1", port: 6000 };
/** Another socket of João's host: that of his own call, or of somebody else who uses that host. */
const JOAOS_HOST = { ip: JOAO.ip, port: 40001 };
const ELSEWHERE = { ip: "192.0.2.66", port: 40001 };

/** Maria's phone, which invites João, and what it sent and told. */
class Inviting {
  readonly manager: CallManager;
  readonly invitation: InvitationMessage;
  readonly told: string[] = [];
  sent: string[] = [];
  now = 0;

  constructor(encryption: Encryption = "preferred") {
    this.manager = new CallManager(fixedPolicy(encryption));
    this.manager.invite(0, OWN, MARIA, JOAO);
    const [first] = this.manager.drain();
    assert(first?.kind === "send" && first.message.tipo === "convite");
    this.invitation = first.message;
  }

  get state(): string {
    const call = this.manager.current;
    return call ? `${call.id === OWN ? "own" : "other"} ${call.state}` : "free";
  }

  receive(message: CallMessage, from: Endpoint = JOAOS_HOST): void {
    // As it comes from the wire.
    const parsed = parseCallMessage(encodeCallMessage(message));
    assert("message" in parsed);
    this.manager.handleMessage(this.now, parsed.message, from, "registered");
    this.#drain();
  }

  pass(untilMs: number): void {
    while (this.manager.wakeAt <= untilMs) {
      this.now = this.manager.wakeAt;
      this.manager.tick(this.now);
      this.#drain();
    }
    this.now = untilMs;
  }

  #drain(): void {
    for (const output of this.manager.drain()) {
      if (output.kind === "send") {
        const { message } = output;
        const words = [message.chamada === OWN ? "own" : "other", "motivo" in message ? message.motivo : ""];
        const answer = "resposta" in message ? message.resposta : message.tipo;
        this.sent.push([words[0], answer, words[1]].filter(Boolean).join(" "));
      } else if (output.kind === "notice") {
        this.told.push("reason" in output.notice ? output.notice.reason : output.notice.kind);
      } else if (!["release", "forgotten", "room_wanted"].includes(output.kind)) this.told.push(output.kind);
    }
  }
}

/** An invitation with João's name. */
function joaos(chamada: string, more: Partial<InvitationMessage> = {}): InvitationMessage {
  const place = { ip: JOAOS_HOST.ip, porta: JOAOS_HOST.port };
  return { tipo: "convite", chamada, nome: "João", ...place, midia: "opus/48000/1", ...more };
}

const compromisso = "A".repeat(43);
const GUESSES: Readonly<Record<string, Partial<InvitationMessage>>> = {
  "no proof": {},
  "a guessed proof": { cruzamento: "A".repeat(43) },
  "the proof of another call": { cruzamento: crossingProof({ chamada: SMALLER }, { chamada: LARGER }) },
  "a proof without her commitment": {
    cruzamento: crossingProof({ chamada: SMALLER }, { chamada: OWN }),
  },
};

for (const encryption of ["preferred", "required"] as const) {
  for (const [what, more] of Object.entries(GUESSES)) {
    Deno.test(`no crossing invitation takes a call over, encryption ${encryption}: ${what}`, () => {
      for (const state of ["inviting", "proceeding"]) {
        for (const chamada of [SMALLER, LARGER]) {
          for (const nome of ["João", "JOÃO", "Joa\u0303o"]) {
            const maria = new Inviting(encryption);
            if (state === "proceeding") maria.receive({ tipo: "tocando", chamada: OWN }, JOAO);
            const before = maria.told.length;
            for (const repeat of [0, 250, 750, 1_750]) {
              maria.pass(repeat);
              maria.receive(joaos(chamada, { nome, compromisso, ...more }));
            }
            assertEquals(maria.state, `own ${state}`);
            assert(!maria.sent.some((words) => words.startsWith("other")), "the proof may still come");
            maria.pass(CROSSING_PATIENCE_MS);
            assertEquals(maria.sent.filter((words) => words.startsWith("other")), [
              "other rejeitado ocupado",
            ]);
            assertEquals(maria.told.slice(before), ["busy_rejected"]);
            assertEquals(maria.state, `own ${state}`);
            // The true call goes on.
            const answer = { tipo: "resposta_ao_convite", chamada: OWN, resposta: "aceito" } as const;
            maria.receive({ ...answer, chave: fixedKeyPair(9).publicKey }, JOAO);
            assertEquals(maria.state, "own talking");
          }
        }
      }
    });
  }
}

Deno.test("an invitation with the proof, but from or for another address than the registry's, is a second caller's", () => {
  const maria = () => new Inviting();
  const cruzamento = crossingProof({ chamada: SMALLER }, maria().invitation);
  for (
    const [more, from] of [
      [{ ip: ELSEWHERE.ip }, JOAOS_HOST],
      [{}, ELSEWHERE],
      [{ ip: ELSEWHERE.ip }, ELSEWHERE],
      [{ nome: "Pedro" }, JOAOS_HOST],
    ] as const
  ) {
    const phone = maria();
    phone.receive(joaos(SMALLER, { cruzamento, ...more }), from);
    assertEquals([phone.state, phone.sent, phone.told], [
      "own inviting",
      ["other rejeitado ocupado"],
      ["busy_rejected"],
    ]);
  }
});

Deno.test("an invitation that crosses and proves it is accepted or ignored, by the smaller `chamada`", () => {
  for (const encryption of ["off", "preferred", "required"] as const) {
    for (const [chamada, state] of [[SMALLER, "other accepting"], [LARGER, "own inviting"]] as const) {
      const maria = new Inviting(encryption);
      const offer = encryption === "off" ? {} : { compromisso };
      maria.receive(joaos(chamada, offer));
      assertEquals([maria.state, maria.sent], ["own inviting", ["own convite"]], "repeated with its proof");
      const cruzamento = crossingProof({ chamada }, maria.invitation);
      maria.receive(joaos(chamada, { ...offer, cruzamento }));
      assertEquals([maria.state, maria.told], [state, ["crossed"]]);
      maria.pass(CROSSING_PATIENCE_MS);
      assert(!maria.sent.some((words) => words.includes("ocupado")));
    }
  }
});

Deno.test("a phone of an older protocol that crosses ends in one call or in two that are busy", () => {
  // Its own is larger: it withdraws it and accepts.
  const one = new Inviting("off");
  one.receive(joaos(LARGER));
  one.receive({ tipo: "encerrar_ligação", chamada: LARGER });
  one.receive({ tipo: "resposta_ao_convite", chamada: OWN, resposta: "aceito" }, JOAO);
  one.pass(CROSSING_PATIENCE_MS);
  assertEquals([one.state, one.told], ["own talking", ["started"]]);

  // Its own is smaller: it waits for an answer and ignores Maria's.
  const two = new Inviting("off");
  two.receive(joaos(SMALLER));
  two.pass(CROSSING_PATIENCE_MS);
  assertEquals(two.sent.filter((words) => words.startsWith("other")), ["other rejeitado ocupado"]);
  two.pass(120_000);
  assertEquals([two.state, two.told], ["free", ["busy_rejected", "ocupado"]]);
  assert(two.manager.idle && two.manager.wakeAt === Infinity);
});

Deno.test("a flood of invitations that might cross is held in bounds, and disturbs nothing", () => {
  const maria = new Inviting();
  const names = Array.from({ length: 100 }, (_, index) => `forjada-${index}`.padEnd(22, "-"));
  for (const chamada of names) maria.receive(joaos(chamada));
  // One answer each, to the address that the registry gave.
  assertEquals(maria.sent, names.map(() => "own convite"));
  const cruzamento = crossingProof({ chamada: SMALLER }, maria.invitation);
  maria.receive(joaos(SMALLER, { cruzamento, compromisso }));
  assertEquals(maria.state, "other accepting");
  assert(maria.manager.size <= 2 + MAX_CROSSING);
});

/** Two people invite each other while somebody on João's host sends Maria invitations in his name. */
function cross(
  seed: number,
  condition: Condition,
  encryption: Encryption,
  apartMs: number,
  attack = false,
): Room {
  const room = new Room(seed, condition);
  const [joao, maria] = [room.phone("João", encryption), room.phone("Maria", encryption)];
  for (const phone of [joao, maria]) phone.onInvitation = () => phone.accept();
  maria.invite(joao);
  // Before hers can arrive, or perhaps not.
  room.timeline.at(room.random() * apartMs, () => !joao.manager.current && joao.invite(maria));
  const { ip } = joao.registered;
  for (let at = 1; attack && at < 3_000; at += 100) {
    const forged = joaos(`0${idFrom(room.random)}`.slice(0, 22), { ip, porta: 7777, compromisso });
    room.timeline.at(at, () => room.send(maria.registered, { ip, port: 7777 }, forged));
  }
  room.onSent = (to, _, datagram) => {
    assert(
      to.port !== 7777 || !isVoice(datagram) && !("resposta" in datagram && datagram.resposta === "aceito"),
    );
  };
  room.run(45_000);
  return room;
}

for (const attack of [false, true]) {
  const what = attack ? "while a stranger on one of their hosts takes part" : "on a network that loses 30 %";
  Deno.test(`two people who invite each other end in one call, ${what}`, () => {
    let [connected, rooms] = [0, 0];
    for (let seed = 0; seed < moreOrLess(300, 100); seed++) {
      for (const encryption of ["off", "required"] as const) {
        const room = attack
          ? cross(seed, { ...UNEVEN, baseDelayMs: 2 }, encryption, 2, true)
          : cross(seed, AWFUL, encryption, 200);
        const [joao, maria] = room.phones.map(({ manager }) => manager.current);
        rooms++;
        assertEquals(joao?.id, maria?.id, `seed ${seed}: one call, or none`);
        if (joao?.state === "talking" && maria?.state === "talking") connected++;
      }
    }
    assert(connected >= (attack ? 1 : 0.93) * rooms, `${connected} of ${rooms}`);
  });
}

Deno.test("people who invite each other hear no ringing", () => {
  const room = cross(1, { ...PERFECT, baseDelayMs: 5 }, "preferred", 2);
  for (const { told } of room.phones) assertEquals(told.toSorted(), ["crossed", "started"]);
});
