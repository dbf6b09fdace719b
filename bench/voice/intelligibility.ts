/** Intelligibility of speech through several phone programs concurrently, on one network. */

import { compare } from "../../testing/audio/compare.ts";
import type { Cable, Pulse, Recording } from "../../testing/pulse.ts";
import { align } from "../../testing/audio/align.ts";
import { pause } from "../../lib/util/pause.ts";
import { quantile } from "../../testing/quantile.ts";
import type { Network, PathCounts } from "../../testing/netem/relay.ts";
import { stoi } from "../../testing/audio/stoi.ts";
import { SAMPLE_RATE, toFloat32 } from "../../lib/dsp/pcm.ts";
import type { FrameCounts, PhoneProgram, VoiceCall } from "./voice_call.ts";
import { writeTempWav } from "../measure/wav_file.ts";
import { attempt, type Outcome } from "../measure/outcome.ts";

/** Measurements of one program. */
export interface Intelligibility {
  /** STOI, from about 0 to 1. */
  readonly stoi: number;
  /** Mouth to ear during speech, over pieces of 2 to 3 s, in milliseconds. */
  readonly delayMs: { readonly median: number; readonly least: number; readonly most: number };
  readonly network: PathCounts;
  readonly frames: FrameCounts;
}

/** Cables: one mouth for all programs, and an ear for each. */
export interface Cables {
  readonly mouth: Cable;
  readonly ears: readonly Cable[];
  /** The microphone of the callees, which is silent, and the loudspeaker of the callers. */
  readonly hush: Cable;
  readonly drain: Cable;
}

/** Time from the start of a call to the first impairment: devices start, compilers compile. */
const SETTLING_MS = 3000;
/** Time from the first impairment to the first word, in which the phones adapt. */
const LEAD_IN_MS = 2000;
/** Recording time after the last word. */
const FADE_OUT_MS = 1000;

/**
 * Plays speech into the callers' microphone and records the callees' loudspeakers. All programs get the same words at the
 * same time, and the same impairment.
 *
 * @param programs At most as many as ears.
 * @param speech Mono, 48 kHz.
 * @returns One outcome per program.
 */
export async function measureIntelligibility(
  pulse: Pulse,
  cables: Cables,
  programs: readonly PhoneProgram[],
  network: Network,
  speech: Float32Array,
): Promise<Outcome<Intelligibility>[]> {
  const { mouth, ears, hush, drain } = cables;
  await using parts = new AsyncDisposableStack();
  const file = parts.use(await writeTempWav(speech));
  const calls = await Promise.all(programs.map((program, index): Promise<Outcome<VoiceCall>> => {
    const [callerCard, calleeCard] = [pulse.card(mouth, drain), pulse.card(hush, ears[index]!)];
    return attempt(async () => parts.use(await program.startCall({ callerCard, calleeCard, network })));
  }));
  const atMouth = parts.use(pulse.record(mouth));
  const atEars = programs.map((_, index) => parts.use(pulse.record(ears[index]!)));
  await Promise.all([atMouth, ...atEars].map(({ started }) => started));
  await pause(SETTLING_MS);
  for (const call of calls) if (!("failure" in call)) call.begin();
  await pause(LEAD_IN_MS);
  await pulse.speak(file.path, mouth);
  await pause(FADE_OUT_MS);
  const said = await atMouth.stop();
  const heard = await Promise.all(atEars.map((recorder) => recorder.stop()));
  return await Promise.all(calls.map(async (call, index): Promise<Outcome<Intelligibility>> => {
    if ("failure" in call) return call;
    return await attempt(async () => {
      const network = (await call.network())!;
      const frames = await call.hangUp();
      return { network, frames, ...judge(speech, said, heard[index]!) };
    });
  }));
}

/**
 * The call with the median STOI, of an even number the lower of the two medians. A failed call is lower than all others.
 *
 * @param calls At least one.
 */
export function middleCall(calls: readonly Outcome<Intelligibility>[]): Outcome<Intelligibility> {
  const stoi = (call: Outcome<Intelligibility>) => "failure" in call ? -1 : call.stoi;
  return calls.toSorted((one, other) => stoi(one) - stoi(other))[Math.floor((calls.length - 1) / 2)]!;
}

function judge(
  speech: Float32Array,
  said: Recording,
  heard: Recording,
): Pick<Intelligibility, "stoi" | "delayMs"> {
  const saidMs = said.startMs + 1000 * compare(speech, said.samples, SAMPLE_RATE).delaySeconds;
  const { samples, delaysSeconds } = align(speech, toFloat32(heard.samples), SAMPLE_RATE);
  const delays = delaysSeconds.map((seconds) => heard.startMs + 1000 * seconds - saidMs);
  return {
    stoi: stoi(speech, samples, SAMPLE_RATE),
    delayMs: { median: quantile(delays, 0.5), least: quantile(delays, 0), most: quantile(delays, 1) },
  };
}
