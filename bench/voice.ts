/**
 * Voice of this project's phone beside baresip's: delay, intelligibility on impaired networks, cost. Writes voice.md and
 * pictures.
 *
 * Usage: `make bench-voice [ARGS="..."]`; `ARGS=--help` lists the options. It needs PulseAudio, and for all rows baresip
 * and espeak-ng (apt-get install pulseaudio pulseaudio-utils libasound2-plugins baresip-core espeak-ng).
 */

import { parseArgs } from "@std/cli/parse-args";
import { startRegistry } from "../testing/processes.ts";
import { Pulse, pulseMissing } from "../testing/pulse.ts";
import { CONDITIONS } from "./voice/conditions.ts";
import { measureCosts } from "./voice/cost.ts";
import { denoFolder } from "./voice/deno_folder.ts";
import { type Delays, measureDelay } from "./voice/delay.ts";
import { measureHour } from "./voice/hour.ts";
import { type Intelligibility, measureIntelligibility, middleCall } from "./voice/intelligibility.ts";
import { describeMachine } from "./measure/machine.ts";
import { type Entry, findPrograms } from "./voice/programs.ts";
import { makeSpeech } from "./voice/speech.ts";
import { measureBars } from "./voice/voice_bars.ts";
import { drawPictures, writeReport } from "./voice/voice_report.ts";
import type { VoiceResults } from "./voice/voice_results.ts";
import { progress } from "./report/progress.ts";
import { resultsFolder, writeResult } from "./report/results_folder.ts";
import { attempt, type Outcome } from "./measure/outcome.ts";

/** Names of the parts; the last stands for all networks. */
const DELAY = "delay";
const COST = "cost";
const HOUR = "hour";
const SPEECH = "speech";

/** Networks of the short run. */
const QUICK_CONDITIONS = ["clean", "loss20", "loss10jitter30"];

/** Durations in seconds: the whole run takes 16 minutes, the short one less than 3. */
const DELAY_SECONDS = { whole: 15, quick: 8 };
const COST_SECONDS = { whole: 30, quick: 10 };
const CALIBRATION_SECONDS = 4;

/** Load average per core from which the page warns of a busy machine. */
const MOST_LOAD = 0.5;

/** Programs that talk concurrently on one network. With more, calls disturb each other audibly on a machine with two cores. */
const AT_ONCE = 3;

const HELP = `usage: make bench-voice [ARGS="OPTIONS"]

  --quick        less of everything: under 3 minutes in place of 16
  --only A,B,…   of ${DELAY}, ${COST}, ${HOUR}, ${SPEECH}, or of the networks
                 ${CONDITIONS.map(({ id }) => id).join(", ")}
  --seed TEXT    another random sequence of the networks (1)
  --calls N      calls on each network, of which the median counts (1)
  --at-once N    programs that talk at the same time (${AT_ONCE})
  --out FOLDER   where to write (bench/results; with --quick or --only, bench/out)
`;

interface Options {
  readonly quick: boolean;
  readonly parts: ReadonlySet<string>;
  readonly seed: string;
  readonly calls: number;
  readonly atOnce: number;
  readonly folder: string;
}

/** An error on the command line. */
class WrongUsage extends Error {}

function readOptions(args: readonly string[]): Options | "help" {
  const given = parseArgs([...args], {
    string: ["only", "seed", "calls", "at-once", "out"],
    boolean: ["quick", "help"],
    alias: { help: "h" },
    unknown: (argument) => {
      throw new WrongUsage(`${argument} is unknown`);
    },
  });
  if (given.help) return "help";
  const { quick, only, seed = "1" } = given;
  const count = (option: "calls" | "at-once", otherwise: number) => {
    const number = Number(given[option] ?? otherwise);
    if (!Number.isInteger(number) || number < 1) throw new WrongUsage(`--${option} takes a number from 1`);
    return number;
  };
  const [calls, atOnce] = [count("calls", 1), count("at-once", AT_ONCE)];
  const ids = quick ? QUICK_CONDITIONS : CONDITIONS.map(({ id }) => id);
  const whole = quick ? [DELAY, COST, SPEECH] : [DELAY, COST, HOUR, SPEECH];
  const asked = only === undefined ? whole : only.split(",");
  for (const part of asked) {
    if (![DELAY, COST, HOUR, SPEECH, ...CONDITIONS.map(({ id }) => id)].includes(part)) {
      throw new WrongUsage(`there is no part "${part}"`);
    }
  }
  const parts = new Set(asked.flatMap((part) => part === SPEECH ? ids : [part]));
  const partly = quick || only !== undefined;
  return { quick, parts, seed, calls, atOnce, folder: resultsFolder(given.out, !partly) };
}

const MOUTH = "mouth";
const HUSH = "hush";
const DRAIN = "drain";

