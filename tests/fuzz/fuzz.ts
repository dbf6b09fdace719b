/**
 * Fuzzes the targets one after the other. Coverage guides a tenth of the steps: inputs
 * that reach new blocks of code are mutated further, then and in the other steps, which run without it. It keeps inputs that break a promise under `corpus/`, where the tests take them up, and exits with 1 then:
 *
 * - `--only NAME,NAME` some targets;
 * - `--events N` steps for each (a million);
 * - `--seconds N` for each at most (120);
 * - `--seed N` the inputs; from the clock unless given, and the same ones for the same number;
 * - `--unguided` without coverage;
 * - `--report FOLDER` writes the table that it prints into the page of robustness in a folder.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { alignColumns } from "../../lib/ui/columns.ts";
import { describeMachine } from "../../bench/measure/machine.ts";
import { writePart } from "../../bench/report/results_page.ts";
import { keepInput, readCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";
import { guidedFuzz, watchedFuzz, type WatchedResult } from "./watched_fuzz.ts";

const EVENTS = 1_000_000;
const SECONDS = 120;

const options = parseArgs(Deno.args, {
  string: ["only", "events", "seconds", "seed", "report"],
  boolean: ["unguided"],
  default: { events: String(EVENTS), seconds: String(SECONDS), seed: String(Date.now() % 2 ** 31) },
});
const [events, seconds, seed] = [options.events, options.seconds, options.seed].map(Number) as [
  number,
  number,
  number,
];
const only = options.only?.split(",");
const unknown = only?.find((name) => TARGETS.every((target) => target.name !== name));
if (unknown !== undefined || !(events > 0 && seconds > 0 && Number.isInteger(seed))) {
  console.error(
    `Usage: make fuzz ARGS="[--only NAME,NAME] [--events N] [--seconds N] [--seed N] [--unguided] [--report FOLDER]"`,
  );
  console.error(`Targets: ${TARGETS.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}

const module = new URL("targets.ts", import.meta.url).href;
const rows: string[][] = [];
const guided = !options.unguided;
let found = 0;
let warned = false;
console.log(`Seed ${seed}`);
for (const { name } of TARGETS) {
  if (only && !only.includes(name)) continue;
  const kept = readCorpus(name).map(({ input }) => input);
  const order = { module, target: name, seed, events, seconds, kept };
  const result = await (guided ? guidedFuzz(order) : watchedFuzz({ ...order, guided }));
  if (guided && !result.guided && !warned) {
    console.log("This Deno has no coverage to guide the inputs: they are only mutated.");
    warned = true;
  }
  rows.push(rowOf(name, result));
  console.log(rows.at(-1)?.join("  "));
  for (const { input, report } of result.findings) {
    found++;
    const file = await keepInput(name, input);
    console.log(`\nKept as ${file.pathname.slice(file.pathname.indexOf("tests/"))}:\n${report}\n`);
  }
}
if (options.report !== undefined) {
  await writePart(options.report, "A million steps of everything", await reportOf(rows));
}
Deno.exit(found === 0 ? 0 : 1);

function rowOf(
  name: string,
  { inputs, events, guided, reaching, seconds, findings }: WatchedResult,
): string[] {
  const count = (value: number): string => value.toLocaleString("en");
  const reached = guided && reaching !== undefined ? count(reaching.length) : "–";
  return [name, count(inputs), count(events), reached, seconds.toFixed(1), String(findings.length)];
}

async function reportOf(rows: readonly string[][]): Promise<string> {
  const head = ["target", "inputs", "steps", "reaching", "seconds", "findings"];
  const [header, ...lines] = alignColumns([head, ...rows], [1, 2, 3, 4, 5]).map((row) =>
    `| ${row.join(" | ")} |`
  );
  const sum = rows.reduce((total, [, , , , seconds]) => total + Number(seconds), 0);
  return [
    "The fuzzer mutates valid inputs of parsers and state machines: it flips bits, cuts, repeats and mixes pieces, and",
    "changes keys and values of JSON. Inputs that come to a new outcome are mutated further. In the first tenth of the",
    "steps so are those that reach a new block of code by V8's precise coverage; the column “reaching” counts them, and the",
    "other steps start from them. A step is a message for a parser, and an event for a state",
    "machine, whose inputs are sequences of events. Each target's promises stand in its file under",
    "[`tests/fuzz/targets/`](../../tests/fuzz/targets). The tests repeat every input that ever broke one:",
    "[`tests/fuzz/corpus/`](../../tests/fuzz/corpus) lists them.",
    "",
    "```sh",
    `make fuzz ARGS="--seed ${seed} --events ${events} --seconds ${seconds} --report bench/results"`,
    "```",
    "",
    header,
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
    "",
    `${sum.toFixed(0)} s in all. ${await describeMachine()}.`,
    "",
  ].join("\n");
}
