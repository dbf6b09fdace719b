import { MAX_GAP_MS } from "../../../audio/hotplug/capture_gap.ts";
import { assert, assertEquals } from "@std/assert";
import { DeviceSupervisor } from "../../../audio/hotplug/device_supervisor.ts";
import { WORKING_SAMPLES } from "../../../audio/hotplug/supervised_sink.ts";
import { STALL_CHECKS } from "../../../audio/hotplug/stall_detector.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { MadeUpDevices } from "../../../testing/audio/made_up_devices.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";

/** A supervisor of simulated devices, and its reports. */
function supervise() {
  const devices = new MadeUpDevices();
  const clock = new FakeClock("by advance");
  const reports: string[] = [];
  const names = (notices: readonly { side: string; name: string }[]) =>
    notices.map(({ side, name }) => `${side} ${name}`).join(", ");
  const supervisor = new DeviceSupervisor(devices, {
    lost: (notices, detail) => reports.push(`lost ${names(notices)}: ${detail.kind}`),
    back: (notices) => reports.push(`back ${names(notices)}`),
  }, clock);
  return { devices, clock, reports, supervisor };
}

const LOST_BOTH = "lost microphone mic, speaker speaker: io_error";
const BACK_BOTH = "back microphone mic, speaker speaker";

function loudest(samples: Int16Array): number {
  return Math.max(...samples.map(Math.abs));
}

Deno.test("DeviceSupervisor substitutes silence for devices that fail, and reopens them", async () => {
  const { devices, clock, reports, supervisor } = supervise();
  await using source = await supervisor.openSource(960, "default");
  await using sink = await supervisor.openSink(960, "default");
  const frame = new Int16Array(960);
  await hear(source, frame);
  assert(loudest(frame) > 1000, "the tone");

  devices.plugged.microphone = devices.plugged.speaker = false;
  await hear(source, frame);
  sink.wanted();
  assertEquals([loudest(frame), devices.open], [0, 0], "silence; the failed devices are closed");
  await clock.advance(10_000);
  assertEquals(reports, [LOST_BOTH], "one report");
  assertEquals(devices.refreshed, 4, "attempts after 0.5, 1.5, 3.5 and 7.5 s");
  await hear(source, frame.fill(1));
  assertEquals(loudest(frame), 0);
  await sink.write(frame.subarray(0, Math.min(frame.length, sink.wanted())));
  assertEquals(devices.heard, []);

  devices.plugged.microphone = devices.plugged.speaker = true;
  await clock.advance(5000);
  assertEquals(reports, [LOST_BOTH], "no report before they work");
  // On a slow machine, silence fills the gap first, up to 10 s of it.
  for (let reads = 0; loudest(frame) === 0 && reads < MAX_GAP_MS / 20; reads++) await hear(source, frame);
  assert(loudest(frame) > 1000, "the tone again");
  await sink.write(new Int16Array(WORKING_SAMPLES));
  await clock.advance(0);
  assertEquals(reports, [LOST_BOTH, BACK_BOTH]);
  assertEquals(devices.heard.length, WORKING_SAMPLES);
});

Deno.test("DeviceSupervisor leaves the loudspeaker alone when the microphone is unplugged", async () => {
  const { devices, clock, reports, supervisor } = supervise();
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
  assertEquals(reports, ["lost microphone mic: io_error", "back microphone mic"]);
});

Deno.test("DeviceSupervisor starts with silence for a missing device, and opens it once it is plugged in", async () => {
  const { devices, clock, reports, supervisor } = supervise();
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
  assertEquals(reports, ["lost microphone USB Headset: io_error", "back microphone mic"]);
});

Deno.test("DeviceSupervisor treats a stalled microphone as lost", async () => {
  const { devices, clock, reports, supervisor } = supervise();
  await using source = await supervisor.openSource(960, "default");
  devices.hanging = true;
  const frame = new Int16Array(960).fill(1);
  /** Reads a frame during 2 s, after which silence stands in for a stalled microphone. */
  const readOn = async () => {
    const reading = hear(source, frame);
    await clock.advance(2000);
    await reading;
  };
  await readOn();
  assertEquals(loudest(frame), 0);
  await readOn();
  assertEquals(reports, [], "it may be slow");
  const lost = ["lost microphone mic: stalled"];
  // It opens and stalls again and again, which makes no further report.
  for (let round = 0; round < 20; round++) await readOn();
  assertEquals(reports, lost);
  devices.hanging = false;
  while (loudest(frame) === 0) await readOn();
  assertEquals(reports, [...lost, "back microphone mic"]);
});

Deno.test("DeviceSupervisor tells a loudspeaker with a full queue from a stalled one", async () => {
  const { devices, clock, reports, supervisor } = supervise();
  const BLOCK = 480;
  let wanted = -2 * BLOCK;
  devices.openSink = () =>
    Promise.resolve({
      name: "speaker",
      delaySamples: 0,
      roomSamples: 4 * BLOCK,
      wanted: () => wanted,
      write: (samples) => {
        wanted -= samples.length;
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  await using sink = await supervisor.openSink(960, "default");
  for (let second = 0; second < 3 * STALL_CHECKS; second++) {
    wanted += BLOCK;
    assertEquals(sink.wanted(), -BLOCK);
    await sink.write(new Int16Array(BLOCK));
    await clock.advance(1000);
  }
  assertEquals(reports, []);
  for (let second = 0; second <= STALL_CHECKS; second++) {
    sink.wanted();
    await clock.advance(1000);
  }
  assertEquals(reports, ["lost speaker speaker: stalled"]);
});

Deno.test("DeviceSupervisor closes released devices, and those that open after their release", async () => {
  const { devices, clock, reports, supervisor } = supervise();
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
  assertEquals(reports, ["lost speaker speaker: io_error"]);
});
