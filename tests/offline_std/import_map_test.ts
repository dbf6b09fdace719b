import { assertEquals } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };
import offline from "../../lib/offline_std/import_map.json" with { type: "json" };

Deno.test("import_map.json maps the same names as deno.json", () => {
  assertEquals(Object.keys(offline.imports).sort(), Object.keys(deno.imports).sort());
});

Deno.test("import_map.json replaces what comes from JSR and nothing else", () => {
  const places = new Map(Object.entries(offline.imports));
  for (const [name, place] of Object.entries(deno.imports)) {
    const replaced = places.get(name)?.startsWith("./") ?? false;
    assertEquals(replaced, place.startsWith("jsr:"), name);
    if (!replaced) assertEquals(places.get(name), place, name);
  }
});

Deno.test("import_map.json names modules that exist", async () => {
  for (const place of Object.values(offline.imports).filter((place) => place.startsWith("./"))) {
    // A module that is missing makes this throw.
    await import(new URL(`../../lib/offline_std/${place}`, import.meta.url).href);
  }
});
