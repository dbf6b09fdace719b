/** The networks of the ablation: those of the voice benchmark, and two phones whose own trouble it is. */

import { CONDITIONS, type NamedCondition } from "../voice/conditions.ts";

/** A network, and the phone behind it. */
export interface Scene extends NamedCondition {
  /** The listening phone does nothing for 5 to 60 ms every 2 to 6 s. */
  readonly phoneStalls?: boolean;
  /** Its loudspeaker starts 30 ms ahead and stands still for 10 to 80 ms every 3 to 8 s. */
  readonly speakerStalls?: boolean;
}

const LAN = { kind: "gamma", maximumMs: 8, keepsOrder: true } as const;

export const SCENES: readonly Scene[] = [
  ...CONDITIONS,
  { id: "phone", name: "phone that stalls", jitter: LAN, phoneStalls: true },
  { id: "speaker", name: "loudspeaker that stalls", jitter: LAN, speakerStalls: true },
];
