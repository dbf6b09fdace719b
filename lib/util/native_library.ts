/**
 * Loads an optional C library on Linux, where libraries have stable names.
 *
 * @param names File names; the first that loads is used.
 * @param symbols The functions to call.
 * @returns Undefined on another system, without the permission for FFI, or if no file loads with all symbols.
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
      // Try the next version.
    }
  }
  return undefined;
}

/** Narrows an array's type for FFI. All memory of this program is unshared: no `SharedArrayBuffer` is made. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
export function unshared(samples: Int16Array): Int16Array<ArrayBuffer>;
export function unshared(array: Uint8Array | Int16Array): Uint8Array | Int16Array {
  return array;
}
