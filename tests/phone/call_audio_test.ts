import { assert, assertEquals } from "@std/assert";
import { AudioError } from "../../audio/audio_io.ts";
import { AudioDevices, type SoundChoice } from "../../audio/audio_devices.ts";
import { wasmLibopus } from "../../lib/codec/libopus.ts";
import type { PhoneEvent } from "../../lib/events/phone_events.ts";
import { CallAudio } from "../../lib/phone/call_audio.ts";
import { runtimeCipher } from "../../lib/srtp/aes_gcm.ts";
import { levelDb } from "../../lib/dsp/level.ts";
import { openDecoder } from "../../lib/codec/opus.ts";
import { isRtcp, parseRtp } from "../../lib/rtp/rtp.ts";
import { openNullSink } from "../../audio/synthetic.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { int16Wav } from "../../testing/audio/wav_builder.ts";
import { temporaryFile, temporaryFolder } from "../../testing/temporary.ts";
import { systemClock } from "../../lib/util/clock.ts";
import { OPTIONS } from "./fakes.ts";

const SYNTHETIC: SoundChoice = { microphone: "tone", speaker: "none" };

function open(devices = new AudioDevices(SYNTHETIC), tones = true) {
  const events: PhoneEvent[] = [];
  const audio = new CallAudio({
    devices,
    voice: OPTIONS.voice,
    tones,
    libopus: wasmLibopus,
    cipher: runtimeCipher,
    show: (event) => events.push(event),
  });
  return { audio, events, devices };
}

/** Opens a call's voice and waits for some of its packets. */
async function speak(audio: CallAudio, packets: number): Promise<Uint8Array[]> {
  const sent: Uint8Array[] = [];
  const enough = Promise.withResolvers<void>();
  const session = await audio.open(systemClock, (datagram) => {
    if (!isRtcp(datagram) && sent.push(datagram) === packets) enough.resolve();
  });
  await enough.promise;
  await audio.close(session);
  await audio.closed();
  return sent;
}

async function loudestDb(datagrams: readonly Uint8Array[]): Promise<number> {
  using decoder = await openDecoder(wasmLibopus);
  return Math.max(...datagrams.map((datagram) => levelDb(decoder.decode(parseRtp(datagram)!.payload)!)));
}

Deno.test("CallAudio sends what the microphone hears", async () => {
  const { audio } = open();
  assert(await audio.check());
  assert(await loudestDb(await speak(audio, 10)) > -20);
});

Deno.test("CallAudio muted before a call sends no frame of the microphone", async () => {
  const { audio } = open();
  audio.muted = true;
  assert(await loudestDb(await speak(audio, 3)) < -90);
  assert(audio.muted, "and stays so");
});

Deno.test("CallAudio muted while a loudspeaker opens slowly sends no frame of the microphone", async () => {
  const { audio, devices } = open();
  const { openSink } = devices;
  const asked = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  devices.openSink = async (samples) => {
    asked.resolve();
    await ready.promise;
    return await openSink.call(devices, samples);
  };
  const speaking = speak(audio, 5);
  await asked.promise;
  audio.muted = true;
  ready.resolve();
  assert(await loudestDb(await speaking) < -90);
});

Deno.test("CallAudio shows devices that cannot be opened, and goes on with silence", async () => {
  const { audio, events, devices } = open();
  devices.openSource = () => Promise.reject(new AudioError("file_failed", "a.wav", { kind: "not_found" }));
  devices.openSink = () => Promise.reject(new AudioError("file_failed", "b.wav", { kind: "not_found" }));
  await speak(audio, 1);
  const common = {
    event: "audio_failed",
    code: "file_failed",
    detail: { kind: "not_found" },
    asked: false,
  } as const;
  assertEquals(events, [
    { ...common, side: "microphone", subject: "a.wav" },
    { ...common, side: "speaker", subject: "b.wav" },
  ]);
});

/** A call of some packets, with the events of its recording. */
async function record(audio: CallAudio, events: PhoneEvent[]) {
  const before = events.length;
  await speak(audio, 10);
  return events.slice(before);
}

Deno.test("CallAudio tells which file it records to, and when that is complete", async () => {
  await using folder = await temporaryFolder();
  const wanted = `${folder.path}/recado.wav`;
  const other = `${folder.path}/recado-2.wav`;
  const { audio, events } = open(new AudioDevices({ microphone: "tone", speaker: wanted }));
  for (const path of [wanted, other]) {
    const [recording, recorded, ...more] = await record(audio, events);
    assertEquals(recording, { event: "recording", path, wanted });
    assert(recorded?.event === "recorded" && recorded.path === path);
    const { samples } = parseWav(await Deno.readFile(path));
    assertEquals(recorded.seconds, samples.length / 48_000);
    assertEquals(more, []);
  }
  assert(!audio.recordingFailed);
});

