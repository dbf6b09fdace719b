/**
 * The two ends of a voice path. A sound card, a sound file and a test tone all implement them, and
 * nothing else of `audio/` is seen by the network side.
 *
 * Samples are mono, signed 16 bit, at `SAMPLE_RATE` of `lib/dsp/pcm.ts`.
 */

/** Where voice comes from: a microphone, a file, a tone. */
export interface AudioSource extends AsyncDisposable {
  /** What a person calls it: a device name or a file name. */
  readonly name: string;
  /** Samples between the mouth and a {@linkcode AudioSource.read}, as far as they can be known. */
  readonly delaySamples: number;
  /**
   * Fills `samples` once all of them have been heard, in real time. Time starts with the first call.
   *
   * A source never ends: a file that is over goes on as silence.
   *
   * @param samples Buffer to fill, of any length; left as it is until then.
   * @returns 0 when it is filled; else how many milliseconds to wait before it is tried again.
   * @throws {AudioError} When the device fails. The source cannot be used again then.
   */
  read(samples: Int16Array<ArrayBuffer>): number;
}

/** Where voice goes: a loudspeaker, a file, nowhere. */
export interface AudioSink extends AsyncDisposable {
  /** What a person calls it: a device name or a file name. */
  readonly name: string;
  /** Samples that were written and are not heard yet, as far as they can be known. */
  readonly delaySamples: number;
  /**
   * Samples that are due: with as many more, sound goes on without a gap and with no more delay than it needs. To be
   * asked, and given, with each packet that comes and when one does not come in time. Less than nothing where it has
   * been given more.
   *
   * @throws {AudioError} When the device fails. The sink cannot be used again then.
   */
  wanted(): number;
  /** Samples that it could hold beyond those that it needs. */
  readonly roomSamples: number;
  /**
   * Takes samples at once, at most as many as are {@linkcode AudioSink.wanted} and there is room for.
   *
   * @param samples Samples to play. Not kept.
   * @returns Settles when the sink has got rid of them; nobody needs to wait for it.
   * @throws {AudioError} By the promise, when the device fails or the disk is full. The sink cannot be used again
   * then.
   */
  write(samples: Int16Array<ArrayBuffer>): Promise<void>;
}

/** Why a sound device or a sound file could not be used, in a form that a program can tell apart. */
export type AudioErrorCode =
  /** The PortAudio library could not be loaded. */
  | "no_library"
  /** There is no such device, or none at all. */
  | "no_device"
  /** The device refused or failed; the detail is PortAudio's own text. */
  | "device_failed"
  /** The file is missing or cannot be read or written; the detail is the system's text. */
  | "file_failed"
  /** The file is no WAV file that can be played; the detail says why. */
  | "bad_file";

/** A sound device or sound file that could not be used. */
export class AudioError extends Error {
  override readonly name = "AudioError";

  /**
   * @param code What went wrong, for programs.
   * @param subject The device, library or file that it went wrong with.
   * @param detail The cause in the words of PortAudio or of the system, in English.
   */
  constructor(readonly code: AudioErrorCode, readonly subject: string, readonly detail: string) {
    super(`${subject}: ${detail}`);
  }
}
