/** What a call costs the machine. */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import type { Cable, Pulse } from "../../testing/pulse.ts";
import { pause } from "../../lib/util/pause.ts";
import { readCost } from "../measure/process_cost.ts";
import type { PhoneProgram, VoiceCall } from "./voice_call.ts";
import { attempt, type Outcome } from "../measure/outcome.ts";
import { writeTempWav } from "../measure/wav_file.ts";

/** Averages of the caller's and the callee's phone. */
export interface CallCost {
  /** Processor time in a call, user and system, as a part of one core. */
  readonly cpu: number;
  /** The same in the first {@linkcode SETTLING_MS} of the call, in which programs still start. */
  readonly earlyCpu: number;
  /** Memory at the end, and the most so far, in MiB. */
  readonly residentMib: number;
  readonly peakMib: number;
}

/** How long calls settle before they count: devices start, compilers compile. */
export const SETTLING_MS = 10_000;

/** More than calls take to be made, all of them together. */
const STARTING_MS = 60_000;

/**
 * Measures programs in calls at the same time, one call of two phones for each, straight to each other, in which both
 * sides talk all the time. One after the other would not do: what else a machine is busy with, and what its caches hold,
 * makes a call cost half as much again from one minute to the next.
 *
 * @param cables What all microphones hear, and what each program is heard on.
 * @param speech What to say, mono at 48 kHz; again from the beginning if it is too short.
 * @param seconds How long to measure.
 */
export async function measureCosts(
  pulse: Pulse,
  cables: { readonly mouth: Cable; readonly ears: readonly Cable[]; readonly drain: Cable },
  programs: readonly PhoneProgram[],
  speech: Float32Array,
  seconds: number,
): Promise<Map<string, Outcome<CallCost>>> {
  const { mouth, ears, drain } = cables;
  const length = Math.ceil(((STARTING_MS + SETTLING_MS) / 1000 + seconds) * SAMPLE_RATE);
  await using file = await writeTempWav(
    Float32Array.from({ length }, (_, index) => speech[index % speech.length]!),
  );
  await using _talking = pulse.play(file.path, mouth);
  const together = new Gate(programs.length);
  let started: Promise<unknown> = Promise.resolve();
  const measured = programs.map(async (program, index): Promise<[string, Outcome<CallCost>]> => {
    const ear = ears[index]!;
    const cards = { callerCard: pulse.card(mouth, drain), calleeCard: pulse.card(mouth, ear) };
    // One starts when the one before it has: that is more work than a call, and would be in the other's way.
    const start = started.then(() => program.startCall(cards));
    started = start.catch(() => {});
    const outcome = await attempt(async () => {
      await using call = await start;
      const { cpu: earlyCpu } = await during(call, SETTLING_MS);
      await together.arrive();
      const settled = await during(call, 1000 * seconds);
      await call.hangUp();
      return { ...settled, earlyCpu };
    });
    if ("failure" in outcome) together.arrive();
    return [program.name, outcome];
  });
  return new Map(await Promise.all(measured));
}

/** Where several wait until all of them are there. */
class Gate {
  #expected: number;
  readonly #open = Promise.withResolvers<void>();

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Somebody is there, or will not come. */
  arrive(): Promise<void> {
    if (--this.#expected === 0) this.#open.resolve();
    return this.#open.promise;
  }
}

/** What one phone of a call takes from now on. */
async function during(call: VoiceCall, ms: number): Promise<Omit<CallCost, "earlyCpu">> {
  const [before, startMs] = [await readCost(call.pids), performance.now()];
  await pause(ms);
  const [after, endMs] = [await readCost(call.pids), performance.now()];
  const phones = call.pids.length;
  return {
    cpu: (after.cpuSeconds - before.cpuSeconds) / ((endMs - startMs) / 1000) / phones,
    residentMib: after.residentKib / 1024 / phones,
    peakMib: after.peakKib / 1024 / phones,
  };
}
