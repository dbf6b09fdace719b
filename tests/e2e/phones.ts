/** What tests of whole phones have in common. */

import { type StartOptions, startProcess, type ToolProcess } from "./processes.ts";

/** Starts a phone that neither hears nor speaks unless told otherwise, and waits until it is in the room. */
export async function startPhone(
  port: number,
  name: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<ToolProcess> {
  const phone = startProcess(
    "phone",
    [`127.0.0.1:${port}`, name, "0", "--json", "--mic", "none", "--speaker", "none", ...args],
    { stdin: "piped", ...options },
  );
  await phone.waitForEvent("registered");
  return phone;
}

/** A folder that is gone at the end of the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "sala-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
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
