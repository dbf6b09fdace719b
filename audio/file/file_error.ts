import { AudioError } from "../audio_io.ts";
import { fileFailure } from "../../lib/util/file_failure.ts";

/**
 * Says what is wrong with a file in a few words, without the path and the error number of the system's message.
 *
 * @param path The file.
 * @param error What Deno threw.
 */
export function fileError(path: string, error: unknown): AudioError {
  return new AudioError("file_failed", path, fileFailure(error));
}

/**
 * Last part of a path, with the separators of any system.
 *
 * @param path Path of a file, absolute or not.
 */
export function fileName(path: string): string {
  return path.split(/[/\\]/).pop() || path;
}
