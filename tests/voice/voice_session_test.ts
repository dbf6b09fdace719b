import { assert, assertEquals, assertGreater } from "@std/assert";
import type { AudioSource } from "../../audio/audio_io.ts";
import { type Libopus, wasmLibopus } from "../../lib/codec/libopus.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import type { Clock } from "../../lib/util/clock.ts";
import { DeviceSupervisor } from "../../audio/hotplug/device_supervisor.ts";
import { Pacer, SampleClock } from "../../audio/pacer.ts";
import { openNullSink, openTone } from "../../audio/synthetic.ts";
import { parseRedundant, REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { encodeCompound } from "../../lib/rtp/rtcp.ts";
import { isRtcp, parseRtp } from "../../lib/rtp/rtp.ts";
import { VoiceSession } from "../../lib/voice/voice_session.ts";
import { MadeUpDevices } from "../../testing/audio/made_up_devices.ts";
import { pause } from "../../lib/util/pause.ts";

/** Time between two checks of a condition. */
const LOOK_MS = 10;

function fail(error: Error): never {
  throw error;
}

const SETTINGS = {
  frameSamples: 960,
  errorCorrection: false,
  redundancy: false,
  stretching: true,
  replaceSource: fail,
  replaceSink: fail,
};

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await pause(LOOK_MS);
}

Deno.test("VoiceSession goes on without its devices, and with them when they are back", async () => {
  const devices = new MadeUpDevices();
  // Devices of the notices, which come together or, on a slow machine, one by one.
  const told = { lost: 0, back: 0 };
  const supervisor = new DeviceSupervisor(devices, {
    lost: (notices) => told.lost += notices.length,
    back: (notices) => told.back += notices.length,
  });
  const timestamps: number[] = [];
  const session = await VoiceSession.start({
    source: await supervisor.openSource(960, "default"),
    sink: await supervisor.openSink(960, "default"),
    // It calls itself.
    send: (datagram) => {
      const packet = parseRtp(datagram);
      if (packet?.payloadType !== 111) return;
      timestamps.push(packet.timestamp);
      queueMicrotask(() => session.handleDatagram(datagram));
    },
    ...SETTINGS,
  });
  const loud = () => session.levels.microphoneDb > -30 && session.levels.speakerDb > -30;
  const { heard } = devices;
  await until(loud);
  await until(() => heard.some((sample) => Math.abs(sample) > 1000));

  devices.plugged.microphone = devices.plugged.speaker = false;
  await until(() => told.lost === 2);
  await until(() => session.levels.microphoneDb < -90 && session.levels.speakerDb < -60);
  const { framesPlayed } = session.figures;
  await until(() => session.figures.framesPlayed > framesPlayed + 5);

  devices.plugged.microphone = devices.plugged.speaker = true;
  heard.length = 0;
  await until(() => told.back === 2);
  await until(loud);
  await until(() => heard.some((sample) => Math.abs(sample) > 1000));
  await session.stop();
  await session.closed();
  await supervisor.settled();
  assertEquals(told, { lost: 2, back: 2 });
  assertEquals(devices.open, 0);
  // Timestamps advance by whole frames of 20 ms.
  assertGreater(timestamps.length, 10);
  for (const [index, timestamp] of timestamps.entries()) {
    if (index > 0) assertEquals((timestamp - timestamps[index - 1]! >>> 0) % 960, 0);
  }
});

Deno.test("VoiceSession does nothing after its end, even when a cancelled timer fires", async () => {
  const callbacks: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    setTimer(callback) {
      callbacks.push(callback);
      return () => {};
    },
  };
  let sent = 0;
  const session = await VoiceSession.start({
    source: openTone(440, new Pacer(clock)),
    sink: openNullSink(new SampleClock(clock)),
    send: () => sent++,
    ...SETTINGS,
    clock,
  });
  now = 20;
  callbacks.at(-1)!();
  assertEquals(sent, 1);
  await session.stop();
  await session.closed();
  const sentAtEnd = sent;
  now = 100;
  for (const callback of callbacks) callback();
  assertEquals(sent, sentAtEnd);
});

