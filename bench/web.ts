/**
 * The phone in the browser beside a page with WebRTC: mouth-to-ear delay over virtual sound cards, and processor time of
 * everything that runs for a call, phones and browsers. Writes web.md.
 *
 * Usage: `sh tools/deno.sh run -A bench/web.ts [--runs 5] [--seconds 15] [--out FOLDER]`; it needs Chromium and PulseAudio.
 *
 * The programs take turns, in every run in another order, since a virtual machine is faster in one minute than in the next.
 */

import { parseArgs } from "@std/cli/parse-args";
import { HAS_BROWSER } from "../testing/browser.ts";
import { startRegistry } from "../testing/processes.ts";
import { Pulse, pulseMissing } from "../testing/pulse.ts";
import { quantile } from "../testing/quantile.ts";
import { describeMachine } from "./measure/machine.ts";
import { readCost } from "./measure/process_cost.ts";
import { descendants } from "./measure/process_tree.ts";
import { progress } from "./report/progress.ts";
import { resultsFolder, writeResult } from "./report/results_folder.ts";
import { measureDelay } from "./voice/delay.ts";
import { SalaProgram } from "./voice/sala_program.ts";
import type { PhoneProgram } from "./voice/voice_call.ts";
import { WebProgram } from "./voice/web_program.ts";
import { WebRtcProgram } from "./voice/webrtc_program.ts";

/** The phone in the browser may have this part of WebRTC's delay. */
const WANTED = 0.75;

/** What is hoped for of its processor time. */
const HOPED = 0.5;

const given = parseArgs(Deno.args, { string: ["runs", "seconds", "out", "only"] });
const runs = Number(given.runs ?? 5);
const seconds = Number(given.seconds ?? 15);

interface Run {
  readonly delayMs: number;
  /** Percent of a core, both sides together. */
  readonly cpu: number;
}

const missing = pulseMissing() ?? (HAS_BROWSER ? undefined : "there is no Chromium");
if (missing) {
  console.error(`Browsers cannot be compared here: ${missing}.`);
  Deno.exit(1);
}

await using registry = await startRegistry(["--quiet"]);
await using pulse = await Pulse.start(["mouth", "ear", "hush", "drain"]);

const WEB = new WebProgram("Sala, a browser on each side", registry);
const WEB_20 = new WebProgram("Sala, a browser on each side, --frame 20", registry, ["--frame", "20"]);
const WEBRTC = new WebRtcProgram();
const TERMINAL = new SalaProgram("Sala in the terminal", registry);
const PROGRAMS: readonly PhoneProgram[] = [WEB, WEB_20, WEBRTC, TERMINAL].filter(({ name }) =>
  given.only === undefined || name.includes(given.only)
);

const own = await descendants(Deno.pid);

/** Processor time so far of all that was started since this program began to measure. */
async function cpuSeconds(): Promise<number> {
  const pids = (await descendants(Deno.pid)).filter((pid) => !own.includes(pid));
  const costs = await Promise.all(pids.map((pid) => readCost([pid]).catch(() => ({ cpuSeconds: 0 }))));
  return costs.reduce((total, cost) => total + cost.cpuSeconds, 0);
}

async function measure(program: PhoneProgram): Promise<Run> {
  const [callerCard, calleeCard] = await Promise.all(
    [["mouth", "drain"], ["hush", "ear"]].map(([microphone, speaker]) =>
      pulse.browserCard(microphone!, speaker!)
    ),
  );
  await using call = await program.startCall({ callerCard: callerCard!, calleeCard: calleeCard! });
  const [before, startMs] = [await cpuSeconds(), performance.now()];
  const { medianMs } = await measureDelay(pulse, "mouth", "ear", seconds);
  const cpu = 100 * (await cpuSeconds() - before) / ((performance.now() - startMs) / 1000);
  await call.hangUp();
  return { delayMs: medianMs, cpu };
}

const measured = new Map<PhoneProgram, Run[]>(PROGRAMS.map((program) => [program, []]));
for (let run = 0; run < runs; run++) {
  for (let turn = 0; turn < PROGRAMS.length; turn++) {
    const program = PROGRAMS[(run + turn) % PROGRAMS.length]!;
    const found = await measure(program);
    measured.get(program)!.push(found);
    progress(`${program.name}: ${found.delayMs.toFixed(1)} ms, ${found.cpu.toFixed(1)} % of a core`);
  }
}

const median = (program: PhoneProgram, field: keyof Run): number =>
  quantile((measured.get(program) ?? []).map((run) => run[field]), 0.5);

const rows = PROGRAMS.map((program) => {
  const all = (field: keyof Run) => measured.get(program)!.map((run) => run[field].toFixed(0)).join(", ");
  return `| ${program.name} | ${median(program, "delayMs").toFixed(0)} ms (${all("delayMs")}) | ${
    median(program, "cpu").toFixed(0)
  } % (${all("cpu")}) |`;
});
const delayShare = median(WEB, "delayMs") / median(WEBRTC, "delayMs");
const cpuShare = median(WEB, "cpu") / median(WEBRTC, "cpu");
const report = `# The phone in the browser

\`bench/web.ts\` wrote this page, on ${await describeMachine()}.

Calls over PulseAudio's virtual cards, from the mouth of one side to the ear of the other; both browsers are Debian's Chromium
with its echo cancelling, noise suppression and gain on. Medians of ${runs} runs of ${seconds} s, and all of them. Processor time is that
of phones and browsers, both sides together, in percent of a core, while one side is silent.

| | mouth to ear | processor time |
| --- | --- | --- |
${rows.join("\n")}

- Delay: ${delayShare.toFixed(2)} of WebRTC's; wanted: at most ${WANTED} ${delayShare <= WANTED ? "✓" : "✗"}
- Processor time: ${cpuShare.toFixed(2)} of WebRTC's; hoped for: ${HOPED} ${cpuShare <= HOPED ? "✓" : "✗"}
`;
const whole = given.runs === undefined && given.seconds === undefined && given.only === undefined;
progress(`written to ${await writeResult(resultsFolder(given.out, whole), "web.md", report)}`);
