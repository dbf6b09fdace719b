/**
 * Response times of a registry under attack, and how soon phones are registered again after a restart; how fast and how small it is
 * with thousands of phones. Writes its part of robustness.md, and registry.md with a picture.
 *
 * Needs gcc, and root for the network namespace of the attack from one /64, which is left out without.
 *
 * Usage: `make bench-registry [ARGS="--part attacks|speed --seconds 5 --rounds 9 --only NAME --addresses 1,50 --out FOLDER"]`
 */

import { parseArgs } from "@std/cli/parse-args";
import { RegistryClient } from "../lib/registration/registry_client.ts";
import { Registration } from "../lib/registration/registration.ts";
import { startProcess, type ToolProcess } from "../testing/processes.ts";
import { runToEnd, scriptLine } from "../testing/program.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "../lib/util/pause.ts";
import { readCost } from "./measure/process_cost.ts";
import { quantile } from "../testing/quantile.ts";
import {
  type Attack,
  ATTACKS,
  compileAttacker,
  ownNetwork,
  startAttack,
  VICTIM,
} from "./registry/attacks.ts";
import { writePart } from "./report/results_page.ts";
import { temporaryFile, temporaryFolder } from "../testing/temporary.ts";
import { freePorts } from "../testing/free_ports.ts";
import { LoadGenerator } from "./registry/load_generator.ts";
import { drawGrowth, measureRates, measureRooms, reportSpeed } from "./registry/speed.ts";
import { resultsFolder, writeResult } from "./report/results_folder.ts";

/** Phones that look up a name during an attack, and their interval. */
const PHONES = 20;
const LOOKUP_MS = 50;

/** Interval at which a phone comes in, looks somebody up and leaves. */
const NEWCOMER_MS = 250;

/** Largest ratio of the 99th percentile of lookup times to that without an attack. */
const MOST_SLOWDOWN = 5;

/** Phones that return after a restart, the time without a registry, and the limit for the 95th percentile of return times. */
const RETURNING = 100;
const AWAY_MS = 5000;
const MOST_RETURN_MS = 2000;

/** Starts a registry that prints into a file, as into a log, and waits until it listens. */
async function startRegistry(
  port: number,
  log: string,
  options: readonly string[] = ["--host", "127.0.0.1"],
): Promise<ToolProcess> {
  const process = startProcess("registry", ["--port", `${port}`, ...options], {
    through: ["sh", "-c", 'log=$1; shift; exec "$@" >"$log"', "sh", log],
  });
  for (;;) {
    const result = await RegistryClient.connect("127.0.0.1", port);
    if (result.kind === "connected") {
      await result.client.close();
      return process;
    }
    await pause(5);
  }
}

async function join(port: number, name: string): Promise<RegistryClient> {
  const result = await RegistryClient.connect("127.0.0.1", port);
  if (result.kind !== "connected") throw new Error(`Cannot connect: ${result.kind}`);
  const { kind } = await result.client.register(name, "127.0.0.1", 6000);
  if (kind !== "confirmed") throw new Error(`Cannot register ${name}: ${kind}`);
  return result.client;
}

/** Lookup times in milliseconds; `Infinity` for those without an answer. */
async function lookUp(phones: readonly RegistryClient[], seconds: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + 1000 * seconds;
  await Promise.all(phones.map(async (phone, index) => {
    await pause(LOOKUP_MS * index / phones.length);
    while (performance.now() < end) {
      const started = performance.now();
      const { kind } = await phone.lookUp(VICTIM);
      took.push(kind === "found" ? performance.now() - started : Infinity);
      await pause(LOOKUP_MS);
    }
  }));
  return took;
}

/** Phones that come in one after the other. @returns How long each took; `Infinity` for those that were not let in. */
async function comeIn(port: number, seconds: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + 1000 * seconds;
  for (let count = 0; performance.now() < end; count++) {
    const started = performance.now();
    const phone = await join(port, `recém-chegada ${count}`).catch(() => undefined);
    const found = (await phone?.lookUp(VICTIM))?.kind === "found";
    took.push(found ? performance.now() - started : Infinity);
    await phone?.close(`recém-chegada ${count}`);
    await pause(NEWCOMER_MS);
  }
  return took;
}

const NO_ATTACK = "none";

