/** Processor time and memory of a call. */

import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import type { Cable, Pulse } from "../../testing/pulse.ts";
import { pause } from "../../lib/util/pause.ts";
import { readCost } from "../measure/process_cost.ts";
import type { PhoneProgram, VoiceCall } from "./voice_call.ts";
import { attempt, type Outcome } from "../measure/outcome.ts";
import { writeTempWav } from "../measure/wav_file.ts";

/** Averages over the caller's and the callee's phone. */
export interface CallCost {
  /** Processor time during a call, user and system, as a share of one core. */
  readonly cpu: number;
  /** The same for the first {@linkcode SETTLING_MS} of the call. */
  readonly earlyCpu: number;
  /** Resident memory at the end, and its peak, in MiB. */
  readonly residentMib: number;
  readonly peakMib: number;
}

/** Start of a call that is measured separately: devices start, compilers compile. */
export const SETTLING_MS = 10_000;

/** Upper limit for the time in which all calls are set up. */
const STARTING_MS = 60_000;

/**
 * Measures programs in concurrent calls: one call of two phones per program, without a relay, with speech on both sides
 * all the time. Measured in turn, the cost of the same call varies by half with the load and the caches of the machine.
 *
 * @param cables The mouth of all phones, and an ear for each program.
 * @param speech Mono, 48 kHz; repeated as needed.
 * @param seconds Measured time.
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
  const together = new Barrier(programs.length);
  let started: Promise<unknown> = Promise.resolve();
  const measured = programs.map(async (program, index): Promise<[string, Outcome<CallCost>]> => {
    const ear = ears[index]!;
    const cards = { callerCard: pulse.card(mouth, drain), calleeCard: pulse.card(mouth, ear) };
    // Calls start in turn, since a start takes more processor time than a call.
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

/** A barrier: waits until all expected calls have arrived. */
class Barrier {
  #expected: number;
  readonly #open = Promise.withResolvers<void>();

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** A call has arrived, or will not come. */
  arrive(): Promise<void> {
    if (--this.#expected === 0) this.#open.resolve();
    return this.#open.promise;
  }
}

/** The cost of one phone of a call over a time from now. */
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
