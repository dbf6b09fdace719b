import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../lib/offline_std/assert.ts";

/**
 * What an assertion that must fail says.
 *
 * @throws {Error} If it does not fail. Without the assertions under test, since they might be what is broken.
 */
function failureOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw new Error("The assertion failed with another error.", { cause: error });
  }
  throw new Error(`The assertion did not fail: ${assertion}`);
}

/** The same for `assertRejects`. */
async function rejectionOf(assertion: () => Promise<unknown>): Promise<string> {
  const outcome = await assertion().then(() => undefined, (error: unknown) => error);
  return failureOf(() => {
    if (outcome !== undefined) throw outcome;
  });
}

class Point {
  constructor(readonly x: number, readonly y: number) {}
}

/** @throws {Error} Unless both are the same value or object. */
function assertSame(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`not the same: ${actual}, ${expected}`);
}

/** An object that contains itself, `depth` objects deep. */
function cycle(depth: number): Record<string, unknown> {
  const first: Record<string, unknown> = {};
  let last = first;
  for (let i = 1; i < depth; i++) last = last.next = {} as Record<string, unknown>;
  last.next = first;
  return first;
}

const symbol = Symbol("a");

const equalPairs: [name: string, a: unknown, b: unknown][] = [
  ["text", "a", "a"],
  ["NaN", NaN, NaN],
  ["zeros", [0], [-0]],
  ["big integers", 5n, 5n],
  ["objects in any order", { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["symbol keys", { [symbol]: 1 }, { [symbol]: 1 }],
  ["instances", new Point(1, 2), new Point(1, 2)],
  ["typed arrays", Int16Array.of(1, -2), Int16Array.of(1, -2)],
  ["buffers", Uint8Array.of(1).buffer, Uint8Array.of(1).buffer],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["regular expressions", /a/i, /a/i],
  ["URLs", new URL("http://a/"), new URL("http://a/")],
  ["errors", new TypeError("a"), new TypeError("a")],
  ["sets in any order", new Set([1, { a: 2 }, 3]), new Set([{ a: 2 }, 3, 1])],
  ["maps in any order", new Map([["a", [1]], ["b", [2]]]), new Map([["b", [2]], ["a", [1]]])],
  ["maps with objects as keys", new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 1]])],
  ["cycles", cycle(1), cycle(1)],
];

