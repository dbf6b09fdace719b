/** The tables of the ablation. */

import type { Rule } from "./rules.ts";
import type { Scene } from "./scenes.ts";
import type { Measurement } from "./worker.ts";

/** Under what the calls were measured. */
export interface Setting {
  readonly machine: string;
  readonly date: string;
  readonly speech: string;
  readonly seeds: string;
}

/** What is compared, and how it is written: a change that is worse has the sign of `worse`. */
const FIGURES = [
  { name: "STOI, thousandths", of: (call: Measurement) => 1_000 * call.stoi, worse: -1, digits: 1 },
  { name: "delay, ms", of: (call: Measurement) => call.delayMs, worse: 1, digits: 1 },
  { name: "concealed, ms", of: (call: Measurement) => call.concealedMs, worse: 1, digits: 0 },
] as const;

type Figure = typeof FIGURES[number];

/** A rule's differences on one network: off less on, in mean, and how much calls with all rules differ among seeds. */
interface Difference {
  readonly mean: number;
  /** Standard deviation over the seeds with all rules on. */
  readonly spread: number;
  /** Standard error of the mean of the paired differences. */
  readonly error: number;
}

function differenceOf(on: readonly Measurement[], off: readonly Measurement[], figure: Figure): Difference {
  const bySeed = new Map(off.map((call) => [call.seed, figure.of(call)]));
  const before = on.map(figure.of);
  const differences = on.map((call) => bySeed.get(call.seed)! - figure.of(call));
  return {
    mean: mean(differences),
    spread: deviation(before),
    error: deviation(differences) / Math.sqrt(differences.length),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** Whether a difference is worse by more than the spread. */
function costs({ mean, spread }: Difference, { worse }: Figure): boolean {
  return worse * mean > spread;
}

function cell(difference: Difference, figure: Figure): string {
  const { mean, error } = difference;
  if (mean === 0 && error === 0) return "·";
  const text = `${mean > 0 ? "+" : ""}${mean.toFixed(figure.digits)} ± ${error.toFixed(figure.digits)}`;
  return costs(difference, figure) ? `**${text}**` : text;
}

/** The page: for each figure a table of rules and networks, then what each rule is worth. */
export function ablationPage(
  { machine, date, speech, seeds }: Setting,
  scenes: readonly Scene[],
  rules: readonly Rule[],
  measurements: readonly Measurement[],
): string {
  const calls = groups(measurements);
  const of = (scene: Scene, rule: string) => calls.get(`${scene.id} ${rule}`) ?? [];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const head = (names: readonly string[]) => row(names) + row(names.map(() => "---"));
  const names = scenes.map(({ name }) => name);
  const tables = FIGURES.map((figure) => {
    const all = scenes.map((scene) => {
      const values = of(scene, "").map(figure.of);
      return `${mean(values).toFixed(figure.digits)} ± ${deviation(values).toFixed(figure.digits)}`;
    });
    const lines = rules.map(({ id }) =>
      row([id, ...scenes.map((scene) => cell(differenceOf(of(scene, ""), of(scene, id), figure), figure))])
    );
    return `## ${figure.name}\n\n${head(["off", ...names])}${row(["nothing (spread)", ...all])}${
      lines.join("")
    }`;
  });
  const verdicts = rules.map(({ id, effect, reason }) => {
    const worse = scenes.flatMap((scene) =>
      FIGURES.filter((figure) => costs(differenceOf(of(scene, ""), of(scene, id), figure), figure))
        .map((figure) => `${scene.name} (${figure.name.split(",")[0]})`)
    );
    return row([id, effect, worse.length > 0 ? "yes" : "no", worse.join(", ") || (reason ?? "")]);
  });
  return `# What each rule of the jitter buffer is worth

Written by \`make bench-ablation\` on ${date}; ${machine}.

Calls in virtual time through the real codec and the whole sender, whose redundancy follows the receiver's reports; a
loudspeaker that takes 10 ms at a time; twice ${speech}. Seeds ${seeds}; numbers were chosen on 1 to 20. A cell is the change without the rule, with its standard error; a dot: the same to the sample. Bold is
worse by more than the spread between seeds (the standard deviation of the calls with all rules): there the rule pays.
[ablation_removed.md](ablation_removed.md) has the rules that were taken out, and the whole before and after on seeds that
no decision saw.

${head(["rule", "what it does", "pays", "where, or why it stays"])}${verdicts.join("")}
${tables.join("\n")}`;
}

/** Two versions beside each other, on the same calls. */
export function comparison(
  scenes: readonly Scene[],
  before: readonly Measurement[],
  after: readonly Measurement[],
): string {
  const [old, now] = [groups(before), groups(after)];
  const lines = scenes.map((scene) => {
    const [on, off] = [old.get(`${scene.id} `) ?? [], now.get(`${scene.id} `) ?? []];
    const cells = FIGURES.map((figure) => {
      const difference = differenceOf(on, off, figure);
      return `${mean(on.map(figure.of)).toFixed(figure.digits)} ± ${
        difference.spread.toFixed(figure.digits)
      } | ${cell(difference, figure)}`;
    });
    return `| ${scene.name} | ${cells.join(" | ")} |\n`;
  });
  const head = FIGURES.map(({ name }) => `${name} | change`).join(" | ");
  return `| network | ${head} |\n|${" --- |".repeat(7)}\n${lines.join("")}`;
}

function groups(measurements: readonly Measurement[]): Map<string, Measurement[]> {
  return Map.groupBy(measurements, ({ scene, rule }) => `${scene} ${rule}`);
}
