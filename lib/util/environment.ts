/** An environment variable; undefined if it is not set, or if its bytes are not UTF-8, which Deno refuses to read. */
export function environmentVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return undefined;
    throw error;
  }
}
