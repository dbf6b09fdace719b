/** Tables of what a call does in each state about each event, made into tests. */

import { assertEquals } from "@std/assert";
import { type Call, type CallOutput, PATIENCE_MS, PEER_SILENT_MS, RING_MS } from "../../lib/call/call.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";

/** Something that happens to a call, at a given time. */
export type CallEvent = (call: Call, now: number) => void;

/** What happens without a message. */
export const OTHER_EVENTS: Readonly<Record<string, CallEvent>> = {
  "(voice)": (call, now) => call.handleVoice(now),
  "(accept)": (call, now) => call.accept(now),
  "(hang up)": (call, now) => call.hangUp(now),
  "(withdraw)": (call, now) => call.withdraw(now),
  // 300 ms on: the first repeat is due, nothing else.
  "(soon)": (call, now) => call.tick(now + 300),
  // 3 s on: a silent peer is noticed.
  "(silence)": (call, now) => call.tick(now + PEER_SILENT_MS),
  // The longest patience is over.
  "(late)": (call, now) => call.tick(now + RING_MS + PATIENCE_MS),
};

/** Each message as something that happens: it comes from the other phone's address. */
export function messageEvents(messages: Readonly<Record<string, CallMessage>>): Record<string, CallEvent> {
  return Object.fromEntries(
    Object.entries(messages).map((
      [name, message],
    ) => [name, (call, now) => call.handleMessage(now, message, true)]),
  );
}

/** A message with those of its fields that protect the call: `confirmação+chave+selo`. */
function messageInWords(message: CallMessage): string {
  const answer = message.tipo !== "resposta_ao_convite"
    ? message.tipo
    : message.resposta === "aceito"
    ? "aceito"
    : `rejeitado/${message.motivo}`;
  const fields = ["compromisso", "chave", "selo", "prova"].filter((field) => field in message);
  return [answer, ...fields].join("+");
}

/** Something that a call wants done: a message, or [what the person is told]. */
export function inWords(output: CallOutput): string {
  if (output.kind === "send") return messageInWords(output.message);
  const { notice } = output;
  if (notice.kind === "ended") return `[ended: ${notice.end}]`;
  return notice.kind === "rejected" ? `[rejected: ${notice.reason}]` : `[${notice.kind}]`;
}

/**
 * Makes a test of each row, and one that none is missing.
 *
 * @param what What calls these are.
 * @param states Each state, and a way into it.
 * @param events Everything that can happen.
 * @param table State | event | state after it | what is sent and [told].
 */
export function testTable(
  what: string,
  states: Readonly<Record<string, () => Call>>,
  events: Readonly<Record<string, CallEvent>>,
  table: string,
): void {
  const rows = table.trim().split("\n").map((line) => line.split("|").map((cell) => cell.trim()));

  Deno.test(`${what} has a row for every state and event`, () => {
    const expected = Object.keys(states).flatMap((state) =>
      Object.keys(events).map((event) => `${state} + ${event}`)
    );
    assertEquals(rows.map(([state, event]) => `${state} + ${event}`), expected);
  });

  for (const [state, event, next, output] of rows) {
    Deno.test(`${what}: ${state} + ${event} -> ${next}`, () => {
      const call = states[state!]!();
      call.drain();
      events[event!]!(call, 0);
      assertEquals(
        `${call.state} | ${call.drain().map(inWords).join(" ")}`.trim(),
        `${next} | ${output}`.trim(),
      );
    });
  }
}

/** The table as the code has it, to be read and judged before it is believed. */
export function tableOf(
  states: Readonly<Record<string, () => Call>>,
  events: Readonly<Record<string, CallEvent>>,
): string {
  const width = (names: string[]) => Math.max(...names.map((name) => name.length));
  const [stateWidth, eventWidth] = [width(Object.keys(states)), width(Object.keys(events))];
  const lines = Object.keys(states).flatMap((state) =>
    Object.keys(events).map((event) => {
      const call = states[state]!();
      call.drain();
      events[event]!(call, 0);
      const output = call.drain().map(inWords).join(" ");
      return `${state.padEnd(stateWidth)} | ${event.padEnd(eventWidth)} | ${
        call.state.padEnd(10)
      } | ${output}`
        .trimEnd();
    })
  );
  return lines.join("\n");
}
