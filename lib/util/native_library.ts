/** Libraries in C that a Linux system has or has not, called where they are there. */

/**
 * Loads a library.
 *
 * @param names Its names, of which the first one that is there is taken.
 * @param symbols Its functions that are called.
 * @returns Undefined where there is none, it has not all of them, it may not be called, or on another system, where
 * libraries have no names that stay.
 */
export function linuxLibrary<Symbols extends Deno.ForeignLibraryInterface>(
  names: readonly string[],
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols> | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const name of names) {
    try {
      return Deno.dlopen(name, symbols);
    } catch {
      // Another version, perhaps.
    }
  }
  return undefined;
}

/** An array for a function of such a library. It is one thread's, as all of this program are. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
export function unshared(samples: Int16Array): Int16Array<ArrayBuffer>;
export function unshared(array: Uint8Array | Int16Array): Uint8Array | Int16Array {
  return array;
}
