/**
 * Long run of a cluster: three registries and three NATS servers on a network of their own, phones that come, leave and die,
 * and everything that can fail does: registries and servers are killed and frozen, and registries cut off. At the end the
 * history of all phones may show no name with two holders at once, none lost, none stuck.
 *
 * Usage: `make soak-cluster [ARGS="--minutes 1 --seed 7"]`, 20 minutes unless told otherwise. Exits with 1 if a requirement is
 * not met. It needs Linux, root, iproute2 and nats-server.
 */

import { parseArgs } from "@std/cli/parse-args";
import { pause } from "../lib/util/pause.ts";
import { canMakeLan, Lan, type Machine } from "../testing/lan.ts";
import { NatsCluster, natsMissing, type NatsNode } from "../testing/nats.ts";
import { type RunningRegistry, startRegistry } from "../testing/processes.ts";
import { outputOf, Program, scriptLine } from "../testing/program.ts";
import { quantile } from "../testing/quantile.ts";
import { absences, breaches, holdings, type Kill, type Outage, type Sighting } from "./cluster/history.ts";

const REGISTRIES = 3;
const SERVERS = 3;
const PHONES = 60;
/** Fewer than phones: some want the same. */
const NAMES = 48;
const STAY_SECONDS = 20;

const PORT = 5000;

/** Pause between two faults, and longest length of each, in milliseconds. */
const PAUSE_MS = 6000;
const FAULTS = {
  "kill a registry": 4000,
  "freeze a registry": 15_000,
  "cut a registry off": 40_000,
  "kill a NATS server": 10_000,
  "freeze a NATS server": 8000,
  "kill all NATS servers": 30_000,
  "cut all NATS servers off": 30_000,
} as const;
/** Rarely, a registry is away for longer than others wait for it, and NATS for more than a minute. */
const LONG_MS = 130_000;
const LONG_NATS_MS = 70_000;
const LONG_SHARE = 0.1;

/** A run this long may have long faults: a shorter one would end in them. */
const LONG_RUN_MINUTES = 5;

/** Time after the last fault for everything to heal: longer than any lease. */
const HEAL_MS = 25_000;
const LONG_HEAL_MS = 125_000;

/** A registry starts within this time, once or again: NATS may be away. */
const RESTART_MS = 120_000;

/** After SIGKILL of a registry, 95 of 100 of its phones are in again within this time. */
const BACK_MS = 3000;

type Fault = keyof typeof FAULTS;

/** A registry on its machine: one card to NATS and the others, one to its phones. */
interface Member {
  readonly machine: Machine;
  readonly address: string;
  readonly phoneAddress: string;
  running: RunningRegistry | undefined;
}

