/**
 * Memory after an hour of a call in one direction, simulated in two minutes without sockets, devices or clocks.
 * {@linkcode measureHour} runs this file as a process.
 */

import { chooseLibopus } from "../../lib/codec/libopus.ts";
import { openDecoder, openEncoder } from "../../lib/codec/opus.ts";
import { PlaybackScheduler } from "../../lib/voice/playback_scheduler.ts";
import { chooseAesGcm } from "../../lib/srtp/aes_gcm.ts";
import { SrtpReceiver, SrtpSender } from "../../lib/srtp/context.ts";
import { VoiceReceiver } from "../../lib/voice/voice_receiver.ts";
import { VoiceSender } from "../../lib/voice/voice_sender.ts";
import { makeSpeech } from "./speech.ts";
import { outputOf, scriptLine } from "../../testing/program.ts";
import { pause } from "../../lib/util/pause.ts";
import { Timeline, VirtualPath } from "../../testing/netem/virtual_path.ts";

/** Memory at a minute of the call, after garbage collection. */
export interface MemoryAt {
  readonly minute: number;
  /** JavaScript heap with its buffers, and resident memory of the process. */
  readonly heapMib: number;
  readonly residentMib: number;
}

const FRAME = 960;
const FRAME_MS = 20;
const FRAMES_A_MINUTE = 60_000 / FRAME_MS;
const MINUTES = 60;
const LOOKS_AT = [1, 10, 20, 30, 40, 50, 60];
/** Capacity of the playback queue in samples. */
const QUEUE = FRAME + 768;
const LOSS = 0.05;
const MIB = 2 ** 20;

/** Runs the hour. @returns Its memory, minute by minute. */
export async function measureHour(): Promise<MemoryAt[]> {
  return JSON.parse(await outputOf(scriptLine("bench/voice/hour.ts", [], ["--v8-flags=--expose-gc"])));
}

/** A call with loss, jitter, redundancy, encryption and time stretching. */
async function spendHour(): Promise<MemoryAt[]> {
  const { samples } = await makeSpeech(true);
  const speech = Int16Array.from(samples, (sample) => 32767 * sample);
  const libopus = chooseLibopus();
  using encoder = await openEncoder(FRAME, libopus);
  using decoder = await openDecoder(libopus);
  await encoder.expectLoss(LOSS);
  const sender = new VoiceSender(encoder);
  sender.redundancy = 1;
  const receiver = new VoiceReceiver(decoder, FRAME);
  const feed = new PlaybackScheduler(receiver.jitterBuffer, FRAME);
  const cipher = chooseAesGcm();
  const master = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };
  const protector = new SrtpSender(master, cipher);
  const unprotector = new SrtpReceiver(master, cipher);
  const timeline = new Timeline();
  const path = new VirtualPath(timeline, {
    name: "hour",
    loss: { kind: "random", probability: LOSS },
    jitter: { kind: "uniform", maximumMs: 30, keepsOrder: false },
  }, "hour");
  const frame = new Int16Array(FRAME);
  const looks: MemoryAt[] = [];
  let playedMs = 0;
  const queue = {
    nowMs: 0,
    delaySamples: QUEUE,
    roomSamples: 0,
    wanted: () => Math.min(QUEUE, Math.round((queue.nowMs - playedMs) * FRAME / FRAME_MS)),
  };
  for (let count = 0; count < MINUTES * FRAMES_A_MINUTE; count++) {
    const now = count * FRAME_MS;
    timeline.now = now;
    const start = (count * FRAME) % (speech.length - FRAME);
    frame.set(speech.subarray(start, start + FRAME));
    const packet = sender.packet(frame);
    if (packet) {
      const datagram = protector.protect(packet);
      path.send((arrival) => {
        const opened = unprotector.unprotect(datagram);
        if (opened) receiver.handlePacket(arrival, opened);
        queue.nowMs = arrival;
        playedMs += feed.handlePacket(arrival, queue).length * FRAME_MS / FRAME;
      });
    }
    while (timeline.next < now + FRAME_MS) timeline.step();
    if (feed.wakeAt < now + FRAME_MS) {
      const dueMs = Math.max(now, feed.wakeAt);
      queue.nowMs = dueMs;
      playedMs += feed.tick(dueMs, queue).length * FRAME_MS / FRAME;
    }
    const minute = (count + 1) / FRAMES_A_MINUTE;
    if (LOOKS_AT.includes(minute)) looks.push(await look(minute));
  }
  return looks;
}

async function look(minute: number): Promise<MemoryAt> {
  // Finalizers run in a later turn of the event loop, and make more garbage.
  for (let round = 0; round < 3; round++) {
    (globalThis as { gc?: () => void }).gc?.();
    await pause(0);
  }
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { minute, heapMib: (heapUsed + external) / MIB, residentMib: rss / MIB };
}

if (import.meta.main) console.log(JSON.stringify(await spendHour()));
