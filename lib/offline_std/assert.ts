/** The assertions of `@std/assert` that the tests use, with the signatures and the behaviour of the original. */

import { enumerableKeys, equal } from "./equal.ts";

/** Thrown by an assertion that does not hold. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

type Constructor<T> = abstract new (...args: never[]) => T;

/** The sentence about what went wrong, followed by what the test has to say about it. */
function sentence(text: string, msg: string | undefined): string {
  return msg ? `${text}: ${msg}` : `${text}.`;
}

function show(value: unknown): string {
  return Deno.inspect(value, {
    compact: false,
    depth: Infinity,
    iterableLimit: Infinity,
    sorted: true,
    strAbbreviateSize: Infinity,
    trailingComma: true,
  });
}

/** Equal lines shown around those that differ. */
const CONTEXT_LINES = 3;

/** Shows the lines in which two values differ: `-` is what was, `+` what should have been. */
function difference(actual: unknown, expected: unknown): string {
  const was = show(actual).split("\n");
  const wanted = show(expected).split("\n");
  const shorter = Math.min(was.length, wanted.length);
  let first = 0;
  while (first < shorter && was[first] === wanted[first]) first++;
  let last = 0;
  while (last < shorter - first && was.at(-1 - last) === wanted.at(-1 - last)) last++;
  const afterIndex = was.length - last;
  return [
    "(- actual, + expected)",
    ...was.slice(Math.max(0, first - CONTEXT_LINES), first).map((line) => `    ${line}`),
    ...was.slice(first, afterIndex).map((line) => `-   ${line}`),
    ...wanted.slice(first, wanted.length - last).map((line) => `+   ${line}`),
    ...was.slice(afterIndex, afterIndex + CONTEXT_LINES).map((line) => `    ${line}`),
  ].join("\n");
}

/** Throws {@linkcode AssertionError} with `msg` unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Always throws {@linkcode AssertionError}: for a place that must not be reached. */
export function fail(msg?: string): never {
  throw new AssertionError(sentence("Failed assertion", msg));
}

/** Throws {@linkcode AssertionError} unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`${sentence("Values are not equal", msg)}\n${difference(actual, expected)}`);
}

/** Throws {@linkcode AssertionError} if the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(sentence(`Expected a value other than ${show(actual)}`, msg));
}

/** Throws {@linkcode AssertionError} unless both are the same value or the same object, by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const text = show(actual) === show(expected)
    ? "Values look the same but are not the same object"
    : "Values are not strictly equal";
  throw new AssertionError(`${sentence(text, msg)}\n${difference(actual, expected)}`);
}

/** Throws {@linkcode AssertionError} if `actual` is `null` or `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(sentence(`Expected a value, but got ${actual}`, msg));
}

/** Throws {@linkcode AssertionError} unless `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: new (...args: never[]) => T,
  msg?: string,
): asserts actual is T {
  if (actual instanceof expectedType) return;
  const text = `Expected an instance of ${expectedType.name}, but got ${typeName(actual)}`;
  throw new AssertionError(sentence(text, msg));
}

function typeName(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor?.name ?? "Object" : String(value);
}

/** Throws {@linkcode AssertionError} unless `expected` matches `actual`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to match ${expected}`, msg));
}

/** Throws {@linkcode AssertionError} unless `expected` is part of `actual`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to include ${show(expected)}`, msg));
}

/** Throws {@linkcode AssertionError} unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to be greater than ${show(expected)}`, msg));
}

/** Throws {@linkcode AssertionError} unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to be at least ${show(expected)}`, msg));
}

/** Throws {@linkcode AssertionError} unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to be less than ${show(expected)}`, msg));
}

/** Throws {@linkcode AssertionError} unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(sentence(`Expected ${show(actual)} to be at most ${show(expected)}`, msg));
}

/** Default tolerance of {@linkcode assertAlmostEquals}, as a part of the expected value; the original's. */
const RELATIVE_TOLERANCE = 1e-7;

