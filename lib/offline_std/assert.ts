/**
 * The assertions of `@std/assert` that the tests use, with the same signatures: lodash compares, `node:assert` shows
 * the difference.
 */

import isEqualWith from "lodash/isEqualWith";
import { AssertionError as Difference } from "node:assert";

/** Thrown by an assertion that does not hold. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

type Constructor<T> = abstract new (...args: never[]) => T;

/** @throws {AssertionError} Unless the assertion holds. */
function check(holds: boolean, text: () => string, msg?: string): void {
  if (!holds) throw new AssertionError(msg ? `${text()}: ${msg}` : `${text()}.`);
}

/** lodash takes all URLs for equal, since they have no properties of their own. */
function equal(a: unknown, b: unknown): boolean {
  const urls = (a: unknown, b: unknown) =>
    a instanceof URL && b instanceof URL ? a.href === b.href : undefined;
  return isEqualWith(a, b, urls);
}

const show = (value: unknown): string =>
  Deno.inspect(value, { depth: Infinity, strAbbreviateSize: Infinity });

/** @throws {AssertionError} Unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** @throws {AssertionError} Unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  const { message } = new Difference({ actual, expected, operator: "deepStrictEqual" });
  throw new AssertionError(
    message.replace(/^.*/, `Values are not equal${msg ? `: ${msg}` : ""}`.replaceAll("$", "$$$$")),
  );
}

/** @throws {AssertionError} If the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(!equal(actual, expected), () => `Expected a value other than ${show(actual)}`, msg);
}

/** @throws {AssertionError} Unless `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Constructor<T>,
  msg?: string,
): asserts actual is T {
  check(
    actual instanceof expectedType,
    () => `Expected an instance of ${expectedType.name}, but got ${show(actual)}`,
    msg,
  );
}

/** @throws {AssertionError} Unless `expected` matches `actual`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  check(expected.test(actual), () => `Expected ${show(actual)} to match ${expected}`, msg);
}

/** @throws {AssertionError} Unless `expected` is part of `actual`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  check(actual.includes(expected), () => `Expected ${show(actual)} to include ${show(expected)}`, msg);
}

type Comparison = <T>(actual: T, expected: T, msg?: string) => void;

const comparison = (relation: string, holds: <T>(actual: T, expected: T) => boolean): Comparison => {
  return (actual, expected, msg) =>
    check(holds(actual, expected), () => `Expected ${show(actual)} ${relation} ${show(expected)}`, msg);
};

/** @throws {AssertionError} Unless `actual > expected`. */
export const assertGreater: Comparison = comparison(">", (a, b) => a > b);

/** @throws {AssertionError} Unless `actual >= expected`. */
export const assertGreaterOrEqual: Comparison = comparison(">=", (a, b) => a >= b);

/** @throws {AssertionError} Unless `actual < expected`. */
export const assertLess: Comparison = comparison("<", (a, b) => a < b);

/** @throws {AssertionError} Unless `actual <= expected`. */
export const assertLessOrEqual: Comparison = comparison("<=", (a, b) => a <= b);

/** @throws {AssertionError} Unless the numbers are at most `tolerance` apart; by default 1e-7 of the expected one. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  const allowed = tolerance ?? 1e-7 * (Number.isFinite(expected) ? Math.abs(expected) : 1);
  const close = Object.is(actual, expected) || Math.abs(expected - actual) <= allowed;
  check(close, () => `Expected ${actual} within ${allowed} of ${expected}`, msg);
}

type Expected<E> = [ErrorClass: Constructor<E>, msgIncludes?: string, msg?: string];
type AnyExpected = [classOrMsg?: Constructor<Error> | string, msgIncludes?: string, msg?: string];

/** What was thrown. @throws {AssertionError} Unless it is what was expected. */
function caught(error: unknown, [ErrorClass, includes = "", msg]: AnyExpected): unknown {
  if (typeof ErrorClass !== "function") return error;
  assertInstanceOf(error, ErrorClass, msg);
  assertStringIncludes(error.message, includes, msg);
  return error;
}

function nothing(expectation: string, [first, , msg]: AnyExpected): AssertionError {
  const why = msg ?? (typeof first === "string" ? first : undefined);
  return new AssertionError(why ? `${expectation}: ${why}` : `${expectation}.`);
}

/** @returns What `fn` threw. @throws {AssertionError} Unless it throws, an `ErrorClass` if one is given. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error>(fn: () => unknown, ...expected: Expected<E>): E;
export function assertThrows(fn: () => unknown, ...expected: AnyExpected): unknown {
  try {
    fn();
  } catch (error) {
    return caught(error, expected);
  }
  throw nothing("Expected function to throw", expected);
}

/** @returns What the promise of `fn` rejected with. Rejects unless it does, with an `ErrorClass` if one is given. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  ...expected: Expected<E>
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...expected: AnyExpected
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (cause) {
    // A caller that only handles the promise would miss this.
    throw new AssertionError("Function throws when expected to reject.", { cause });
  }
  try {
    await promise;
  } catch (error) {
    return caught(error, expected);
  }
  throw nothing("Expected function to reject", expected);
}
