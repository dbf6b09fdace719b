import { assert, assertEquals } from "@std/assert";
import { EVERY_EVENT, EVERY_REGISTRY_EVENT, STATUS } from "./every_event.ts";

const page = await Deno.readTextFile(new URL("../../docs/json-events.md", import.meta.url));

/** Values of a field. */
type Values = Set<string>;

/** Fields of an event, and of each its fixed values, or the fields of the objects in it. */
type Fields = Map<string, Values>;

/** The rows of all tables below the headings, by their first column. */
function documented(headings: RegExp, firstColumn: string): Map<string, Fields> {
  const rows = new Map<string, Fields>();
  for (const section of page.split(/^(?=##+ )/m)) {
    if (!headings.test(section)) continue;
    let inTable = false;
    for (const line of section.split("\n")) {
      if (!line.startsWith("|")) inTable = false;
      const [name = "", fields = ""] = line.split("|").slice(1).map((cell) => cell.trim());
      if (inTable && !name.startsWith("---")) {
        const key = name.replaceAll("`", "");
        assert(!rows.has(key), `${key} has one row`);
        rows.set(key, parseFields(fields));
      }
      if (name === firstColumn) inTable = true;
    }
  }
  return rows;
}

/** The fields that a cell lists: `` `side` (`microphone`, `speaker`), `names` ``. */
function parseFields(cell: string): Fields {
  const fields: Fields = new Map();
  for (const [, name = "", , within = ""] of cell.matchAll(/`(\w+)`( \((?:of )?([^)]*)\))?/g)) {
    fields.set(name, new Set([...within.matchAll(/`([^`]+)`/g)].map(([, value = ""]) => value)));
  }
  if (cell.includes("(#figures-of-the-voice)")) {
    for (const [name] of documented(/^### Figures of the voice/, "field")) fields.set(name, new Set());
  }
  return fields;
}

/** The fields and values in samples, by tag. */
function sampled(samples: readonly object[], tag: string): Map<string, Fields> {
  const found = new Map<string, Fields>();
  for (const sample of samples) {
    const entries = Object.entries(sample);
    const key = String(entries.find(([name]) => name === tag)?.[1]);
    const fields = found.get(key) ?? new Map();
    found.set(key, fields);
    for (const [name, value] of entries) {
      if (name === tag) continue;
      const values = fields.get(name) ?? new Set();
      fields.set(name, values);
      for (const within of inside(value)) values.add(within);
    }
  }
  return found;
}

/** A text itself; the names of the fields of an object or of a list of objects. */
function inside(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((item) => typeof item === "object" ? Object.keys(item) : []);
  return typeof value === "object" && value !== null && !("kind" in value) ? Object.keys(value) : [];
}

/** Compares fields, and values where the page lists some. */
function assertSame(page: Map<string, Fields>, samples: Map<string, Fields>): void {
  assertEquals([...page.keys()].sort(), [...samples.keys()].sort());
  for (const [name, fields] of page) {
    const real: Fields = samples.get(name) ?? new Map();
    assertEquals([...fields.keys()].sort(), [...real.keys()].sort(), `fields of ${name}`);
    for (const [field, values] of fields) {
      if (values.size === 0) continue;
      assertEquals([...values].sort(), [...real.get(field) ?? []].sort(), `${field} of ${name}`);
    }
  }
}

const phone = sampled([...EVERY_EVENT, { event: "status", ...STATUS }], "event");
const registry = sampled(EVERY_REGISTRY_EVENT, "event");
const shared = documented(/^## Both tools/, "`event`");

Deno.test("docs/json-events.md has every event of the phone, with all of its fields and their values, and no other", () => {
  assertSame(new Map([...shared, ...documented(/^## phone: /, "`event`")]), phone);
});

Deno.test("docs/json-events.md has every event of the registry, likewise", () => {
  assertSame(new Map([...shared, ...documented(/^## registry/, "`event`")]), registry);
});

/** All objects in the samples that are the value of a field. */
function everyObject(name: string): object[] {
  const found: object[] = [];
  const search = (value: unknown, key: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (key === name && "kind" in value) found.push(value);
    for (const [key, field] of Object.entries(value)) search(field, key);
  };
  for (const event of [...EVERY_EVENT, ...EVERY_REGISTRY_EVENT]) search(event, "");
  return found;
}

Deno.test("docs/json-events.md has every problem of a command line, with its fields, and no other", () => {
  assertSame(documented(/^## `problem`/, "`kind`"), sampled(everyObject("problem"), "kind"));
});

Deno.test("docs/json-events.md has every cause, with its fields, and no other", () => {
  const causes = [...everyObject("detail"), ...everyObject("cause")];
  assertSame(documented(/^## `detail`/, "`kind`"), sampled(causes, "kind"));
});

Deno.test("docs/json-events.md links only to its own headings and to files that are there", async () => {
  const anchors = [...page.matchAll(/^##+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[^\p{L}\d _-]/gu, "").replaceAll(" ", "-")
  );
  for (const [, target = ""] of page.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith("#")) assert(anchors.includes(target.slice(1)), target);
    else await Deno.stat(new URL(target, new URL("../../docs/", import.meta.url)));
  }
});
