import { assertEquals } from "@std/assert";
import { absences, breaches, type Sighting } from "../../../bench/cluster/history.ts";

const granted = (at: number, phone: number, registry = "a"): Sighting => (
  { kind: "granted", at, phone, name: "ana", registry }
);
const ended = (at: number, phone: number, how: "goodbye" | "lost" = "goodbye"): Sighting => (
  { kind: "ended", at, phone, name: "ana", how }
);
const refused = (at: number, phone: number): Sighting => (
  { kind: "refused", at, phone, name: "ana", registry: "b", code: "nome_em_uso" }
);
const count = (sightings: Sighting[], kills: { at: number; registry: string }[] = []): number =>
  breaches(sightings, kills, 100_000).length;

Deno.test("one holder after the other is no breach", () => {
  assertEquals(count([granted(0, 1), ended(1000, 1), granted(1000, 2, "b")]), 0);
});

Deno.test("two holders at once are a breach, also when neither ended", () => {
  assertEquals(count([granted(0, 1), granted(1000, 2, "b"), ended(1100, 1)]), 1);
  assertEquals(count([granted(0, 1), granted(1000, 2, "b")]), 1);
});

Deno.test("what a killed registry had granted ends with it", () => {
  assertEquals(
    count([granted(0, 1), granted(1000, 2, "b"), ended(1100, 1, "lost")], [{ at: 900, registry: "a" }]),
    0,
  );
  assertEquals(
    count([granted(0, 1), granted(1000, 2, "b"), ended(1100, 1, "lost")], [{ at: 900, registry: "b" }]),
    1,
  );
});

Deno.test("a name in use that nobody has had for 10 s is a breach", () => {
  assertEquals(count([granted(0, 1), ended(1000, 1), refused(10_500, 2)]), 0);
  assertEquals(count([granted(0, 1), ended(1000, 1), refused(12_000, 2)]), 1);
  assertEquals(count([refused(12_000, 2)]), 1);
});

Deno.test("absences() leaves out a phone whose name somebody else was given meanwhile", () => {
  const sightings = [granted(0, 1), ended(2000, 1, "lost"), granted(2500, 2, "b"), ended(9000, 2)];
  const kills = [{ at: 1990, registry: "a" }];
  assertEquals(absences([...sightings, granted(9500, 1, "b")], kills), []);
  assertEquals(absences(sightings, kills), []);
  assertEquals(absences(sightings.slice(0, 2), kills), [Infinity]);
});

Deno.test("a registry that is frozen cannot know that a phone has gone", () => {
  const story = [granted(0, 1), ended(1000, 1, "lost"), refused(25_000, 2)];
  const outage = { registry: "a", from: 500, to: 20_000 };
  assertEquals(breaches(story, [], 100_000, [outage]).length, 0);
  assertEquals(breaches(story, [], 100_000, [{ ...outage, to: 10_000 }]).length, 1);
  assertEquals(breaches(story, [], 100_000, [{ ...outage, registry: "b" }]).length, 1);
  assertEquals(breaches(story, [], 100_000, [{ ...outage, from: 1500 }]).length, 1);
});

Deno.test("absences() counts from the kill to the next name, and not phones that left", () => {
  const sightings = [
    granted(0, 1),
    granted(0, 2, "b"),
    granted(0, 3),
    ended(2000, 1, "lost"),
    ended(2000, 3, "goodbye"),
    granted(2700, 1, "b"),
  ];
  assertEquals(absences(sightings, [{ at: 1990, registry: "a" }]), [710]);
});
