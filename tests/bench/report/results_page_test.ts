import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { PAGE, PARTS, withPart, writePart } from "../../../bench/report/results_page.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const [FIRST, SECOND, THIRD] = PARTS;

function headings(page: string): string[] {
  return page.split("\n").filter((line) => line.startsWith("#"));
}

Deno.test("withPart() begins a page, and puts parts in their order whichever came first", () => {
  const page = withPart(withPart("", THIRD, "three\n"), FIRST, "one\n");
  assertEquals(headings(page).slice(1), [`## ${FIRST}`, `## ${THIRD}`]);
  assertEquals(page.match(/^# /gm)?.length, 1);
  assertEquals(page.endsWith("three\n"), true);
});

Deno.test("withPart() rewrites its own part and leaves the others as they are", () => {
  const before = withPart(withPart(withPart("", FIRST, "a\n\n### b\n\n| c |"), SECOND, "old"), THIRD, "z");
  const after = withPart(before, SECOND, "new\n\nlines");
  assertEquals(after, before.replace("old", "new\n\nlines"));
  assertEquals(withPart(after, SECOND, "new\n\nlines"), after, "again");
});

Deno.test("withPart() refuses what the next one would take for a part", () => {
  for (const body of ["# title", "text\n\n## part\n"]) {
    assertThrows(() => withPart("", FIRST, body), RangeError, FIRST);
  }
});

Deno.test("writePart() makes folder and page, and then only changes it", async () => {
  await using parent = await temporaryFolder();
  const folder = `${parent.path}/results`;
  await writePart(folder, SECOND, "two");
  const path = await writePart(folder, FIRST, "one");
  assertEquals(path, `${folder}/${PAGE}`);
  const page = await Deno.readTextFile(path);
  assertStringIncludes(page, `## ${FIRST}\n\none\n\n## ${SECOND}\n\ntwo\n`);
});
