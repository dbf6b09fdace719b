/**
 * Bundles the pages of `pages/` for browsers, into `pages/built/`, which the tools embed as text: whoever runs them from the
 * source needs no bundler. A test compares them with the sources. Both Deno 2.6 and 2.9 make the same bytes.
 *
 * Usage: `deno run -A tools/pages.ts [FOLDER]`; `pages/built` unless another is named.
 */

import { BuildError, deno, importMapArgs } from "./bundle.ts";

/** Each file to make, and the module that it begins with. */
const BUNDLES: Readonly<Record<string, string>> = {
  "panel.js": "pages/panel/main.tsx",
  "phone.js": "pages/phone/main.tsx",
  "phone_sound.js": "pages/phone/link/sound_worker.ts",
  "phone_worklet.js": "pages/phone/link/worklet.ts",
};

const folder = Deno.args[0] ?? "pages/built";
await Deno.mkdir(folder, { recursive: true });
try {
  for (const [name, entry] of Object.entries(BUNDLES)) {
    const args = ["bundle", "-q", "--platform", "browser", "--minify", ...importMapArgs];
    await deno(`${entry} could not be bundled`, ...args, "-o", `${folder}/${name}`, entry);
  }
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
