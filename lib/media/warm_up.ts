/** Work on made-up sound before the first call, so that its first seconds do not wait for code to be compiled. */

import { levelDb } from "./level.ts";
import { FRAME_SAMPLES, openDecoder, openEncoder } from "./opus.ts";
import { SpeakerFeed } from "./speaker_feed.ts";
import { SrtpReceiver, SrtpSender } from "./srtp.ts";
import { MASTER_KEY_BYTES, MASTER_SALT_BYTES } from "./srtp_keys.ts";
import { VoiceReceiver } from "./voice_receiver.ts";
import { VoiceSender } from "./voice_sender.ts";
import type { MicrophoneProcessor } from "./voice_session.ts";

/** Duration of a frame. */
const FRAME_MS = 20;

/** One packet in so many is lost. */
const LOST_ONE_IN = 10;

/** What is expected to be lost in the second half, which is for the other of Opus's encoders. */
const LOSS = 0.1;

/**
 * Sends sound to itself.
 *
 * @param seconds How much of it, one frame in each turn of the event loop, so that nobody has to wait.
 * @param processor What works on the microphone's sound; one that no call uses.
 */
export async function warmUp(seconds: number, processor?: MicrophoneProcessor): Promise<void> {
  using encoder = await openEncoder();
  using decoder = await openDecoder();
  const sender = new VoiceSender(encoder);
  const receiver = new VoiceReceiver(decoder, FRAME_SAMPLES);
  const feed = new SpeakerFeed(receiver.playout, FRAME_SAMPLES);
  const master = { key: new Uint8Array(MASTER_KEY_BYTES), salt: new Uint8Array(MASTER_SALT_BYTES) };
  const protector = new SrtpSender(master);
  const unprotector = new SrtpReceiver(master);
  const queue = { wanted: () => FRAME_SAMPLES, delaySamples: FRAME_SAMPLES };
  const frame = new Int16Array(FRAME_SAMPLES);
  const frames = seconds * 1000 / FRAME_MS;
  for (let count = 0; count < frames; count++) {
    const now = count * FRAME_MS;
    for (let index = 0; index < frame.length; index++) {
      frame[index] = 9000 * Math.sin(index * index / (now + 100));
    }
    if (count === Math.floor(frames / 2)) await encoder.expectLoss(LOSS);
    processor?.capture(frame, 0);
    levelDb(frame);
    const packet = sender.packet(frame);
    const arrived = packet && unprotector.unprotect(protector.protect(packet));
    if (arrived && count % LOST_ONE_IN !== 0) receiver.receive(arrived, now);
    const samples = count % LOST_ONE_IN !== 0 ? feed.packetCame(queue, now) : feed.due(queue, now);
    processor?.played(samples, 0);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
