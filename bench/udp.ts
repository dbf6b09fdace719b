/**
 * Whether Linux's own UDP sockets earn their code: the processor time of a phone in a call with them, and with the
 * runtime's.
 *
 * Usage: `deno run -A bench/udp.ts [--runs 5] [--seconds 20] [--out FOLDER]`, from any folder, on Linux, on a machine with
 * little else to do. Writes udp.md, in bench/results unless told otherwise.
 *
 * Each run is a call of two phones on the loopback interface, encrypted as usual, with either kind of sockets in turn.
 */

import { parseArgs } from "@std/cli/parse-args";
import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { Pulse, pulseMissing } from "../testing/pulse.ts";
import { startRegistry } from "../testing/processes.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "./measure/pause.ts";
import { readCost } from "./measure/process_cost.ts";
import { quantile } from "./measure/quantile.ts";
import { writeTempWav } from "./measure/wav_file.ts";
import { SETTLING_MS } from "./voice/cost.ts";
import { SalaProgram } from "./voice/sala_program.ts";
import { makeSpeech } from "./voice/speech.ts";

/** Linux's own sockets stay if they save this part of a phone's processor time. */
const WANTED = 0.1;

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

/** Processor time of one phone in a call, user and system, in percent of a core. */
async function measure(sound: Sound, sockets: Sockets): Promise<number> {
  const env = { ...pulse?.card("mouth", "ear"), SALA_UDP: sockets };
  await using _talking = pulse?.play(speech.path, "mouth");
  const program = new SalaProgram(sockets, registry, sound.args);
  await using call = await program.startCall({ callerCard: env, calleeCard: env });
  await pause(SETTLING_MS);
  const before = await readCost(call.pids);
  await pause(1000 * seconds);
  const after = await readCost(call.pids);
  await call.hangUp();
  return 100 * (after.cpuSeconds - before.cpuSeconds) / seconds / call.pids.length;
}

const rows: string[] = [];
for (const sound of sounds) {
  const measured: Record<Sockets, number[]> = { runtime: [], linux: [] };
  for (let run = 0; run < runs; run++) {
    for (const sockets of SOCKETS) {
      const percent = await measure(sound, sockets);
      measured[sockets].push(percent);
      console.log(`${sound.name}, ${sockets}: ${percent.toFixed(2)} % of a core`);
    }
  }
  const median = (sockets: Sockets) => quantile(measured[sockets], 0.5);
  const all = (sockets: Sockets) => measured[sockets].map((percent) => percent.toFixed(2)).join(", ");
  const saved = 1 - median("linux") / median("runtime");
  rows.push(
    `| ${sound.name} | ${median("runtime").toFixed(2)} % (${all("runtime")}) | ` +
      `${median("linux").toFixed(2)} % (${all("linux")}) | ${(100 * saved).toFixed(0)} % ${
        saved >= WANTED ? "✓" : "✗"
      } |`,
  );
}

await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(
  `${folder}/udp.md`,
  `# Processor time of a phone with either kind of UDP sockets

\`deno run -A bench/udp.ts\` wrote this page, on ${await describeMachine()}.

Calls of two phones on the loopback interface, encrypted as usual; user and system time of one phone, mean of both, from
second ${SETTLING_MS / 1000} to second ${
    SETTLING_MS / 1000 + seconds
  }, in percent of a core. The two kinds of sockets in turn, ${runs} runs each: the median, and all runs. Linux's own
stay if they save ${100 * WANTED} %.

| the phones' sound | the runtime's sockets | Linux's own | saved |
| --- | ---: | ---: | ---: |
${rows.join("\n")}
`,
);
