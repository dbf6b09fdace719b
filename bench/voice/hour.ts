/**
 * An hour of a call in one direction, without sockets, devices and clocks, in some two minutes: what it leaves in memory.
 * {@linkcode measureHour} runs this file as a process of its own.
 */

import { chooseLibopus } from "../../lib/codec/libopus.ts";
import { openDecoder, openEncoder } from "../../lib/codec/opus.ts";
import { PlaybackScheduler } from "../../lib/voice/playback_scheduler.ts";
import { chooseAesGcm } from "../../lib/srtp/aes_gcm.ts";
import { SrtpReceiver, SrtpSender } from "../../lib/srtp/context.ts";
import { VoiceReceiver } from "../../lib/voice/voice_receiver.ts";
import { VoiceSender } from "../../lib/voice/voice_sender.ts";
import { Impairment } from "../../testing/netem/impairment.ts";
import { makeSpeech } from "./speech.ts";

/** Memory at some minute of the call, after all garbage was collected. */
export interface MemoryAt {
  readonly minute: number;
  /** Of JavaScript, with all its buffers, and of the process. */
  readonly heapMib: number;
  readonly residentMib: number;
}

const FRAME = 960;
const FRAME_MS = 20;
const FRAMES_A_MINUTE = 60_000 / FRAME_MS;
const MINUTES = 60;
const LOOKS_AT = [1, 10, 20, 30, 40, 50, 60];
/** A loudspeaker's full queue. */
const QUEUE = FRAME + 768;
const LOSS = 0.05;
const MIB = 2 ** 20;

/** Runs the hour and tells of its memory. */
export async function measureHour(): Promise<MemoryAt[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", "--v8-flags=--expose-gc", import.meta.filename!],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Lets everything happen that happens in a call: losses, jitter, copies, encryption, stretching. */
async function spendHour(): Promise<MemoryAt[]> {
  const { samples } = await makeSpeech(true);
  const speech = Int16Array.from(samples, (sample) => 32767 * sample);
  const libopus = chooseLibopus();
  using encoder = await openEncoder(FRAME, libopus);
  using decoder = await openDecoder(libopus);
  await encoder.expectLoss(LOSS);
  const sender = new VoiceSender(encoder);
  sender.copies = 1;
  const receiver = new VoiceReceiver(decoder, FRAME);
  const feed = new PlaybackScheduler(receiver.jitterBuffer, FRAME);
  const cipher = chooseAesGcm();
  const master = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };
  const protector = new SrtpSender(master, cipher);
  const unprotector = new SrtpReceiver(master, cipher);
  const network = new Impairment({
    name: "hour",
    loss: { kind: "random", probability: LOSS },
    jitter: { kind: "uniform", maximumMs: 30, keepsOrder: false },
  }, "hour");
  const frame = new Int16Array(FRAME);
  const looks: MemoryAt[] = [];
  let underway: { readonly dueMs: number; readonly datagram: Uint8Array }[] = [];
  let playedMs = 0;
  const queue = {
    nowMs: 0,
    delaySamples: QUEUE,
    roomSamples: 0,
    wanted: () => Math.min(QUEUE, Math.round((queue.nowMs - playedMs) * FRAME / FRAME_MS)),
  };
  for (let count = 0; count < MINUTES * FRAMES_A_MINUTE; count++) {
    const now = count * FRAME_MS;
    const start = (count * FRAME) % (speech.length - FRAME);
    frame.set(speech.subarray(start, start + FRAME));
    const packet = sender.packet(frame);
    if (packet) {
      const datagram = protector.protect(packet);
      for (const dueMs of network.decide(now)) underway.push({ dueMs, datagram });
    }
    const arrived = underway.filter(({ dueMs }) => dueMs < now + FRAME_MS).sort((a, b) => a.dueMs - b.dueMs);
    underway = underway.filter(({ dueMs }) => dueMs >= now + FRAME_MS);
    for (const { dueMs, datagram } of arrived) {
      const opened = unprotector.unprotect(datagram);
      if (opened) receiver.handlePacket(opened, dueMs);
      queue.nowMs = dueMs;
      playedMs += feed.packetCame(queue, dueMs).length * FRAME_MS / FRAME;
    }
    if (feed.dueAt < now + FRAME_MS) {
      const dueMs = Math.max(now, feed.dueAt);
      queue.nowMs = dueMs;
      playedMs += feed.due(queue, dueMs).length * FRAME_MS / FRAME;
    }
    const minute = (count + 1) / FRAMES_A_MINUTE;
    if (LOOKS_AT.includes(minute)) looks.push(await look(minute));
  }
  return looks;
}

async function look(minute: number): Promise<MemoryAt> {
  // Finalizers run in a later turn, and what they let go of is garbage then.
  for (let round = 0; round < 3; round++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { minute, heapMib: (heapUsed + external) / MIB, residentMib: rss / MIB };
}

if (import.meta.main) console.log(JSON.stringify(await spendHour()));
