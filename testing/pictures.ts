/** Pictures of pages, for people to look at after the tests. */

import type { Page } from "playwright-core";

/** Where they are: a folder that git ignores, and the one that `SALA_PICTURES` names. */
const FOLDERS = [new URL("../tests/out", import.meta.url).pathname, Deno.env.get("SALA_PICTURES")];

/** Writes what a page shows to `NAME.png`. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot({ animations: "disabled" });
  for (const folder of FOLDERS) {
    if (!folder) continue;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${folder}/${name}.png`, picture);
  }
}
