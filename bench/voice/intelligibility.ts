/** Speech through several phone programs at once, on one network, and what of it would be understood. */

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

/** How speech came through. */
export interface Intelligibility {
  /** STOI, from about 0 to 1. */
  readonly stoi: number;
  /** Mouth to ear while talking, of pieces of 2 to 3 s, in milliseconds. */
  readonly delayMs: { readonly median: number; readonly least: number; readonly most: number };
  readonly network: PathCounts;
  readonly frames: FrameCounts;
}

/** Or why there is nothing to tell. */
export type IntelligibilityResult = Intelligibility | { readonly failure: string };

/** The cables that {@linkcode measureIntelligibility} uses: one mouth for all, and an ear for each program. */
export interface Cables {
  readonly mouth: Cable;
  readonly ears: readonly Cable[];
  /** What the callees say, which is nothing, and what the callers hear. */
  readonly hush: Cable;
  readonly drain: Cable;
}

/** How long a call settles before the network goes bad: devices start, compilers compile. */
const SETTLING_MS = 3000;
/** How long the network is bad before somebody talks, so that the phones have noticed. */
const LEAD_IN_MS = 2000;
/** How long after the last word it may be heard. */
const FADE_OUT_MS = 1000;

/**
 * Plays speech into the callers' microphone, and records what the callees hear. All programs hear the same words at
 * the same moments, and have the same packets lost and delayed.
 *
 * @param programs At most as many as there are ears.
 * @param speech Mono at 48 kHz.
 * @returns For each program.
 */
export async function measureIntelligibility(
  pulse: Pulse,
  cables: Cables,
  programs: readonly PhoneProgram[],
  network: Network,
  speech: Float32Array,
): Promise<IntelligibilityResult[]> {
  const { mouth, ears, hush, drain } = cables;
  await using parts = new AsyncDisposableStack();
  const file = parts.use(await writeTempWav(speech));
  const calls = await Promise.all(programs.map(async (program, index): Promise<VoiceCall | Error> => {
    const [callerCard, calleeCard] = [pulse.card(mouth, drain), pulse.card(hush, ears[index]!)];
    try {
      return parts.use(await program.startCall({ callerCard, calleeCard, network }));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }));
  const atMouth = parts.use(pulse.record(mouth));
  const atEars = programs.map((_, index) => parts.use(pulse.record(ears[index]!)));
  await Promise.all([atMouth, ...atEars].map(({ started }) => started));
  await pause(SETTLING_MS);
  for (const call of calls) if (!(call instanceof Error)) call.begin();
  await pause(LEAD_IN_MS);
  await pulse.speak(file.path, mouth);
  await pause(FADE_OUT_MS);
  const said = await atMouth.stop();
  const heard = await Promise.all(atEars.map((recorder) => recorder.stop()));
  const hungUp = await Promise.all(calls.map(async (call): Promise<HungUp | Error> => {
    if (call instanceof Error) return call;
    try {
      const network = (await call.network())!;
      return { network, frames: await call.hangUp() };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }));
  return hungUp.map((call, index) =>
    call instanceof Error
      ? { failure: call.message.split("\n")[0]! }
      : { ...call, ...judge(speech, said, heard[index]!) }
  );
}

/**
 * The call in the middle by its STOI, of an even number the worse of both. One that failed is worse than all others.
 *
 * @param calls At least one.
 */
export function middleCall(calls: readonly IntelligibilityResult[]): IntelligibilityResult {
  const stoi = (call: IntelligibilityResult) => "failure" in call ? -1 : call.stoi;
  return calls.toSorted((one, other) => stoi(one) - stoi(other))[Math.floor((calls.length - 1) / 2)]!;
}

interface HungUp {
  readonly network: PathCounts;
  readonly frames: FrameCounts;
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
