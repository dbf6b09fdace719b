/** The comparison as a page and pictures. */

import { type Bar, drawBars } from "../report/bar_chart.ts";
import { describe } from "./conditions.ts";
import { SETTLING_MS } from "./cost.ts";
import type { Intelligibility } from "./intelligibility.ts";
import { BARESIP } from "./programs.ts";
import { measureBars, ratio, success } from "./voice_bars.ts";
import type { VoiceCircumstances, VoiceResults } from "./voice_results.ts";
import type { Outcome } from "../measure/outcome.ts";

/** File names of the pictures. */
export const STOI_PICTURE = "voice_stoi.svg";
export const DELAY_PICTURE = "voice_delay.svg";

/** Placeholder for a missing number. */
const NONE = "–";

/** The page in Markdown. */
export function writeReport(results: VoiceResults, circumstances: VoiceCircumstances): string {
  const { date, durationSeconds, seed, calls, speech, machine, notes } = circumstances;
  const sections = [
    "# Voice, side by side",
    "`make bench-voice` wrote this page. It starts whole phones in calls over virtual sound cards (PulseAudio null " +
    "sinks), talks into the cards and records them, outside the phones; what is said of frames comes from the " +
    "phones themselves.",
    bullets([
      `${date.toISOString().slice(0, 16).replace("T", " ")} UTC, ${
        (durationSeconds / 60).toFixed(1)
      } minutes, ` +
      `seed \`${seed}\`${calls > 1 ? `, on each network the median of ${calls} calls` : ""}`,
      machine,
      ...notes,
    ]),
    ...barsSection(results),
    ...delaySection(results),
    ...speechSection(results, speech),
    ...costSection(results),
    ...hourSection(results),
  ];
  return `${sections.join("\n\n")}\n`;
}

function barsSection(results: VoiceResults): string[] {
  const bars = measureBars(results);
  if (bars.length === 0) return [];
  return [
    "## Expected and measured",
    table(
      ["", "expected", "measured", ""],
      bars.map(({ what, expected, measured, met }) => [what, expected, measured, met ? "✓" : "✗"]),
    ),
  ];
}

function delaySection({ calibration, delay }: VoiceResults): string[] {
  if (delay.size === 0) return [];
  const reference = success(delay.get(BARESIP))?.medianMs;
  const rows = [...delay].map(([name, outcome]) => {
    const result = success(outcome);
    if (!result) return [name, failure(outcome), NONE, NONE, NONE, NONE];
    const { medianMs, p5Ms, p95Ms, said, heard } = result;
    return [
      name,
      medianMs.toFixed(1),
      p5Ms.toFixed(1),
      p95Ms.toFixed(1),
      number(ratio(medianMs, reference), 2),
      `${heard} of ${said}`,
    ];
  });
  return [
    "## Mouth to ear",
    "Bursts of tone into the microphone's card, recorded from that card and from the loudspeaker's at the same " +
    "moment. No relay, nothing lost.",
    `![Delay](${DELAY_PICTURE})`,
    table(["", "median, ms", "5th %", "95th %", "of baresip's", "bursts heard"], rows),
    calibration
      ? `Both recordings of one and the same card are ${
        calibration.medianMs.toFixed(2)
      } ms apart (5th to 95th ` +
        `percentile ${calibration.p5Ms.toFixed(2)} to ${
          calibration.p95Ms.toFixed(2)
        }): that is the method's error.`
      : "",
  ];
}

function speechSection({ speech }: VoiceResults, said: string): string[] {
  if (speech.length === 0) return [];
  const names = [...new Set(speech.flatMap(({ results }) => [...results.keys()]))];
  const cells = (cell: (result: Intelligibility) => string) =>
    speech.map(({ condition, results }) => [
      condition.name,
      ...names.map((name) => {
        const outcome = results.get(name);
        const result = success(outcome);
        return result ? cell(result) : failure(outcome);
      }),
    ]);
  return [
    "## Intelligibility",
    `STOI (Taal et al. 2011) of the same words through each program, said at the same moments: ${said}. ` +
    "Every call goes through a relay of this project that loses and delays the same packets of all. " +
    "What was heard is brought into step with what was said in pieces of 2 to 3 s, each searched within " +
    "100 ms of the one before, or 400 ms where it is not recognised there, so that delay as such costs nothing here; " +
    "within a piece it does.",
    `![STOI](${STOI_PICTURE})`,
    table(["STOI", ...names], cells(({ stoi }) => stoi.toFixed(4))),
    "Mouth to ear while talking: the median of those pieces, and the least and the most.",
    table(
      ["ms", ...names],
      cells(({ delayMs: { median, least, most } }) =>
        `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`
      ),
    ),
    "What each network does, in both directions, from two seconds before the first word:",
    bullets(speech.map(({ condition }) => `${condition.name}: ${describe(condition)}`)),
    "### Frames",
    "What the callee's phone says about its frames, where it says something, and what the relay lost of the voice " +
    "on its way there. Phones count from the start of the call, the relay from when the network goes bad.",
    table(
      ["", "", "lost by the network", "played", "rebuilt", "concealed", "late"],
      speech.flatMap(({ condition, results }) =>
        [...results].flatMap(([name, outcome]) => {
          const result = success(outcome);
          if (!result) return [];
          const { network: { lost, received }, frames } = result;
          const { played, rebuilt, concealed, late } = frames;
          return [[
            condition.name,
            name,
            `${lost} of ${received}`,
            ...[played, rebuilt, concealed, late].map((count) => number(count, 0)),
          ]];
        })
      ),
    ),
  ];
}

