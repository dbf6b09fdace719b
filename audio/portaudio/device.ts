/** What PortAudio tells of a sound device. */

/** One device that PortAudio knows. */
export interface Device {
  /** PortAudio's index, which stays the same until devices are looked for anew. */
  readonly index: number;
  readonly name: string;
  /** The host API that it is reached through, such as `ALSA` or `Core Audio`. */
  readonly host: string;
  /** Most channels at once; 0 where the device has no such direction. */
  readonly inputs: number;
  readonly outputs: number;
  readonly defaultInput: boolean;
  readonly defaultOutput: boolean;
}

/** Which way sound flows through a stream. */
export type Direction = "input" | "output";
