import { assertEquals } from "@std/assert";
import { chooseDevice, type DeviceChoice } from "../../../audio/portaudio/device_selection.ts";
import type { Device } from "../../../audio/portaudio/device.ts";

function device(index: number, name: string, more: Partial<Device> = {}): Device {
  return {
    index,
    name,
    host: "ALSA",
    inputs: 2,
    outputs: 2,
    defaultInput: false,
    defaultOutput: false,
    ...more,
  };
}

const USB = device(0, "USB Headset: Audio (hw:1,0)");
const DEVICES = [
  USB,
  device(1, "HDA Intel: Analog (hw:0,0)"),
  device(2, "HDA Intel: HDMI (hw:0,3)", { inputs: 0, defaultOutput: true }),
  device(3, "default", { defaultInput: true }),
  device(4, "default", { host: "OSS" }),
];

const CASES: [name: string, choice: DeviceChoice | undefined, index: number | undefined][] = [
  ["the default device", undefined, 3],
  ["a device by its index", "1", 1],
  ["no device without that direction", "2", undefined],
  ["a device by its whole name in any case", "DEFAULT", 3],
  ["a device by a part of its name", "intel", 1],
  ["no device", "Bluetooth", undefined],
  ["a device of an earlier enumeration at the same index", USB, 0],
  ["a device whose index has changed", device(7, USB.name), 0],
  ["a device whose ALSA card number has changed", device(7, "USB Headset: Audio (hw:2,0)"), 0],
  ["one of two devices of the same name by its index", device(4, "default", { host: "OSS" }), 4],
  ["no other device at the index of one that is gone", device(1, "USB Camera (hw:0,0)"), undefined],
  ["no device of another host API", device(0, USB.name, { host: "JACK" }), undefined],
];

for (const [name, choice, index] of CASES) {
  Deno.test(`chooseDevice() finds ${name}`, () => {
    assertEquals(chooseDevice(DEVICES, "input", choice)?.index, index);
  });
}

Deno.test("chooseDevice() finds the default loudspeaker", () => {
  assertEquals(chooseDevice(DEVICES, "output")?.index, 2);
});
