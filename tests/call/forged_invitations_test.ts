import { assert, assertEquals } from "@std/assert";
import { moreOrLess } from "../../testing/everything.ts";
import { CallManager } from "../../lib/call/call_manager.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";
import { DatagramDemux } from "../../lib/transport/datagram_demux.ts";
import { fixedPolicy, fixedToken } from "./fixed_policy.ts";
import { type Phone, Room, UNEVEN } from "./room.ts";

const ATTACKER = { ip: "192.0.2.66", port: 6666 };
type Forged = { readonly from: Endpoint; readonly message: CallMessage };

function forged(count: number, ip: string, porta: number): CallMessage {
  const chamada = `forjada-${count}`.padEnd(22, "-");
  return { tipo: "convite", chamada, nome: `n${count}`, ip, porta, midia: "opus/48000/1" };
}

/** An address that differs for each number, over the whole range of 10.0.0.0/8. */
const anyAddress = (count: number) => {
  const scattered = Math.imul(count, 0x9e3779b1) >>> 8;
  return `10.${scattered >> 16 & 255}.${scattered >> 8 & 255}.${scattered & 255}`;
};

const FLOODS: Readonly<Record<string, readonly [share: number, (count: number) => Forged]>> = {
  "from one address": [
    1,
    (count) => ({ from: ATTACKER, message: forged(count, ATTACKER.ip, 1 + count % 60_000) }),
  ],
  "from one address, naming many": [
    1,
    (count) => ({ from: ATTACKER, message: forged(count, anyAddress(count), 6000) }),
  ],
  "from one network of IPv6": [1, (count) => {
    const ip = `2001:db8:66::${(count & 0xffff).toString(16)}`;
    return { from: { ip, port: 6000 }, message: forged(count, ip, 6000) };
  }],
  "from many addresses": [0.9, (count) => {
    const ip = anyAddress(count);
    return { from: { ip, port: 6000 }, message: forged(count, ip, 6000) };
  }],
  "from many addresses, in the caller's name": [0.9, (count) => {
    const ip = anyAddress(count);
    return { from: { ip, port: 6000 }, message: { ...forged(count, ip, 6000), nome: "João" } as CallMessage };
  }],
};

/** Floods from where the caller is. */
const SHARED: typeof FLOODS = {
  "from the caller's own address": [
    0.9,
    (count) => ({ from: { ip: CALLER, port: 7000 }, message: forged(count, CALLER, 1 + count % 60_000) }),
  ],
  "from the caller's network of IPv6": [0.9, (count) => {
    const ip = `2001:db8::${(0x100 + count & 0xffff).toString(16)}`;
    return { from: { ip, port: 6000 }, message: forged(count, ip, 6000) };
  }],
};
const CALLER = "192.0.2.1";

/** Each is a flood of 14 s. */
const SEEDS = moreOrLess(20, 10);

/** Whether João's invitation rings at Maria's while forged ones come, 1,000 a second. */
function getsThrough(seed: number, flood: (count: number) => Forged, accepts: boolean): boolean {
  const room = new Room(seed, { ...UNEVEN, loss: { kind: "random", probability: 0.05 } });
  const ip = flood(0).from.ip.includes(":") ? "2001:db8::1" : CALLER;
  const [joao, maria] = [room.phone("João", "preferred", { ip, port: 6000 }), room.phone("Maria")];
  maria.demux = new DatagramDemux(room.random);
  if (accepts) maria.onInvitation = () => maria.accept();
  let count = seed * 100_000;
  const attack = (now: number): void => {
    const { from, message } = flood(count++);
    maria.deliver(now, maria.registered, from, message);
    if (now < 13_000 && !through()) room.timeline.at(now + 1, attack);
  };
  const through = () => {
    const { current } = maria.manager;
    return current?.peer.ip === joao.registered.ip && current.addressValidated;
  };
  room.timeline.at(0, attack);
  room.timeline.at(1_500 + 1_000 * room.random(), () => joao.invite(maria));
  room.run(14_000);
  return through() && (!accepts || joao.told.includes("started"));
}

