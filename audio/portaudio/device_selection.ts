import type { Device, Direction } from "./device.ts";

/** An index, a part of a name in any case, or a device of an earlier enumeration. */
export type DeviceChoice = string | Device;

/** ALSA's card and device number at the end of a name, which changes with the USB socket. */
const ALSA_CARD_NUMBER = / \(hw:\d+,\d+\)$/;

/**
 * Finds a device.
 *
 * @param devices All devices of the last enumeration.
 * @param choice The default device if left out.
 */
export function chooseDevice(
  devices: readonly Device[],
  direction: Direction,
  choice?: DeviceChoice,
): Device | undefined {
  const candidates = devices.filter((device) => device[`${direction}s`] > 0);
  if (choice === undefined) {
    return candidates.find((device) => direction === "input" ? device.defaultInput : device.defaultOutput);
  }
  if (typeof choice === "object") return sameDevice(candidates, choice);
  const part = choice.toLowerCase();
  return candidates.find(({ index }) => String(index) === choice) ??
    candidates.find(({ name }) => name.toLowerCase() === part) ??
    candidates.find(({ name }) => name.toLowerCase().includes(part));
}

/**
 * Finds a device again by host API and name, since indexes change with each enumeration; by index among devices of one
 * name; failing that, without the ALSA card number.
 */
function sameDevice(devices: readonly Device[], earlier: Device): Device | undefined {
  const same = devices.filter(({ name, host }) => name === earlier.name && host === earlier.host);
  const similar = devices.filter(({ name, host }) =>
    withoutCardNumber(name) === withoutCardNumber(earlier.name) && host === earlier.host
  );
  return same.find(({ index }) => index === earlier.index) ?? same[0] ?? similar[0];
}

function withoutCardNumber(name: string): string {
  return name.replace(ALSA_CARD_NUMBER, "");
}
