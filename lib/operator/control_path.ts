/** Where a registry's local socket is. */

import { isAbsolute, join } from "node:path";

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
