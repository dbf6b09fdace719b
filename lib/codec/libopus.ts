/**
 * libopus, the reference implementation of Opus (opus/opus.h), mono at 48 kHz: the system's or the same in WebAssembly.
 * Both give the same voice. The system's takes less processor time, and no compilation when a phone starts.
 */

import { SAMPLE_RATE } from "../dsp/pcm.ts";
import { Application, createDecoder, createEncoder, Signal } from "libopus-wasm";
import { linuxLibrary, unshared } from "../util/native_library.ts";

/** Samples of the longest packet that Opus allows, 120 ms (RFC 6716, section 3.2.5). */
export const LONGEST_PACKET_SAMPLES = 5760;

/** Settings of a new encoder. */
export interface EncoderSettings {
  /** Whether the look-ahead is 2.5 ms instead of 6.5; then packets cannot carry FEC. */
  readonly lowDelay: boolean;
  /** Bits a second. */
  readonly bitrate: number;
  /** Complexity, 0 to 10. */
  readonly complexity: number;
  /** Expected loss. From 1 on packets carry FEC for the frame before them. */
  readonly lossPercent: number;
  /** Samples of each frame. */
  readonly frameSamples: number;
}

/** Makes frames into packets. Every method throws after {@linkcode OpusEncoder.free}. */
export interface OpusEncoder {
  encode(frame: Int16Array): Uint8Array;
  setPacketLossPercent(percent: number): void;
  /** Frees its memory. */
  free(): void;
}

/** Makes packets into samples, which are valid until the next call. Throws as an encoder does. */
export interface OpusDecoder {
  /**
   * The samples of a packet, or, from its FEC, those of the packet before it.
   *
   * @param packet At least one byte.
   * @throws {Error} If it is no Opus packet.
   */
  decode(packet: Uint8Array, fec?: { readonly decodeFec: true; readonly frameSize: number }): Int16Array;
  /** Samples that conceal a lost packet: a multiple of 2.5 ms, up to 120 ms. */
  decodePacketLoss(samples: number): Int16Array;
  /** Frees its memory. */
  free(): void;
}

/** One libopus. */
export interface Libopus {
  createEncoder(settings: EncoderSettings): Promise<OpusEncoder>;
  createDecoder(): Promise<OpusDecoder>;
}

// `Voip` shifts the phase of low tones, without a gain here.
const APPLICATIONS = { lowDelay: Application.RestrictedLowDelay, whole: Application.Audio } as const;

/** libopus in WebAssembly. */
export const wasmLibopus: Libopus = {
  createEncoder: ({ lowDelay, bitrate, complexity, lossPercent, frameSamples }) =>
    createEncoder({
      application: lowDelay ? APPLICATIONS.lowDelay : APPLICATIONS.whole,
      bitrate,
      complexity,
      fec: lossPercent > 0,
      packetLossPercent: lossPercent,
      signal: Signal.Voice,
      frameSize: frameSamples,
      channels: 1,
      sampleRate: SAMPLE_RATE,
    }),
  createDecoder: () =>
    createDecoder({ channels: 1, maxFrameSize: LONGEST_PACKET_SAMPLES, sampleRate: SAMPLE_RATE }),
};

/** The functions of the library. In C, opus_encoder_ctl is variadic; here it takes one argument. */
const SYMBOLS = {
  opus_encoder_create: { parameters: ["i32", "i32", "i32", "buffer"], result: "pointer" },
  opus_encoder_ctl: { parameters: ["pointer", "i32", "i32"], result: "i32" },
  opus_encode: { parameters: ["pointer", "buffer", "i32", "buffer", "i32"], result: "i32" },
  opus_encoder_destroy: { parameters: ["pointer"], result: "void" },
  opus_decoder_create: { parameters: ["i32", "i32", "buffer"], result: "pointer" },
  opus_decode: { parameters: ["pointer", "buffer", "i32", "buffer", "i32", "i32"], result: "i32" },
  opus_decoder_destroy: { parameters: ["pointer"], result: "void" },
} as const;

/** Requests of opus_encoder_ctl (opus/opus_defines.h). */
const SET_BITRATE = 4002;
const SET_COMPLEXITY = 4010;
const SET_INBAND_FEC = 4012;
const SET_PACKET_LOSS_PERC = 4014;
const SET_SIGNAL = 4024;

/** Longest packet of a frame (RFC 6716, section 3.2.1), more than the bitrate fills. */
const PACKET_BYTES = 1275;

/** The library's names on Linux, where desktops have it for their sound server. */
const LIBRARY_NAMES = ["libopus.so.0"];

