/** Files and folders that are removed at the end of an `await using` block. */

/** A path that exists until it is disposed of. */
export interface Temporary extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder. It is removed with all its content. */
export async function temporaryFolder(): Promise<Temporary> {
  const path = await Deno.makeTempDir({ prefix: "sala-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Makes a file. @param suffix End of its name, such as `.wav`. */
export async function temporaryFile(suffix = "", content: Uint8Array = new Uint8Array()): Promise<Temporary> {
  const path = await Deno.makeTempFile({ prefix: "sala-", suffix });
  await Deno.writeFile(path, content);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