interface Row {
  readonly attack: string;
  readonly addresses: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly cpu: number;
  readonly mib: number;
  readonly growthMib: number;
  readonly newcomersMs: readonly number[];
  readonly logKib: number;
}

/** Measures one attack, or none. */
async function measure(
  program: string,
  name: string,
  attack: Attack | undefined,
  addresses: number,
  port: number,
  log: string,
  seconds: number,
): Promise<Row> {
  const options = ["--host", attack?.from ? "::" : "127.0.0.1", ...attack?.options ?? []];
  await using registry = await startRegistry(port, log, options);
  const victim = await join(port, VICTIM);
  const phones = await Promise.all(
    Array.from({ length: PHONES }, (_, index) => join(port, `pessoa ${index}`)),
  );
  await lookUp(phones, 1);
  await using _attacker = attack && await startAttack(program, attack, port, addresses);
  // Until code is compiled and token buckets are empty.
  await lookUp(phones, 2);
  const before = await readCost([registry.pid]);
  const started = performance.now();
  const logged = (await Deno.stat(log)).size;
  const [took, newcomersMs] = await Promise.all([lookUp(phones, seconds), comeIn(port, seconds)]);
  const after = await readCost([registry.pid]);
  const row = {
    attack: name,
    addresses: attack?.from?.[1] ?? addresses,
    medianMs: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    cpu: 1000 * (after.cpuSeconds - before.cpuSeconds) / (performance.now() - started),
    mib: after.residentKib / 1024,
    growthMib: (after.residentKib - before.residentKib) / 1024,
    newcomersMs,
    logKib: 1000 * ((await Deno.stat(log)).size - logged) / 1024 / (performance.now() - started),
  };
  for (const phone of [victim, ...phones]) await phone.close();
  return row;
}

/** Times from when the registry listens again to when each phone is registered again, in milliseconds. */
async function measureReturn(port: number, log: string): Promise<number[]> {
  const first = await startRegistry(port, log);
  let backAt: number[] = [];
  const links = await Promise.all(Array.from({ length: RETURNING }, async (_, index) => {
    const result = await Registration.connect([{ host: "127.0.0.1", port }], {
      onBack: () => backAt.push(performance.now()),
    });
    if (result.kind !== "connected") throw new Error(`Cannot connect: ${result.kind}`);
    await result.link.register(`pessoa ${index}`, "127.0.0.1", 6000);
    return result.link;
  }));
  await first[Symbol.asyncDispose]();
  await pause(AWAY_MS);
  backAt = [];
  await using _second = await startRegistry(port, log);
  const listening = performance.now();
  while (backAt.length < RETURNING && performance.now() < listening + 10_000) await pause(10);
  const took = backAt.map((at) => Math.max(0, at - listening));
  for (const link of links) await link.close();
  return [...took, ...Array(RETURNING - took.length).fill(Infinity)];
}

function report(rows: readonly Row[], returns: readonly number[], machine: string): string {
  // Measured at the beginning and at the end, since the machine may have other load.
  const quietMs = Math.min(...rows.filter(({ attack }) => attack === NO_ATTACK).map(({ p99Ms }) => p99Ms));
  const lines = rows.map((row) => {
    const slowdown = row.p99Ms / quietMs;
    const mark = slowdown <= MOST_SLOWDOWN ? "✓" : "✗";
    const late = row.newcomersMs.filter((ms) => ms === Infinity).length;
    const came = late > 0
      ? `${late} of ${row.newcomersMs.length} refused ✗`
      : Math.max(...row.newcomersMs).toFixed(1);
    const from = row.attack === NO_ATTACK ? "–" : row.addresses;
    return `| ${row.attack} | ${from} | ${row.medianMs.toFixed(2)} | ${row.p99Ms.toFixed(2)} | ${
      slowdown.toFixed(1)
    } ${mark} | ${came} | ${row.logKib.toFixed(0)} | ` +
      `${(100 * row.cpu).toFixed(0)} | ${row.mib.toFixed(0)} | ${row.growthMib.toFixed(1)} |`;
  });
  const p95 = quantile(returns, 0.95);
  const returned = returns.length === 0 ? "" : `
${RETURNING} phones lost their registry for ${AWAY_MS / 1000} s: 95 of 100 were registered again
${(p95 / 1000).toFixed(2)} s after it listened again, the last after ${
    (Math.max(...returns) / 1000).toFixed(2)
  } s (at most ${MOST_RETURN_MS / 1000} s for 95 is wanted: ${p95 <= MOST_RETURN_MS ? "✓" : "✗"}).
`;
  return `\`make bench-registry\` wrote this part. ${PHONES} phones of one address look somebody up every ${LOOKUP_MS} ms, and every
${NEWCOMER_MS} ms another one comes in, looks somebody up and leaves, while 1000 hostile connections, or as many as a row says,
of one or of fifty other addresses do their worst, one attack after the other, each against a registry of its own that prints
everything into a file. A row may be at most ${MOST_SLOWDOWN} times as slow as the better of the two quiet ones, at the 99th
percentile of lookups. Newcomers: the longest that one took.

${machine}

| attack | addresses | lookup, median, ms | 99th percentile, ms | times the quiet one | newcomers, ms | log, KiB/s | registry's processor, % of a core | memory, MiB | growth meanwhile, MiB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join("\n")}
${returned}`;
}

