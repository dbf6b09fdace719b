import { assertEquals } from "@std/assert";
import { outputOf, scriptLine } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("the pages that the tools embed are those of the sources", async () => {
  await using folder = await temporaryFolder();
  await outputOf(scriptLine("tools/pages.ts", [folder.path]));
  assertEquals(names("pages/built"), names(folder.path));
  for (const name of names(folder.path)) {
    const built = await Deno.readTextFile(`pages/built/${name}`);
    if (built !== await Deno.readTextFile(`${folder.path}/${name}`)) {
      throw new Error(`pages/built/${name} is older than its sources: sh tools/deno.sh task pages`);
    }
  }
});