Deno.test("CallAudio does not call a recording complete that broke off", async () => {
  const { audio, events, devices } = open();
  const error = new AudioError("file_failed", "recado-2.wav", { kind: "too_large" });
  devices.openSink = async () => {
    const sink = openNullSink();
    return await Promise.resolve({
      ...sink,
      recording: { path: "recado-2.wav", wanted: "recado.wav", seconds: 0 },
      write: () => Promise.reject(error),
    });
  };
  const [first, second, ...more] = await record(audio, events);
  assertEquals(first, { event: "recording", path: "recado-2.wav", wanted: "recado.wav" });
  assertEquals(second, {
    event: "audio_failed",
    side: "speaker",
    code: "file_failed",
    subject: "recado-2.wav",
    detail: { kind: "too_large" },
    asked: false,
  });
  assertEquals(more, []);
  assert(audio.recordingFailed);
});

Deno.test("CallAudio tells when the microphone's file has ended, or cannot be read", async () => {
  await using file = await temporaryFile(".wav", int16Wav(new Int16Array(9600).fill(100), 48_000));
  for (const microphone of [file.path, "/none/a.wav"]) {
    const { audio } = open(new AudioDevices({ microphone, speaker: "none" }));
    const ended = Promise.withResolvers<void>();
    const session = await audio.open(systemClock, () => {}, ended.resolve);
    await ended.promise;
    await audio.close(session);
    await audio.closed();
  }
});

Deno.test("CallAudio plays tones in devices only, and none if not asked to", async () => {
  for (
    const [playsToDevice, tones, opened] of [[true, true, 1], [false, true, 0], [true, false, 0]] as const
  ) {
    const devices = new AudioDevices({ ...SYNTHETIC, speaker: playsToDevice ? "some device" : "none" });
    let sinks = 0;
    devices.openSink = () => {
      sinks++;
      return Promise.resolve(devices.muteSink());
    };
    const { audio } = open(devices, tones);
    audio.playTone("ring");
    audio.playTone("busy");
    assertEquals(sinks, opened);
    // The call takes that loudspeaker over.
    await speak(audio, 1);
    assertEquals(sinks, 1);
    audio.closeTone();
    await audio.closed();
  }
});

Deno.test("CallAudio says of a loudspeaker that went away while it rang only once a call uses it", async () => {
  for (const answered of [true, false]) {
    const devices = new AudioDevices({ ...SYNTHETIC, speaker: "some device" });
    let listener: Parameters<typeof devices.listen>[0] | undefined;
    devices.listen = (given) => listener = given;
    devices.openSink = () => Promise.resolve(devices.muteSink());
    const { audio, events } = open(devices);
    audio.playTone("ring");
    listener!.lost([{ side: "speaker", name: "x" }], { kind: "stalled" });
    assertEquals(events, []);
    if (answered) await speak(audio, 1);
    else audio.closeTone();
    assertEquals(events.map(({ event }) => event), answered ? ["audio_lost"] : []);
  }
});

Deno.test("CallAudio.check() shows what does not work, and whether the person asked for it", async () => {
  const { audio, events } = open(new AudioDevices({ microphone: "/none/a.wav", speaker: "none" }));
  assertEquals(await audio.check(), false);
  assertEquals(events.map((event) => event.event === "audio_failed" && event.asked), [true]);
});

Deno.test("CallAudio shows devices that go and come back, one name where both are one", () => {
  const { events, devices } = open(
    Object.assign(new AudioDevices(SYNTHETIC), {
      listen: (listener: Parameters<AudioDevices["listen"]>[0]) => {
        const both = [{ side: "microphone", name: "usb" }, { side: "speaker", name: "usb" }] as const;
        queueMicrotask(() => {
          listener.lost(both, { kind: "stalled" });
          listener.back([both[1]]);
        });
      },
    }),
  );
  assert(devices);
  return Promise.resolve().then(() =>
    assertEquals(events, [
      { event: "audio_lost", side: "both", names: ["usb"], detail: { kind: "stalled" } },
      { event: "audio_back", side: "speaker", names: ["usb"] },
    ])
  );
});

Deno.test("CallAudio lets a call wait for the devices of the one before it", async () => {
  const { audio, devices } = open();
  const closing = Promise.withResolvers<void>();
  const { openSource } = devices;
  const opened: string[] = [];
  devices.openSource = async (samples) => {
    opened.push("open");
    const source = await openSource.call(devices, samples);
    const close = () => closing.promise.then(() => source[Symbol.asyncDispose]());
    return { ...source, [Symbol.asyncDispose]: close };
  };
  const first = await audio.open(systemClock, () => {});
  await audio.close(first);
  const second = audio.open(systemClock, () => {});
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(opened, ["open"]);
  closing.resolve();
  await audio.close(await second);
  assertEquals(opened, ["open", "open"]);
  await audio.closed();
});

Deno.test("CallAudio.warmUp() shows nothing and leaves nothing open", async () => {
  const { audio, events } = open();
  await audio.warmUp();
  await audio.closed();
  assertEquals(events, []);
});
