import { AudioError, type AudioSink, type AudioSource } from "../../audio/audio_io.ts";
import type { DeviceOpener } from "../../audio/hotplug/device_supervisor.ts";
import { openNullSink, openTone } from "../../audio/synthetic.ts";

/** Polling interval that a hanging microphone asks for. */
const HANGING_RETRY_MS = 10;

/** Fake devices that can be unplugged, plugged in and made to hang. The microphone gives a tone. */
export class MadeUpDevices implements DeviceOpener {
  /** Whether a device is there. */
  readonly plugged = { microphone: true, speaker: true };
  /** Whether an open microphone gives no samples. */
  hanging = false;
  /** Number of open devices. */
  open = 0;
  /** Number of refreshes of the device list. */
  refreshed = 0;
  /** Samples written to the loudspeaker. */
  heard: number[] = [];

  openSource = (): Promise<AudioSource> => {
    if (!this.plugged.microphone) return Promise.reject(gone("mic"));
    const tone = openTone();
    this.open++;
    return Promise.resolve({
      name: "mic",
      delaySamples: 0,
      read: (samples) => {
        if (this.hanging) return HANGING_RETRY_MS;
        const waitMs = tone.read(samples);
        if (waitMs === 0 && !this.plugged.microphone) throw gone("mic");
        return waitMs;
      },
      [Symbol.asyncDispose]: () => {
        this.open--;
        return tone[Symbol.asyncDispose]();
      },
    });
  };

  openSink = (): Promise<AudioSink> => {
    if (!this.plugged.speaker) return Promise.reject(gone("speaker"));
    const sink = openNullSink();
    this.open++;
    return Promise.resolve({
      name: "speaker",
      delaySamples: 0,
      roomSamples: 0,
      wanted: () => {
        if (!this.plugged.speaker) throw gone("speaker");
        return sink.wanted();
      },
      write: (samples) => {
        this.heard.push(...samples);
        return sink.write(samples);
      },
      [Symbol.asyncDispose]: () => {
        this.open--;
        return sink[Symbol.asyncDispose]();
      },
    });
  };

  refresh = (): Promise<void> => {
    this.refreshed++;
    return Promise.resolve();
  };
}

function gone(name: string): AudioError {
  return new AudioError("device_failed", name, { kind: "io_error" });
}
