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

/** Sets the environment of this process, in which PortAudio runs, for a while. */
function withEnvironment(variables: Record<string, string>): Disposable {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
      }
    },
  };
}

Deno.test("PortAudio.open() says which library it did not find", () => {
  using _environment = withEnvironment({ PORTAUDIO_LIB: "/nowhere/libportaudio.so.2" });
  const error = assertThrows(() => PortAudio.open(), AudioError);
  assertEquals(error.code, "no_library");
  assertEquals(error.subject, "/nowhere/libportaudio.so.2");
});

Deno.test({
  name: "PortAudio lists devices, finds them by number and part of a name, and refuses others",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    const devices = portAudio.devices();
    const standard = devices.find(({ defaultInput }) => defaultInput);
    assert(standard, "there is a default input");
    assert(standard.inputs > 0);
    assertEquals(devices.filter(({ defaultInput }) => defaultInput).length, 1);
    assertEquals(devices.filter(({ defaultOutput }) => defaultOutput).length, 1);
    portAudio.check("input");
    portAudio.check("output", String(standard.index));
    portAudio.check("input", standard.name.slice(1).toUpperCase());
    const error = assertThrows(() => portAudio.check("output", "no such card"), AudioError);
    assertEquals(error.code, "no_device");
    assertEquals(error.subject, "no such card");
  },
});

Deno.test({
  name: "PortAudio carries samples from a loudspeaker to a microphone without blocking",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    await using speaker = await portAudio.openSink(480);
    await using microphone = await portAudio.openSource(960);
    const tone = Int16Array.from({ length: 960 }, (_, index) => 8000 * Math.sin(2 * Math.PI * index / 48));
    const heard = new Int16Array(960);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      // 10 s at the most; a cable that works gives the tone back in some tens of frames.
      for (let frame = 0; frame < 500 && rms(heard) < 4000; frame++) {
        await hear(microphone, heard);
        await speaker.write(tone.subarray(0, Math.max(0, Math.min(tone.length, speaker.wanted()))));
      }
    } finally {
      clearInterval(timer);
    }
    assert(rms(heard) >= 4000, `heard ${rms(heard)}`);
    assert(turns > 0, "other things could happen meanwhile");
  },
});

Deno.test({
  name:
    "A loudspeaker of PortAudio takes more than before, in steps of 8 ms, once it ran dry twice in the middle of sound",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    await using speaker = await portAudio.openSink(960);
    const empty = speaker.wanted();
    // Long enough for what a device that starts does not to count.
    for (let taken = 0; taken < 4 * 48_000;) {
      const wanted = Math.max(0, speaker.wanted());
      await speaker.write(new Int16Array(wanted));
      taken += wanted;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let grown = 0;
    // Once is an accident, and twice in a short time is not.
    for (let times = 0; times < 2; times++) {
      await speaker.write(new Int16Array(Math.max(960, speaker.wanted())));
      do {
        await new Promise((resolve) => setTimeout(resolve, 1));
        grown = speaker.wanted() - empty;
      } while (speaker.delaySamples > 0);
    }
    // By 8 ms as a rule, and by more where this machine was held up before.
    assertGreater(grown, 0);
    assertEquals(grown % (8 * 48), 0);
  },
});

Deno.test({
  name:
    "A loudspeaker of PortAudio takes more than it needs where there is room, and then wants less than nothing",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    await using speaker = await portAudio.openSink(960);
    // At once as a rule; where this machine is held up in between, the card plays what is too much.
    while (speaker.wanted() >= 0) {
      await speaker.write(new Int16Array(speaker.wanted() + speaker.roomSamples));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertGreater(speaker.delaySamples, 36 * 48);
    assertGreater(speaker.roomSamples, 0);
  },
});

Deno.test({
  name: "A microphone of PortAudio keeps back 5 ms at most, however much is read at once",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    for (const readSamples of [480, 960, 1920]) {
      await using microphone = await portAudio.openSource(readSamples);
      assertEquals(microphone.delaySamples, 240);
      await hear(microphone, new Int16Array(readSamples));
    }
  },
});

Deno.test({
  name: "PortAudio tells how much a microphone gave while this phone was held up, and gives it at once",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    await using microphone = await portAudio.openSource(960);
    const frame = new Int16Array(960);
    for (let count = 0; count < 25; count++) await hear(microphone, frame);
    // Each time six frames come, as soon as the sound server has time to bring them, and one is read.
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
  name: "PortAudio refuses a stream that is closed, and closing twice is nothing",
  ignore: missing !== undefined,
  async fn() {
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    const microphone = await portAudio.openSource(960);
    assertGreater(microphone.read(new Int16Array(960)), 0);
    await microphone[Symbol.asyncDispose]();
    await microphone[Symbol.asyncDispose]();
    const error = assertThrows(() => microphone.read(new Int16Array(960)), AudioError);
    assertEquals(error.code, "device_failed");
  },
});

Deno.test({
  name:
    "PortAudio.refresh() finds the devices of a sound server that was started again, unless a stream is open",
  ignore: missing !== undefined,
  async fn() {
    using _quiet = quietStderr();
    await using pulse = await Pulse.start(["cable"]);
    using _environment = withEnvironment(pulse.card("cable", "cable"));
    using portAudio = PortAudio.open();
    const isThere = () => portAudio.devices().some(({ name }) => name === "pulse");
    assert(isThere());
    await pulse.kill();
    await portAudio.refresh();
    assert(!isThere());
    await assertRejects(() => portAudio.openSource(960), AudioError);
    await pulse.restart();
    await portAudio.refresh();
    const { index } = portAudio.check("input", "pulse");
    const microphone = await portAudio.openSource(960, String(index));
    await pulse.kill();
    await portAudio.refresh();
    assert(isThere(), "a stream is open");
    const error = await hear(microphone, new Int16Array(960)).catch((error: unknown) => error);
    assertInstanceOf(error, AudioError);
    await microphone[Symbol.asyncDispose]();
    await portAudio.refresh();
    assert(!isThere());
  },
});

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
