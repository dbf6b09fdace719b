import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { PAGE, PARTS, withPart, writePart } from "../../../bench/report/results_page.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const [FIRST, SECOND, THIRD] = PARTS;

function headings(page: string): string[] {
  return page.split("\n").filter((line) => line.startsWith("#"));
}

Deno.test("withPart() starts a page, and keeps the order of the parts", () => {
  const page = withPart(withPart("", THIRD, "three\n"), FIRST, "one\n");
  assertEquals(headings(page).slice(1), [`## ${FIRST}`, `## ${THIRD}`]);
  assertEquals(page.match(/^# /gm)?.length, 1);
  assertEquals(page.endsWith("three\n"), true);
});

Deno.test("withPart() replaces a part and leaves the others unchanged", () => {
  const before = withPart(withPart(withPart("", FIRST, "a\n\n### b\n\n| c |"), SECOND, "old"), THIRD, "z");
  const after = withPart(before, SECOND, "new\n\nlines");
  assertEquals(after, before.replace("old", "new\n\nlines"));
  assertEquals(withPart(after, SECOND, "new\n\nlines"), after, "again");
});

Deno.test("withPart() refuses a body with a heading of a part", () => {
  for (const body of ["# title", "text\n\n## part\n"]) {
    assertThrows(() => withPart("", FIRST, body), RangeError, FIRST);
  }
});

Deno.test("writePart() creates folder and page, then changes the page", async () => {
  await using parent = await temporaryFolder();
  const folder = `${parent.path}/results`;
  await writePart(folder, SECOND, "two");
  const path = await writePart(folder, FIRST, "one");
  assertEquals(path, `${folder}/${PAGE}`);
  const page = await Deno.readTextFile(path);
  assertStringIncludes(page, `## ${FIRST}\n\none\n\n## ${SECOND}\n\ntwo\n`);
});
