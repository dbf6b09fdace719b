import { assert, assertEquals } from "@std/assert";
import type { Person } from "../../lib/protocol/registry_messages.ts";
import { RegistryTable } from "../../lib/registrar/table.ts";

function person(nome: string, porta = 6000): Person {
  return { nome, ip: "192.168.0.10", porta };
}

function names(people: readonly Person[]): string[] {
  return people.map(({ nome }) => nome);
}

function tableOf(...people: string[]): RegistryTable {
  const table = new RegistryTable();
  for (const nome of people) table.add(person(nome));
  return table;
}

Deno.test("RegistryTable.find() ignores case and the encoding of accents", () => {
  const table = tableOf("João");
  for (const name of ["João", "joão", "JOÃO", "joa\u0303o"]) {
    assertEquals(table.find(name), person("João"), name);
  }
  assertEquals(table.find("joao"), undefined);
});

Deno.test("RegistryTable holds each name once", () => {
  const table = tableOf("joão");
  assertEquals(table.add(person("JOÃO", 7000)), false);
  assertEquals(table.people(), [person("joão")]);
});

Deno.test("RegistryTable.remove() frees the name", () => {
  const table = tableOf("joão", "maria");
  assertEquals(table.remove("JOÃO"), person("joão"));
  assertEquals(table.remove("joão"), undefined);
  assertEquals(table.size, 1);
  assertEquals(table.add(person("joão", 7000)), true);
  assertEquals(table.find("joão"), person("joão", 7000));
});

Deno.test("RegistryTable has nobody by the names of properties of Object", () => {
  const table = tableOf();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals(table.find(name), undefined);
    assertEquals(table.add(person(name)), true);
    assertEquals(table.find(name), person(name));
  }
});

Deno.test("RegistryTable.list() is in order of registration", () => {
  const table = tableOf("maria", "joão", "ana");
  table.remove("maria");
  table.add(person("maria"));
  assertEquals(table.list(), { people: [person("joão"), person("ana"), person("maria")] });
  assertEquals(tableOf().list(), { people: [] });
});

Deno.test("RegistryTable.latest() gives those who registered last and are still there, in order of registration", () => {
  const table = tableOf("a", "b", "c", "d", "e");
  assertEquals(names(table.latest(2)), ["d", "e"]);
  table.remove("d");
  assertEquals(names(table.latest(2)), ["c", "e"]);
  table.remove("e");
  table.add(person("f"));
  table.remove("a");
  assertEquals(names(table.latest(2)), ["c", "f"]);
  assertEquals(names(table.latest(9)), ["b", "c", "f"]);
  for (const name of ["b", "c", "f"]) table.remove(name);
  assertEquals(table.latest(9), []);
  table.add(person("g"));
  assertEquals(names(table.latest(9)), ["g"]);
});

/** All pages of a list, read one after the other. */
function pages(table: RegistryTable, maxBytes: number, between: () => void = () => {}): string[][] {
  const read: string[][] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const { people, next }: ReturnType<RegistryTable["list"]> = table.list(from, maxBytes);
    assert(people.length > 0);
    read.push(names(people));
    from = next;
    between();
  }
  return read;
}

Deno.test("RegistryTable.list() fills each page as far as possible", () => {
  const table = tableOf("a", "b", "c", "d", "e");
  const row = JSON.stringify(person("a")).length;
  assertEquals(pages(table, 2 * row + 1), [["a", "b"], ["c", "d"], ["e"]]);
  assertEquals(pages(table, 2 * row), [["a"], ["b"], ["c"], ["d"], ["e"]]);
  assertEquals(pages(table, 5 * row + 4), [["a", "b", "c", "d", "e"]]);
});

Deno.test("RegistryTable.list() counts bytes of UTF-8, not characters", () => {
  const table = tableOf("李小龙", "ãããã");
  const bytes = new TextEncoder().encode(JSON.stringify(table.people())).length - "[]".length;
  assertEquals(pages(table, bytes), [["李小龙", "ãããã"]]);
  assertEquals(pages(table, bytes - 1), [["李小龙"], ["ãããã"]]);
});

Deno.test("RegistryTable.list() puts one person on a page that is too small for any", () => {
  assertEquals(pages(tableOf("a", "b"), 0), [["a"], ["b"]]);
});

Deno.test("RegistryTable.list() lists every person who stays exactly once while others join and leave", () => {
  const table = tableOf("a", "b", "c", "d", "e");
  const row = JSON.stringify(person("a")).length;
  let turn = 0;
  const read = pages(table, 2 * row + 1, () => {
    if (turn++ > 0) return;
    table.remove("a"); // already read
    table.remove("c"); // the first of the next page
    table.add(person("f"));
  });
  assertEquals(read, [["a", "b"], ["d", "e"], ["f"]]);
});

Deno.test("RegistryTable.list() is empty beyond the end", () => {
  assertEquals(tableOf("a").list(7), { people: [] });
});