async function measureAll(
  options: Options,
  pulse: Pulse,
  ears: readonly string[],
  entries: readonly Entry[],
  speech: Float32Array,
): Promise<VoiceResults> {
  const { quick, parts, seed, calls, atOnce } = options;
  const ear = ears[0]!;
  const length = (seconds: { readonly whole: number; readonly quick: number }) =>
    quick ? seconds.quick : seconds.whole;

  let calibration: VoiceResults["calibration"];
  const delay = new Map<string, Outcome<Delays>>();
  if (parts.has(DELAY)) {
    calibration = await measureDelay(pulse, MOUTH, MOUTH, CALIBRATION_SECONDS);
    progress(`delay: the method's error is ${calibration.medianMs.toFixed(2)} ms`);
    for (const { program } of entries.filter(({ delay }) => delay)) {
      const outcome = await attempt(async () => {
        await using call = await program.startCall({
          callerCard: pulse.card(MOUTH, DRAIN),
          calleeCard: pulse.card(HUSH, ear),
        });
        const delays = await measureDelay(pulse, MOUTH, ear, length(DELAY_SECONDS));
        await call.hangUp();
        return delays;
      });
      delay.set(program.name, outcome);
      const told = "failure" in outcome ? outcome.failure : `${outcome.medianMs.toFixed(1)} ms`;
      progress(`delay: ${program.name}: ${told}`);
    }
  }

  let cost: VoiceResults["cost"] = new Map();
  if (parts.has(COST)) {
    const programs = entries.filter(({ cost }) => cost).map(({ program }) => program);
    const cables = { mouth: MOUTH, ears, drain: DRAIN };
    cost = await measureCosts(pulse, cables, programs, speech, length(COST_SECONDS));
    for (const [name, outcome] of cost) {
      const told = "failure" in outcome ? outcome.failure : `${(100 * outcome.cpu).toFixed(1)} % of a core`;
      progress(`cost: ${name}: ${told}`);
    }
  }

  const hour = parts.has(HOUR) ? await measureHour() : [];
  if (hour.length > 0) progress(`hour: ${hour.map(({ heapMib }) => heapMib.toFixed(1)).join(", ")} MiB`);

  const heard: VoiceResults["speech"][number][] = [];
  for (const condition of CONDITIONS.filter(({ id }) => parts.has(id))) {
    const programs = entries.filter(({ speech }) => speech.includes(condition.id)).map(({ program }) =>
      program
    );
    const results = new Map<string, Outcome<Intelligibility>>();
    for (let first = 0; first < programs.length; first += atOnce) {
      const some = programs.slice(first, first + atOnce);
      const cables = { mouth: MOUTH, ears, hush: HUSH, drain: DRAIN };
      const found: Outcome<Intelligibility>[][] = [];
      for (let call = 0; call < calls; call++) {
        const network = { condition, seed: call === 0 ? seed : `${seed} call ${call + 1}` };
        found.push(await measureIntelligibility(pulse, cables, some, network, speech));
      }
      some.forEach(({ name }, index) => results.set(name, middleCall(found.map((call) => call[index]!))));
    }
    heard.push({ condition, results });
    const told = [...results].map(([name, result]) =>
      `${name} ${"failure" in result ? result.failure : result.stoi.toFixed(4)}`
    );
    progress(`${condition.name}: ${told.join(", ")}`);
  }
  return { calibration, delay, speech: heard, cost, hour };
}

/** Warns if other programs load the machine, which makes all figures worse. */
function noteIfBusy(): string[] {
  const load = Deno.loadavg()[0]!;
  return load < MOST_LOAD * navigator.hardwareConcurrency
    ? []
    : [`The machine was busy with other things (load ${load.toFixed(1)}): all figures are worse for it.`];
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    console.log(HELP.trimEnd());
    return 0;
  }
  const missing = pulseMissing();
  if (missing) {
    console.error(`The voices cannot be compared here: ${missing}.`);
    return 1;
  }
  const busyNotes = noteIfBusy();
  Deno.env.set("DENO_DIR", await denoFolder());
  const { quick, seed, calls, atOnce, folder } = options;
  const date = new Date();
  await using registry = await startRegistry();
  const { entries, absent } = await findPrograms(registry);
  // Cost is measured for all programs concurrently, speech for `atOnce` of them.
  const most = Math.max(atOnce, entries.filter(({ cost }) => cost).length);
  const ears = Array.from({ length: most }, (_, index) => `ear${index + 1}`);
  await using pulse = await Pulse.start([MOUTH, HUSH, DRAIN, ...ears]);
  const notes = [...busyNotes, ...absent];
  for (const note of notes) console.log(note);
  const speech = await makeSpeech(quick);
  const results = await measureAll(options, pulse, ears, entries, speech.samples);
  const report = writeReport(results, {
    date,
    durationSeconds: performance.now() / 1000,
    seed,
    calls,
    speech: speech.description,
    machine: await describeMachine(),
    notes,
  });
  const page = await writeResult(folder, "voice.md", report);
  for (const [name, picture] of drawPictures(results)) await writeResult(folder, name, picture);
  for (const { what, expected, measured, met } of measureBars(results)) {
    console.log(`${met ? "✓" : "✗"} ${what}: ${measured} (${expected})`);
  }
  progress(`written to ${page}`);
  return 0;
}

try {
  Deno.exitCode = await main(Deno.args);
} catch (error) {
  if (!(error instanceof WrongUsage)) throw error;
  console.error(`${error.message}; --help shows the options.`);
  Deno.exitCode = 2;
}
