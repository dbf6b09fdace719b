import { assert, assertEquals } from "@std/assert";
import type { Encryption } from "../../lib/call/encryption_policy.ts";
import { moreOrLess } from "../../testing/everything.ts";
import type { Condition } from "../../testing/netem/impairment.ts";
import { PERFECT, Room } from "./room.ts";

const LOSSY: Condition = {
  name: "30 % loss",
  loss: { kind: "random", probability: 0.3 },
  baseDelayMs: 5,
  jitter: { kind: "uniform", maximumMs: 20, keepsOrder: true },
};
const OUTAGE_MS = 4_000;

/** The ways that are closed: to the caller, to the callee, both at once, or one after the other. */
const OUTAGES = ["back", "forth", "both", "in turn"] as const;

/**
 * João calls Maria, who accepts after some time.
 *
 * @param outage The way that is closed for 4 s, from a time around the invitation or the answer on; none if undefined.
 * @returns Whether both talk.
 */
function connects(
  seed: number,
  condition: Condition,
  encryption: Encryption,
  outage?: typeof OUTAGES[number],
): boolean {
  const room = new Room(seed, condition);
  const [joao, maria] = [room.phone("João", encryption), room.phone("Maria", encryption)];
  // At once, like a phone that accepts by itself, or later.
  const acceptsAfterMs = room.random() < 0.5 ? 0 : 8_000 * room.random();
  maria.onInvitation = () => room.timeline.at(room.timeline.now + acceptsAfterMs, () => maria.accept());
  const [first, second] = [0, 1].map(() => -OUTAGE_MS + (OUTAGE_MS + 6_000) * room.random()) as [
    number,
    number,
  ];
  const within = (now: number, start: number) => now >= start && now < start + OUTAGE_MS;
  room.closed = ({ ip }, _, now) => {
    const back = ip === maria.registered.ip;
    if (outage === "both") return within(now, first);
    if (outage === "in turn") return within(now, back ? first : second);
    return outage !== undefined && (outage === "back") === back && within(now, first);
  };
  joao.invite(maria);
  room.run(30_000);
  return [joao, maria].every(({ manager }) => manager.current?.state === "talking");
}

function share(condition: Condition, outage?: typeof OUTAGES[number]): number {
  let connected = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    if (connects(seed, condition, seed % 2 ? "off" : "required", outage)) connected++;
  }
  return connected / SEEDS;
}

const SEEDS = moreOrLess(600, 200);

Deno.test("nine calls in ten and more connect on a network that loses 30 %", () => {
  const connected = share(LOSSY);
  assert(connected > 0.95, `${connected}`);
});

for (
  const [outage, alone, lossy] of [
    ["back", 1, 0.82],
    ["forth", 1, 0.93],
    ["both", 1, 0.89],
    ["in turn", 0.98, 0.79],
  ] as const
) {
  Deno.test(`calls connect though the way is closed for 4 s: ${outage}`, () => {
    const connected = share(PERFECT, outage);
    assert(connected >= alone, `${connected}`);
    // Three datagrams, each lost in 30 %, and some of them in the outage.
    const throughLoss = share(LOSSY, outage);
    assert(throughLoss >= lossy, `with loss, ${throughLoss}`);
  });
}

Deno.test("people of one address who call at the same moment ring or hear that the person is busy", () => {
  for (const callers of [2, 10, 30]) {
    const room = new Room(callers, { ...PERFECT, baseDelayMs: 5 });
    const maria = room.phone("Maria");
    const class_ = Array.from(
      { length: callers },
      (_, index) => room.phone(`aluno ${index}`, "preferred", { ip: "198.51.100.7", port: 6000 + index }),
    );
    for (const phone of class_) phone.invite(maria);
    room.run(1_000);
    const told = class_.map(({ told }) => told.at(-1));
    assertEquals(told.filter((words) => words === "ringing").length, 1);
    assertEquals(told.filter((words) => words === "rejected").length, callers - 1);
  }
});
