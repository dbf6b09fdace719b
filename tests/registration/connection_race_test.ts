import { assert, assertEquals } from "@std/assert";
import type { ConnectFailure, PlaceFailure } from "../../lib/registration/connect_failure.ts";
import { ConnectionRace, type RaceParts } from "../../lib/registration/connection_race.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

/** How an address behaves: a failure, or how long it takes to connect and to answer, in ms. */
type Behaviour = PlaceFailure | { readonly connectMs: number; readonly answerMs: number };

/** Registries in a test's time, which connect and answer as a test says. */
class Registries {
  readonly clock = new FakeClock("by advance");
  readonly log: string[] = [];
  readonly #names: Readonly<Record<string, readonly string[]>>;
  readonly #behaviours: Record<string, Behaviour>;
  readonly closing = new AbortController();
  /** What a connection has said that is no answer. */
  heard: Readonly<Record<string, PlaceFailure>> = {};

  constructor(behaviours: Record<string, Behaviour>, names: Record<string, readonly string[]> = {}) {
    this.#behaviours = behaviours;
    this.#names = names;
  }

  /** An address behaves otherwise from now on. */
  change(ip: string, behaviour: Behaviour): void {
    this.#behaviours[ip] = behaviour;
  }

  race(...hosts: readonly string[]): ConnectionRace<string> {
    const parts: RaceParts<string> = {
      clock: this.clock,
      signal: this.closing.signal,
      resolve: (host) =>
        Promise.resolve(
          host === "nowhere" ? { kind: "name_not_resolved" } as const : this.#names[host] ?? [host],
        ),
      open: async ({ ip }, signal): Promise<{ kind: "connected"; client: string } | ConnectFailure> => {
        this.#say(`open ${ip}`);
        signal.addEventListener("abort", () => this.#say(`give up ${ip}`));
        const behaviour = this.#behaviours[ip]!;
        if ("kind" in behaviour) return behaviour;
        await this.#wait(behaviour.connectMs);
        return { kind: "connected", client: ip };
      },
      probe: async (client) => {
        this.#say(`probe ${client}`);
        const behaviour = this.#behaviours[client]!;
        assert("answerMs" in behaviour);
        await this.#wait(behaviour.answerMs);
        return undefined;
      },
      heard: (client) => this.heard[client],
      close: (client) => this.#say(`close ${client}`),
    };
    return new ConnectionRace(hosts.map((host) => ({ host, port: 5000 })), { attemptMs: 2000 }, parts);
  }

  /** Output since the last call. */
  get said(): string[] {
    return this.log.splice(0);
  }

  #say(what: string): void {
    this.log.push(`${this.clock.nowMs} ${what}`);
  }

  #wait(ms: number): Promise<void> {
    if (ms === Infinity) return new Promise(() => {});
    return new Promise((resolve) => this.clock.setTimer(resolve, ms));
  }
}

const QUICK: Behaviour = { connectMs: 10, answerMs: 10 };
/** Its packets are dropped. */
const DEAD: Behaviour = { connectMs: Infinity, answerMs: Infinity };
/** It takes connections and says nothing. */
const SILENT: Behaviour = { connectMs: 10, answerMs: Infinity };

const REFUSED: Behaviour = { kind: "refused" };

/** Who wins and when, with behaviours of 10.0.0.1 and 10.0.0.2. */
const WINS: readonly (readonly [string, Behaviour, Behaviour, winner: string, ms: number])[] = [
  ["the first if it answers", QUICK, QUICK, "10.0.0.1", 20],
  ["the first if it answers in 250 ms", { connectMs: 10, answerMs: 239 }, QUICK, "10.0.0.1", 249],
  ["the second 250 ms later if the first is dead", DEAD, QUICK, "10.0.0.2", 270],
  ["the second 250 ms later if the first takes connections only", SILENT, QUICK, "10.0.0.2", 270],
  ["the second at once if the first refuses", REFUSED, QUICK, "10.0.0.2", 20],
  [
    "the first if the second answers even later",
    { connectMs: 10, answerMs: 300 },
    {
      connectMs: 10,
      answerMs: 90,
    },
    "10.0.0.1",
    310,
  ],
];

for (const [what, first, second, winner, ms] of WINS) {
  Deno.test(`ConnectionRace is won by ${what}`, async () => {
    const registries = new Registries({ "10.0.0.1": first, "10.0.0.2": second });
    const next = registries.race("10.0.0.1", "10.0.0.2").next();
    let wonAt = NaN;
    next.then(() => wonAt = registries.clock.nowMs);
    await registries.clock.advance(5000);
    const result = await next;
    assert(result.kind === "connected");
    assertEquals([result.client, result.place.ip, wonAt], [winner, winner, ms]);
    // Nothing of the others is left.
    const left = registries.log.filter((line) => line.includes("give up")).map((line) => line.split(" ")[0]);
    assert(left.every((at) => Number(at) <= ms), JSON.stringify(registries.log));
    assertEquals(registries.log.some((line) => line.endsWith(`close ${winner}`)), false);
  });
}

