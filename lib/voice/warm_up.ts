/** A call with itself that compiles a call's code, so that the first seconds of the first call do not wait for it. */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { AudioSink, AudioSource } from "../../audio/audio_io.ts";
import type { Clock } from "../util/clock.ts";
import type { Libopus } from "../codec/libopus.ts";
import { FRAME_SAMPLES } from "../codec/opus.ts";
import { isRtcp } from "../rtp/rtp.ts";
import type { AesGcm } from "../srtp/aes_gcm.ts";
import { SrtpReceiver, SrtpSender } from "../srtp/context.ts";
import { MASTER_KEY_BYTES, MASTER_SALT_BYTES } from "../srtp/key_derivation.ts";
import { type MicrophoneProcessor, VoiceSession } from "./voice_session.ts";

/** Milliseconds of a frame. */
const FRAME_MS = 20;
/** Loses one packet in 10, so that concealment and recovery are compiled, too. */
const LOST_ONE_IN = 10;

/** The parts that calls will use. */
export interface WarmUpParts {
  readonly libopus?: Libopus;
  readonly cipher?: AesGcm;
  /** Processes the microphone's sound; no call uses it. */
  readonly processor?: MicrophoneProcessor | undefined;
}

/**
 * Has a call with itself.
 *
 * @param seconds Duration of the call, one frame in each turn of the event loop, so that commands do not wait.
 */
export async function warmUp(
  seconds: number,
  { libopus, cipher, processor }: WarmUpParts = {},
): Promise<void> {
  let now = 0;
  let wake = (): void => {};
  const clock: Clock = {
    now: () => now,
    setTimer(callback) {
      wake = callback;
      return () => {};
    },
  };
  const master = { key: new Uint8Array(MASTER_KEY_BYTES), salt: new Uint8Array(MASTER_SALT_BYTES) };
  const protector = new SrtpSender(master, cipher);
  const unprotector = new SrtpReceiver(master, cipher);
  const onTheirWay: Uint8Array<ArrayBuffer>[] = [];
  const session = await VoiceSession.start({
    source: chirps(clock),
    sink: nowhere(clock),
    frameSamples: FRAME_SAMPLES,
    errorCorrection: true,
    redundancy: true,
    stretching: true,
    send: (datagram) => onTheirWay.push(protector.protect(datagram)),
    replaceSource: (error) => {
      throw error;
    },
    replaceSink: (error) => {
      throw error;
    },
    processor,
    libopus,
    clock,
  });
  for (let count = 0; count * FRAME_MS < seconds * 1000; count++) {
    now += FRAME_MS;
    wake();
    for (const datagram of onTheirWay.splice(0)) {
      const packet = unprotector.unprotect(datagram);
      if (packet && (isRtcp(packet) || count % LOST_ONE_IN !== 0)) session.handleDatagram(packet);
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await session.stop();
  await session.closed();
}

/** A microphone that hears a chirp in each frame. */
function chirps(clock: Clock): AudioSource {
  let dueMs = clock.now();
  return {
    name: "",
    delaySamples: 0,
    read(samples) {
      if (dueMs > clock.now()) return dueMs - clock.now();
      dueMs += samples.length / SAMPLES_PER_MS;
      for (let index = 0; index < samples.length; index++) {
        samples[index] = 9000 * Math.sin(index * index / (dueMs + 100));
      }
      return 0;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A loudspeaker with a queue of one frame that nobody hears. */
function nowhere(clock: Clock): AudioSink {
  let taken = 0;
  return {
    name: "",
    delaySamples: FRAME_SAMPLES,
    wanted: () => Math.max(0, clock.now() * SAMPLES_PER_MS + FRAME_SAMPLES - taken),
    roomSamples: 0,
    write(samples) {
      taken += samples.length;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
