/** The programs of the comparison, and the parts in which each takes part. */

import type { RunningRegistry } from "../../testing/processes.ts";
import { baresipMissing, BaresipProgram } from "./baresip_program.ts";
import { CONDITIONS } from "./conditions.ts";
import { phoneKnows, SalaProgram } from "./sala_program.ts";
import type { PhoneProgram } from "./voice_call.ts";

/** Parts of the comparison. */
interface Parts {
  readonly delay?: boolean;
  /** Conditions, by their ids. */
  readonly speech?: readonly string[];
  readonly cost?: boolean;
}

/** A program and its parts. */
export interface Entry extends Required<Parts> {
  readonly program: PhoneProgram;
}

const ALL = CONDITIONS.map(({ id }) => id);

/** The phone with its default options. */
export const SALA = "Sala";
/** The phone with frames of 10 ms. */
export const SALA_FRAME_10 = "Sala --frame 10";
/** The phone without echo cancelling, which baresip does not have. */
export const SALA_NO_ECHO_CANCEL = "Sala --no-echo-cancel";
/** baresip with the sound driver that gives it the lower delay. */
export const BARESIP = "baresip (ALSA)";

/** The phone without processing of the microphone's signal. */
export const SALA_UNPROCESSED = "Sala, sound as it is";

/**
 * The phone with different options: defences switched off, on the networks that they are for. Variants with an option that
 * the phone does not know are left out. A further program on a network may take half a minute: see `AT_ONCE` in voice.ts.
 */
const SALA_VARIANTS: readonly ({ readonly name: string; readonly args: readonly string[] } & Parts)[] = [
  { name: SALA, args: [], delay: true, speech: ALL, cost: true },
  { name: SALA_FRAME_10, args: ["--frame", "10"], delay: true },
  { name: SALA_NO_ECHO_CANCEL, args: ["--no-echo-cancel"], cost: true },
  {
    name: SALA_UNPROCESSED,
    args: ["--no-echo-cancel", "--no-noise-reduction", "--no-gain"],
    speech: ["clean"],
  },
  {
    name: "Sala --no-redundancy",
    args: ["--no-redundancy"],
    speech: ["loss5", "loss10", "loss20", "bursts10", "loss10jitter30"],
  },
  {
    name: "Sala --no-redundancy --no-fec",
    args: ["--no-redundancy", "--no-fec"],
    speech: ["loss5", "loss10", "loss20", "bursts10", "loss10jitter30"],
  },
  { name: "Sala --no-stretch", args: ["--no-stretch"], speech: ["jitter30", "jitter80", "wifi"] },
];

const BARESIP_VARIANTS:
  readonly ({ readonly name: string; readonly driver: "alsa" | "portaudio" } & Parts)[] = [
    { name: BARESIP, driver: "alsa", delay: true, speech: ALL, cost: true },
    { name: "baresip (PortAudio)", driver: "portaudio", delay: true },
  ];

/** The programs that can run here, and why the others cannot, one sentence each. */
export async function findPrograms(
  registry: RunningRegistry,
): Promise<{ readonly entries: readonly Entry[]; readonly absent: readonly string[] }> {
  const entries: Entry[] = [];
  const absent: string[] = [];
  const add = (program: PhoneProgram, { delay = false, speech = [], cost = false }: Parts) =>
    entries.push({ program, delay, speech, cost });
  for (const variant of SALA_VARIANTS) {
    if (variant.args.length === 0 || await phoneKnows(variant.args)) {
      add(new SalaProgram(variant.name, registry, variant.args), variant);
    } else {
      absent.push(`${variant.name}: this version of the phone has no such option.`);
    }
  }
  const missing = baresipMissing();
  if (missing) absent.push(`Without baresip to compare with: ${missing}.`);
  else {
    for (const variant of BARESIP_VARIANTS) add(new BaresipProgram(variant.name, variant.driver), variant);
  }
  return { entries, absent };
}
