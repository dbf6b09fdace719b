/** One call: all events in any order, at any time. */

import { assert, assertEquals } from "@std/assert";
import { Call, type CallOutput, type InvitationMessage } from "../../../lib/call/call.ts";
import { type CallMessage, parseCallMessage } from "../../../lib/protocol/call_messages.ts";
import { fixedPolicy } from "../../call/fixed_policy.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";
import { CALL_MESSAGES } from "./call_message.ts";

const ID = "AAECAwQFBgcICQoLDA0ODw";
const JOAO = { name: "joão", ip: "192.0.2.1", port: 40001 };
const MARIA = { name: "maria", ip: "192.0.2.2", port: 6000 };

/** As they come from the wire. */
const MESSAGES: readonly CallMessage[] = CALL_MESSAGES.flatMap((object) => {
  const parsed = parseCallMessage(new TextEncoder().encode(JSON.stringify({ ...object, chamada: ID })));
  return "message" in parsed ? [parsed.message] : [];
});

const INVITATION = MESSAGES.find(({ tipo }) => tipo === "convite") as InvitationMessage;

/** Most that one event gives to do: an answer, a notice, and that the other side is back. */
const MOST_OUTPUTS = 4;

/** From whatever state a call is over after this time without any event: ringing, then its answer's repeats. */
const LONGEST_LIFE_MS = 60_000;

/** Wake-ups in that time: repeats come every two seconds at the latest, and more often at first. */
const MOST_WAKE_UPS = 100;

/** After one of these a call has no more to tell its person. */
const LAST_NOTICES = ["rejected", "no_answer", "cancelled", "withdrawn", "missed", "refused", "ended"];

/** The first byte says how the call begins, each further one what happens; the time goes on in between. */
export const call: FuzzTarget = {
  name: "call",
  seeds: [
    Uint8Array.of(0, 2, 3, 5, 8, 12, 8, 12, 6),
    Uint8Array.of(0, 2, 4, 9, 0, 7, 3),
    Uint8Array.of(1, 0, 9, 5, 8, 8, 10, 7),
    Uint8Array.of(1, 10, 5, 0, 6),
    Uint8Array.of(1, 13, 200, 13, 200, 13, 200, 5, 6),
    Uint8Array.of(2, 5, 8, 13, 255, 8, 10),
    Uint8Array.of(3, 5, 6),
  ],
  maxBytes: 300,
  run(input) {
    const reader = new ByteReader(input);
    let now = 1000;
    const call = begin(reader.below(5), now);
    let over = false;
    let events = 0;
    take(call.drain());

    while (!reader.ended) {
      events++;
      const event = reader.below(16);
      const message = MESSAGES[event];
      if (message) call.handleMessage(now, message, true);
      else if (event === 8) call.handleVoice(now);
      else if (event === 9) call.accept(now);
      else if (event === 10) call.hangUp(now);
      else if (event === 11) call.withdraw(now);
      else {
        // By some milliseconds, by as much as it wants, or by up to a quarter of a minute.
        now += event === 12 ? reader.byte() : event === 13 ? reader.byte() * 64 : 0;
        if (event >= 14 && call.wakeAt < Infinity) now = Math.max(now, call.wakeAt);
        call.tick(now);
        if (event >= 14) assert(call.wakeAt > now, "it is woken again for what is done");
      }
      take(call.drain());
    }

    const stateBefore = call.state;
    let wakeUps = 0;
    for (const end = now + LONGEST_LIFE_MS; call.wakeAt < Infinity; wakeUps++) {
      assert(wakeUps < MOST_WAKE_UPS, "it wakes up too often");
      now = Math.max(now, call.wakeAt);
      assert(now <= end, "it does not come to its end");
      call.tick(now);
      take(call.drain());
    }
    assertEquals(call.state, "ended");
    assert(!call.active);
    return { events: events + wakeUps, came: `${call.role} ${stateBefore} ${wakeUps}` };

    function take(outputs: readonly CallOutput[]): void {
      assert(outputs.length <= MOST_OUTPUTS, "more to do than one event can give");
      assertEquals(call.drain(), [], "drained twice");
      for (const output of outputs) {
        if (output.kind === "send") {
          assertEquals(output.message.chamada, ID);
        } else {
          assert(!over, `told ${output.notice.kind} when all had been told`);
          over = LAST_NOTICES.includes(output.notice.kind);
        }
      }
    }
  },
};

function begin(kind: number, now: number): Call {
  const policy = fixedPolicy("preferred");
  switch (kind) {
    case 0:
      return Call.invite(now, ID, JOAO, MARIA, policy);
    case 1:
      return Call.ring(now, INVITATION, policy);
    case 2:
      return Call.acceptAtOnce(now, INVITATION, policy);
    case 3:
      return Call.rejectAtOnce(now, INVITATION, policy, "ocupado");
    default:
      return Call.alreadyEnded(now, ID, JOAO);
  }
}