Deno.test("ConnectionRace is won by a registry that returns while a machine that is dead or silent is awaited", async () => {
  for (const first of [DEAD, SILENT]) {
    const registries = new Registries({ "10.0.0.1": first, "10.0.0.2": REFUSED });
    const next = registries.race("10.0.0.1", "10.0.0.2").next();
    await registries.clock.advance(1000);
    registries.change("10.0.0.2", QUICK);
    await registries.clock.advance(270);
    const result = await next;
    assert(result.kind === "connected" && result.client === "10.0.0.2");
    assertEquals(registries.log.filter((line) => line.endsWith("open 10.0.0.2")), [
      ...["250 open 10.0.0.2", "1250 open 10.0.0.2"],
    ]);
  }
});

Deno.test("ConnectionRace closes what connected and lost, also if it connects later", async () => {
  const registries = new Registries({
    "10.0.0.1": SILENT,
    "10.0.0.2": { connectMs: 900, answerMs: 0 },
    "10.0.0.3": QUICK,
  });
  const next = registries.race("10.0.0.1", "10.0.0.2", "10.0.0.3").next();
  await registries.clock.advance(2000);
  assertEquals((await next).kind, "connected");
  assertEquals(registries.said, [
    "0 open 10.0.0.1",
    "10 probe 10.0.0.1",
    "250 open 10.0.0.2",
    "500 open 10.0.0.3",
    "510 probe 10.0.0.3",
    "520 give up 10.0.0.1",
    "520 close 10.0.0.1",
    "520 give up 10.0.0.2",
    "1150 close 10.0.0.2",
  ]);
});

Deno.test("ConnectionRace does not ask a registry without a choice whether it answers", async () => {
  const registries = new Registries({ "10.0.0.1": SILENT });
  const race = registries.race("10.0.0.1");
  const next = race.next();
  await registries.clock.advance(50);
  assertEquals((await next).kind, "connected");
  assertEquals([race.several, registries.said], [false, ["0 open 10.0.0.1"]]);
  assertEquals(await race.next({ kind: "room_full" }), { kind: "room_full" });
});

Deno.test("ConnectionRace asks the addresses of one name whether they answer", async () => {
  const registries = new Registries({ "::1": SILENT, "10.0.0.1": QUICK }, { sala: ["::1", "10.0.0.1"] });
  const next = registries.race("sala").next();
  await registries.clock.advance(1000);
  const result = await next;
  assert(result.kind === "connected");
  assertEquals(result.place, { host: "sala", ip: "10.0.0.1", port: 5000 });
});

Deno.test("ConnectionRace goes on with the others if the winner does not take the phone, and says at the end what each said", async () => {
  const registries = new Registries({ "10.0.0.1": QUICK, "10.0.0.2": QUICK, "10.0.0.3": DEAD });
  const race = registries.race("10.0.0.1", "10.0.0.2", "10.0.0.3", "nowhere");
  const first = race.next();
  await registries.clock.advance(100);
  assertEquals((await first).kind, "connected");
  registries.said;
  const second = race.next({ kind: "room_full" });
  await registries.clock.advance(100);
  const result = await second;
  assert(result.kind === "connected" && result.client === "10.0.0.2");
  assertEquals(registries.said, ["100 open 10.0.0.2", "110 probe 10.0.0.2"]);
  const third = race.next({ kind: "lost" });
  await registries.clock.advance(5000);
  assertEquals(await third, {
    kind: "none_answered",
    tried: [
      { host: "10.0.0.1", port: 5000, ip: "10.0.0.1", detail: { kind: "room_full" } },
      { host: "10.0.0.2", port: 5000, ip: "10.0.0.2", detail: { kind: "lost" } },
      { host: "10.0.0.3", port: 5000, ip: "10.0.0.3", detail: { kind: "timeout" } },
      { host: "nowhere", port: 5000, detail: { kind: "name_not_resolved" } },
    ],
  });
});

Deno.test("ConnectionRace says one reason if all addresses of a name have it, or if every room is full", async () => {
  const registries = new Registries({ "::1": REFUSED, "10.0.0.1": REFUSED }, { sala: ["::1", "10.0.0.1"] });
  assertEquals(await registries.race("sala").next(), { kind: "refused" });
  assertEquals((await registries.race("::1", "10.0.0.1").next()).kind, "none_answered");
  const full = new Registries({ "10.0.0.1": { kind: "room_full" }, "10.0.0.2": { kind: "room_full" } });
  assertEquals(await full.race("10.0.0.1", "10.0.0.2").next(), { kind: "room_full" });
});

Deno.test("ConnectionRace gives everything up when its signal fires", async () => {
  const registries = new Registries({ "10.0.0.1": SILENT, "10.0.0.2": DEAD });
  const race = registries.race("10.0.0.1", "10.0.0.2");
  const next = race.next();
  await registries.clock.advance(300);
  registries.said;
  registries.closing.abort();
  assertEquals(await next, { kind: "aborted" });
  assertEquals(registries.said, ["300 give up 10.0.0.1", "300 close 10.0.0.1", "300 give up 10.0.0.2"]);
  assertEquals([await race.next(), registries.clock.timers], [{ kind: "aborted" }, 0]);
});

Deno.test("ConnectionRace says what a program is that talks and never answers", async () => {
  const registries = new Registries({ "10.0.0.1": SILENT, "10.0.0.2": SILENT });
  registries.heard = { "10.0.0.1": { kind: "not_a_registry" } };
  const next = registries.race("10.0.0.1", "10.0.0.2").next();
  await registries.clock.advance(10_000);
  const result = await next;
  assert(result.kind === "none_answered");
  assertEquals(result.tried.map(({ detail }) => detail.kind), ["not_a_registry", "timeout"]);
});
