import type { PortAudioDetail } from "../audio_io.ts";
import { UNANTICIPATED_HOST_ERROR } from "./structs.ts";

/**
 * `enum PaErrorCode` of `portaudio.h` (19.6) without what only a wrong call can cause, such as paBadStreamPtr, and
 * without the two that say that samples were lost.
 */
const KINDS: Readonly<Record<number, Exclude<PortAudioDetail["kind"], "host_error" | "portaudio_error">>> = {
  [-10000]: "library_error", // paNotInitialized
  [-9998]: "device_channels", // paInvalidChannelCount
  [-9997]: "device_sample_rate", // paInvalidSampleRate
  [-9996]: "device_gone", // paInvalidDevice
  [-9994]: "device_sample_format", // paSampleFormatNotSupported
  [-9993]: "device_pair", // paBadIODeviceCombination
  [-9992]: "no_memory", // paInsufficientMemory
  [-9991]: "buffer_size", // paBufferTooBig
  [-9990]: "buffer_size", // paBufferTooSmall
  [-9987]: "timeout", // paTimedOut
  [-9986]: "library_error", // paInternalError
  [-9985]: "device_unavailable", // paDeviceUnavailable
  [-9983]: "device_stopped", // paStreamIsStopped
  [-9979]: "no_host_api", // paHostApiNotFound
  [-9978]: "no_host_api", // paInvalidHostApi
};

/**
 * Says what an error number of PortAudio's means.
 *
 * @param number Less than 0.
 * @param hostText Gives the text of the host API's own error (`Pa_GetLastHostErrorInfo`), which only
 * paUnanticipatedHostError has.
 */
export function portAudioDetail(number: number, hostText: () => string): PortAudioDetail {
  if (number === UNANTICIPATED_HOST_ERROR) return { kind: "host_error", text: hostText() };
  const kind = KINDS[number];
  return kind === undefined ? { kind: "portaudio_error", number } : { kind };
}
