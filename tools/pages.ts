/**
 * Makes what browsers get from `pages/`, in `pages/built/`, which the tools embed as text: whoever runs them from the source needs
 * no bundler. A test compares them with the sources, where Deno is the one that setup.sh brings: others leave out other code.
 *
 * Usage: `deno run -A tools/pages.ts [FOLDER]`; `pages/built` unless another is named.
 */

import { marked } from "marked";
import { BuildError, deno, importMapArgs } from "./bundle.ts";

/** Each script to make, and the module that it begins with. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "login.js": "pages/panel/login.ts",
  "panel.js": "pages/panel/main.tsx",
  "phone.js": "pages/phone/main.tsx",
  "phone_sound.js": "pages/phone/link/sound_worker.ts",
  "phone_worklet.js": "pages/phone/link/worklet.ts",
};

const SHARED_STYLES = ["base", "ladder", "plot"].map((name) => `pages/shared/${name}.css`);

/** Each style sheet to make, and what it is made of. */
const STYLES: Readonly<Record<string, readonly string[]>> = {
  "panel.css": [...SHARED_STYLES, "pages/panel/panel.css"],
  "phone.css": [...SHARED_STYLES, "pages/phone/phone.css"],
};

async function bundleScripts(folder: string): Promise<void> {
  for (const [name, entry] of Object.entries(SCRIPTS)) {
    const args = ["bundle", "-q", "--platform", "browser", "--minify", ...importMapArgs];
    await deno(`${entry} could not be bundled`, ...args, "-o", `${folder}/${name}`, entry);
  }
}

async function joinStyles(folder: string): Promise<void> {
  for (const [name, parts] of Object.entries(STYLES)) {
    const texts = await Promise.all(parts.map((part) => Deno.readTextFile(part)));
    await Deno.writeTextFile(`${folder}/${name}`, texts.join("\n"));
  }
}

/** The protocol's document as a page, with an anchor at each heading. */
async function renderProtocol(folder: string): Promise<void> {
  const text = await Deno.readTextFile("docs/protocol.md");
  const body = (await marked(text)).replace(
    /<h([1-6])>(.*?)<\/h\1>/gs,
    (_, level, heading) => `<h${level} id="${anchorOf(heading)}">${heading}</h${level}>`,
  );
  const shell = await Deno.readTextFile("pages/panel/protocol.html");
  await Deno.writeTextFile(`${folder}/protocol.html`, shell.replace("<!-- body -->", () => body));
}

/** The anchor of a heading, as code hosts make them. */
function anchorOf(heading: string): string {
  return heading.replace(/<[^>]*>|&\w+;/g, "").trim().toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

const folder = Deno.args[0] ?? "pages/built";
await Deno.mkdir(folder, { recursive: true });
try {
  await bundleScripts(folder);
  await joinStyles(folder);
  await renderProtocol(folder);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
