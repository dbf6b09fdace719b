import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../testing/netem/random.ts";
import { quantile } from "../../testing/quantile.ts";
import { Backoff, type Setback } from "../../lib/registration/backoff.ts";

/** The first pauses with a source that always gives the same number. */
function pauses(random: number, setback: Setback, count: number): (number | undefined)[] {
  const reconnection = new Backoff(() => random);
  return [reconnection.lost(), ...Array.from({ length: count }, () => reconnection.failed(0, setback))];
}

const LARGEST = 1 - 2 ** -32;

Deno.test("Backoff's pauses grow from 0.25 s to 5 s, and less where the machine answers", () => {
  const rows: [setback: Setback, ceilings: number[]][] = [
    ["unreachable", [500, 1000, 2000, 4000, 5000, 5000]],
    ["turned_away", [500, 1000, 2000, 4000, 5000, 5000]],
    ["name_taken", [500, 1000, 2000, 4000, 5000, 5000]],
    ["refused", [500, 1000, 1250, 1250, 1250, 1250]],
  ];
  for (const [setback, ceilings] of rows) {
    assertEquals(pauses(0, setback, 5), [250, 250, 250, 250, 250, 250], setback);
    assertEquals(pauses(LARGEST, setback, 5).map((ms) => Math.round(ms ?? NaN)), ceilings, setback);
  }
});

Deno.test("Backoff comes back soon to a machine that was away for long and answers now", () => {
  const reconnection = new Backoff(() => LARGEST);
  reconnection.lost();
  for (let count = 0; count < 10; count++) reconnection.failed(0, "unreachable");
  assert(reconnection.failed(0, "refused")! <= 1250);
});

Deno.test("Backoff gives a name up only when it can be nobody's ghost", () => {
  const reconnection = new Backoff(Math.random);
  assert(reconnection.failed(1000, "name_taken") !== undefined);
  assert(reconnection.failed(20_000, "refused") !== undefined);
  assert(reconnection.failed(35_999, "name_taken") !== undefined);
  assertEquals(reconnection.failed(36_000, "name_taken"), undefined);
});

Deno.test("Backoff brings 95 of 100 phones to a registry within 2 s of its return, however long it was away", () => {
  for (const awayMs of [100, 1000, 5000, 30_000, 600_000]) {
    const waits = Array.from({ length: 100 }, (_, phone) => {
      const reconnection = new Backoff(seededRandom(`${awayMs} ${phone}`));
      let now = reconnection.lost();
      while (now < awayMs) now += reconnection.failed(now, "refused") ?? Infinity;
      return now - awayMs;
    });
    // Half a second is left for a hundred registrations.
    assert(quantile(waits, 0.95) < 1500, `${awayMs} ms: ${quantile(waits, 0.95)}`);
    assert(quantile(waits, 0.9) - quantile(waits, 0.1) > 100, "and not all at the same moment");
  }
});
