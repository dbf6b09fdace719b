import { assertEquals } from "@std/assert";
import { outputOf, scriptLine } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** Another one leaves out other code that is not used. */
const ignore = !Deno.readTextFileSync("tools/setup.sh").includes(`deno_version=${Deno.version.deno} `);

Deno.test({
  name: "the pages that the tools embed are those of the sources",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await outputOf(scriptLine("tools/pages.ts", [folder.path]));
    assertEquals(names("pages/built"), names(folder.path));
    for (const name of names(folder.path)) {
      const built = await Deno.readTextFile(`pages/built/${name}`);
      if (built !== await Deno.readTextFile(`${folder.path}/${name}`)) {
        throw new Error(`pages/built/${name} is older than its sources: sh tools/deno.sh task pages`);
      }
    }
  },
});
