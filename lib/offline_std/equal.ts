/**
 * Compares two values deeply, for `assertEquals`.
 *
 * Objects are equal with the same prototype and equal own enumerable properties; `undefined` is not the same as
 * missing. Sets and maps are equal in any order, dates by time, regular expressions and URLs by text, errors by
 * name and message too. `NaN` equals `NaN`, and 0 equals -0.
 *
 * @param actual A value of any kind, also one that contains itself.
 * @param expected A value to compare it with.
 * @returns Whether they are equal.
 */
export function equal(actual: unknown, expected: unknown): boolean {
  return compare(actual, expected, []);
}

/** The pairs of objects that are being compared further up, so that a cycle comes to an end. */
type Open = [object, object][];

function compare(a: unknown, b: unknown, open: Open): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || !sameKind(a, b)) return false;
  if (open.some(([x, y]) => x === a && y === b)) return true;
  open.push([a, b]);
  const result = compareContents(a, b, open);
  open.pop();
  return result;
}

function compareContents(a: object, b: object, open: Open): boolean {
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return compareProperties(new Uint8Array(a), new Uint8Array(b), open);
  }
  if (a instanceof Error && b instanceof Error && (a.name !== b.name || a.message !== b.message)) {
    return false;
  }
  if (a instanceof Set && b instanceof Set && !compareSets(a, b, open)) return false;
  if (a instanceof Map && b instanceof Map && !compareMaps(a, b, open)) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  return compareProperties(a, b, open);
}

function compareProperties(a: object, b: object, open: Open): boolean {
  const keys = enumerableKeys(a);
  return keys.length === enumerableKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), open));
}

function compareSets(a: Set<unknown>, b: Set<unknown>, open: Open): boolean {
  return a.size === b.size && sameInAnyOrder([...a.difference(b)], [...b.difference(a)], open);
}

function compareMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, open: Open): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (b.has(key) && !compare(value, b.get(key), open)) return false;
  }
  const only = (map: typeof a, other: typeof a) => [...map].filter(([key]) => !other.has(key));
  return sameInAnyOrder(only(a, b), only(b, a), open);
}

function sameInAnyOrder(a: unknown[], b: unknown[], open: Open): boolean {
  const unmatched = [...b];
  for (const value of a) {
    const index = unmatched.findIndex((other) => compare(value, other, open));
    if (index < 0) return false;
    unmatched.splice(index, 1);
  }
  return unmatched.length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Same prototype, where an object without one counts as a plain object. */
function sameKind(a: object, b: object): boolean {
  const kind = (object: object): unknown => Object.getPrototypeOf(object) ?? Object.prototype;
  return kind(a) === kind(b);
}

/** Names and symbols of an object's own properties, without hidden ones such as an array's `length`. */
export function enumerableKeys(object: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(object);
  return [
    ...Object.keys(object),
    ...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(object, key)),
  ];
}
