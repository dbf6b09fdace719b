/**
 * Response times of a registry under attack, and how soon phones are registered again after a restart; how fast and how small it is
 * with thousands of phones. Writes its part of robustness.md, and registry.md with a picture.
 *
 * Usage: `make bench-registry [ARGS="--part attacks|speed --seconds 5 --rounds 9 --only NAME --out FOLDER"]`
 */

import { parseArgs } from "@std/cli/parse-args";
import { RegistryClient } from "../lib/registration/registry_client.ts";
import { Registration } from "../lib/registration/registration.ts";
import { startProcess, type ToolProcess } from "../testing/processes.ts";
import { Program, scriptLine } from "../testing/program.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "../lib/util/pause.ts";
import { readCost } from "./measure/process_cost.ts";
import { quantile } from "../testing/quantile.ts";
import { ATTACKS, VICTIM } from "./registry/attacks.ts";
import { writePart } from "./report/results_page.ts";
import { temporaryFile } from "../testing/temporary.ts";
import { freePorts } from "../testing/free_ports.ts";
import { LoadGenerator } from "./registry/load_generator.ts";
import { drawGrowth, measureRates, measureRooms, reportSpeed } from "./registry/speed.ts";
import { resultsFolder, writeResult } from "./report/results_folder.ts";

/** Phones that look up a name during an attack, and their interval. */
const PHONES = 20;
const LOOKUP_MS = 50;

/** Largest ratio of the 99th percentile of lookup times to that without an attack. */
const MOST_SLOWDOWN = 5;

/** Phones that return after a restart, the time without a registry, and the limit for the 95th percentile of return times. */
const RETURNING = 100;
const AWAY_MS = 5000;
const MOST_RETURN_MS = 2000;

/** Starts a registry that prints into a file, as into a log, and waits until it listens. */
async function startRegistry(port: number, log: string): Promise<ToolProcess> {
  const process = startProcess("registry", ["--host", "127.0.0.1", "--port", `${port}`], {
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

const NO_ATTACK = "none";

interface Row {
  readonly attack: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly cpu: number;
  readonly mib: number;
  readonly growthMib: number;
}

/** Measures one attack, or none. */
async function measure(attack: string | undefined, port: number, log: string, seconds: number): Promise<Row> {
  await using registry = await startRegistry(port, log);
  const victim = await join(port, VICTIM);
  const phones = await Promise.all(
    Array.from({ length: PHONES }, (_, index) => join(port, `pessoa ${index}`)),
  );
  await lookUp(phones, 1);
  await using attacker = attack === undefined
    ? undefined
    : new Program(scriptLine("bench/registry/attacks.ts", [attack, `${port}`]));
  await attacker?.waitForText("ready");
  // Until code is compiled and token buckets are empty.
  await lookUp(phones, 2);
  const before = await readCost([registry.pid]);
  const started = performance.now();
  const took = await lookUp(phones, seconds);
  const after = await readCost([registry.pid]);
  const row = {
    attack: attack ?? NO_ATTACK,
    medianMs: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    cpu: 1000 * (after.cpuSeconds - before.cpuSeconds) / (performance.now() - started),
    mib: after.residentKib / 1024,
    growthMib: (after.residentKib - before.residentKib) / 1024,
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
    return `| ${row.attack} | ${row.medianMs.toFixed(2)} | ${row.p99Ms.toFixed(2)} | ${
      slowdown.toFixed(1)
    } ${mark} | ` +
      `${(100 * row.cpu).toFixed(0)} | ${row.mib.toFixed(0)} | ${row.growthMib.toFixed(1)} |`;
  });
  const p95 = quantile(returns, 0.95);
  return `\`make bench-registry\` wrote this part. ${PHONES} phones look somebody up every ${LOOKUP_MS} ms while another process does
its worst from the same machine, one attack after the other, each against a registry of its own that prints everything
into a file. A row may be at most ${MOST_SLOWDOWN} times as slow as the better of the two quiet ones, at the 99th percentile.

${machine}

| attack | lookup, median, ms | 99th percentile, ms | times the quiet one | registry's processor, % of a core | memory, MiB | growth meanwhile, MiB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join("\n")}

${RETURNING} phones lost their registry for ${AWAY_MS / 1000} s: 95 of 100 were registered again
${(p95 / 1000).toFixed(2)} s after it listened again, the last after ${
    (Math.max(...returns) / 1000).toFixed(2)
  } s (at most ${MOST_RETURN_MS / 1000} s for 95 is wanted: ${p95 <= MOST_RETURN_MS ? "✓" : "✗"}).
`;
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

const given = parseArgs(Deno.args, { string: ["seconds", "only", "out", "part", "rounds"] });
const seconds = Number(given.seconds ?? 6);
const folder = resultsFolder(given.out, given.only === undefined);
if (given.only === undefined && given.part !== "attacks") {
  await measureSpeed(folder, Number(given.rounds ?? 9));
}
if (given.part === "speed") Deno.exit(0);
const attacks = Object.keys(ATTACKS).filter((name) => given.only === undefined || name.includes(given.only));
await using log = await temporaryFile();
const port = freePorts();
const rows: Row[] = [];
for (const attack of [undefined, ...attacks, undefined]) {
  const row = await measure(attack, port, log.path, seconds);
  rows.push(row);
  console.log(`${row.attack}: ${row.p99Ms.toFixed(2)} ms, processor ${(100 * row.cpu).toFixed(0)} %`);
}
const returns = await measureReturn(port, log.path);
const part = report(rows, returns, await describeMachine());
await writePart(folder, "The registry under attack", part);
console.log(part);
