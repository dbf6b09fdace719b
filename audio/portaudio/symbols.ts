/**
 * The C signatures of PortAudio 19 that Sala calls (portaudio.h, version 19.6), and nothing else.
 *
 * `unsigned long` is 64 bits wide on Linux and macOS and 32 on Windows; passed in a register, either way, small
 * values arrive as they are with `usize`.
 */

/**
 * Functions of `portaudio.h`, and one of `pa_linux_alsa.h`. Those that wait for the sound card run on a thread of their
 * own.
 */
export const symbols = {
  // PaError Pa_Initialize(void)
  Pa_Initialize: { parameters: [], result: "i32" },
  // PaError Pa_Terminate(void)
  Pa_Terminate: { parameters: [], result: "i32" },
  /** The same two for the middle of a run, when other things must go on. */
  initializeAside: { name: "Pa_Initialize", parameters: [], result: "i32", nonblocking: true },
  terminateAside: { name: "Pa_Terminate", parameters: [], result: "i32", nonblocking: true },
  // const char *Pa_GetErrorText(PaError errorCode)
  Pa_GetErrorText: { parameters: ["i32"], result: "pointer" },
  // const PaHostErrorInfo *Pa_GetLastHostErrorInfo(void)
  Pa_GetLastHostErrorInfo: { parameters: [], result: "pointer" },
  // PaDeviceIndex Pa_GetDeviceCount(void)
  Pa_GetDeviceCount: { parameters: [], result: "i32" },
  // PaDeviceIndex Pa_GetDefaultInputDevice(void)
  Pa_GetDefaultInputDevice: { parameters: [], result: "i32" },
  // PaDeviceIndex Pa_GetDefaultOutputDevice(void)
  Pa_GetDefaultOutputDevice: { parameters: [], result: "i32" },
  // const PaDeviceInfo *Pa_GetDeviceInfo(PaDeviceIndex device)
  Pa_GetDeviceInfo: { parameters: ["i32"], result: "pointer" },
  // const PaHostApiInfo *Pa_GetHostApiInfo(PaHostApiIndex hostApi)
  Pa_GetHostApiInfo: { parameters: ["i32"], result: "pointer" },
  // PaError PaAlsa_SetNumPeriods(int numPeriods); only where PortAudio has ALSA
  PaAlsa_SetNumPeriods: { parameters: ["i32"], result: "i32", optional: true },
  Pa_OpenStream: {
    parameters: [
      "buffer", // PaStream **stream
      "buffer", // const PaStreamParameters *inputParameters
      "buffer", // const PaStreamParameters *outputParameters
      "f64", // double sampleRate
      "usize", // unsigned long framesPerBuffer
      "usize", // PaStreamFlags streamFlags
      "pointer", // PaStreamCallback *streamCallback
      "pointer", // void *userData
    ],
    result: "i32",
    nonblocking: true,
  },
  // PaError Pa_StartStream(PaStream *stream)
  Pa_StartStream: { parameters: ["pointer"], result: "i32", nonblocking: true },
  // PaError Pa_AbortStream(PaStream *stream)
  Pa_AbortStream: { parameters: ["pointer"], result: "i32", nonblocking: true },
  // PaError Pa_CloseStream(PaStream *stream)
  Pa_CloseStream: { parameters: ["pointer"], result: "i32", nonblocking: true },
  // PaError Pa_ReadStream(PaStream *stream, void *buffer, unsigned long frames); never more than is there
  Pa_ReadStream: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  // PaError Pa_WriteStream(PaStream *stream, const void *buffer, unsigned long frames); never more than is free
  Pa_WriteStream: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  // signed long Pa_GetStreamReadAvailable(PaStream *stream)
  Pa_GetStreamReadAvailable: { parameters: ["pointer"], result: "isize" },
  // signed long Pa_GetStreamWriteAvailable(PaStream *stream)
  Pa_GetStreamWriteAvailable: { parameters: ["pointer"], result: "isize" },
  // const PaStreamInfo *Pa_GetStreamInfo(PaStream *stream)
  Pa_GetStreamInfo: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** `enum PaErrorCode`: the two that say that samples were lost, not that the stream has failed. */
export const INPUT_OVERFLOWED = -9981;
export const OUTPUT_UNDERFLOWED = -9980;
/** `enum PaErrorCode`: the host's own error, to be asked for with `Pa_GetLastHostErrorInfo`. */
export const UNANTICIPATED_HOST_ERROR = -9999;

/** `#define paInt16` */
export const INT16 = 0x8n;
/** `#define paNoFlag` */
export const NO_FLAG = 0n;

/** Offsets in bytes into `struct PaDeviceInfo`; the same with 32 and 64 bit `long`, which it does not hold. */
export const DEVICE_INFO = {
  name: 8, // const char *
  hostApi: 16, // int
  maxInputChannels: 20, // int
  maxOutputChannels: 24, // int
} as const;

/** Offset of `const char *name` in `struct PaHostApiInfo`. */
export const HOST_API_INFO_NAME = 8;

/** Offset of `const char *errorText` in `struct PaHostErrorInfo`, behind an int and a `long`. */
export const HOST_ERROR_INFO_TEXT = 16;

/** Offset of `PaTime inputLatency` (a double, seconds) in `struct PaStreamInfo`. */
export const STREAM_INFO_INPUT_LATENCY = 8;

/**
 * `struct PaStreamParameters { int device; int channelCount; unsigned long sampleFormat;
 * double suggestedLatency; void *hostApiSpecificStreamInfo; }`. On Windows the 32 bits after `sampleFormat` are
 * padding, so that writing it as 64 bits suits all.
 */
export function streamParameters(
  device: number,
  channels: number,
  latencySeconds: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, device, true);
  view.setInt32(4, channels, true);
  view.setBigUint64(8, INT16, true);
  view.setFloat64(16, latencySeconds, true);
  return bytes;
}