/**
 * Architectures on which a variadic function takes its arguments like any other (System V ABI, Procedure Call Standard
 * for the Arm 64-bit Architecture).
 */
const ARCHITECTURES: readonly string[] = ["x86_64", "aarch64"];

/**
 * Loads the system's libopus.
 *
 * @param names The library's names; the first that exists is loaded.
 * @returns Undefined if there is none, or without the permission to call it.
 */
export function systemLibopus(names: readonly string[] = LIBRARY_NAMES): Libopus | undefined {
  if (!ARCHITECTURES.includes(Deno.build.arch)) return undefined;
  const library = linuxLibrary(names, SYMBOLS)?.symbols;
  return library && {
    createEncoder: (settings) => Promise.resolve(new SystemEncoder(library, settings)),
    createDecoder: () => Promise.resolve(new SystemDecoder(library)),
  };
}

type Functions = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

class SystemEncoder implements OpusEncoder {
  readonly #library: Functions;
  #pointer: Deno.PointerValue;
  readonly #packet = new Uint8Array(PACKET_BYTES);

  constructor(library: Functions, settings: EncoderSettings) {
    const { lowDelay, bitrate, complexity, lossPercent } = settings;
    const error = new Int32Array(1);
    const application = lowDelay ? APPLICATIONS.lowDelay : APPLICATIONS.whole;
    this.#library = library;
    this.#pointer = library.opus_encoder_create(SAMPLE_RATE, 1, application, error);
    checked(error[0]!);
    this.#set(SET_BITRATE, bitrate);
    this.#set(SET_COMPLEXITY, complexity);
    this.#set(SET_INBAND_FEC, lossPercent > 0 ? 1 : 0);
    this.#set(SET_PACKET_LOSS_PERC, lossPercent);
    this.#set(SET_SIGNAL, Signal.Voice);
  }

  encode(frame: Int16Array): Uint8Array {
    const packet = this.#packet;
    const { opus_encode } = this.#library;
    const length = opus_encode(live(this.#pointer), unshared(frame), frame.length, packet, packet.length);
    return packet.slice(0, checked(length));
  }

  setPacketLossPercent(percent: number): void {
    this.#set(SET_PACKET_LOSS_PERC, percent);
  }

  free(): void {
    this.#library.opus_encoder_destroy(this.#pointer);
    this.#pointer = null;
  }

  #set(request: number, value: number): void {
    checked(this.#library.opus_encoder_ctl(live(this.#pointer), request, value));
  }
}

class SystemDecoder implements OpusDecoder {
  readonly #library: Functions;
  #pointer: Deno.PointerValue;
  readonly #samples = new Int16Array(LONGEST_PACKET_SAMPLES);

  constructor(library: Functions) {
    const error = new Int32Array(1);
    this.#library = library;
    this.#pointer = library.opus_decoder_create(SAMPLE_RATE, 1, error);
    checked(error[0]!);
  }

  decode(packet: Uint8Array, fec?: { readonly decodeFec: true; readonly frameSize: number }): Int16Array {
    return this.#decode(packet, fec?.frameSize ?? LONGEST_PACKET_SAMPLES, fec !== undefined);
  }

  decodePacketLoss(samples: number): Int16Array {
    return this.#decode(null, samples, false);
  }

  free(): void {
    this.#library.opus_decoder_destroy(this.#pointer);
    this.#pointer = null;
  }

  #decode(packet: Uint8Array | null, samples: number, fec: boolean): Int16Array {
    if (samples > LONGEST_PACKET_SAMPLES) {
      throw new RangeError(`${samples} samples are more than a packet has`);
    }
    const bytes = packet && unshared(packet);
    const { opus_decode } = this.#library;
    const room = this.#samples;
    const length = opus_decode(live(this.#pointer), bytes, bytes?.length ?? 0, room, samples, fec ? 1 : 0);
    return room.subarray(0, checked(length));
  }
}

/** @throws {Error} If its memory is freed, which the library itself does not notice. */
function live(pointer: Deno.PointerValue): Deno.PointerObject {
  if (!pointer) throw new Error("Cannot use a freed encoder or decoder of libopus");
  return pointer;
}

/** @throws {Error} If a result is negative: the function failed. */
function checked(code: number): number {
  if (code < 0) throw new Error(`libopus failed with ${code}`);
  return code;
}

/** The libopus that costs least here. */
export function chooseLibopus(): Libopus {
  return systemLibopus() ?? wasmLibopus;
}
