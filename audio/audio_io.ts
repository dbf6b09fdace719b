/**
 * The two ends of a voice path, which sound cards, files and test tones implement. `lib/voice` sees nothing else of
 * `audio/`.
 *
 * Samples are mono, signed 16 bit, at `SAMPLE_RATE` of `lib/dsp/pcm.ts`.
 */

import type { SystemError } from "../lib/util/system_error.ts";

/** A source of voice: a microphone, a file, a tone. */
export interface AudioSource extends AsyncDisposable {
  /** Device or file name, for people. */
  readonly name: string;
  /** Capture latency: samples from the microphone to a {@linkcode AudioSource.read}, as far as known. */
  readonly delaySamples: number;
  /**
   * Fills `samples` once all of them are captured, in real time from the first call on.
   *
   * A source never ends: a file goes on with silence, and so does one whose disk is too slow.
   *
   * @param samples Buffer of any length; unchanged unless filled.
   * @returns 0 if filled; else the milliseconds to wait before the next try.
   * @throws {AudioError} If the device fails. The source cannot be used again then.
   */
  read(samples: Int16Array<ArrayBuffer>): number;
  /** Whether everything was read that is in a file. Undefined or false for other sources. */
  readonly ended?: boolean;
}

/** A file that a sink writes. */
export interface Recording {
  /** Path of the file. */
  readonly path: string;
  /** The path of the command line, which is another one if that file existed. */
  readonly wanted: string;
  /** Seconds of sound so far. */
  readonly seconds: number;
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
  /** The file that it writes, if it does. */
  readonly recording?: Recording;
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
  /** The device refused or failed. */
  | "device_failed"
  /** The file is missing or cannot be read or written. */
  | "file_failed"
  /** The file is no playable WAV file. */
  | "bad_file";

/** Why a file cannot be read or written. */
export type FileDetail =
  | SystemError
  | { readonly kind: "not_a_file" };

/** Why bytes are no WAV file that can be played. */
export type WavDetail =
  | {
    readonly kind:
      | "empty"
      | "not_wav"
      | "header_cut_short"
      | "sound_before_format"
      | "no_format"
      | "no_sound";
  }
  | { readonly kind: "format_cut_short" | "format_unknown" | "no_channels" }
  /** Its name or first bytes say that it is of this format. */
  | { readonly kind: "other_format"; readonly format: string }
  /** `tag` is WAVE's number of the compression (`mmreg.h`). */
  | { readonly kind: "compressed"; readonly tag: number }
  | {
    readonly kind: "sample_rate";
    readonly hz: number;
    readonly lowestHz: number;
    readonly highestHz: number;
  }
  | { readonly kind: "sample_size"; readonly bits: number; readonly float: boolean };

/** What a device did. */
export type DeviceDetail =
  /** The library is not there; `text` is the loader's. */
  | { readonly kind: "not_loaded"; readonly text: string }
  | { readonly kind: "no_such_device"; readonly direction: "input" | "output" }
  /** It took too long to open. */
  | { readonly kind: "not_responding" }
  /** It was open, and gave or took no more samples. */
  | { readonly kind: "stalled" }
  | BrowserDetail
  | PortAudioDetail;

/** What keeps a browser's page from capturing or playing. */
export type BrowserDetail =
  /** No page is open that holds the sound. */
  | { readonly kind: "no_page" }
  /** The person, or the browser's settings, refused the microphone. */
  | { readonly kind: "page_not_allowed" }
  /** The browser plays nothing before a click on the page. */
  | { readonly kind: "page_needs_click" };

/** The errors of PortAudio (`enum PaErrorCode` of `portaudio.h`) that say something about a device. */
export type PortAudioDetail =
  /** The error of ALSA, Core Audio…; `text` is empty or in the host's words. */
  | { readonly kind: "host_error"; readonly text: string }
  | { readonly kind: "device_channels" | "device_sample_rate" | "device_sample_format" | "device_pair" }
  | { readonly kind: "device_gone" | "device_unavailable" | "device_stopped" | "no_host_api" }
  | { readonly kind: "no_memory" | "buffer_size" | "timeout" | "library_error" }
  /** Any other, by its number. */
  | { readonly kind: "portaudio_error"; readonly number: number };

/** Why it could not be used. */
export type AudioDetail =
  | FileDetail
  | WavDetail
  | DeviceDetail
  /** It was used after it was closed. */
  | { readonly kind: "closed" };

/** A sound device or file that could not be used. */
export class AudioError extends Error {
  override readonly name = "AudioError";

  /**
   * @param code The reason, for programs.
   * @param subject The device, library or file.
   * @param detail The cause.
   */
  constructor(readonly code: AudioErrorCode, readonly subject: string, readonly detail: AudioDetail) {
    super(`${subject}: ${detail.kind}`);
  }
}
