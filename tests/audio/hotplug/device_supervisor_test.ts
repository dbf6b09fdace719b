import { LONGEST_GAP_MS } from "../../../audio/hotplug/capture_gap.ts";
import { assert, assertEquals } from "@std/assert";
import { DeviceSupervisor } from "../../../audio/hotplug/device_supervisor.ts";
import { WORKING_SAMPLES } from "../../../audio/hotplug/supervised_sink.ts";
import { STALLED_LOOKS } from "../../../audio/hotplug/stall_detector.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { MadeUpDevices } from "../../../testing/audio/made_up_devices.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";

/** A keeper of made-up devices, and what it tells. */
function keep() {
  const devices = new MadeUpDevices();
  const clock = new ManualClock();
  const told: string[] = [];
  const names = (notices: readonly { side: string; name: string }[]) =>
    notices.map(({ side, name }) => `${side} ${name}`).join(", ");
  const supervisor = new DeviceSupervisor(devices, {
    lost: (notices, detail) => told.push(`lost ${names(notices)}: ${detail}`),
    back: (notices) => told.push(`back ${names(notices)}`),
  }, clock);
  return { devices, clock, told, supervisor };
}

const LOST_BOTH = "lost microphone mic, speaker speaker: Input/output error";
const BACK_BOTH = "back microphone mic, speaker speaker";

function loudest(samples: Int16Array): number {
  return Math.max(...samples.map(Math.abs));
}

Deno.test("DeviceSupervisor puts silence in the place of devices that fail, and uses them again when they are back", async () => {
  const { devices, clock, told, supervisor } = keep();
  await using source = await supervisor.openSource(960, "default");
  await using sink = await supervisor.openSink(960, "default");
  const frame = new Int16Array(960);
  await hear(source, frame);
  assert(loudest(frame) > 1000, "the tone");

  devices.plugged.microphone = devices.plugged.speaker = false;
  await hear(source, frame);
  sink.wanted();
  assertEquals([loudest(frame), devices.open], [0, 0], "silence, and what failed is closed");
  await clock.advance(10_000);
  assertEquals(told, [LOST_BOTH], "told once");
  assertEquals(devices.refreshed, 4, "looked for after 0.5, 1.5, 3.5 and 7.5 s");
  await hear(source, frame.fill(1));
  assertEquals(loudest(frame), 0);
  await sink.write(frame.subarray(0, Math.min(frame.length, sink.wanted())));
  assertEquals(devices.heard, []);

  devices.plugged.microphone = devices.plugged.speaker = true;
  await clock.advance(5000);
  assertEquals(told, [LOST_BOTH], "not before they work");
  // What a slow machine missed meanwhile is made up for with silence first, up to ten seconds of it.
  for (let reads = 0; loudest(frame) === 0 && reads < LONGEST_GAP_MS / 20; reads++) await hear(source, frame);
  assert(loudest(frame) > 1000, "the tone again");
  await sink.write(new Int16Array(WORKING_SAMPLES));
  await clock.advance(0);
  assertEquals(told, [LOST_BOTH, BACK_BOTH]);
  assertEquals(devices.heard.length, WORKING_SAMPLES);
});

Deno.test("DeviceSupervisor leaves the loudspeaker alone when only the microphone is pulled out", async () => {
  const { devices, clock, told, supervisor } = keep();
  await using source = await supervisor.openSource(960, "default");
  await using sink = await supervisor.openSink(960, "default");
  devices.plugged.microphone = false;
  await hear(source, new Int16Array(960));
  await clock.advance(2000);
  await sink.write(new Int16Array(10));
  assertEquals(devices.heard.length, 10);
  devices.plugged.microphone = true;
  await clock.advance(5000);
  await hear(source, new Int16Array(960));
  await clock.advance(0);
  assertEquals(told, ["lost microphone mic: Input/output error", "back microphone mic"]);
});

Deno.test("DeviceSupervisor begins with silence where a device is not there, and takes it up", async () => {
  const { devices, clock, told, supervisor } = keep();
  devices.plugged.microphone = false;
  await using source = await supervisor.openSource(960, "USB Headset");
  const frame = new Int16Array(960).fill(1);
  await hear(source, frame);
  assertEquals(loudest(frame), 0);
  await clock.advance(1000);
  devices.plugged.microphone = true;
  await clock.advance(1000);
  await hear(source, frame);
  await clock.advance(0);
  assertEquals(told, ["lost microphone USB Headset: Input/output error", "back microphone mic"]);
});

Deno.test("DeviceSupervisor takes a microphone that stands still for one that has gone", async () => {
  const { devices, clock, told, supervisor } = keep();
  await using source = await supervisor.openSource(960, "default");
  devices.hanging = true;
  const frame = new Int16Array(960).fill(1);
  /** Reads, in a time in which silence has come to stand in for what does not come. */
  const readOn = async () => {
    const reading = hear(source, frame);
    await clock.advance(2000);
    await reading;
  };
  await readOn();
  assertEquals(loudest(frame), 0);
  await readOn();
  assertEquals(told, [], "it may only be slow");
  const lost = ["lost microphone mic: The device stands still"];
  // It can be opened, and gives nothing again and again, which is no news.
  for (let round = 0; round < 20; round++) await readOn();
  assertEquals(told, lost);
  devices.hanging = false;
  while (loudest(frame) === 0) await readOn();
  assertEquals(told, [...lost, "back microphone mic"]);
});

Deno.test("DeviceSupervisor tells a loudspeaker that holds more than it needs from one that stands still", async () => {
  const { devices, clock, told, supervisor } = keep();
  const BLOCK = 480;
  let lack = -2 * BLOCK;
  devices.openSink = () =>
    Promise.resolve({
      name: "speaker",
      delaySamples: 0,
      roomSamples: 4 * BLOCK,
      wanted: () => lack,
      write: (samples) => {
        lack -= samples.length;
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  await using sink = await supervisor.openSink(960, "default");
  for (let second = 0; second < 3 * STALLED_LOOKS; second++) {
    lack += BLOCK;
    assertEquals(sink.wanted(), -BLOCK);
    await sink.write(new Int16Array(BLOCK));
    await clock.advance(1000);
  }
  assertEquals(told, []);
  for (let second = 0; second <= STALLED_LOOKS; second++) {
    sink.wanted();
    await clock.advance(1000);
  }
  assertEquals(told, ["lost speaker speaker: The device stands still"]);
});

Deno.test("DeviceSupervisor lets go of devices that nobody uses any more, and of those that come too late", async () => {
  const { devices, clock, told, supervisor } = keep();
  const source = await supervisor.openSource(960, "default");
  const sink = await supervisor.openSink(960, "default");
  devices.plugged.microphone = devices.plugged.speaker = false;
  await hear(source, new Int16Array(960));
  sink.wanted();
  await source[Symbol.asyncDispose]();
  devices.plugged.speaker = true;
  const opened = Promise.withResolvers<void>();
  const { openSink } = devices;
  devices.openSink = () => opened.promise.then(openSink);
  await clock.advance(500);
  await sink[Symbol.asyncDispose]();
  opened.resolve();
  await supervisor.settled();
  assertEquals([devices.open, clock.timers], [0, 0]);
  assertEquals(told, ["lost speaker speaker: Input/output error"]);
});
