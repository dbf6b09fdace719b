/** The files that a command line names: none may destroy another, and none may keep the program waiting for ever. */

import { basename, dirname } from "node:path";
import { concat } from "@std/bytes/concat";
import type { SecretDetail } from "../events/usage_problem.ts";
import { systemError } from "../util/system_error.ts";
import { UsageError } from "./arguments.ts";

/** A file that an option names. */
export interface NamedFile {
  readonly option: string;
  readonly path: string;
}

/** Longest password or certificate file: a hundred times what the system's own certificates have is no such file. */
const MOST_BYTES = 2 ** 20;

/**
 * Refuses a file to be written that another option names, too: by the same path, another spelling of it, a link.
 *
 * @param written Files that the program writes.
 * @param read Files that it only reads.
 * @throws {UsageError} For the first that is refused.
 */
export async function refuseSharedFiles(
  written: readonly NamedFile[],
  read: readonly NamedFile[],
): Promise<void> {
  const seen = new Map<string, NamedFile>();
  for (const file of [...read, ...written]) {
    const identity = await identityOf(file.path);
    const other = seen.get(identity);
    if (other && written.includes(file)) {
      throw new UsageError({
        kind: "same_file",
        option: file.option,
        other: other.option,
        value: file.path,
      });
    }
    seen.set(identity, file);
  }
}

/** The same for all names of one file: device and inode, or the place where it would be made. */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino ? `${dev}:${ino}` : await Deno.realPath(path);
  } catch {
    const folder = dirname(path);
    return `${await Deno.realPath(folder).catch(() => folder)}/${basename(path)}`;
  }
}

/**
 * Refuses what is no file and is to be written: opening a named pipe would stop the program until somebody reads from it.
 * The file need not be there.
 *
 * @throws {UsageError} If something other than a file is there.
 */
export async function refuseOtherThanFile({ option, path }: NamedFile): Promise<void> {
  const detail = await Deno.stat(path).then(notAFile, (error) => {
    return error instanceof Deno.errors.NotCapable ? { kind: "not_a_file" } as const : undefined;
  });
  if (detail) throw bad(option, path, detail);
}

/** What is there if it is no file. */
function notAFile({ isFile, isDirectory }: Deno.FileInfo): SecretDetail | undefined {
  return isFile ? undefined : { kind: isDirectory ? "is_directory" : "not_a_file" };
}

/**
 * Reads a small file: a regular one, or what a program writes to a pipe, as with `<(…)` of a shell.
 *
 * @throws {UsageError} If it cannot be read, is a device that never ends, or is too long.
 */
export async function readSmallFile({ option, path }: NamedFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const there = await Deno.stat(path);
    const detail = there.isFifo ? undefined : notAFile(there);
    if (detail) throw bad(option, path, detail);
    using file = await Deno.open(path);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const piece of file.readable) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MOST_BYTES) throw bad(option, path, { kind: "larger_than", bytes: MOST_BYTES });
    }
    return concat(pieces);
  } catch (error) {
    throw error instanceof UsageError ? error : bad(option, path, detailOf(error));
  }
}

/** Devices are refused to every program that lacks any permission. */
function detailOf(error: unknown): SecretDetail {
  const detail = systemError(error);
  return detail.kind === "not_capable" ? { kind: "not_a_file" } : detail;
}

function bad(option: string, value: string, detail: SecretDetail): UsageError {
  return new UsageError({ kind: "bad_file", option, value, detail });
}
