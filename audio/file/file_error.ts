import { AudioError } from "../audio_io.ts";
import { systemError } from "../../lib/util/system_error.ts";

/**
 * The error of a file that could not be opened, read or written.
 *
 * @param path The file.
 * @param error The error that Deno threw, or an {@linkcode AudioError}, which is returned.
 */
export function fileError(path: string, error: unknown): AudioError {
  if (error instanceof AudioError) return error;
  const detail = systemError(error);
  // Devices are refused to every program that lacks any permission.
  const device = detail.kind === "not_capable" &&
    Deno.permissions.querySync({ name: "read" }).state === "granted";
  return new AudioError("file_failed", path, device ? { kind: "not_a_file" } : detail);
}

/**
 * Throws unless an existing thing is a regular file: to open a named pipe may take for ever, and a device never ends.
 *
 * @param path Its path.
 * @throws {AudioError} `file_failed`.
 */
export function assertFile(path: string, { isFile, isDirectory }: Deno.FileInfo): void {
  if (!isFile) {
    throw new AudioError("file_failed", path, { kind: isDirectory ? "is_directory" : "not_a_file" });
  }
}
