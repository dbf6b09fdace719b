/**
 * Fuzzes everything, a target after the other, and keeps what it finds under `corpus/`, where the tests take it up:
 *
 * - `--only NAME,NAME` some targets;
 * - `--events N` steps for each (a million);
 * - `--seconds N` at most so long for each (120);
 * - `--seed N` other inputs (from the clock);
 * - `--report FOLDER` writes the table that it prints into the page of robustness in a folder.
 *
 * Exits with 1 where anything was found.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { alignColumns } from "../../lib/ui/columns.ts";
import { describeMachine } from "../../bench/measure/machine.ts";
import { writePart } from "../../bench/report/results_page.ts";
import { keepInput, readCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";
import { watchedFuzz, type WatchedResult } from "./watched_fuzz.ts";

const EVENTS = 1_000_000;
const SECONDS = 120;

const options = parseArgs(Deno.args, {
  string: ["only", "events", "seconds", "seed", "report"],
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
    `Usage: make fuzz ARGS="[--only NAME,NAME] [--events N] [--seconds N] [--seed N] [--report FOLDER]"`,
  );
  console.error(`Targets: ${TARGETS.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}

const module = new URL("targets.ts", import.meta.url).href;
const rows: string[][] = [];
let found = 0;
console.log(`Seed ${seed}`);
for (const { name } of TARGETS) {
  if (only && !only.includes(name)) continue;
  const kept = readCorpus(name).map(({ input }) => input);
  const result = await watchedFuzz({ module, target: name, seed, events, seconds, kept });
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

function rowOf(name: string, { inputs, events, seconds, findings }: WatchedResult): string[] {
  const count = (value: number): string => value.toLocaleString("en");
  return [name, count(inputs), count(events), seconds.toFixed(1), String(findings.length)];
}

async function reportOf(rows: readonly string[][]): Promise<string> {
  const head = ["target", "inputs", "steps", "seconds", "findings"];
  const [header, ...lines] = alignColumns([head, ...rows], [1, 2, 3, 4]).map((row) =>
    `| ${row.join(" | ")} |`
  );
  const sum = rows.reduce((total, [, , , seconds]) => total + Number(seconds), 0);
  return [
    "Parsers and state machines are given inputs that are nearly right: valid ones with bits flipped, pieces cut,",
    "repeated and mixed, JSON with other values and keys. A step is one message for a parser, and one event for a state",
    "machine, whose inputs are stories of many. What each target promises stands in its file under",
    "[`tests/fuzz/targets/`](../../tests/fuzz/targets). What was ever found is kept under",
    "[`tests/fuzz/corpus/`](../../tests/fuzz/corpus), with a list of what it was; the tests give it to its target again.",
    "",
    "```sh",
    `make fuzz ARGS="--seed ${seed} --events ${events} --seconds ${seconds} --report bench/results"`,
    "```",
    "",
    header,
    "| --- | ---: | ---: | ---: | ---: |",
    ...lines,
    "",
    `${sum.toFixed(0)} s in all. ${await describeMachine()}.`,
    "",
  ].join("\n");
}
