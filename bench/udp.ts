/**
 * Whether Linux's own UDP sockets earn their code: the processor time of a phone in a call with them, and with the
 * runtime's.
 *
 * Usage: `make bench-udp [ARGS="--runs 5 --seconds 20 --out FOLDER"]`, on Linux, on a machine with
 * little else to do. Writes udp.md, in bench/results unless told otherwise.
 *
 * Each run is two calls of two phones at the same time, one with either kind of sockets, on the loopback interface.
 */

import { parseArgs } from "@std/cli/parse-args";
import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { Pulse, pulseMissing } from "../testing/pulse.ts";
import { startRegistry } from "../testing/processes.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "../lib/util/pause.ts";
import { readCost } from "./measure/process_cost.ts";
import { quantile } from "../testing/quantile.ts";
import { writeTempWav } from "./measure/wav_file.ts";
import { SETTLING_MS } from "./voice/cost.ts";
import { SalaProgram } from "./voice/sala_program.ts";
import { makeSpeech } from "./voice/speech.ts";

/** Linux's own sockets stay if they save this part of a phone's processor time. */
const WANTED_PERCENT = 10;

/** Phones of a call. */
const PHONES = 2;

const SOCKETS = ["runtime", "linux"] as const;
type Sockets = (typeof SOCKETS)[number];

/** A way to hear and speak. */
interface Sound {
  readonly name: string;
  readonly args: readonly string[];
}

const SYNTHETIC: Sound = {
  name: "a tone, and no loudspeaker",
  args: ["--mic", "tone", "--speaker", "none"],
};
const DEVICES: Sound = {
  name: "sound devices, speech from both, echo cancelling, noise reduction and gain",
  args: [],
};

const given = parseArgs(Deno.args, { string: ["runs", "seconds", "out"] });
const runs = Number(given.runs ?? 5);
const seconds = Number(given.seconds ?? 20);
const folder = given.out ?? new URL("results", import.meta.url).pathname;

await using registry = await startRegistry(["--quiet"]);
await using pulse = pulseMissing() === undefined ? await Pulse.start(["mouth", "ear"]) : undefined;
const sounds = pulse ? [DEVICES, SYNTHETIC] : [SYNTHETIC];

/** Speech for the microphones, longer than a call. */
const SPEECH_SECONDS = 60 + seconds;
const { samples } = await makeSpeech(true);
await using speech = await writeTempWav(
  Float32Array.from({ length: SPEECH_SECONDS * SAMPLE_RATE }, (_, index) => samples[index % samples.length]!),
);

/** Processor time of one phone in a call with each kind, user and system, in percent of a core, in the same seconds. */
async function measure(sound: Sound): Promise<Record<Sockets, number>> {
  await using _talking = pulse?.play(speech.path, "mouth");
  await using calls = new AsyncDisposableStack();
  // Both at once: in its first seconds a phone compiles its code, so that a younger call costs more.
  const pids = await Promise.all(SOCKETS.map(async (sockets) => {
    const env = { ...pulse?.card("mouth", "ear"), SALA_UDP: sockets };
    const program = new SalaProgram(sockets, registry, sound.args);
    return calls.use(await program.startCall({ callerCard: env, calleeCard: env })).pids;
  }));
  await pause(SETTLING_MS);
  const costs = () => Promise.all(pids.map(readCost));
  const before = await costs();
  await pause(1000 * seconds);
  const after = await costs();
  const [runtime, linux] = after.map(({ cpuSeconds }, index) =>
    100 * (cpuSeconds - before[index]!.cpuSeconds) / seconds / PHONES
  );
  return { runtime: runtime!, linux: linux! };
}

const rows: string[] = [];
for (const sound of sounds) {
  const measured: Record<Sockets, number>[] = [];
  for (let run = 0; run < runs; run++) {
    const costs = await measure(sound);
    measured.push(costs);
    console.log(sound.name, costs);
  }
  const median = (values: readonly number[]) => quantile(values, 0.5);
  const all = (sockets: Sockets) => measured.map((costs) => costs[sockets]);
  const texts = (values: readonly number[]) => values.map((percent) => percent.toFixed(2)).join(", ");
  const saved = measured.map(({ runtime, linux }) => 100 * (1 - linux / runtime));
  const columns = [
    sound.name,
    ...SOCKETS.map((sockets) => `${median(all(sockets)).toFixed(2)} % (${texts(all(sockets))})`),
    `${median(saved).toFixed(0)} % (${saved.map((percent) => percent.toFixed(0)).join(", ")}) ${
      median(saved) >= WANTED_PERCENT ? "✓" : "✗"
    }`,
  ];
  rows.push(`| ${columns.join(" | ")} |`);
}

await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(
  `${folder}/udp.md`,
  `# Processor time of a phone with either kind of UDP sockets

\`make bench-udp\` wrote this page, on ${await describeMachine()}.

Calls of two phones on the loopback interface, encrypted as usual. User and system time of one phone, mean of both, from
second ${SETTLING_MS / 1000} to second ${
    SETTLING_MS / 1000 + seconds
  }, in percent of a core: the median of ${runs} runs, and all of them. In each run a call
with either kind goes on at the same time, since the same call costs half as much again from one minute to the next on a
virtual machine. Linux's own sockets stay if they save ${WANTED_PERCENT} %.

| the phones' sound | the runtime's sockets | Linux's own | saved |
| --- | ---: | ---: | ---: |
${rows.join("\n")}
`,
);
