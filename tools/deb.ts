/**
 * Makes a Debian package of both tools for this machine, dist/sala_VERSION_ARCHITECTURE.deb, with Debian's own `dpkg-deb`.
 *
 * The bundled programs share one Deno in /usr/lib/sala, so that nothing is unpacked at the first start. No script runs when
 * the package is installed or removed: the service is there, and off until somebody enables it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { BuildError, bundle, failure, TOOLS, v8Flags } from "./bundle.ts";
import { phoneHelp } from "../lib/ui/sentences.ts";
import type { Language } from "../lib/ui/texts/language.ts";
import { REGISTRY_TEXTS } from "../lib/ui/texts/texts.ts";
import { VERSION } from "../lib/util/version.ts";

/** Debian's names of what Deno runs on. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Documents of the package. */
const DOCUMENTS = [
  "README.md",
  "docs/operator.md",
  "docs/usage.md",
  "docs/protocol.md",
  "docs/json-events.md",
];

/** What the manual pages say in their first lines. */
const NAMES: Readonly<Record<typeof TOOLS[number], Readonly<Record<Language, string>>>> = {
  registry: {
    pt: "sabe quem está em uma sala de voz da Sala, e onde",
    en: "knows who is in a voice room of Sala, and where",
  },
  phone: { pt: "telefona para quem está na mesma sala de voz", en: "calls people in the same voice room" },
};

function control(architecture: string, kibibytes: number): string {
  return `Package: sala
Version: ${VERSION}
Architecture: ${architecture}
Maintainer: The Sala authors <sala@localhost.localdomain>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.27), libgcc-s1
Recommends: libportaudio2
Suggests: libopus0, prometheus
Section: comm
Priority: optional
Description: voice calls on a local network, from the command line
 A registry knows who is in the room and where; a phone registers, looks people
 up and calls them. Voice goes straight from phone to phone, encrypted.
 .
 The package has both programs, and a service for the registry that is off
 until "systemctl enable --now sala-registry".
`;
}

/** A manual page: the help as it is. */
function manual(tool: typeof TOOLS[number], language: Language): string {
  const texts = REGISTRY_TEXTS[language];
  const help = tool === "phone" ? phoneHelp(language) : `${texts.usageLine}\n\n${texts.help}`;
  const name = language === "pt" ? "NOME" : "NAME";
  const description = language === "pt" ? "DESCRIÇÃO" : "DESCRIPTION";
  // A line that begins with a dot or an apostrophe would be a request (groff(7)).
  const lines = help.replaceAll("\\", "\\e").replaceAll("-", "\\-").split("\n").map((line) =>
    /^[.']/.test(line) ? `\\&${line}` : line
  );
  return [
    `.TH ${tool.toUpperCase()} 1 "" "Sala ${VERSION}"`,
    ...[
      `.SH ${name}`,
      `${tool} \\- ${NAMES[tool][language]}`,
      `.SH ${description}`,
      ".nf",
      ...lines,
      ".fi",
      "",
    ],
  ].join("\n");
}

/** A file of the package: its path there without the first slash, and what is in it or the file that it is a copy of. */
interface Packed {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer> | string | { readonly copyOf: string };
  readonly mode?: number;
}

/** As `gzip -9n` does it. */
function compressed(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(text, { level: 9 }));
}

