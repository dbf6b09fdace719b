import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { PortAudio } from "../../../audio/portaudio/portaudio.ts";
import { quietStderr } from "../../../audio/portaudio/quiet.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { Pulse, pulseMissing } from "../../../testing/pulse.ts";

const missing = pulseMissing();
if (missing) console.log(`skipped: PortAudio on virtual cards, because ${missing}`);

/** Sets variables of this process, which PortAudio reads, and keeps its libraries quiet until disposed. */
function withEnvironment(variables: Record<string, string>): Disposable {
  const quiet = quietStderr();
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      quiet[Symbol.dispose]();
      for (const [name, value] of before) {
        value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
      }
    },
  };
}

Deno.test("PortAudio.load() names the library that it did not find", () => {
  using _environment = withEnvironment({ PORTAUDIO_LIB: "/nowhere/libportaudio.so.2" });
  const error = assertThrows(() => PortAudio.load(), AudioError);
  assertEquals(error.code, "no_library");
  assertEquals(error.subject, "/nowhere/libportaudio.so.2");
  assertEquals(error.detail.kind, "not_loaded");
});

/** Settings of tests on real devices. ALSA's library stays loaded on purpose, with the handler that keeps it quiet. */
const NEEDS_DEVICES = { ignore: missing !== undefined, sanitizeResources: false };

Deno.test({
  name: "PortAudio lists devices, finds them by index and part of a name, and refuses others",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    const devices = await portAudio.devices();
    const defaultInput = devices.find((device) => device.defaultInput);
    assert(defaultInput, "there is a default input");
    assert(defaultInput.inputs > 0);
    assertEquals(devices.filter((device) => device.defaultInput).length, 1);
    assertEquals(devices.filter((device) => device.defaultOutput).length, 1);
    await portAudio.check("input");
    await portAudio.check("output", String(defaultInput.index));
    await portAudio.check("input", defaultInput.name.slice(1).toUpperCase());
    const error = await assertRejects(() => portAudio.check("output", "no such card"), AudioError);
    assertEquals(error.code, "no_device");
    assertEquals(error.subject, "no such card");
    assertEquals(error.detail, { kind: "no_such_device", direction: "output" });
  },
});

Deno.test({
  name: "PortAudio plays and captures without blocking the event loop",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    await using speaker = await portAudio.openSink(480);
    await using microphone = await portAudio.openSource(960);
    const tone = Int16Array.from({ length: 960 }, (_, index) => 8000 * Math.sin(2 * Math.PI * index / 48));
    const heard = new Int16Array(960);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      // 10 s at most; the tone returns within some tens of frames.
      for (let frame = 0; frame < 500 && rms(heard) < 4000; frame++) {
        await hear(microphone, heard);
        await speaker.write(tone.subarray(0, Math.max(0, Math.min(tone.length, speaker.wanted()))));
      }
    } finally {
      clearInterval(timer);
    }
    assert(rms(heard) >= 4000, `heard ${rms(heard)}`);
    assert(turns > 0, "the event loop went on");
  },
});

Deno.test({
  name: "OutputStream lengthens its queue at the second underrun",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    await using speaker = await portAudio.openSink(960);
    const empty = speaker.wanted();
    // Past the startup, in which underruns do not count.
    for (let taken = 0; taken < 4 * 48_000;) {
      const wanted = Math.max(0, speaker.wanted());
      await speaker.write(new Int16Array(wanted));
      taken += wanted;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let growth = 0;
    for (let times = 0; times < 2; times++) {
      await speaker.write(new Int16Array(Math.max(960, speaker.wanted())));
      do {
        await new Promise((resolve) => setTimeout(resolve, 1));
        growth = speaker.wanted() - empty;
      } while (speaker.delaySamples > 0);
    }
    // By 8 ms; a machine that stalls has more underruns, and pauses in which the queue shrinks by 1 ms.
    assertGreater(growth, 0);
    assertEquals(growth % 48, 0);
  },
});

Deno.test({
  name: "OutputStream takes more than it wants while there is room, and then wants a negative number",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    await using speaker = await portAudio.openSink(960);
    // Again if this machine stalled and the card played the surplus.
    while (speaker.wanted() >= 0) {
      await speaker.write(new Int16Array(speaker.wanted() + speaker.roomSamples));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertGreater(speaker.delaySamples, 36 * 48);
    assertGreater(speaker.roomSamples, 0);
  },
});

Deno.test({
  name: "InputStream has a latency of 5 ms for any read length",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    for (const readSamples of [480, 960, 1920]) {
      await using microphone = await portAudio.openSource(readSamples);
      assertEquals(microphone.delaySamples, 240);
      await hear(microphone, new Int16Array(readSamples));
    }
  },
});

Deno.test({
  name: "InputStream reports the backlog of a stalled process as delay, and gives it at once",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    await using microphone = await portAudio.openSource(960);
    const frame = new Int16Array(960);
    for (let count = 0; count < 25; count++) await hear(microphone, frame);
    // Each stall lets six frames gather, once the sound server delivers them; one is read.
    for (let stall = 0; stall < 25 && microphone.delaySamples <= 60 * 48; stall++) {
      const end = performance.now() + 120;
      while (performance.now() < end);
      await hear(microphone, frame);
    }
    assertGreater(microphone.delaySamples, 60 * 48);
    for (let count = 0; microphone.delaySamples > 30 * 48; count++) {
      assertLess(count, 500);
      await hear(microphone, frame);
    }
  },
});

Deno.test({
  name: "InputStream refuses reads after it was closed, and closes once",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    const microphone = await portAudio.openSource(960);
    assertGreater(microphone.read(new Int16Array(960)), 0);
    await microphone[Symbol.asyncDispose]();
    await microphone[Symbol.asyncDispose]();
    const error = assertThrows(() => microphone.read(new Int16Array(960)), AudioError);
    assertEquals(error.code, "device_failed");
  },
});

Deno.test({
  name: "PortAudio.refresh() finds the devices of a restarted sound server, unless a stream is open",
  ...NEEDS_DEVICES,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    await using portAudio = PortAudio.load();
    const present = async () => (await portAudio.devices()).some(({ name }) => name === "pulse");
    assert(await present());
    await pulse.kill();
    await portAudio.refresh();
    assert(!await present());
    await assertRejects(() => portAudio.openSource(960), AudioError);
    await pulse.restart();
    await portAudio.refresh();
    const { index } = await portAudio.check("input", "pulse");
    const microphone = await portAudio.openSource(960, String(index));
    await pulse.kill();
    await portAudio.refresh();
    assert(await present(), "a stream is open");
    const error = await hear(microphone, new Int16Array(960)).catch((error: unknown) => error);
    assertInstanceOf(error, AudioError);
    await microphone[Symbol.asyncDispose]();
    await portAudio.refresh();
    assert(!await present());
  },
});

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
