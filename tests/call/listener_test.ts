import { assertEquals } from "@std/assert";
import type { Call } from "../../lib/call/call.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import { CallManager } from "../../lib/call/call_manager.ts";
import { fixedKeyPair, fixedPolicy } from "./fixed_policy.ts";
import { isVoice, PERFECT, Room } from "./room.ts";

/** Somebody who reads all and sends from an address of their own, or from another port of the callee's host. */
const LISTENERS: readonly Endpoint[] = [{ ip: "192.0.2.66", port: 6000 }, { ip: "192.0.2.2", port: 6001 }];
const chave = fixedKeyPair(255).publicKey;

const FASTER: Readonly<Record<string, (chamada: string) => CallMessage>> = {
  "aceito with a key": (chamada) => ({ tipo: "resposta_ao_convite", chamada, resposta: "aceito", chave }),
  "aceito without a key": (chamada) => ({ tipo: "resposta_ao_convite", chamada, resposta: "aceito" }),
  "tocando with a wrong prova": (chamada) => ({ tipo: "tocando", chamada, prova: "A".repeat(22) }),
  "encerrar_ligação": (chamada) => ({ tipo: "encerrar_ligação", chamada }),
};

for (const [what, forge] of Object.entries(FASTER)) {
  Deno.test(`a listener does not answer in the callee's place: ${what}`, () => {
    for (const encryption of ["off", "preferred", "required"] as const) {
      for (const from of LISTENERS) {
        const room = new Room(1, PERFECT);
        const [joao, maria] = [room.phone("João", encryption), room.phone("Maria", encryption)];
        maria.onInvitation = () => room.timeline.at(room.timeline.now + 2_000, () => maria.accept());
        let seen: { to: Endpoint; chamada: string } | undefined;
        room.onSent = (_, sender, datagram) => {
          if (isVoice(datagram) || datagram.tipo !== "convite" || seen) return;
          seen = { to: sender, chamada: datagram.chamada };
          // Before the callee's phone can, and all the time until she accepts.
          for (let at = 0; at < 1_500; at += 300) {
            room.timeline.at(at, (now) => joao.deliver(now, seen!.to, from, forge(seen!.chamada)));
          }
        };
        joao.invite(maria);
        room.run(4_000);
        const codes = [joao, maria].map(({ manager }) => manager.current as Call | undefined);
        assertEquals(codes.map((call) => call?.state), ["talking", "talking"], `${encryption} ${from.ip}`);
        assertEquals(codes[0]?.keys?.code, codes[1]?.keys?.code);
        assertEquals(joao.told, ["ringing", "started"]);
      }
    }
  });
}

Deno.test("a callee of IPv6 answers from another address of its /64, but from no other network or port", () => {
  const registered = { ip: "2001:db8::2", port: 6000 };
  for (
    const [ip, port, answers] of [
      ["2001:db8::abcd", 6000, true],
      ["2001:db8::abcd", 6001, false],
      ["2001:db8:0:1::2", 6000, false],
      ["192.0.2.2", 6000, false],
    ] as const
  ) {
    const manager = new CallManager(fixedPolicy("off"));
    const chamada = "c".repeat(22);
    manager.invite(0, chamada, { name: "João", ip: "2001:db8::1", port: 40000 }, {
      name: "Maria",
      ...registered,
    });
    manager.handleMessage(
      1,
      { tipo: "resposta_ao_convite", chamada, resposta: "aceito" },
      { ip, port },
      chamada,
    );
    assertEquals(manager.current?.state, answers ? "talking" : "inviting", `${ip} ${port}`);
  }
});
