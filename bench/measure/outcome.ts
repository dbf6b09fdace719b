/** A measurement, or why there is none. */
export type Outcome<Result> = Result | { readonly failure: string };

/** Runs a measurement. The failure is the first line of the error. */
export async function attempt<Result>(measure: () => Promise<Result>): Promise<Outcome<Result>> {
  try {
    return await measure();
  } catch (error) {
    return { failure: error instanceof Error ? error.message.split("\n")[0]! : String(error) };
  }
}