const unequalPairs: [name: string, a: unknown, b: unknown][] = [
  ["text", "a", "b"],
  ["a number and its text", 1, "1"],
  ["null and undefined", null, undefined],
  ["null and an object", null, {}],
  ["a property more", { a: 1 }, { a: 1, b: 2 }],
  ["undefined and missing", { a: undefined }, {}],
  ["undefined under another name", { a: undefined }, { b: undefined }],
  ["a deep difference", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ["symbol keys", { [symbol]: 1 }, { [symbol]: 2 }],
  ["lengths of arrays", [1, 2], [1, 2, 3]],
  ["lengths of empty arrays", new Array(1), []],
  ["an array and an object", [], {}],
  ["an instance and an object", new Point(1, 2), { x: 1, y: 2 }],
  ["typed arrays", Int16Array.of(1, 2), Int16Array.of(1, 3)],
  ["kinds of typed arrays", Int8Array.of(1), Uint8Array.of(1)],
  ["buffers", Uint8Array.of(1).buffer, Uint8Array.of(2).buffer],
  ["dates", new Date(5), new Date(6)],
  ["flags of regular expressions", /a/i, /a/g],
  ["messages of errors", new Error("a"), new Error("b")],
  ["kinds of errors", new TypeError("a"), new Error("a")],
  ["URLs", new URL("http://a/"), new URL("http://b/")],
  ["functions", () => 1, () => 1],
  ["sets", new Set([1, 2]), new Set([1, 3])],
  ["sets of objects, one matched twice", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["values of maps", new Map([["a", 1]]), new Map([["a", 2]])],
  ["keys of maps", new Map([["a", undefined]]), new Map([["b", undefined]])],
];

Deno.test("assertEquals() accepts what is deeply equal", () => {
  for (const [name, a, b] of equalPairs) {
    assertEquals(a, b, name);
    assertEquals(b, a, name);
    failureOf(() => assertNotEquals(a, b, name));
  }
});

Deno.test("assertEquals() refuses what is not", () => {
  for (const [name, a, b] of unequalPairs) {
    failureOf(() => assertEquals(a, b, name));
    failureOf(() => assertEquals(b, a, name));
    assertNotEquals(a, b, name);
  }
});

Deno.test("assertEquals() does not take a pair found to differ for one still being compared", () => {
  const shared = { a: 1 };
  const other = { a: 2 };
  failureOf(() => assertEquals(new Set([[shared], [shared]]), new Set([[other], [other]])));
});

Deno.test("assertEquals() shows the lines that differ", () => {
  const long = Array.from({ length: 100 }, (_, i) => i);
  const message = failureOf(() => assertEquals(long, long.with(50, -1), "the samples"));
  const lines = message.split("\n").map((line) => line.trim());
  assertEquals(lines[0], "Values are not equal: the samples");
  assertEquals(lines.filter((line) => /^[+-] /.test(line)), ["+ actual - expected", "+   50,", "-   -1,"]);
  assert(lines.length < 20, "only the lines around");
  assertEquals(failureOf(() => assertEquals(1, 2)).split("\n").filter((line) => line !== ""), [
    "Values are not equal",
    "1 !== 2",
  ]);
});

Deno.test("assertions that hold say nothing", () => {
  assert(1);
  assertInstanceOf(new TypeError(), Error);
  assertMatch("porta 5000", /\d+/);
  assertStringIncludes("João", "oã");
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess("a", "b");
  assertLessOrEqual(1n, 1n);
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.04, 0.05);
  assertAlmostEquals(Infinity, Infinity);
});

Deno.test("assertions that do not hold fail, with the message of the test", () => {
  const rows: [assertion: () => void, message: RegExp][] = [
    [() => assert(0, "why"), /^why$/],
    [() => assert(""), /^$/],
    [() => assertInstanceOf({}, Date, "why"), /Date, but got {}: why$/],
    [() => assertInstanceOf(null, Date), /Date, but got null\.$/],
    [() => assertMatch("a", /b/, "why"), /"a" to match \/b\/: why$/],
    [() => assertStringIncludes("abc", "d", "why"), /"abc" to include "d": why$/],
    [() => assertGreater(1, 1, "why"), /why$/],
    [() => assertGreaterOrEqual(1, 2, "why"), /why$/],
    [() => assertLess(1, 1, "why"), /why$/],
    [() => assertLessOrEqual(2, 1, "why"), /why$/],
    [() => assertLess(NaN, 1), /NaN/],
    [() => assertAlmostEquals(1, 1.001, undefined, "why"), /why$/],
    [() => assertAlmostEquals(1, 1.06, 0.05), /0\.05/],
    [() => assertAlmostEquals(NaN, 1), /NaN/],
    [() => assertAlmostEquals(1, Infinity, 5), /Infinity/],
    [() => assertNotEquals([1], [1], "why"), /why$/],
    [() => assertThrows(() => {}, "why"), /to throw: why$/],
    [() => assertThrows(() => {}, Error, "text", "why"), /to throw: why$/],
  ];
  for (const [assertion, message] of rows) assertMatch(failureOf(assertion), message);
});

Deno.test("assertThrows() returns what was thrown", () => {
  const error = new TypeError("porta inválida");
  const throwing = () => {
    throw error;
  };
  assertSame(assertThrows(throwing), error);
  assertSame(assertThrows(throwing, "why"), error);
  const typed: TypeError = assertThrows(throwing, TypeError, "porta");
  assertSame(typed, error);
  assertSame(assertThrows(throwing, Error), error);
  for (const value of ["text", 0, null, undefined]) {
    assertSame(
      assertThrows(() => {
        throw value;
      }),
      value,
    );
  }
});

Deno.test("assertThrows() refuses another class, another message and what is no error", () => {
  const throwing = (value: unknown) => () => {
    throw value;
  };
  const rows: [assertion: () => void, message: RegExp][] = [
    [
      () => assertThrows(throwing(new Error("a")), TypeError, "a", "why"),
      /instance of TypeError, but got Error: a\n[^]*: why$/,
    ],
    [() => assertThrows(throwing(new Error("a")), Error, "b", "why"), /"a" to include "b": why$/],
    [() => assertThrows(throwing("a"), Error, "a", "why"), /instance of Error, but got "a": why$/],
  ];
  for (const [assertion, message] of rows) assertMatch(failureOf(assertion), message);
});

Deno.test("assertRejects() resolves to what the promise rejected with", async () => {
  const error = new TypeError("porta inválida");
  assertSame(await assertRejects(() => Promise.reject(error)), error);
  const typed: TypeError = await assertRejects(() => Promise.reject(error), TypeError, "porta");
  assertSame(typed, error);
  assertSame(await assertRejects(() => Promise.reject(3), "why"), 3);
});

Deno.test("assertRejects() refuses all else", async () => {
  const rows: [assertion: () => Promise<unknown>, message: RegExp][] = [
    [() => assertRejects(() => Promise.resolve(), "why"), /to reject: why$/],
    [() => assertRejects(() => Promise.resolve(), Error, "a", "why"), /to reject: why$/],
    [
      () => assertRejects(() => Promise.reject(new Error("a")), TypeError),
      /instance of TypeError, but got Error: a/,
    ],
    [() => assertRejects(() => Promise.reject(new Error("a")), Error, "b"), /"a" to include "b"/],
    [() => assertRejects(() => Promise.reject("a"), Error), /instance of Error, but got "a"/],
    [
      () => assertRejects(() => assert(false, "too early") as never, Error, "too early"),
      /throws when expected to reject/,
    ],
  ];
  for (const [assertion, message] of rows) assertMatch(await rejectionOf(assertion), message);
});

Deno.test("assertions narrow types", () => {
  const port: number | undefined = [5000][0];
  assert(port !== undefined);
  const number: number = port;
  const error: unknown = new RangeError("a");
  assertInstanceOf(error, RangeError);
  const message: string = error.message;
  assertEquals([number, message], [5000, "a"]);
});
