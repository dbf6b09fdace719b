/** Helpers for tests of devices that go away in a call: phone `joão` hears what it says over a virtual cable. */

import { assertEquals } from "@std/assert";
import { type PrintedEvent, startProcess, type ToolProcess } from "../../testing/processes.ts";
import type { Pulse } from "../../testing/pulse.ts";

/** The microphone's sound unprocessed: noise reduction would take a lasting tone for noise. */
export const AS_IT_IS = ["--no-echo-cancel", "--no-noise-reduction", "--no-gain"];

/** Least level of a tone at the far end. */
const HEARD_DB = -30;

/** Waits until a level of the last moment is loud or silent. */
export function level(
  phone: ToolProcess,
  which: "microphoneDb" | "speakerDb",
  loud: boolean,
): Promise<PrintedEvent> {
  return phone.waitForEvent("status", (status) => (status[which] as number > HEARD_DB) === loud);
}

/** A cable into which phone `joão` plays, and whose other end is its own microphone: what it hears, it says. */
export const CABLE = "cable";

/** Starts a phone on the cable. */
export function startJoao(
  pulse: Pulse,
  registryPort: number,
  { name = "joão", args = [] }: { readonly name?: string; readonly args?: readonly string[] } = {},
): ToolProcess {
  return startProcess("phone", [`127.0.0.1:${registryPort}`, name, "0", "--json", ...AS_IT_IS, ...args], {
    env: pulse.card(CABLE, CABLE),
    stdin: "piped",
  });
}

/** The tone that maria sends goes through joão's loudspeaker and microphone, and back to her. */
export async function assertVoiceGoesRound(maria: ToolProcess, joao: ToolProcess): Promise<void> {
  await level(joao, "speakerDb", true);
  await level(joao, "microphoneDb", true);
  await level(maria, "speakerDb", true);
}

/** The sides of events. Both devices come in one event; on a busy machine in two. */
export function sides(events: readonly PrintedEvent[]): string[] {
  return events.flatMap(({ side }) => side === "both" ? ["microphone", "speaker"] : [side as string]).sort();
}

/** Waits until events of some name have named both devices. */
export async function bothTold(phone: ToolProcess, event: string): Promise<void> {
  const first = await phone.waitForEvent(event);
  assertEquals(first.names, ["default"]);
  if (first.side !== "both") await phone.waitForEvent(event, ({ side }) => side !== first.side);
}
