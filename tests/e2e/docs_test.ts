/** Holds README, `docs/` and the other documents to the tree and to the programs that they describe. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { startProcess, type ToolKind } from "../../testing/processes.ts";

const ROOT = new URL("../../", import.meta.url);
const REPORT = "docs/relatorio-tecnico.md";

/** Made by commands, and so no part of the tree. */
const MADE = /^(\.git|\.deno|dist|node_modules|demo\/out|bench\/out|tests\/out)$/;

/** All files of the tree, and its folders, which end with a slash, as paths from its root. */
const tree = new Set(walk(""));

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = `${folder}${name}`;
    if (MADE.test(path)) continue;
    yield isDirectory ? `${path}/` : path;
    if (isDirectory) yield* walk(`${path}/`);
  }
}

const documents = [...tree].filter((path) =>
  /^(README\.md|(docs|bench\/results|demo)\/[^/]+\.md)$/.test(path)
);

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** A document without fenced blocks, in which nothing is a link. */
function prose(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, "");
}

/** Files that a path from the root, or the end of one, names. */
function filesNamed(name: string): string[] {
  return [...tree].filter((path) => path === name || path.endsWith(`/${name}`));
}

/** The fragments that GitHub gives to the headings of a document. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ""] of prose(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
    let anchor = slug;
    for (let repeat = 1; found.has(anchor); repeat++) anchor = `${slug}-${repeat}`;
    found.add(anchor);
  }
  return found;
}

/** The relative links and pictures of a document, each as it stands there. */
function links(text: string): string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** What a link of a document leads to: a path from the root, and the fragment. */
function target(document: string, link: string): { readonly path: string; readonly fragment: string } {
  const { pathname, hash } = new URL(link, `file:///${document}`);
  return { path: decodeURIComponent(pathname).slice(1), fragment: decodeURIComponent(hash).slice(1) };
}

/** Why a link is broken, if it is. */
function broken(document: string, link: string): string | undefined {
  const { path, fragment } = target(document, link);
  if (!tree.has(path) && !tree.has(`${path}/`)) return `${document}: ${link} leads to nothing`;
  if (fragment && !anchors(read(path)).has(fragment)) return `${document}: ${link} leads to no heading`;
}

Deno.test("links and anchors of the documents lead somewhere", () => {
  const all = documents.flatMap((document) => links(read(document)).map((link) => ({ document, link })));
  assertGreater(all.length, 100);
  assertEquals(all.map(({ document, link }) => broken(document, link)).filter(Boolean), []);
});

Deno.test("a broken link, a broken anchor and a link to nothing are found", () => {
  const text =
    "[a](usage.md) [b](usage.md#sound) `c` [d](usage.md#silver) [e](nothing.md) ![f](../nothing.svg)";
  const found = links(text).map((link) => broken("docs/voice.md", link)).filter(Boolean);
  assertEquals(found, [
    "docs/voice.md: usage.md#silver leads to no heading",
    "docs/voice.md: nothing.md leads to nothing",
    "docs/voice.md: ../nothing.svg leads to nothing",
  ]);
});

/** The files and folders that a text names: `call.ts`, `lib/call/`, and in diagrams lib/call. */
function named(text: string): string[] {
  const spans = text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|sh))`/g);
  const paths = text.matchAll(
    /(?<![\w./:@-])((?:audio|bench|demo|docs|findings|lib|testing|tests|tools)\/[\w./-]*)/g,
  );
  return [...spans, ...paths].map(([, name = ""]) => name.replace(/[./]+$/, ""));
}

Deno.test("files and folders that the documents name are there", () => {
  const all = documents.flatMap((document) => named(read(document)).map((name) => ({ document, name })));
  const missing = all.filter(({ name }) => !MADE.test(name) && !isThere(name));
  assertEquals(missing, []);
  assertGreater(all.length, 100);
  assertEquals(named("`lib/call/call.ts`, lib/cell, `cell.ts`").filter((name) => !isThere(name)), [
    "cell.ts",
    "lib/cell",
  ]);
});

/** Whether a file or folder of the tree has this path, or a file in some folder this name. */
function isThere(name: string): boolean {
  return tree.has(name) || tree.has(`${name}/`) || filesNamed(name).length > 0;
}

Deno.test("make targets that the documents name are there", () => {
  const targets = new Set(
    [...read("Makefile").matchAll(/^(?:\.PHONY:)?([a-z0-9 -]+)(?::[^=]|$)/gm)].flatMap(([, names = ""]) =>
      names.split(" ")
    ),
  );
  const missing = documents.flatMap((document) =>
    [...read(document).matchAll(/(?:`|^)make ([a-z][a-z0-9-]*)/gm)].map(([, name = ""]) => name)
      .filter((name) => !targets.has(name)).map((name) => `${document}: make ${name}`)
  );
  assertEquals(missing, []);
});

Deno.test("README and report are short", () => {
  const lines = (path: string) => read(path).trimEnd().split("\n").length;
  assertGreater(151, lines("README.md"));
  assertGreater(301, lines(REPORT));
});