/** Throws {@linkcode AssertionError} unless the numbers are at most `tolerance` apart. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected) : 1) * RELATIVE_TOLERANCE;
  const distance = Math.abs(expected - actual);
  if (distance <= allowed) return;
  const text =
    `Expected ${actual} to be close to ${expected}, but it is ${distance} away, more than ${allowed}`;
  throw new AssertionError(sentence(text, msg));
}

/** Throws {@linkcode AssertionError} unless all that is in `expected` is also in `actual`, deeply; arrays from the start. */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (includes(actual, expected, [])) return;
  throw new AssertionError(
    `${sentence("Expected values are missing", msg)}\n${difference(actual, expected)}`,
  );
}

function includes(actual: unknown, expected: unknown, open: [object, object][]): boolean {
  if (typeof actual !== "object" || typeof expected !== "object" || !actual || !expected) {
    return equal(actual, expected);
  }
  if (actual === expected || open.some(([a, b]) => a === actual && b === expected)) return true;
  if (actual instanceof Set && expected instanceof Set) return expected.isSubsetOf(actual);
  const inside: typeof open = [...open, [actual, expected]];
  if (actual instanceof Map && expected instanceof Map) {
    return [...expected].every(([key, value]) => actual.has(key) && includes(actual.get(key), value, inside));
  }
  const hasOwnRule = expected instanceof RegExp || expected instanceof Date || expected instanceof URL;
  if (hasOwnRule || Array.isArray(actual) !== Array.isArray(expected)) return equal(actual, expected);
  return enumerableKeys(expected).every((key) =>
    Object.hasOwn(actual, key) && includes(Reflect.get(actual, key), Reflect.get(expected, key), inside)
  );
}

/** Checks what `assertThrows` and `assertRejects` have caught. */
function checkError<E extends Error>(
  error: unknown,
  ErrorClass: Constructor<E>,
  msgIncludes: string,
  msg?: string,
): E {
  if (!(error instanceof Error)) {
    throw new AssertionError(sentence(`Expected an Error, but ${show(error)} was thrown`, msg));
  }
  if (!(error instanceof ErrorClass)) {
    const text = `Expected error to be instance of "${ErrorClass.name}", but was "${typeName(error)}"`;
    throw new AssertionError(`${sentence(text, msg)}\n${error.message}`, { cause: error });
  }
  if (!error.message.includes(msgIncludes)) {
    const text = `Expected error message to include ${show(msgIncludes)}, but got ${show(error.message)}`;
    throw new AssertionError(sentence(text, msg), { cause: error });
  }
  return error;
}

/** Throws {@linkcode AssertionError} unless `fn` throws. Returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Throws {@linkcode AssertionError} unless `fn` throws an `ErrorClass` whose message includes `msgIncludes`. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes = "",
  msg?: string,
): unknown {
  const ErrorClass = typeof classOrMsg === "string" ? undefined : classOrMsg;
  const message = typeof classOrMsg === "string" ? classOrMsg : msg;
  try {
    fn();
  } catch (error) {
    return ErrorClass ? checkError(error, ErrorClass, msgIncludes, msg) : error;
  }
  throw new AssertionError(sentence("Expected function to throw", message));
}

/** Rejects with {@linkcode AssertionError} unless the promise of `fn` rejects. Resolves to what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Rejects unless the promise of `fn` rejects with an `ErrorClass` whose message includes `msgIncludes`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes = "",
  msg?: string,
): Promise<unknown> {
  const ErrorClass = typeof classOrMsg === "string" ? undefined : classOrMsg;
  const message = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    // Not the same as a rejection: a caller that only handles the promise would miss it.
    throw new AssertionError(sentence("Function throws when expected to reject", message), { cause: error });
  }
  try {
    await promise;
  } catch (error) {
    return ErrorClass ? checkError(error, ErrorClass, msgIncludes, msg) : error;
  }
  throw new AssertionError(sentence("Expected function to reject", message));
}
