import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../testing/netem/random.ts";
import { quantile } from "../../testing/quantile.ts";
import { Backoff, type Setback } from "../../lib/registration/backoff.ts";

/** The first pauses with a constant random number. */
function pauses(random: number, setback: Setback, count: number): (number | undefined)[] {
  const backoff = new Backoff(() => random);
  return [backoff.lost(), ...Array.from({ length: count }, () => backoff.failed(0, setback))];
}

const LARGEST = 1 - 2 ** -32;

Deno.test("Backoff's pauses grow from 0.25 s to 5 s, to 1.25 s if the host refuses", () => {
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

Deno.test("Backoff shortens its pauses when a host that was away refuses", () => {
  const backoff = new Backoff(() => LARGEST);
  backoff.lost();
  for (let count = 0; count < 10; count++) backoff.failed(0, "unreachable");
  assert(backoff.failed(0, "refused")! <= 1250);
});

Deno.test("Backoff gives a name up only once no dead connection can have it", () => {
  const backoff = new Backoff(Math.random);
  assert(backoff.failed(1000, "name_taken") !== undefined);
  assert(backoff.failed(20_000, "refused") !== undefined);
  assert(backoff.failed(35_999, "name_taken") !== undefined);
  assertEquals(backoff.failed(36_000, "name_taken"), undefined);
});

Deno.test("Backoff brings 95 of 100 phones to a registry within 2 s of its return, however long it was away", () => {
  for (const awayMs of [100, 1000, 5000, 30_000, 600_000]) {
    const waits = Array.from({ length: 100 }, (_, phone) => {
      const backoff = new Backoff(seededRandom(`${awayMs} ${phone}`));
      let now = backoff.lost();
      while (now < awayMs) now += backoff.failed(now, "refused") ?? Infinity;
      return now - awayMs;
    });
    // 0.5 s remain for a hundred registrations.
    assert(quantile(waits, 0.95) < 1500, `${awayMs} ms: ${quantile(waits, 0.95)}`);
    assert(quantile(waits, 0.9) - quantile(waits, 0.1) > 100, "and not all at the same moment");
  }
});
