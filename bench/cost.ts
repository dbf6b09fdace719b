/** What a call costs the machine. */

import type { Cable, Pulse } from "../tests/e2e/pulse.ts";
import { pause } from "./pause.ts";
import { readCost } from "./process_cost.ts";
import type { PhoneProgram } from "./voice_call.ts";
import { writeTempWav } from "./wav_file.ts";

/** Averages of the caller's and the callee's phone. */
export interface CallCost {
  /** Processor time in a call, user and system, as a part of one core. */
  readonly cpu: number;
  /** Memory at the end, and the most so far, in MiB. */
  readonly residentMib: number;
  readonly peakMib: number;
}

/** How long a call settles before it counts: devices start, compilers compile. */
const SETTLING_MS = 4000;

/**
 * Measures two phones in a call, straight to each other, in which the caller talks.
 *
 * @param speech What to say, mono at 48 kHz; again from the beginning if it is too short.
 * @param seconds How long to measure.
 */
export async function measureCost(
  pulse: Pulse,
  cables: { readonly mouth: Cable; readonly ear: Cable; readonly hush: Cable; readonly drain: Cable },
  program: PhoneProgram,
  speech: Float32Array,
  seconds: number,
): Promise<CallCost> {
  const { mouth, ear, hush, drain } = cables;
  const length = Math.ceil((SETTLING_MS / 1000 + seconds + 2) * 48_000);
  await using file = await writeTempWav(
    Float32Array.from({ length }, (_, index) => speech[index % speech.length]!),
  );
  await using call = await program.startCall({
    callerCard: pulse.card(mouth, drain),
    calleeCard: pulse.card(hush, ear),
  });
  await using _talking = pulse.play(file.path, mouth);
  await pause(SETTLING_MS);
  const [before, startMs] = [await readCost(call.pids), performance.now()];
  await pause(1000 * seconds);
  const [after, endMs] = [await readCost(call.pids), performance.now()];
  await call.hangUp();
  const phones = call.pids.length;
  return {
    cpu: (after.cpuSeconds - before.cpuSeconds) / ((endMs - startMs) / 1000) / phones,
    residentMib: after.residentKib / 1024 / phones,
    peakMib: after.peakKib / 1024 / phones,
  };
}