/** The section below the heading with this fragment, up to the next one of that level or above. */
function section(text: string, fragment: string): string {
  const [, ...parts] = text.split(/^(?=#{1,6} )/m);
  const start = parts.findIndex((part) => anchors(part).has(fragment));
  if (start < 0) throw new Error(`No heading gives #${fragment}`);
  const level = (part: string) => part.indexOf(" ");
  const rest = parts.slice(start + 1);
  const end = rest.findIndex((part) => level(part) <= level(parts[start]!));
  return [parts[start], ...end < 0 ? rest : rest.slice(0, end)].join("");
}

/** The first cell of each row of the tables in a text. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| ((?:\\\||[^|])*) \|/gm)].map(([, cell = ""]) => cell);
}

/** The options that a text names, each once. */
function options(text: string): string[] {
  return [...new Set(text.match(/--[a-z][a-z-]*/g))].toSorted();
}

/** The help of a tool, in English. */
async function help(kind: ToolKind): Promise<string> {
  await using tool = startProcess(kind, ["--help", "--lang", "en"]);
  assertEquals(await tool.exitCode(), 0);
  return tool.stdout;
}

for (const kind of ["registry", "phone"] as const) {
  Deno.test(`docs/usage.md has the options of ${kind} --help, and no others`, async () => {
    const documented = options(firstCells(section(read("docs/usage.md"), `the-${kind}`)).join("\n"));
    assertGreater(documented.length, 10);
    assertEquals(documented, options(await help(kind)));
  });
}

Deno.test("docs/usage.md and README have the commands of phone --help, and no others", async () => {
  // Such as "  lookup NAME  c    consultar  asks the registry where the person answers".
  const table = section(`\n${(await help("phone")).replaceAll(/^(\S.*):$/gm, "## $1")}`, "commands");
  const helped = [...table.matchAll(/^ {2}([a-z]+)(?: NAME)? {2,}(\S(?: \S)*) {2,}([a-z]+) {2,}/gm)]
    .map(([, en, short = "", pt]) => ({ pt, en, short: short.split(" ") }));
  const documented = [
    ...section(read("docs/usage.md"), "commands")
      .matchAll(/^\| `([a-z]+)(?: NOME)?` \| `([a-z]+)(?: NAME)?` \| (.+?) \|/gm),
  ].map(([, pt, en, short = ""]) => ({ pt, en, short: short.replaceAll("`", "").split(", ") }));
  assertEquals(documented, helped);
  assertGreater(documented.length, 0);
  const brief = [
    ...section(read("README.md"), "commands").matchAll(/^\| `([a-z]+)(?: NOME)?` \| `([a-z]+)`/gm),
  ]
    .map(([, pt, en]) => ({ pt, en }));
  assertEquals(brief, helped.map(({ pt, en }) => ({ pt, en })));
});

Deno.test("figures in README are those of the pages that it links to", () => {
  const table = section(read("README.md"), "how-good-it-is");
  const rows = [...table.matchAll(/^\|[^|]+\|([^|]+)\|([^|]+)\| \[[^\]]*\]\(([^)]+)\) \|$/gm)];
  assertGreater(rows.length, 3);
  for (const [row, sala = "", other = "", link = ""] of rows) {
    const { path, fragment } = target("README.md", link);
    const measured = numbers(section(read(path), fragment));
    for (const figure of numbers(`${sala} ${other}`)) {
      const digits = figure.split(".")[1]?.length ?? 0;
      assert(measured.some((exact) => Number(exact).toFixed(digits) === figure), `${figure} in ${row}`);
    }
  }
});

/** The numbers in a text, without signs. */
function numbers(text: string): string[] {
  return text.match(/\d+(\.\d+)?/g) ?? [];
}

Deno.test("options that README names are those of phone --help", async () => {
  const known = options(await help("phone"));
  const named = options(firstCells(section(read("README.md"), "commands")).join("\n"));
  assertGreater(named.length, 5);
  assertEquals(named.filter((option) => !known.includes(option)), []);
});

Deno.test("the report quotes code and tests as they are", () => {
  const text = read(REPORT);
  const wrong: string[] = [];
  // Such as [call.ts](../lib/call/call.ts), `hangUp`
  for (const [, link = "", name = ""] of text.matchAll(/\]\(([^)]+\.ts)\), `([#\w]+)`/g)) {
    const { path } = target(REPORT, link);
    if (tree.has(path) && !read(path).includes(name)) wrong.push(`${path} has no ${name}`);
  }
  // Such as `call_test.ts`: *ringing + (accept)*, *ringing + (hang up)*
  for (
    const [, name = "", quotes = ""] of text.matchAll(/`([\w/]+_test\.ts)`: (\*[^*]+\*(?:, \*[^*]+\*)*)/g)
  ) {
    const tests = filesNamed(name).map(read).join("\n");
    for (const [, quote = ""] of quotes.matchAll(/\*([^*]+)\*/g)) {
      const parts = quote.split("…").map((part) => part.trim());
      if (!parts.every((part) => tests.includes(part))) wrong.push(`${name} has no test "${quote}"`);
    }
  }
  assertEquals(wrong, []);
});
