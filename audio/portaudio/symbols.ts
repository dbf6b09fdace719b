/**
 * The C signatures of PortAudio 19 that Sala calls (portaudio.h, version 19.6), and nothing else.
 *
 * `unsigned long` has 64 bits on Linux and macOS and 32 on Windows. `usize` suits both: the argument travels in a
 * register, and Sala passes small values only.
 */

/**
 * Functions of `portaudio.h`, and one of `pa_linux_alsa.h`. Those marked `nonblocking` ask the sound system, which can
 * stand still, so Deno runs them on a thread of its pool; the others only look into PortAudio's memory. What a running
 * stream calls is in `sound_thread.ts`.
 */
export const symbols = {
  // PaError Pa_Initialize(void)
  Pa_Initialize: { parameters: [], result: "i32", nonblocking: true },
  // PaError Pa_Terminate(void)
  Pa_Terminate: { parameters: [], result: "i32", nonblocking: true },
  // const PaHostErrorInfo *Pa_GetLastHostErrorInfo(void)
  Pa_GetLastHostErrorInfo: { parameters: [], result: "pointer" },
  // PaDeviceIndex Pa_GetDeviceCount(void)
  Pa_GetDeviceCount: { parameters: [], result: "i32" },
  // PaDeviceIndex Pa_GetDefaultInputDevice(void)
  Pa_GetDefaultInputDevice: { parameters: [], result: "i32" },
  // PaDeviceIndex Pa_GetDefaultOutputDevice(void)
  Pa_GetDefaultOutputDevice: { parameters: [], result: "i32" },
  // const PaDeviceInfo *Pa_GetDeviceInfo(...)
  Pa_GetDeviceInfo: {
    parameters: [
      "i32", // PaDeviceIndex device
    ],
    result: "pointer",
  },
  // const PaHostApiInfo *Pa_GetHostApiInfo(...)
  Pa_GetHostApiInfo: {
    parameters: [
      "i32", // PaHostApiIndex hostApi
    ],
    result: "pointer",
  },
  // PaError PaAlsa_SetNumPeriods(...); missing where PortAudio is built without ALSA
  PaAlsa_SetNumPeriods: {
    parameters: [
      "i32", // int numPeriods
    ],
    result: "i32",
    optional: true,
  },
  // PaError Pa_OpenStream(...)
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
  // PaError Pa_StartStream(...)
  Pa_StartStream: {
    parameters: [
      "pointer", // PaStream *stream
    ],
    result: "i32",
    nonblocking: true,
  },
  // PaError Pa_AbortStream(...)
  Pa_AbortStream: {
    parameters: [
      "pointer", // PaStream *stream
    ],
    result: "i32",
    nonblocking: true,
  },
  // PaError Pa_CloseStream(...)
  Pa_CloseStream: {
    parameters: [
      "pointer", // PaStream *stream
    ],
    result: "i32",
    nonblocking: true,
  },
  // signed long Pa_GetStreamWriteAvailable(...)
  Pa_GetStreamWriteAvailable: {
    parameters: [
      "pointer", // PaStream *stream
    ],
    result: "isize",
    nonblocking: true,
  },
  // const PaStreamInfo *Pa_GetStreamInfo(...)
  Pa_GetStreamInfo: {
    parameters: [
      "pointer", // PaStream *stream
    ],
    result: "pointer",
  },
} as const satisfies Deno.ForeignLibraryInterface;
