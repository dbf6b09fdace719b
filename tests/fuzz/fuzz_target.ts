/** What the fuzzer knows of the code that it tests. */

/** A parser or a state machine, and what it promises for any input. */
export interface FuzzTarget {
  /** Its name on the command line, and the folder of its kept inputs. */
  readonly name: string;
  /** Valid inputs, which the fuzzer mutates. */
  readonly seeds: readonly Uint8Array[];
  /** Words of its format, which the fuzzer inserts. */
  readonly tokens?: readonly string[];
  /** Longest input in bytes; by default {@linkcode USUAL_MAX_BYTES}. */
  readonly maxBytes?: number;
  /**
   * Gives it an input and checks its promises. Must be deterministic.
   *
   * @throws {Error} If it breaks one: the fuzzer's finding.
   */
  run(input: Uint8Array): Outcome;
}

/** The outcome of an input. */
export interface Outcome {
  /** 1 for a message, the number of events where the input is a sequence of them. */
  readonly events: number;
  /** Its kind in a word or two: the fuzzer mutates inputs with a new kind of outcome further. */
  readonly came: string;
}

/** Longer than any datagram of the protocol and twice the longest line, to exceed their limits too. */
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
