/** Loads the PortAudio library, lists its devices and tells its errors apart. */

import { AudioError, type PortAudioDetail } from "../audio_io.ts";
import { environmentVariable } from "../../lib/util/environment.ts";
import type { Device } from "./device.ts";
import { portAudioDetail } from "./error_detail.ts";
import { readDeviceInfo, readHostApiName, readHostErrorText } from "./structs.ts";
import { symbols } from "./symbols.ts";

/** The library's usual file names. */
const LIBRARY_NAMES: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["libportaudio.so.2", "libportaudio.so"],
  darwin: [
    "libportaudio.2.dylib",
    "libportaudio.dylib",
    "/opt/homebrew/lib/libportaudio.2.dylib",
    "/usr/local/lib/libportaudio.2.dylib",
  ],
  windows: ["portaudio.dll", "libportaudio.dll", "portaudio_x64.dll"],
};

/** The loaded library. */
export type Library = Deno.DynamicLibrary<typeof symbols>;

/**
 * Loads the library that `PORTAUDIO_LIB` names, else the system's.
 *
 * @returns The library and its file name.
 * @throws {AudioError} `no_library` if there is none.
 */
export function loadLibrary(): { readonly library: Library; readonly path: string } {
  const asked = environmentVariable("PORTAUDIO_LIB");
  const names = asked ? [asked] : LIBRARY_NAMES[Deno.build.os] ?? ["libportaudio.so"];
  let text = "";
  for (const name of names) {
    try {
      return { library: Deno.dlopen(name, symbols), path: name };
    } catch (error) {
      // The first name is the usual one, so its error tells most.
      if (name === names[0] && error instanceof Error) text = error.message;
    }
  }
  throw new AudioError("no_library", names[0] as string, { kind: "not_loaded", text });
}

/** All devices of the last enumeration, in the order of their index. */
export function listDevices({ symbols }: Library): Device[] {
  const defaultInput = symbols.Pa_GetDefaultInputDevice();
  const defaultOutput = symbols.Pa_GetDefaultOutputDevice();
  const devices: Device[] = [];
  for (let index = 0; index < symbols.Pa_GetDeviceCount(); index++) {
    const info = symbols.Pa_GetDeviceInfo(index);
    if (!info) continue;
    const { hostApi, name, inputs, outputs } = readDeviceInfo(info);
    devices.push({
      index,
      name,
      host: readHostApiName(symbols.Pa_GetHostApiInfo(hostApi)),
      inputs,
      outputs,
      defaultInput: index === defaultInput,
      defaultOutput: index === defaultOutput,
    });
  }
  return devices;
}

/** The meaning of a `PaError`, with the host API's own text if that is the cause. */
export function errorDetail({ symbols }: Library, code: number): PortAudioDetail {
  return portAudioDetail(code, () => readHostErrorText(symbols.Pa_GetLastHostErrorInfo()));
}
