/**
 * What each rule of the jitter buffer is worth: made-up calls through the real codec on the networks of the benchmark,
 * with and without it. Writes `ablation.md`.
 *
 * Usage: `make bench-ablation [ARGS="..."]`; `ARGS=--help` lists the options.
 */

import { parseArgs } from "@std/cli/parse-args";
import { ablationPage, comparison } from "./jitter_buffer/report.ts";
import { type Rule, RULES } from "./jitter_buffer/rules.ts";
import { type Scene, SCENES } from "./jitter_buffer/scenes.ts";
import type { Measurement, Task } from "./jitter_buffer/worker.ts";
import { describeMachine } from "./measure/machine.ts";
import { makeSpeech } from "./voice/speech.ts";

/** Not used to choose a number: those were 1 to 20. They decide which rules go; a whole is judged on others. */
const FIRST_SEED = 1901;
const SEEDS = 16;

const HELP = `usage: make bench-ablation [ARGS="OPTIONS"]

  --seeds N       how many calls on each network (${SEEDS})
  --first N       the first of their seeds (${FIRST_SEED})
  --scenes A,B,…  of ${SCENES.map(({ id }) => id).join(", ")}
  --rules A,B,…   of ${RULES.map(({ id }) => id).join(", ")}; "" for none
  --keep FILE     write each call to FILE as it is measured, a line of JSON each
  --from FILE     write the page of calls that were kept, in place of measuring
  --against FILE  compare with calls that another version kept, in place of the table
  --out FILE      where to write (bench/results/ablation.md)
`;

/** Runs tasks on as many threads as there are processors. */
async function measureAll(
  speech: Float32Array,
  tasks: readonly { readonly scene: Scene; readonly seed: number; readonly rules: readonly Rule[] }[],
  taken: (measurements: readonly Measurement[]) => void,
): Promise<void> {
  let next = 0;
  const threads = Array.from(
    { length: navigator.hardwareConcurrency },
    () =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL("./jitter_buffer/worker.ts", import.meta.url), { type: "module" });
        const send = (task: Task) => worker.postMessage(task);
        const goOn = () => {
          const task = tasks[next++];
          if (task) return send(task);
          worker.terminate();
          resolve();
        };
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }: MessageEvent<readonly Measurement[]>) => {
          taken(data);
          goOn();
        };
        send({ speech });
        goOn();
      }),
  );
  await Promise.all(threads);
}

function chosen<T extends { readonly id: string }>(all: readonly T[], ids: string | undefined): readonly T[] {
  if (ids === undefined) return all;
  const wanted = ids.split(",").filter((id) => id !== "");
  const unknown = wanted.find((id) => !all.some((one) => one.id === id));
  if (unknown !== undefined) throw new RangeError(`There is no "${unknown}"`);
  return all.filter(({ id }) => wanted.includes(id));
}

async function readKept(path: string): Promise<Measurement[]> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Measurement);
}

const options = parseArgs(Deno.args, {
  string: ["seeds", "first", "scenes", "rules", "keep", "from", "against", "out"],
  boolean: ["help"],
});
if (options.help) {
  console.log(HELP);
  Deno.exit(0);
}
const count = Number(options.seeds ?? SEEDS);
const first = Number(options.first ?? FIRST_SEED);
const scenes = chosen(SCENES, options.scenes);
const rules = chosen(RULES, options.against === undefined ? options.rules : "");
const { samples, description } = await makeSpeech(true);
const tasks = Array.from({ length: count }, (_, index) => first + index)
  .flatMap((seed) => scenes.map((scene) => ({ scene, seed, rules })));
const measurements: Measurement[] = options.from === undefined ? [] : await readKept(options.from);
if (options.keep !== undefined) await Deno.writeTextFile(options.keep, "");
await measureAll(samples, options.from === undefined ? tasks : [], (some) => {
  measurements.push(...some);
  if (options.keep !== undefined) {
    Deno.writeTextFileSync(options.keep, some.map((one) => `${JSON.stringify(one)}\n`).join(""), {
      append: true,
    });
  }
});
const setting = {
  machine: await describeMachine(),
  date: new Date().toISOString().slice(0, 10),
  speech: description,
  seeds: `${first} to ${first + count - 1}`,
};
if (options.against === undefined) {
  const out = options.out ?? "bench/results/ablation.md";
  await Deno.writeTextFile(out, ablationPage(setting, scenes, rules, measurements));
  console.log(out);
} else console.log(comparison(scenes, await readKept(options.against), measurements));
