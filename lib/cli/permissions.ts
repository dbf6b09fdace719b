/** Gives up the permissions that this run has no use for, before anything comes from the network. */

import type { SoundNeeds } from "../../audio/audio_devices.ts";

/** Permissions that not every run needs, or not to its end. Of the others a phone needs all that deno.json grants. */
const DISPENSABLE = ["read", "write", "ffi", "sys", "import"] as const;

/** One of those. */
export type Dispensable = (typeof DISPENSABLE)[number];

/**
 * What a run cannot do without. A file may be opened again for each call, so it is needed to the end. The program
 * is loaded as a whole when it starts, and has its priority by then, so that nothing need be imported later, nor
 * anything of the system be changed; so are the libraries of codec, cipher and sockets, but not PortAudio.
 *
 * @param logKeys A file that the keys of calls are written to, if any.
 */
export function neededPermissions(needs: SoundNeeds, logKeys?: string): Set<Dispensable> {
  const needed = new Set<Dispensable>();
  if (needs.readsFile) needed.add("read");
  if (needs.writesFile || logKeys !== undefined) needed.add("write");
  if (needs.usesDevices) needed.add("ffi");
  return needed;
}

/** Gives up all others of {@linkcode Dispensable}, for good: nobody is asked for them again. */
export function giveUpOtherPermissions(needed: ReadonlySet<Dispensable>): void {
  for (const name of DISPENSABLE) {
    if (!needed.has(name)) Deno.permissions.revokeSync({ name });
  }
}

/**
 * Gives up reading files for the rest of the run, once all that the command line named is read: what the program is made
 * to do later, it cannot do with files.
 */
export async function giveUpFiles(): Promise<void> {
  await Deno.permissions.revoke({ name: "read" });
}
