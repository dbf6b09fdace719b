/** One round over several registries: addresses, answers, failures and time in any order. */

import { assert, assertEquals } from "@std/assert";
import {
  AGAIN_MS,
  ATTEMPT_DELAY_MS,
  type Candidate,
  Race,
  type RaceOutput,
  RESOLUTION_DELAY_MS,
} from "../../../lib/registration/happy_eyeballs.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const ATTEMPT_MS = 1000;

/** More time for answers, however often an address says that it is connected. */
const ANSWERS_MS = 200 * 3000;

/** Addresses of each registry: one, both versions of IP, one of another registry's, none. */
const REGISTRIES: readonly (readonly string[])[] = [
  ["10.0.0.1"],
  ["::1", "::2", "10.0.0.2"],
  ["10.0.0.1", "10.0.0.3"],
  [],
];

/** The first byte says how many registries there are, and which address comes last; each further one what happens. */
export const happyEyeballs: FuzzTarget = {
  name: "happy eyeballs",
  seeds: [
    Uint8Array.of(2, 0, 1, 2, 10, 10, 30, 20),
    Uint8Array.of(3, 3, 2, 1, 0, 60, 61, 62, 63, 30, 40, 20, 30),
    Uint8Array.of(2, 241, 240, 10, 1, 242, 0, 2, 30, 20, 10),
    Uint8Array.of(6, 1, 0, 10, 90, 91, 92, 20, 31, 21, 32),
  ],
  maxBytes: 200,
  run(input) {
    const reader = new ByteReader(input);
    const first = reader.byte();
    const registries = REGISTRIES.slice(0, 1 + first % REGISTRIES.length);
    const last = first >= 128 ? { ip: "10.0.0.1", port: 5000 } : undefined;
    let now = 0;
    const race = new Race(now, registries.map((_, at) => ({ host: `${at}`, port: 5000 })), {
      attemptMs: ATTEMPT_MS,
      last,
    });
    const resolved = new Set<number>();
    const trying = new Map<string, Candidate>();
    const failed = new Set<string>();
    /** When an address refused, if it may be tried again. */
    const refused = new Map<string, number>();
    let winner: Candidate | undefined;
    let over = false;
    let events = 0;

    const take = (outputs: readonly RaceOutput[]): void => {
      assertEquals(race.drain(), [], "drained twice");
      for (const output of outputs) {
        assert(!over, "something after the end");
        if (output.kind === "over") {
          assertEquals(resolved.size, registries.length, "some names are not resolved");
          assertEquals(trying.size, 0, "attempts are left open");
          over = true;
          continue;
        }
        const { candidate } = output;
        if (output.kind === "begin") {
          assert(!winner, "an attempt beside the winner");
          assert(!trying.has(candidate.ip), "tried twice at a time");
          const refusedAt = refused.get(candidate.ip);
          if (refusedAt === undefined) assert(!failed.has(candidate.ip), "tried twice");
          else assert(now >= refusedAt + AGAIN_MS && trying.size > 0, "tried again too soon, or alone");
          trying.set(candidate.ip, candidate);
        } else {
          assert(trying.delete(candidate.ip), `${output.kind} of what was not tried`);
          if (output.kind === "won") winner = candidate;
          else {
            // Its turn may come again if the winner does not take the phone.
            failed.delete(candidate.ip);
            refused.delete(candidate.ip);
          }
        }
      }
    };

    for (; !reader.ended && !over; events++) {
      const event = reader.byte();
      const at = event % 10;
      const [candidate] = [...trying.values()].slice(at % Math.max(1, trying.size));
      if (event < 10) {
        const index = at % registries.length;
        const ips = registries[index] ?? [];
        resolved.add(index);
        if (ips.length > 0) race.handleResolved(now, index, ips);
        else race.handleUnresolved(now, index, { kind: "name_not_resolved" });
      } else if (event >= 240) {
        const index = at % registries.length;
        race.handleResolved(now, index, (registries[index] ?? []).slice(-1), true);
      } else if (event < 60 && candidate) {
        failed.add(candidate.ip);
        refused.set(candidate.ip, now);
        trying.delete(candidate.ip);
        race.handleFailure(now, candidate, { kind: "refused" });
      } else if (event < 90 && candidate) race.handleAnswer(now, candidate);
      else if (event < 100 && candidate) race.handleConnected(now, candidate);
      else if (event < 120 && winner) {
        const gone = winner;
        winner = undefined;
        failed.add(gone.ip);
        refused.delete(gone.ip);
        race.handleFailure(now, gone, { kind: "room_full" });
      } else {
        now = event % 2 === 0 ? now + event : Math.min(Math.max(now, race.wakeAt), now + 10_000);
        race.tick(now);
      }
      take(race.drain());
      assert(
        race.wakeAt === Infinity || race.wakeAt <= now + ATTEMPT_MS + ANSWERS_MS + 40 * ATTEMPT_DELAY_MS,
        "too late",
      );
    }

    // Every name is resolved, nobody answers, and the round comes to its end.
    for (let index = 0; index < registries.length; index++) {
      resolved.add(index);
      race.handleResolved(now, index, registries[index] ?? []);
      take(race.drain());
    }
    if (winner) race.handleFailure(now, winner, { kind: "lost" });
    winner = undefined;
    take(race.drain());
    const latest = now + ATTEMPT_MS + ANSWERS_MS + RESOLUTION_DELAY_MS + 20 * ATTEMPT_DELAY_MS;
    for (let wakeUps = 0; race.wakeAt < Infinity; wakeUps++) {
      assert(wakeUps < 50, "it wakes up too often");
      now = Math.max(now, race.wakeAt);
      assert(now <= latest, "it takes too long");
      race.tick(now);
      take(race.drain());
    }
    assert(over, "it does not come to its end");
    return { events, came: `${registries.length} ${failed.size}` };
  },
};