function randomly(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // Numerical Recipes, section 7.1
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function main(): Promise<number> {
  const given = parseArgs(Deno.args, { string: ["minutes", "seed"] });
  const minutes = Number(given.minutes ?? 20);
  const seed = Number(given.seed ?? Math.floor(Math.random() * 1e6));
  const missing = natsMissing() ??
    (await canMakeLan() ? undefined : "networks can be made as root on Linux only");
  if (missing) {
    console.error(`Cannot run: ${missing}`);
    return 1;
  }
  console.log(`A cluster for ${minutes} minutes, seed ${seed}`);
  const random = randomly(seed);
  await using lan = await Lan.open();
  await using phoneLan = await Lan.open();
  const places: { readonly machine: Machine; readonly address: string }[] = [];
  for (let number = 0; number < SERVERS; number++) {
    const address = `10.7.0.${10 + number}`;
    places.push({ machine: await lan.machine(`n${number}`, `${address}/24`), address });
  }
  await using nats = await NatsCluster.start(SERVERS, places);
  const members: Member[] = [];
  for (let number = 0; number < REGISTRIES; number++) {
    const address = `10.7.0.${20 + number}`;
    const phoneAddress = `10.8.0.${20 + number}`;
    const machine = await lan.machine(`r${number}`, `${address}/24`);
    await phoneLan.card(machine, "eth1");
    await machine.add(`${phoneAddress}/24`, "eth1");
    members.push({ machine, address, phoneAddress, running: undefined });
  }
  const start = async (member: Member): Promise<void> => {
    const args = ["--quiet", "--cluster", nats.urls, "--port", `${PORT}`, "--address-limit", "1000"];
    member.running = await startRegistry(args, { through: member.machine.through });
  };
  /** As systemd does with one that has ended because it could not reach NATS. */
  const restart = async (member: Member): Promise<void> => {
    const patience = performance.now() + RESTART_MS;
    for (;;) {
      try {
        return await start(member);
      } catch (error) {
        if (performance.now() > patience) throw error;
      }
    }
  };
  await using _registries = {
    [Symbol.asyncDispose]: async () => {
      for (const { running } of members) await running?.[Symbol.asyncDispose]();
    },
  };
  for (const member of members) await start(member);

  const sightings: Sighting[] = [];
  const kills: Kill[] = [];
  const outages: Outage[] = [];
  let verified: readonly string[] | undefined;
  const verdict = Promise.withResolvers<void>();
  const phoneMachine = await phoneLan.machine("phones", "10.8.0.1/24");
  const targets = members.map(({ phoneAddress }) => `${phoneAddress}:${PORT}`);
  const line = scriptLine("bench/cluster/phones.ts", [
    `${STAY_SECONDS}`,
    `${NAMES}`,
    `${PHONES}`,
    ...targets,
  ]);
  await using phones = new Program([...phoneMachine.through, ...line], {
    stdin: "piped",
    forgetful: true,
    onLine: (text) => {
      const event = JSON.parse(text) as Sighting | { kind: "verified"; problems: string[] };
      if (event.kind === "verified") {
        verified = event.problems;
        verdict.resolve();
      } else sightings.push(event);
    },
  }, "phones");

  const deadline = performance.now() + minutes * 60_000;
  const long = minutes >= LONG_RUN_MINUTES;
  const counts = new Map<Fault, number>();
  const going = new Set<Promise<void>>();
  const hurt = new Set<unknown>();
  const all = Object.keys(FAULTS) as Fault[];

  /** Does one thing, waits, and heals it. */
  const suffer = async (fault: Fault): Promise<void> => {
    const member = members[random(members.length)]!;
    const node = nats.nodes[random(nats.nodes.length)]!;
    const everything = fault.includes("all NATS servers");
    const victim = fault.includes("NATS") ? node : member;
    // What is hurt already heals first.
    const others = nats.nodes.filter((one) => hurt.has(one));
    if (hurt.has(victim) || (fault.includes("NATS") && others.length > 0)) return;
    const victims = everything ? nats.nodes : [victim];
    for (const one of victims) hurt.add(one);
    const from = Date.now();
    const mayBeLong = fault === "freeze a registry" || fault === "cut a registry off";
    const longest = everything ? LONG_NATS_MS : mayBeLong ? LONG_MS : 0;
    const isLong = long && longest > 0 && random(1000) < 1000 * LONG_SHARE;
    const ms = isLong ? longest : 500 + random(FAULTS[fault]);
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    console.log(`${new Date().toISOString()} ${fault} (${victims.map(nameOf).join(", ")}) for ${ms} ms`);
    switch (fault) {
      case "kill a registry":
        kills.push({ at: Date.now(), registry: `${member.phoneAddress}:${PORT}` });
        member.running?.process.kill("SIGKILL");
        await member.running?.process.status;
        await pause(ms);
        await restart(member);
        break;
      case "freeze a registry":
        member.running?.process.kill("SIGSTOP");
        await pause(ms);
        member.running?.process.kill("SIGCONT");
        break;
      case "cut a registry off":
        await setCard(member.machine, "down");
        await pause(ms);
        await setCard(member.machine, "up");
        break;
      case "cut all NATS servers off":
        for (const { machine } of places) await setCard(machine, "down");
        await pause(ms);
        for (const { machine } of places) await setCard(machine, "up");
        break;
      case "freeze a NATS server":
        node.freeze();
        await pause(ms);
        node.thaw();
        break;
      default:
        await Promise.all(victims.map((one) => (one as NatsNode).kill()));
        await pause(ms);
        await Promise.all(victims.map((one) => (one as NatsNode).restart()));
    }
    if (mayBeLong) outages.push({ registry: `${member.phoneAddress}:${PORT}`, from, to: Date.now() });
    for (const one of victims) hurt.delete(one);
  };
  const nameOf = (one: unknown): string => {
    const member = members.find((other) => other === one);
    return member ? member.address : (one as { url: string }).url;
  };

  await pause(PAUSE_MS);
  let failed: unknown;
  while (performance.now() < deadline && !failed) {
    const fault: Promise<void> = suffer(all[random(all.length)]!).catch((error) => {
      failed = error;
    }).finally(() => going.delete(fault));
    going.add(fault);
    await pause(PAUSE_MS / 2 + random(PAUSE_MS));
  }
  await Promise.all(going);
  if (failed) throw failed;
  await pause(long ? LONG_HEAL_MS : HEAL_MS);
  await phones.type("settle");
  await pause(HEAL_MS);
  await phones.type("verify");
  await Promise.race([verdict.promise, phones.status]);
  await phones.exitCode();

  const problems = [
    ...breaches(sightings, kills, Date.now(), outages),
    ...verified ?? ["the phones did not verify"],
  ];
  const away = absences(sightings, kills);
  const had = holdings(sightings, kills, Date.now());
  console.log(
    `\n${had.length} registrations, ${sightings.filter(({ kind }) => kind === "refused").length} refusals`,
  );
  console.log([...counts].map(([fault, count]) => `${fault}: ${count}`).join(", "));
  const back = away.length > 0 ? quantile(away, 0.95) : 0;
  console.log(
    `after a registry was killed, ${away.length} phones were in again; 95 of 100 within ${
      Math.round(back)
    } ms`,
  );
  if (back > BACK_MS) console.log(`that is more than ${BACK_MS} ms, in which other faults count`);
  for (const problem of problems.slice(0, 20)) console.log(`BREACH: ${problem}`);
  console.log(problems.length === 0 ? "No name had two holders, none was lost, none is stuck." : "NOT MET");
  return problems.length === 0 ? 0 : 1;
}

async function setCard({ namespace }: Machine, state: "up" | "down"): Promise<void> {
  await outputOf(["ip", "-n", namespace, "link", "set", "eth0", state]);
}

Deno.exit(await main());
