import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { Call } from "../../lib/call/call.ts";
import { CallManager } from "../../lib/call/call_manager.ts";
import { encodeCallMessage, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import { fixedPolicy } from "./fixed_policy.ts";
import { holds } from "../../testing/property.ts";

/** A datagram on its way. */
interface Datagram {
  readonly to: number;
  readonly bytes: Uint8Array;
}

const NAMES = ["joão", "maria"];
const ENDPOINTS = NAMES.map((_, index) => ({ ip: `192.0.2.${index + 1}`, port: 6000 }));

/** Without any event both phones are idle after this time: ringing, retransmissions and time-wait on either side. */
const LONGEST_LIFE_MS = 120_000;

/** Two phones, and the datagrams between them, which the test delivers, duplicates or drops. */
class Pair {
  readonly managers = [
    new CallManager(fixedPolicy("preferred", 1)),
    new CallManager(fixedPolicy("preferred", 100)),
  ];
  /** Calls with a notice `started` and none of their end. */
  readonly unfinished = new Set<Call>();
  network: Datagram[] = [];
  now = 0;
  #calls = 0;

  invite(from: number, early: boolean): void {
    if (this.managers[from]!.current) return;
    // In a glare either phone may have the smaller identifier.
    const id = `${early ? "a" : "b"}-${from}-${this.#calls++}`.padEnd(20, "x");
    const self = { name: NAMES[from]!, ...ENDPOINTS[from]! };
    this.managers[from]!.invite(this.now, id, self, { name: NAMES[1 - from]!, ...ENDPOINTS[1 - from]! });
    this.drain();
  }

  /** Delivers a datagram; unless `last`, it stays in the network, to be duplicated. */
  deliver(index: number, last: boolean): void {
    const datagram = this.network[index % Math.max(1, this.network.length)];
    if (!datagram) return;
    if (last) this.network.splice(this.network.indexOf(datagram), 1);
    const parsed = parseCallMessage(datagram.bytes);
    assert("message" in parsed);
    this.managers[datagram.to]!.handleMessage(
      this.now,
      parsed.message,
      ENDPOINTS[1 - datagram.to]!,
      "registered",
    );
    this.drain();
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const manager of this.managers) manager.tick(this.now);
    this.drain();
  }

  drain(): void {
    this.managers.forEach((manager, from) => {
      for (const output of manager.drain()) {
        if (output.kind === "send") {
          this.network.push({ to: 1 - from, bytes: encodeCallMessage(output.message) });
        }
        if (output.kind !== "notice") continue;
        if (output.notice.kind === "started") this.unfinished.add(output.call);
        if (output.notice.kind === "ended") this.unfinished.delete(output.call);
      }
    });
  }
}

type Step = (pair: Pair) => void;

const phone = fc.nat(1);
const steps = fc.array(
  fc.oneof(
    fc.tuple(phone, fc.boolean()).map(([phone, early]): Step => (pair) => pair.invite(phone, early)),
    fc.tuple(fc.nat(), fc.boolean()).map(([index, last]): Step => (pair) => pair.deliver(index, last)),
    fc.nat().map((index): Step => (pair) => pair.network.splice(index % (pair.network.length + 1), 1)),
    phone.map((phone): Step => (pair) => {
      pair.managers[phone]!.accept(pair.now);
      pair.drain();
    }),
    phone.map((phone): Step => (pair) => {
      pair.managers[phone]!.hangUp(pair.now);
      pair.drain();
    }),
    fc.integer({ min: 0, max: 15_000 }).map((time): Step => (pair) => pair.pass(time)),
  ),
  { maxLength: 60 },
);

Deno.test("two CallManagers leave no call half open, whatever is lost, duplicated, reordered or done", () => {
  holds(fc.property(steps, (steps) => {
    const pair = new Pair();
    for (const step of steps) step(pair);
    // From here on the network delivers everything and nobody does anything.
    for (const end = pair.now + LONGEST_LIFE_MS; pair.now < end;) {
      for (let rounds = 0; pair.network.length > 0; rounds++) {
        assert(rounds < 1000, "they send for ever");
        pair.deliver(0, true);
      }
      const wakeAt = Math.min(...pair.managers.map((manager) => manager.wakeAt));
      pair.pass(Math.max(1, Math.min(wakeAt, end) - pair.now));
    }
    for (const [index, manager] of pair.managers.entries()) {
      assertEquals(manager.current, undefined, `${NAMES[index]} is free`);
      assert(manager.idle && manager.wakeAt === Infinity, `${NAMES[index]} is idle`);
    }
    assertEquals(pair.unfinished.size, 0, "every call has a notice of its end");
  }));
});
