/** What was measured, or why it could not be. */

/** What a program came to, or why it did not. */
export type Outcome<Result> = Result | { readonly failure: string };

/** Measures, and takes the first line of an error for the failure. */
export async function attempt<Result>(measure: () => Promise<Result>): Promise<Outcome<Result>> {
  try {
    return await measure();
  } catch (error) {
    return { failure: error instanceof Error ? error.message.split("\n")[0]! : String(error) };
  }
}
