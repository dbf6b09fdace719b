/** A sound device as PortAudio enumerates it. */
export interface Device {
  /** PortAudio's index, valid until the next enumeration. */
  readonly index: number;
  readonly name: string;
  /** Name of the host API, such as `ALSA` or `Core Audio`. */
  readonly host: string;
  /** Most channels at once; 0 if the device has no such direction. */
  readonly inputs: number;
  readonly outputs: number;
  readonly defaultInput: boolean;
  readonly defaultOutput: boolean;
}

/** Direction of a stream. */
export type Direction = "input" | "output";
