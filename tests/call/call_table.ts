/** Makes tests of a transition table: what a call does in each state on each event. */

import { assertEquals } from "@std/assert";
import {
  type Call,
  type CallOutput,
  RINGING_TIMEOUT_MS,
  TRANSACTION_TIMEOUT_MS,
} from "../../lib/call/call.ts";
import { PEER_SILENT_MS } from "../../lib/call/peer_liveness.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";

/** An event at a call, at a given time. */
export type CallEvent = (call: Call, now: number) => void;

/** The events that are no messages. */
export const OTHER_EVENTS: Readonly<Record<string, CallEvent>> = {
  "(voice)": (call, now) => call.handleVoice(now),
  "(accept)": (call, now) => call.accept(now),
  "(hang up)": (call, now) => call.hangUp(now),
  "(withdraw)": (call, now) => call.withdraw(now),
  // Past the first retransmission interval.
  "(soon)": (call, now) => call.tick(now + 300),
  // The peer becomes silent.
  "(silence)": (call, now) => call.tick(now + PEER_SILENT_MS),
  // Past the longest timeout.
  "(late)": (call, now) => call.tick(now + RINGING_TIMEOUT_MS + TRANSACTION_TIMEOUT_MS),
};

/** Each message as an event: it comes from the peer's address. */
export function messageEvents(messages: Readonly<Record<string, CallMessage>>): Record<string, CallEvent> {
  return Object.fromEntries(
    Object.entries(messages).map((
      [name, message],
    ) => [name, (call, now) => call.handleMessage(now, message, true)]),
  );
}

/** A message and its security fields: `confirmação+chave+selo`. */
function messageInWords(message: CallMessage): string {
  const answer = message.tipo !== "resposta_ao_convite"
    ? message.tipo
    : message.resposta === "aceito"
    ? "aceito"
    : `rejeitado/${message.motivo}`;
  const fields = ["compromisso", "chave", "selo", "prova"].filter((field) => field in message);
  return [answer, ...fields].join("+");
}

/** An output: a message, or a notice in brackets. */
export function inWords(output: CallOutput): string {
  if (output.kind === "send") return messageInWords(output.message);
  const { notice } = output;
  if (notice.kind === "ended") return `[ended: ${notice.end}]`;
  return notice.kind === "rejected" ? `[rejected: ${notice.reason}]` : `[${notice.kind}]`;
}

/**
 * Makes a test of each row, and one that checks that no row is missing.
 *
 * @param what The kind of calls, for the tests' names.
 * @param states Makes a call in each state.
 * @param events Every event.
 * @param table State | event | next state | messages and [notices]. A state or event may say more in parentheses.
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

/** The table of the present code. For use after a change: read each new row before you believe it. */
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
