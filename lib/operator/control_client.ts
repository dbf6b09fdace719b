/** The operator's side: sends one command to a running registry. */

import type { ControlDetail } from "../events/registry_events.ts";
import { systemError } from "../util/system_error.ts";
import { withTimeLimit } from "../util/time_limit.ts";
import { writeAll } from "../util/write_all.ts";
import { isTooLong } from "./control_path.ts";
import { type ControlAnswer, type ControlCommand, parseAnswer } from "./control_messages.ts";

/** Time limit for the answer, in milliseconds. */
const ANSWER_MS = 10_000;

/** Why there is no answer. */
export type NoAnswer = ControlDetail | { readonly kind: "not_a_registry" };

/** An answer of a registry that understood the command. */
type Answer = Exclude<ControlAnswer, { readonly answer: "not_understood" }>;

/** Sends a command. @returns The answer, or why there is none. */
export async function sendCommand(
  path: string,
  command: ControlCommand,
): Promise<Answer | { readonly noAnswer: NoAnswer }> {
  if (Deno.build.os === "windows") return { noAnswer: { kind: "no_local_sockets" } };
  if (isTooLong(path)) return { noAnswer: { kind: "name_too_long" } };
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    return await withTimeLimit(ANSWER_MS, undefined, async () => {
      await writeAll(connection, new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      const answer = parseAnswer(await readLine(connection));
      return answer && answer.answer !== "not_understood" ? answer : { noAnswer: { kind: "not_a_registry" } };
    });
  } catch (error) {
    const late = (error as Error).name === "TimeoutError";
    return { noAnswer: late ? { kind: "timeout" } : systemError(error) };
  }
}

/** The first line; less if the other side ends before. */
async function readLine(connection: Deno.UnixConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
}
