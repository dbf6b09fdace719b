/** Makes self-extracting files: a shell script (self_extracting.sh), an archive of the programs, and one of Deno. */

/** What goes into the files. */
export interface SelfExtractingParts {
  /** Where to write them, under the names of the tools. */
  readonly folder: string;
  readonly tools: readonly string[];
  /** A folder with `TOOL.js` of each tool, and `deno.json`. */
  readonly program: string;
  /** A folder with `deno`, or a link to it. */
  readonly runtime: string;
  /** V8's flags of the tools. */
  readonly v8Flags: string;
}

/** An archive could not be written; the message is for the person who builds. */
export class PackError extends Error {}

/**
 * Writes one file for each tool. All carry the same archives, so that the second to start finds them unpacked, and one
 * Deno serves several versions of the programs.
 *
 * @throws {PackError} If `tar` or `gzip` fails.
 */
export async function makeSelfExtracting(
  { folder, tools, program, runtime, v8Flags }: SelfExtractingParts,
): Promise<void> {
  const archives = [await pack(program), await pack(runtime)] as const;
  const script = await Deno.readTextFile(new URL("self_extracting.sh", import.meta.url));
  for (const tool of tools) {
    const values: Readonly<Record<string, string>> = {
      TOOL: tool,
      PROGRAM: await hash(program),
      RUNTIME: await hash(runtime),
      LINES: `${script.split("\n").length - 1}`,
      PROGRAM_BYTES: `${archives[0].length}`,
      V8_FLAGS: v8Flags,
    };
    const text = script.replace(/@([A-Z0-9_]+)@/g, (whole, name) => values[name] ?? whole);
    await Deno.writeTextFile(`${folder}/${tool}`, text, { mode: 0o755 });
    for (const archive of archives) await Deno.writeFile(`${folder}/${tool}`, archive, { append: true });
  }
}

/** A compressed archive of all files in a folder. */
async function pack(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const archive = await Deno.makeTempFile({ prefix: "sala-", suffix: ".tar" });
  try {
    // -h: the file behind a link. COPYFILE_DISABLE: no files of macOS's own.
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'cd "$1" && COPYFILE_DISABLE=1 tar -chf "$2" * && gzip -9nc "$2"', "sh", folder, archive],
      stdin: "null",
    }).output();
    if (success) return stdout;
    throw new PackError(`the archive could not be written: ${new TextDecoder().decode(stderr).trim()}`);
  } finally {
    await Deno.remove(archive);
  }
}

/** SHA-256 of the contents of all files in a folder, in order of their names, in hexadecimal. */
async function hash(folder: string): Promise<string> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const contents = await Promise.all(names.map((name) => Deno.readFile(`${folder}/${name}`)));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(contents).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
