/** Ends the system's text in the errors that Deno throws: `No such file or directory (os error 2): open 'x.wav'`. */
const SYSTEM_TEXT_END = / \(os error \d+\)/;

/**
 * Why a file could not be used, in a few words, without the path and the error number of the system's message.
 *
 * @param error What Deno threw.
 */
export function fileFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "No such file or folder";
  if (error instanceof Deno.errors.PermissionDenied) return "Permission denied";
  if (error instanceof Deno.errors.NotCapable) return "This program was not given access to it";
  if (!(error instanceof Error)) return String(error);
  return error.message.split(SYSTEM_TEXT_END)[0] ?? error.message;
}
