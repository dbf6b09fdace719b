/** The constants and structs of `portaudio.h` that Sala uses. */

import type { Device } from "./device.ts";

/** `enum PaErrorCode`: samples were lost; the stream goes on. */
export const INPUT_OVERFLOWED = -9981;
export const OUTPUT_UNDERFLOWED = -9980;
/** `enum PaErrorCode`: the host API's own error, described by `Pa_GetLastHostErrorInfo`. */
export const UNANTICIPATED_HOST_ERROR = -9999;

/** `#define paNoFlag` */
export const NO_FLAG = 0n;
/** `#define paInt16` */
const INT16 = 0x8n;

/** Offsets in bytes into `struct PaDeviceInfo`, which holds no `long`, so they are the same on every system. */
const DEVICE_INFO = {
  name: 8, // const char *
  hostApi: 16, // int
  maxInputChannels: 20, // int
  maxOutputChannels: 24, // int
} as const;

/** Offset of `const char *name` in `struct PaHostApiInfo`. */
const HOST_API_INFO_NAME = 8;

/** Offset of `const char *errorText` in `struct PaHostErrorInfo`, after an int and a `long`. */
const HOST_ERROR_INFO_TEXT = 16;

/** Offset of `PaTime inputLatency` (a double, seconds) in `struct PaStreamInfo`. */
const STREAM_INFO_INPUT_LATENCY = 8;

/** Reads a `struct PaDeviceInfo`, with the index of the device's host API. */
export function readDeviceInfo(
  info: Deno.PointerObject,
): Pick<Device, "name" | "inputs" | "outputs"> & { readonly hostApi: number } {
  const view = new Deno.UnsafePointerView(info);
  return {
    name: readCString(view.getPointer(DEVICE_INFO.name)),
    hostApi: view.getInt32(DEVICE_INFO.hostApi),
    inputs: view.getInt32(DEVICE_INFO.maxInputChannels),
    outputs: view.getInt32(DEVICE_INFO.maxOutputChannels),
  };
}

/** Reads the name in a `struct PaHostApiInfo`; empty for a null pointer. */
export function readHostApiName(info: Deno.PointerValue): string {
  return info ? readCString(new Deno.UnsafePointerView(info).getPointer(HOST_API_INFO_NAME)) : "";
}

/** Reads the text in a `struct PaHostErrorInfo`; empty for a null pointer. */
export function readHostErrorText(info: Deno.PointerValue): string {
  return info ? readCString(new Deno.UnsafePointerView(info).getPointer(HOST_ERROR_INFO_TEXT)) : "";
}

/** Reads the input latency in a `struct PaStreamInfo`, in seconds; undefined for a null pointer. */
export function readInputLatency(info: Deno.PointerValue): number | undefined {
  return info ? new Deno.UnsafePointerView(info).getFloat64(STREAM_INFO_INPUT_LATENCY) : undefined;
}

/** Reads a `const char *`; empty for a null pointer, and for bytes that are not UTF-8, as some drivers' names. */
export function readCString(pointer: Deno.PointerValue): string {
  if (!pointer) return "";
  try {
    return Deno.UnsafePointerView.getCString(pointer);
  } catch {
    return "";
  }
}

/**
 * Lays out `struct PaStreamParameters { int device; int channelCount; unsigned long sampleFormat;
 * double suggestedLatency; void *hostApiSpecificStreamInfo; }` for mono, 16 bit. On Windows the 32 bits after
 * `sampleFormat` are padding, so 64 bits suit every system.
 */
export function streamParameters(deviceIndex: number, latencySeconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, deviceIndex, true);
  view.setInt32(4, 1, true);
  view.setBigUint64(8, INT16, true);
  view.setFloat64(16, latencySeconds, true);
  return bytes;
}
