/** Helpers for tests of whole phones. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { WAV_HEADER_BYTES } from "../../audio/file/wav_writer.ts";
import { FRAME_SAMPLES } from "../../lib/codec/opus.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { EVERYTHING } from "../../testing/everything.ts";
import {
  type PrintedEvent,
  type StartOptions,
  startProcess,
  type ToolProcess,
  unlessGiven,
} from "../../testing/processes.ts";
import { until } from "../../testing/until.ts";

const NO_SOUND = { "--mic": "none", "--speaker": "none" } as const;

/** Starts a phone that neither hears nor speaks unless told otherwise, and waits until it is in the room. */
export async function startPhone(
  port: number,
  name: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<ToolProcess> {
  const phone = startProcess(
    "phone",
    [`127.0.0.1:${port}`, name, "0", "--json", ...unlessGiven(args, NO_SOUND), ...args],
    { stdin: "piped", ...options },
  );
  await phone.waitForEvent("registered");
  return phone;
}

/** The kinds of sockets for tests of calls: see `chooseUdp()` in `phone.ts`. */
const SOCKETS = Deno.build.os === "linux" ? ["linux", "runtime"] : ["runtime"];

export { EVERYTHING };

/** A test of calls, with {@linkcode EVERYTHING} once with each kind of sockets: `run` starts its phones with `start`. */
export function callTest(name: string, run: (start: typeof startPhone) => Promise<void>): void {
  for (const sockets of SOCKETS) {
    const start: typeof startPhone = (port, name, args, options) =>
      startPhone(port, name, args, { ...options, env: { ...options?.env, SALA_UDP: sockets } });
    const ignore = !EVERYTHING && sockets !== SOCKETS[0];
    Deno.test({ name: `${name}, on ${sockets} sockets`, ignore, fn: () => run(start) });
  }
}

/** Waits until a call has sent, or played, as many packets of 20 ms as these samples fill. */
export function waitForVoice(
  phone: ToolProcess,
  figure: "framesSent" | "framesPlayed",
  { length }: Float32Array,
): Promise<PrintedEvent> {
  return phone.waitForEvent("status", ({ [figure]: frames }) => (frames as number) > length / FRAME_SAMPLES);
}

/** Waits until more than half a second has been written to a recording, which grows by half seconds. */
export async function waitForRecording(path: string): Promise<void> {
  const bytes = async () => (await Deno.stat(path).catch(() => undefined))?.size ?? 0;
  await until(`${path} has sound`, async () => await bytes() > WAV_HEADER_BYTES + SAMPLE_RATE);
}

/** Connects to a registry of this machine as soon as it listens. */
export async function connectOnceThere(port: number): Promise<RegistryClient> {
  let result: Awaited<ReturnType<typeof RegistryClient.connect>> | undefined;
  await until("the registry listens", async () => {
    result = await RegistryClient.connect("127.0.0.1", port);
    return result.kind === "connected";
  });
  assert(result?.kind === "connected");
  return result.client;
}

/**
 * Asserts that the recording of a call with a tone is complete: it has as many samples as its header says, and the tone is
 * in it. Where it begins depends on the machine's load.
 */
export async function assertToneRecorded(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const { samples } = parseWav(bytes);
  assertEquals(
    new DataView(bytes.buffer).getUint32(WAV_HEADER_BYTES - 4, true),
    bytes.length - WAV_HEADER_BYTES,
  );
  assertGreater(samples.length, SAMPLE_RATE / 2);
  assert(samples.some((sample) => sample > 0.1), "the tone is heard");
}

/**
 * The types of the messages that a phone printed, in order. Those of a call are each counted once: on a busy machine
 * an answer may take longer than the first pause before a repeat.
 */
export function messages(phone: ToolProcess): string[] {
  const printed = phone.events("message").map(({ direction, text }) => ({
    type: `${direction} ${JSON.parse(text as string).tipo}`,
    repeatable: JSON.parse(text as string).chamada !== undefined,
  }));
  return printed.filter(({ type, repeatable }, index) =>
    !repeatable || printed.findIndex((other) => other.type === type) === index
  ).map(({ type }) => type);
}