for (const [what, [share, flood]] of Object.entries({ ...FLOODS, ...SHARED })) {
  Deno.test(`honest invitations get through while 1,000 forged ones a second come ${what}`, () => {
    const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
    const through = seeds.filter((seed) => getsThrough(seed, flood, seed % 2 === 0));
    assert(through.length >= share * seeds.length, `${through.length} of ${seeds.length}`);
  });
}

/** Two phones, the second one of which rings for a forged invitation. */
function ringing(seed = 1): { room: Room; joao: Phone; maria: Phone } {
  const room = new Room(seed, { name: "perfect", baseDelayMs: 5 });
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  maria.deliver(0, maria.registered, ATTACKER, forged(1, ATTACKER.ip, ATTACKER.port));
  assertEquals(maria.told, ["invitation n1"]);
  return { room, joao, maria };
}

Deno.test("64 forged invitations do not make a phone unreachable", () => {
  const { room, joao, maria } = ringing();
  for (let count = 2; count < 66; count++) {
    maria.deliver(0, maria.registered, ATTACKER, forged(count, `198.51.100.${count}`, 6000));
  }
  joao.invite(maria);
  room.run(100);
  assertEquals(joao.told, ["ringing"]);
  assertEquals(maria.told, ["invitation n1", "withdrawn", "busy_rejected n1", "invitation João"]);
});

Deno.test("an invitation that rings unproved gives way to one whose address is proved; that one does not", () => {
  const { room, joao, maria } = ringing();
  joao.invite(maria);
  room.run(100);
  assertEquals(maria.told.slice(1), ["withdrawn", "busy_rejected n1", "invitation João"]);
  const pedro = room.phone("Pedro");
  pedro.invite(maria);
  room.run(200);
  assertEquals([pedro.told, maria.told.at(-1)], [["rejected"], "busy_rejected Pedro"]);
  maria.accept();
  room.run(300);
  assertEquals(maria.told.at(-1), "started");
  assertEquals(joao.told, ["ringing", "started"]);
});

Deno.test("a forged invitation that a phone accepts by itself gives way, too", () => {
  const { room, joao, maria } = ringing();
  maria.onInvitation = () => maria.accept();
  maria.accept();
  joao.invite(maria);
  room.run(200);
  assertEquals(joao.told, ["ringing", "started"]);
  assertEquals(maria.manager.current?.peer.name, "João");
});

/** Messages that a manager gives to send to an address, with `motivo` if there is one. */
function sentTo(manager: CallManager, ip: string): string[] {
  return manager.drain().flatMap((output) =>
    output.kind !== "send" || output.to.ip !== ip
      ? []
      : ["motivo" in output.message ? output.message.motivo : output.message.tipo]
  );
}

Deno.test("a phone of an older protocol, which proves nothing, rings when nothing else does", () => {
  const old = { ip: "192.0.2.5", port: 6000 };
  for (const end of ["refused", "withdrawn", "missed", "accepted"]) {
    const manager = new CallManager(fixedPolicy("preferred"));
    const receive = (now: number, message: CallMessage, from: Endpoint) =>
      manager.handleMessage(now, message, from, "registered");
    receive(0, forged(1, ATTACKER.ip, 1), ATTACKER);
    // Missed after 30 s.
    const at = end === "missed" ? 25_000 : 1_000;
    receive(at, forged(2, old.ip, old.port), old);
    assertEquals(sentTo(manager, old.ip), ["tocando"]);
    if (end === "refused") manager.hangUp(at + 1_000);
    if (end === "withdrawn") {
      const { chamada } = forged(1, ATTACKER.ip, 1);
      receive(at + 1_000, { tipo: "encerrar_ligação", chamada }, ATTACKER);
    }
    if (end === "accepted") {
      manager.accept(at + 500);
      receive(
        at + 1_000,
        { tipo: "confirmação", chamada: forged(1, "", 0).chamada, prova: fixedToken(1) },
        ATTACKER,
      );
    }
    if (end === "missed") manager.tick(30_000);
    if (end === "accepted") {
      assertEquals([manager.current?.state, manager.current?.peer.name], ["talking", "n1"]);
      assert(
        manager.drain().some(({ kind }) => kind === "busy_rejected") === false,
        "not before 1.5 s: held back",
      );
      manager.tick(at + 3_000);
      assertEquals(sentTo(manager, old.ip), ["ocupado"]);
    } else {
      assertEquals([manager.current?.state, manager.current?.peer.name], ["ringing", "n2"], end);
      assertEquals(manager.drain().filter(({ kind }) => kind === "invitation").length, 1);
    }
  }
});

