/** Inputs that once broke a promise, a file each: `corpus/TARGET/HASH`. The tests repeat them. */

/** Their folder. */
export const CORPUS: URL = new URL("corpus/", import.meta.url);

/** A kept input. */
export interface KeptInput {
  readonly file: string;
  readonly input: Uint8Array<ArrayBuffer>;
}

/** All kept inputs of a target, in the order of their names. */
export function readCorpus(target: string, folder: URL = CORPUS): KeptInput[] {
  const own = new URL(`${target}/`, folder);
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(own), ({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return names.map((file) => ({ file, input: Deno.readFileSync(new URL(file, own)) }));
}

/** Keeps an input of a target. @returns Its file, the same one for the same input. */
export async function keepInput(target: string, input: Uint8Array, folder: URL = CORPUS): Promise<URL> {
  const own = new URL(`${target}/`, folder);
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(input));
  const file = new URL(new Uint8Array(digest).toHex().slice(0, 16), own);
  await Deno.mkdir(own, { recursive: true });
  await Deno.writeFile(file, input);
  return file;
}
