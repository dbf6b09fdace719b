import { AudioError } from "../audio_io.ts";
import { systemError } from "../../lib/util/system_error.ts";

/**
 * The error of a file that could not be opened, read or written.
 *
 * @param path The file.
 * @param error The error that Deno threw.
 */
export function fileError(path: string, error: unknown): AudioError {
  return new AudioError("file_failed", path, systemError(error));
}

/**
 * The last part of a path, with the separators of any system.
 *
 * @param path Path of a file, absolute or not.
 */
export function fileName(path: string): string {
  return path.split(/[/\\]/).pop() || path;
}
