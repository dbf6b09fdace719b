/** Files and folders that are removed at the end of an `await using` block. */

/** A path that exists until it is disposed of. */
export interface Temporary extends AsyncDisposable {
  readonly path: string;
}

/** Attempts to remove a folder into which a program that has just ended may still have written. */
const REMOVALS = 20;

/** Makes an empty folder. It is removed with all its content. */
export async function temporaryFolder(): Promise<Temporary> {
  const path = await Deno.makeTempDir({ prefix: "sala-" });
  return { path, [Symbol.asyncDispose]: () => remove(path, REMOVALS) };
}

async function remove(path: string, attempts: number): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (attempts === 1 || (error as { code?: string }).code !== "ENOTEMPTY") throw error;
    await remove(path, attempts - 1);
  }
}

/** Makes a file. @param suffix End of its name, such as `.wav`. */
export async function temporaryFile(suffix = "", content: Uint8Array = new Uint8Array()): Promise<Temporary> {
  const path = await Deno.makeTempFile({ prefix: "sala-", suffix });
  await Deno.writeFile(path, content);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
