/** Where a registry's local socket is. */

import { isAbsolute, join } from "node:path";

/** Longest path of a socket in bytes, on every system (`sun_path` of unix(7): 108 on Linux, 104 elsewhere, with a zero). */
const MAX_PATH_BYTES = 103;

/** Whether the system has no socket with such a path. */
export function isTooLong(path: string): boolean {
  return new TextEncoder().encode(path).length > MAX_PATH_BYTES;
}

/**
 * The path unless `--control` names one: each port of a machine has its own.
 *
 * @param runtimeDir `XDG_RUNTIME_DIR`, which only its user can enter (XDG Base Directory Specification).
 * @returns Undefined if there is no such folder.
 */
export function defaultControlPath(port: number, runtimeDir: string | undefined): string | undefined {
  // The specification has relative paths ignored.
  if (runtimeDir === undefined || !isAbsolute(runtimeDir)) return undefined;
  return join(runtimeDir, "sala", `registry-${port}.sock`);
}