Deno.test("a caller who proves nothing for 10 s while another one rings hears that the person is busy, and nobody else does", () => {
  const old = { ip: "192.0.2.5", port: 6000 };
  const manager = new CallManager(fixedPolicy("preferred"));
  manager.handleMessage(0, forged(1, ATTACKER.ip, 1), ATTACKER, "registered");
  manager.handleMessage(1, forged(2, old.ip, old.port), old, "registered");
  manager.drain();
  for (let now = 100; now < 10_000; now += 100) manager.tick(now);
  assertEquals(sentTo(manager, old.ip), []);
  manager.tick(10_001);
  assertEquals(sentTo(manager, old.ip), ["ocupado"]);
  assertEquals(manager.current?.peer.name, "n1");
});

Deno.test("the person is told of few callers that may be made up", () => {
  const { room, joao, maria } = ringing();
  joao.invite(maria);
  room.run(100);
  for (let count = 2; count < 500; count++) {
    maria.deliver(100 + count, maria.registered, ATTACKER, forged(count, anyAddress(count), 6000));
  }
  assert(maria.told.filter((words) => words.startsWith("busy_rejected")).length <= 12);
});

/** A phone rings for João, whose address is validated, and an invitation in his name comes from another phone. */
function inTheSameName(
  place: Endpoint,
  members?: Room["members"],
): { room: Room; joao: Phone; other: Phone; maria: Phone } {
  const room = new Room(1, { name: "perfect", baseDelayMs: 5 });
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  const other = room.phone("joão", "preferred", place);
  room.members = members ??
    (() => [joao, maria].map(({ name, registered }) => ({ nome: name, ...registered })));
  joao.invite(maria);
  room.run(100);
  other.invite(maria);
  room.run(300);
  return { room, joao, other, maria };
}

Deno.test("a stranger with an address and somebody's name does not take the place of that person's ringing call", () => {
  const { room, joao, other, maria } = inTheSameName(ATTACKER);
  assertEquals(maria.told, ["invitation João", "busy_rejected joão"]);
  assertEquals([joao.told, other.told.at(-1)], [["ringing"], "rejected"]);
  maria.accept();
  room.run(400);
  assertEquals([joao.told.at(-1), maria.manager.current?.peer.ip], ["started", joao.registered.ip]);
});

Deno.test("without a registry, that stranger waits, and hears that the person is busy", () => {
  const room = new Room(1, { name: "perfect", baseDelayMs: 5 });
  const [joao, maria] = [room.phone("João"), room.phone("Maria")];
  const other = room.phone("João", "preferred", ATTACKER);
  room.members = () => [];
  maria.manager.handleRoom = () => {};
  joao.invite(maria);
  room.run(100);
  other.invite(maria);
  room.run(9_000);
  assertEquals(maria.told, ["invitation João"]);
  room.run(11_000);
  assertEquals([maria.told.at(-1), other.told.at(-1), joao.told], ["busy_rejected João", "rejected", [
    "ringing",
  ]]);
});

Deno.test("a caller whose phone has started again, or is at another address by the registry, rings in place of the call before", () => {
  const elsewhere = { ip: "198.51.100.7", port: 6000 };
  const moved = () => [{ nome: "joão", ip: elsewhere.ip }];
  for (
    const { joao, other, maria } of [
      inTheSameName({ ip: "192.0.2.1", port: 6001 }),
      inTheSameName(elsewhere, moved),
    ]
  ) {
    assertEquals(maria.told, ["invitation João", "withdrawn", "invitation joão"]);
    assertEquals([joao.told.at(-1), other.told], ["rejected", ["ringing"]]);
  }
});