/** Says that this process has a network of its own, with the addresses of the attack from one /64. */
const OWN_NETWORK = "SALA_BENCH_NETWORK";

/** Runs this script again in a network of its own, if that can be made. @returns Its exit status. */
async function runInOwnNetwork(): Promise<number | undefined> {
  if (Deno.env.has(OWN_NETWORK) || !(await runToEnd(ownNetwork(["true"])).catch(() => undefined))?.success) {
    return undefined;
  }
  const [program = "", ...args] = ownNetwork(scriptLine("bench/registry.ts", Deno.args));
  const { code } = await new Deno.Command(program, { args, env: { [OWN_NETWORK]: "yes" } }).spawn().status;
  return code;
}

/** Measures speed and size, and writes their page. */
async function measureSpeed(folder: string, rounds: number): Promise<void> {
  await using load = await LoadGenerator.make();
  if (!load) {
    console.log("no gcc here: speed and size are not measured");
    return;
  }
  const rates = await measureRates(load, rounds);
  const rooms = await measureRooms(load);
  const page = reportSpeed(rates, rooms, await describeMachine());
  await writeResult(folder, "registry.md", page);
  await writeResult(folder, "registry_growth.svg", drawGrowth(rooms));
  console.log(page);
}

const status = await runInOwnNetwork();
if (status !== undefined) Deno.exit(status);

const given = parseArgs(Deno.args, { string: ["seconds", "only", "out", "addresses", "part", "rounds"] });
const seconds = Number(given.seconds ?? 6);
const whole = given.only === undefined && given.addresses === undefined;
const folder = resultsFolder(given.out, whole);
if (whole && given.part !== "attacks") await measureSpeed(folder, Number(given.rounds ?? 9));
if (given.part === "speed") Deno.exit(0);
const addresses = (given.addresses ?? "1,50").split(",").map(Number);
await using built = await temporaryFolder();
const program = await compileAttacker(built.path);
await using log = await temporaryFile();
const port = freePorts();
const rows: Row[] = [];
async function add(name: string, attack: Attack | undefined, from: number): Promise<void> {
  const row = await measure(program, name, attack, from, port, log.path, seconds);
  rows.push(row);
  const { p99Ms, cpu, logKib, newcomersMs } = row;
  console.log(
    `${name}, ${from}: ${p99Ms.toFixed(2)} ms, newcomers ${Math.max(...newcomersMs).toFixed(1)} ms, ` +
      `processor ${(100 * cpu).toFixed(0)} %, log ${logKib.toFixed(0)} KiB/s`,
  );
}
await add(NO_ATTACK, undefined, 0);
for (const [name, attack] of Object.entries(ATTACKS)) {
  if (given.only !== undefined && !name.includes(given.only)) continue;
  if (attack.from && !Deno.env.has(OWN_NETWORK)) {
    console.log(`${name}: left out, since this may not make a network of its own`);
    continue;
  }
  for (const from of attack.from ? [1] : addresses) await add(name, attack, from);
}
await add(NO_ATTACK, undefined, 0);
const returns = given.only === undefined ? await measureReturn(port, log.path) : [];
const part = report(rows, returns, await describeMachine());
await writePart(folder, "The registry under attack", part);
console.log(part);
