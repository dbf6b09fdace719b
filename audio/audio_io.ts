/**
 * The two ends of a voice path, which sound cards, files and test tones implement. `lib/voice` sees nothing else of
 * `audio/`.
 *
 * Samples are mono, signed 16 bit, at `SAMPLE_RATE` of `lib/dsp/pcm.ts`.
 */

/** A source of voice: a microphone, a file, a tone. */
export interface AudioSource extends AsyncDisposable {
  /** Device or file name, for people. */
  readonly name: string;
  /** Capture latency: samples from the microphone to a {@linkcode AudioSource.read}, as far as known. */
  readonly delaySamples: number;
  /**
   * Fills `samples` once all of them are captured, in real time from the first call on.
   *
   * A source never ends: a file goes on with silence.
   *
   * @param samples Buffer of any length; unchanged unless filled.
   * @returns 0 if filled; else the milliseconds to wait before the next try.
   * @throws {AudioError} If the device fails. The source cannot be used again then.
   */
  read(samples: Int16Array<ArrayBuffer>): number;
}

/** A sink of voice: a loudspeaker, a file, nothing. */
export interface AudioSink extends AsyncDisposable {
  /** Device or file name, for people. */
  readonly name: string;
  /** Playback latency: samples written and not yet played, as far as known. */
  readonly delaySamples: number;
  /**
   * Samples that fill the playback queue to its target: enough against underruns, and no more latency than that.
   * Negative if the queue is longer. To be called and served at each packet, and when one is overdue.
   *
   * @throws {AudioError} If the device fails. The sink cannot be used again then.
   */
  wanted(): number;
  /** Samples that fit beyond {@linkcode AudioSink.wanted}, as of its last call. */
  readonly roomSamples: number;
  /**
   * Takes samples at once, at most {@linkcode AudioSink.wanted} plus {@linkcode AudioSink.roomSamples}.
   *
   * @param samples Samples to play. Not kept.
   * @returns Settles when the sink has passed them on; callers need not wait.
   * @throws {AudioError} By the promise, if the device fails or the disk is full. The sink cannot be used again then.
   */
  write(samples: Int16Array<ArrayBuffer>): Promise<void>;
}

/** Why a sound device or file could not be used, for programs. */
export type AudioErrorCode =
  /** The PortAudio library could not be loaded. */
  | "no_library"
  /** No such device, or none at all. */
  | "no_device"
  /** The device refused or failed; the detail is PortAudio's own text. */
  | "device_failed"
  /** The file is missing or cannot be read or written; the detail is the system's text. */
  | "file_failed"
  /** The file is no playable WAV file; the detail says why. */
  | "bad_file";

/** A sound device or file that could not be used. */
export class AudioError extends Error {
  override readonly name = "AudioError";

  /**
   * @param code The reason, for programs.
   * @param subject The device, library or file.
   * @param detail The cause in the words of PortAudio or of the system, in English.
   */
  constructor(readonly code: AudioErrorCode, readonly subject: string, readonly detail: string) {
    super(`${subject}: ${detail}`);
  }
}