function costSection({ cost }: VoiceResults): string[] {
  if (cost.size === 0) return [];
  const reference = success(cost.get(BARESIP));
  const rows = [...cost].map(([name, outcome]) => {
    const result = success(outcome);
    if (!result) return [name, failure(outcome), NONE, NONE, NONE, NONE];
    return [
      name,
      `${(100 * result.cpu).toFixed(1)} %`,
      number(ratio(result.cpu, reference?.cpu), 2),
      `${(100 * result.earlyCpu).toFixed(1)} %`,
      result.residentMib.toFixed(0),
      result.peakMib.toFixed(0),
    ];
  });
  return [
    "## Cost",
    "One phone in a call, the average of the two: processor time (user and system, all threads, of one core) and " +
    "memory, as the operating system counts them. All these calls are at the same time, and both sides talk all the " +
    `time. They count from ${SETTLING_MS / 1000} s on; before that programs still start, and compile.`,
    table(
      ["", "processor", "of baresip's", `first ${SETTLING_MS / 1000} s`, "memory, MiB", "at most, MiB"],
      rows,
    ),
  ];
}

function hourSection({ hour }: VoiceResults): string[] {
  if (hour.length === 0) return [];
  return [
    "## An hour",
    "Memory of one process in an hour of simulated call, one direction, in little more than a minute: encoder, copies, encryption, 5 % " +
    "of loss, 30 ms of jitter, jitter buffer with time stretching, decoder. The JavaScript heap with its buffers after " +
    "garbage collection; the process as the operating system counts it, with room for the garbage of an hour in minutes.",
    table(
      ["minute", ...hour.map(({ minute }) => `${minute}`)],
      [
        ["heap and buffers, MiB", ...hour.map(({ heapMib }) => heapMib.toFixed(2))],
        ["process, MiB", ...hour.map(({ residentMib }) => residentMib.toFixed(0))],
      ],
    ),
  ];
}

/** The pictures of the parts that were run, by file name. */
export function drawPictures({ delay, speech }: VoiceResults): ReadonlyMap<string, string> {
  const pictures = new Map<string, string>();
  if (delay.size > 0) {
    const bars = [...delay].map(([name, outcome]) => {
      const result = success(outcome);
      const bar: Bar | undefined = result && { value: result.medianMs, range: [result.p5Ms, result.p95Ms] };
      return { name, bar };
    });
    const most = Math.max(0, ...bars.map(({ bar }) => bar?.range?.[1] ?? 0).filter(Number.isFinite));
    pictures.set(
      DELAY_PICTURE,
      drawBars({
        title: "Mouth to ear: median, 5th and 95th percentile",
        groups: bars.map(({ name }) => name),
        series: [{ name: "milliseconds, less is better", bars: bars.map(({ bar }) => bar) }],
        axis: { from: 0, to: 50 * Math.ceil((most + 20) / 50), step: 50 },
        digits: 0,
        unit: " ms",
      }),
    );
  }
  if (speech.length > 0) {
    const names = [...new Set(speech.flatMap(({ results }) => [...results.keys()]))];
    const valueOf = (name: string) =>
      speech.map(({ results }): Bar | undefined => {
        const result = success(results.get(name));
        return result && { value: result.stoi };
      });
    const series = names.map((name) => ({ name, bars: valueOf(name) }));
    const lowest = Math.min(1, ...series.flatMap(({ bars }) => bars.map((bar) => bar?.value ?? 1)));
    pictures.set(
      STOI_PICTURE,
      drawBars({
        title: "Intelligibility (STOI), more is better",
        groups: speech.map(({ condition }) => condition.name),
        series,
        axis: { from: Math.max(0, Math.floor(lowest * 10 - 0.5) / 10), to: 1, step: 0.1 },
        digits: 2,
      }),
    );
  }
  return pictures;
}

function failure(outcome: Outcome<object> | undefined): string {
  return outcome !== undefined && "failure" in outcome ? `failed: ${outcome.failure}` : NONE;
}

function number(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? NONE : value.toFixed(digits);
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

/** A table with text in the first column and numbers in the others. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map((_, index) => index === 0 ? "---" : "---:")), ...rows.map(line)].join(
    "\n",
  );
}