/** A microphone whose samples say when they were captured, in samples since the start, 1 at least; it holds some back. */
function timestamps(clock: Clock, delaySamples: number): AudioSource {
  let next = 1 - delaySamples;
  return {
    name: "timestamps",
    delaySamples,
    read(samples) {
      const missing = next + samples.length - 1 - (48 * clock.now() - delaySamples);
      if (missing > 0) return missing / 48;
      for (let i = 0; i < samples.length; i++) samples[i] = Math.max(1, next++);
      return 0;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A codec that keeps what it is to encode, and opens when told. */
function recordingCodec(open: Promise<void> = Promise.resolve()) {
  const encoded: number[] = [];
  const libopus: Libopus = {
    async createEncoder(settings) {
      await open;
      const encoder = await wasmLibopus.createEncoder(settings);
      const encode: typeof encoder.encode = (pcm) => {
        encoded.push(...pcm);
        return encoder.encode(pcm);
      };
      const setPacketLossPercent: typeof encoder.setPacketLossPercent = (percent) =>
        encoder.setPacketLossPercent(percent);
      return { encode, setPacketLossPercent, free: () => encoder.free() };
    },
    createDecoder: wasmLibopus.createDecoder,
  };
  return { encoded, libopus };
}

for (const [delaySamples, latencySamples] of [[0, 0], [240, 0], [1300, 0], [240, 480]] as const) {
  Deno.test(`VoiceSession sends not one sample captured while muted: ${delaySamples} held back, ${latencySamples} by processing`, async () => {
    const clock = new FakeClock("by advance");
    const mute = { muted: true, changedAt: 0 };
    const { encoded, libopus } = recordingCodec();
    const held: number[] = new Array(latencySamples).fill(1);
    const session = await VoiceSession.start({
      source: timestamps(clock, delaySamples),
      sink: openNullSink(new SampleClock(clock)),
      processor: {
        latencySamples,
        played: () => {},
        capture: (samples) => {
          held.push(...samples);
          samples.set(held.splice(0, samples.length));
        },
      },
      send: () => {},
      ...SETTINGS,
      mute,
      libopus,
      clock,
    });
    const change = async (muted: boolean, ms: number) => {
      await clock.advance(ms);
      Object.assign(mute, { muted, changedAt: clock.now() });
      return 48 * clock.now();
    };
    const unmuted = await change(false, 166.6);
    const muted = await change(true, 166.6);
    const again = await change(false, 111.1);
    await clock.advance(200);
    await session.stop();
    await session.closed();
    const heard = encoded.filter((sample) => sample !== 0);
    assertEquals(heard[0], Math.ceil(unmuted) + 1, "from the first sample on");
    const wrong = heard.filter((at) => at <= unmuted || (at > muted && at <= again));
    assertEquals(wrong, []);
    assert(heard.includes(Math.ceil(again) + 1), "from the first sample on again");
  });
}

Deno.test("VoiceSession sends nothing of a backlog that is there when its codec opens after a mute", async () => {
  const clock = new FakeClock("by advance");
  const mute = { muted: false, changedAt: -Infinity };
  const opening = Promise.withResolvers<void>();
  const { encoded, libopus } = recordingCodec(opening.promise);
  const starting = VoiceSession.start({
    source: timestamps(clock, 0),
    sink: openNullSink(new SampleClock(clock)),
    send: () => {},
    ...SETTINGS,
    mute,
    libopus,
    clock,
  });
  clock.advanceAtOnce(100);
  Object.assign(mute, { muted: true, changedAt: clock.now() });
  opening.resolve();
  const session = await starting;
  await clock.advance(100);
  await session.stop();
  await session.closed();
  assertGreater(encoded.length, 0);
  assert(encoded.every((sample) => sample === 0));
});

Deno.test("VoiceSession sends redundant frames by the highest loss of the last reports", async () => {
  let [now, wake] = [0, () => {}];
  const sent: Uint8Array[] = [];
  const clock: Clock = {
    now: () => now,
    setTimer(callback) {
      wake = callback;
      return () => {};
    },
  };
  const session = await VoiceSession.start({
    source: openTone(440, new Pacer(clock)),
    sink: openNullSink(new SampleClock(clock)),
    send: (datagram) => sent.push(datagram),
    ...SETTINGS,
    // Three of these fit into a datagram with any encoder.
    frameSamples: 480,
    errorCorrection: true,
    redundancy: true,
    clock,
  });
  /** Speaks for four frames. @returns The number of redundant frames in the last packet. */
  const redundancy = () => {
    for (let frame = 0; frame < 4; frame++) {
      now += 10;
      wake();
    }
    const packet = parseRtp(sent.findLast((datagram) => !isRtcp(datagram))!)!;
    return packet.payloadType === REDUNDANT_PAYLOAD_TYPE
      ? parseRedundant(packet.payload)!.redundant.length
      : 0;
  };
  const own = () => parseRtp(sent[0]!)!.ssrc;
  const report = (fractionLost: number, ssrc = own(), copies = 2) =>
    session.handleDatagram(encodeCompound([
      {
        kind: "receiver_report",
        ssrc: 7,
        blocks: [{
          ssrc,
          fractionLost,
          cumulativeLost: 0,
          highestSequence: 0,
          jitter: 0,
          lastSenderReport: 0,
          delaySinceLastSenderReport: 0,
        }],
      },
      {
        kind: "application",
        ssrc: 7,
        name: "SALA",
        data: Uint8Array.of(REDUNDANT_PAYLOAD_TYPE, copies, 0, 0),
      },
    ]));
  assertEquals(redundancy(), 0);
  const counts = [0, 0.02, 0.07, 0, 0.02, ...new Array(8).fill(0), 0, 0].map((loss) => {
    report(Math.round(256 * loss));
    return redundancy();
  });
  assertEquals(counts, [0, 1, ...new Array(10).fill(2), 1, 1, 0]);
  // Reports that say nothing of this stream neither count as loss, nor let a loss be forgotten earlier.
  report(255, own() + 1);
  assertEquals(redundancy(), 0);
  report(255);
  report(0);
  for (let times = 0; times < 10; times++) report(0, own() + 1);
  assertEquals(redundancy(), 2);
  for (let times = 0; times < 8; times++) report(0);
  assertEquals(redundancy(), 2);
  report(0);
  assertEquals(redundancy(), 0);
  // But what they announce counts at once.
  report(255);
  report(0, own() + 1, 1);
  assertEquals(redundancy(), 1);
  await session.stop();
  await session.closed();
});
