import type { Device, Direction } from "./device.ts";

/** Which device: its index or a part of its name, case aside, or one that was there before. */
export type DeviceChoice = string | Device;

/** What ALSA adds to a card's name: the number of the socket, which is another one in another socket. */
const ALSA_NUMBER = / \(hw:\d+,\d+\)$/;

/**
 * Finds a device.
 *
 * @param devices All that there are.
 * @param choice The default device when it is left out.
 */
export function chooseDevice(
  devices: readonly Device[],
  direction: Direction,
  choice?: DeviceChoice,
): Device | undefined {
  const able = devices.filter((device) => device[`${direction}s`] > 0);
  if (choice === undefined) {
    return able.find((device) => direction === "input" ? device.defaultInput : device.defaultOutput);
  }
  if (typeof choice === "object") return sameDevice(able, choice);
  const part = choice.toLowerCase();
  return able.find(({ index }) => String(index) === choice) ??
    able.find(({ name }) => name.toLowerCase() === part) ??
    able.find(({ name }) => name.toLowerCase().includes(part));
}

/** Indexes change when devices come and go, so the name counts. Of several with the same name, it is the same index. */
function sameDevice(devices: readonly Device[], was: Device): Device | undefined {
  const same = devices.filter(({ name, host }) => name === was.name && host === was.host);
  const alike = devices.filter(({ name, host }) =>
    withoutNumber(name) === withoutNumber(was.name) && host === was.host
  );
  return same.find(({ index }) => index === was.index) ?? same[0] ?? alike[0];
}

function withoutNumber(name: string): string {
  return name.replace(ALSA_NUMBER, "");
}
