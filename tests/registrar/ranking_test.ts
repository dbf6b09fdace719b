import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Ranking } from "../../lib/registrar/ranking.ts";

Deno.test("Ranking knows the largest group, and its oldest and newest member, whoever comes and goes", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(9)), { maxLength: 300 }),
    (steps) => {
      const ranking = new Ranking<number>();
      const model = new Map<string, number[]>();
      for (const [group, number] of steps) {
        const members = model.get(group) ?? [];
        // Members of groups differ.
        const member = number + 10 * group.charCodeAt(0);
        if (members.includes(member)) {
          model.set(group, members.filter((other) => other !== member));
          ranking.delete(group, member);
        } else {
          model.set(group, [...members, member]);
          ranking.add(group, member);
        }
        const most = Math.max(...[...model.values()].map(({ length }) => length));
        assertEquals(ranking.most, most);
        assertEquals(ranking.largest === undefined, most === 0);
        if (ranking.largest !== undefined) assertEquals(model.get(ranking.largest)?.length, most);
        for (const [name, expected] of model) {
          assertEquals(
            [ranking.size(name), ranking.oldest(name), ranking.newest(name)],
            [expected.length, expected.at(0), expected.at(-1)],
          );
        }
      }
    },
  ));
});

Deno.test("Ranking forgets groups without members, and names the one first that has its size for longest", () => {
  const ranking = new Ranking<number>();
  ranking.delete("a", 1);
  assertEquals([ranking.largest, ranking.most], [undefined, 0]);
  ranking.add("b", 1);
  ranking.add("a", 2);
  assertEquals(ranking.largest, "b");
  ranking.delete("b", 1);
  ranking.add("b", 3);
  assertEquals(ranking.largest, "a");
});