async function files(programs: string): Promise<Packed[]> {
  const launcher = (await Deno.readTextFile("packaging/launcher.sh")).replaceAll("@V8_FLAGS@", v8Flags);
  const changelog = `sala (${VERSION}) unstable; urgency=medium\n\n  * The version of this tree.\n\n` +
    ` -- The Sala authors <sala@localhost.localdomain>  Thu, 01 Jan 2026 00:00:00 +0000\n`;
  const copies: Readonly<Record<string, string>> = {
    "usr/lib/sala/deno.json": `${programs}/deno.json`,
    "usr/lib/systemd/system/sala-registry.service": "packaging/sala-registry.service",
    "etc/default/sala-registry": "packaging/sala-registry.default",
    "usr/share/lintian/overrides/sala": "packaging/lintian-overrides",
    "usr/share/doc/sala/copyright": "packaging/copyright",
    ...Object.fromEntries(DOCUMENTS.map((path) => [`usr/share/doc/sala/${path}`, path])),
  };
  return [
    { path: "usr/lib/sala/deno", content: { copyOf: Deno.execPath() }, mode: 0o755 },
    ...TOOLS.flatMap((tool) => [
      { path: `usr/lib/sala/${tool}.js`, content: { copyOf: `${programs}/${tool}.js` } },
      { path: `usr/bin/${tool}`, content: launcher.replaceAll("@TOOL@", tool), mode: 0o755 },
      { path: `usr/share/man/man1/${tool}.1.gz`, content: compressed(manual(tool, "en")) },
      { path: `usr/share/man/pt_BR/man1/${tool}.1.gz`, content: compressed(manual(tool, "pt")) },
    ]),
    { path: "usr/share/doc/sala/changelog.gz", content: compressed(changelog) },
    ...Object.entries(copies).map(([path, copyOf]) => ({ path, content: { copyOf } })),
  ];
}

/**
 * Writes a file of the package, and the folders above it.
 *
 * @returns The line of `md5sums` for it, and its size in bytes.
 */
async function write(
  tree: string,
  { path, content, mode = 0o644 }: Packed,
): Promise<[line: string, bytes: number]> {
  for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
    await Deno.mkdir(`${tree}/${path.slice(0, end)}`, { recursive: true });
    // The umask may be strict.
    await Deno.chmod(`${tree}/${path.slice(0, end)}`, 0o755);
  }
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : "copyOf" in content
    ? await Deno.readFile(content.copyOf)
    : content;
  await Deno.writeFile(`${tree}/${path}`, bytes);
  await Deno.chmod(`${tree}/${path}`, mode);
  return [`${createHash("md5").update(bytes).digest("hex")}  ${path}\n`, bytes.length];
}

async function make(): Promise<string> {
  const architecture = Deno.build.os === "linux" ? ARCHITECTURES[Deno.build.arch] : undefined;
  if (architecture === undefined) throw new BuildError("Deno has no runtime for Debian on this machine");
  const work = await Deno.makeTempDir({ prefix: "sala-deb-" });
  try {
    const [programs, tree] = [`${work}/programs`, `${work}/tree`];
    await Deno.mkdir(programs);
    await Deno.mkdir(tree);
    await Deno.chmod(tree, 0o755);
    await bundle(programs);
    let [sums, bytes] = ["", 0];
    for (const file of await files(programs)) {
      const [line, size] = await write(tree, file);
      sums += line;
      bytes += size;
    }
    const lists = {
      control: control(architecture, Math.ceil(bytes / 1024)),
      conffiles: "/etc/default/sala-registry\n",
      md5sums: sums,
    };
    for (const [name, content] of Object.entries(lists)) {
      await write(tree, { path: `DEBIAN/${name}`, content });
    }
    await Deno.mkdir("dist", { recursive: true });
    const path = `dist/sala_${VERSION}_${architecture}.deb`;
    const said = await failure("dpkg-deb", ["--root-owner-group", "-Zgzip", "--build", tree, path]);
    if (said !== undefined) throw new BuildError(said);
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

try {
  const path = await make();
  console.log(`Made ${path}: ${((await Deno.stat(path)).size / 1e6).toFixed(1)} MB.`);
} catch (error) {
  const noTool = error instanceof Deno.errors.NotFound && error.message.includes("dpkg-deb");
  if (!(error instanceof BuildError) && !noTool) throw error;
  console.error(
    `Cannot make a package: ${noTool ? "there is no dpkg-deb, which Debian has" : error.message}`,
  );
  Deno.exit(1);
}
