/** Gives up permissions that this run does not need, before anything arrives from the network. */

import type { SoundNeeds } from "../../audio/audio_devices.ts";

/** Permissions of deno.json that only some runs need to their end. */
const DISPENSABLE = ["read", "write", "ffi", "import", "run"] as const;

/** What deno.json permits of `sys` for the start only; this host's addresses are asked for to the end. */
const STARTING = ["getPriority", "setPriority"] as const;

/** One of {@linkcode DISPENSABLE}. */
export type Dispensable = (typeof DISPENSABLE)[number];

/**
 * The dispensable permissions that a run needs to its end: files are opened again for each call. `import` is used only at
 * the start, to load the program, `run` to open a browser, and the libraries of codec, cipher and sockets are loaded by then; PortAudio is not.
 *
 * @param logKeys The file of `--log-keys`, if given.
 */
export function neededPermissions(needs: SoundNeeds, logKeys?: string): Set<Dispensable> {
  const needed = new Set<Dispensable>();
  if (needs.readsFile) needed.add("read");
  if (needs.writesFile || logKeys !== undefined) needed.add("write");
  if (needs.usesDevices) needed.add("ffi");
  return needed;
}

/** Gives up all other dispensable permissions, and the process's priority, for the rest of the run, without a prompt. */
export function giveUpOtherPermissions(needed: ReadonlySet<Dispensable>): void {
  for (const name of DISPENSABLE) {
    if (!needed.has(name)) Deno.permissions.revokeSync({ name });
  }
  for (const kind of STARTING) Deno.permissions.revokeSync({ name: "sys", kind });
}

/**
 * Gives up reading and writing files for the rest of the run, after the files of the command line are read and the
 * operator's local socket is made: an attacker who takes over the program cannot reach any.
 *
 * @param readsAgain Whether files will be read again, as at `SIGHUP`: the runtime cannot give up all but some.
 */
export async function giveUpFiles(readsAgain: boolean): Promise<void> {
  await Deno.permissions.revoke({ name: "write" });
  if (!readsAgain) await Deno.permissions.revoke({ name: "read" });
}
