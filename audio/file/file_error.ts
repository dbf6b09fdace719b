import { AudioError } from "../audio_io.ts";

/** Ends the system's text in what Deno throws: `No such file or directory (os error 2): open 'x.wav'`. */
const SYSTEM_TEXT_END = / \(os error \d+\)/;

/**
 * Says what is wrong with a file in a few words, without the path and the error number of the system's message.
 *
 * @param path The file.
 * @param error What Deno threw.
 */
export function fileError(path: string, error: unknown): AudioError {
  return new AudioError("file_failed", path, shortText(error));
}

function shortText(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "No such file or folder";
  if (error instanceof Deno.errors.PermissionDenied) return "Permission denied";
  if (error instanceof Deno.errors.NotCapable) return "This program was not given access to it";
  if (!(error instanceof Error)) return String(error);
  return error.message.split(SYSTEM_TEXT_END)[0] ?? error.message;
}

/**
 * Last part of a path, with the separators of any system.
 *
 * @param path Path of a file, absolute or not.
 */
export function fileName(path: string): string {
  return path.split(/[/\\]/).pop() || path;
}
