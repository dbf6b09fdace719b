/** All calls of a phone: many peers, all events in any order, at any time. */

import { assert, assertEquals } from "@std/assert";
import { type Call, TIME_WAIT_MS } from "../../../lib/call/call.ts";
import { CallManager, MAX_KNOWN_CALLS } from "../../../lib/call/call_manager.ts";
import { parseCallMessage } from "../../../lib/protocol/call_messages.ts";
import { fixedPolicy } from "../../call/fixed_policy.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";
import { CALL_MESSAGES } from "./call_message.ts";

const SELF = { name: "joão", ip: "192.0.2.1", port: 6000 };
const PEERS = ["maria", "MARIA", "ana", "joão"];
/** The address that most invitations name, and another one. */
const [NAMED, ELSEWHERE] = ["192.168.0.10", "192.0.2.9"];
const encoder = new TextEncoder();

/** Most that one message gives to do: an answer, a withdrawal, their notices, and a socket to close. */
const MOST_OUTPUTS = 8;

/** After this time without any event nothing is left to be done. */
const LONGEST_LIFE_MS = 60_000 + TIME_WAIT_MS;

/** Two bytes a step: what happens, and to which of the peers and calls. */
export const callManager: FuzzTarget = {
  name: "call_manager",
  seeds: [
    Uint8Array.of(16, 0, 2, 0, 3, 0, 8, 0, 10, 0),
    Uint8Array.of(0, 1, 9, 0, 5, 1, 8, 0, 6, 1),
    Uint8Array.of(16, 9, 0, 1, 3, 9, 14, 0, 0, 2, 10, 0),
    Uint8Array.of(0, 1, 0, 2, 0, 3, 13, 255, 13, 255, 10, 0, 0, 4, 17, 60, 17, 60),
    Uint8Array.of(18, 0, 6, 200, 18, 0, 0, 5),
  ],
  maxBytes: 600,
  run(input) {
    const reader = new ByteReader(input);
    const manager = new CallManager(fixedPolicy("preferred"));
    const started = new Set<Call>();
    const released = new Set<Call>();
    let invitations = 0;
    let now = 1000;
    let events = 0;
    let came = "";

    while (!reader.ended) {
      events++;
      const event = reader.below(20);
      const which = reader.byte();
      if (event < CALL_MESSAGES.length) {
        receive(event, which);
      } else if (event === 8) {
        if (manager.current) manager.handleVoice(now, manager.current);
      } else if (event === 9) {
        manager.accept(now);
      } else if (event === 10 || event === 11) {
        manager.hangUp(now);
      } else if (event === 16 && !manager.current) {
        invitations++;
        const id = idOf(which);
        // The name is fresh in earnest: 128 random bits.
        if (started.size === 0 || which % 2 === 0) {
          manager.invite(now, `${id}${invitations}`, SELF, {
            name: PEERS[which % 3]!,
            ip: "192.0.2.2",
            port: 6000,
          });
        }
      } else if (event === 18) { // A flood of unknown calls.
        for (let call = 0; call < which; call++) receive(which % 2 === 0 ? 0 : 6, call);
        continue;
      } else if (event === 19) { // Who is in the room, by the registry.
        const ip = which % 2 === 0 ? ELSEWHERE : NAMED;
        manager.handleRoom(now, PEERS.map((nome) => ({ nome, ip })), now - 1000 * (which >> 4));
      } else {
        now += event === 17 ? which * 256 : which;
        if (event < 14 && manager.wakeAt < Infinity) now = Math.max(now, manager.wakeAt);
        manager.tick(now);
        if (event < 14) assert(manager.wakeAt > now, "it is woken again for what is done");
      }
      take(manager.size * MOST_OUTPUTS + MOST_OUTPUTS);
    }

    const before = manager.current?.state ?? "free";
    let wakeUps = 0;
    for (const end = now + LONGEST_LIFE_MS; manager.wakeAt < Infinity; wakeUps++) {
      now = Math.max(now, manager.wakeAt);
      assert(now <= end, "it does not come to an end");
      manager.tick(now);
      assert(manager.wakeAt > now, "it is woken again for what is done");
      take(manager.size * MOST_OUTPUTS + MOST_OUTPUTS);
    }
    assert(manager.idle);
    assertEquals(manager.current, undefined);
    manager.tick(now + LONGEST_LIFE_MS);
    assertEquals(manager.size, 0, "all is forgotten in the end");
    return { events: events + wakeUps, came: `${came} ${before}` };

    function receive(kind: number, which: number): void {
      const object = { ...CALL_MESSAGES[kind], chamada: idOf(which), nome: PEERS[which % PEERS.length] };
      const parsed = parseCallMessage(encoder.encode(JSON.stringify(object)));
      assert("message" in parsed);
      const ip = which % 4 === 3 ? NAMED : ELSEWHERE;
      manager.handleMessage(now, parsed.message, { ip, port: 40000 + which }, "registered");
      take(MOST_OUTPUTS);
    }

    function take(most: number): void {
      const outputs = manager.drain();
      // Any number of calls may be past their time at once.
      const given = outputs.filter(({ kind }) => kind !== "forgotten").length;
      assert(given <= most, "more to do than one event can give");
      assertEquals(manager.drain(), [], "drained twice");
      assert(manager.size <= MAX_KNOWN_CALLS + invitations + 1, "remembers more than it should");
      for (const output of outputs) {
        came = output.kind === "notice" ? output.notice.kind : output.kind;
        if (output.kind === "invitation") {
          assertEquals(manager.current, output.call, "rings for the current call only");
        } else if (output.kind === "notice" && output.notice.kind === "started") {
          assert(!started.has(output.call), "starts once");
          started.add(output.call);
          assertEquals(manager.current, output.call, "talks to one at a time");
        } else if (output.kind === "release") {
          assert(!released.has(output.call), "released once");
          released.add(output.call);
          assertEquals(output.call.state, "ended");
        } else if (output.kind === "send") {
          assert(output.socket === "registered" || output.to.ip !== "", "there is somewhere to send to");
        }
      }
    }
  },
};

/** A call's name: two hex digits that come round again. */
function idOf(which: number): string {
  return `call-${which.toString(16).padStart(2, "0")}`.padEnd(20, "x");
}
