/** What a fuzzer needs to know of the thing that it tries to break. */

/** A parser or a state machine, and what it promises whatever comes in. */
export interface FuzzTarget {
  /** As it is called on the command line, and the folder of its kept inputs. */
  readonly name: string;
  /** Inputs that are as they should be: what is mutated. */
  readonly seeds: readonly Uint8Array[];
  /** Words that mean something to it, which are worked into inputs. */
  readonly tokens?: readonly string[];
  /** Longest input in bytes; {@linkcode USUAL_MAX_BYTES} unless told. */
  readonly maxBytes?: number;
  /**
   * Gives it an input and checks its promises. Must do the same each time for the same input.
   *
   * @throws What it throws is a finding.
   */
  run(input: Uint8Array): Outcome;
}

/** What came of an input. */
export interface Outcome {
  /** How much it was: 1 for a message, the number of steps where an input is a story of many. */
  readonly events: number;
  /** What it came to, in a word or two: an input that comes to something new is mutated further. */
  readonly came: string;
}

/** Longer than any datagram and twice as long as any line, so that limits are passed, too. */
export const USUAL_MAX_BYTES = 9000;

const encoder = new TextEncoder();

/** Texts as inputs. */
export function textSeeds(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => encoder.encode(text));
}

/** Objects as inputs, in JSON. */
export function jsonSeeds(...objects: readonly object[]): Uint8Array[] {
  return textSeeds(...objects.map((object) => JSON.stringify(object)));
}
