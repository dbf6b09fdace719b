/** Mutates valid inputs into nearly valid ones. */

/** Bytes that delimit text, JSON, escapes, UTF-8 and signed numbers. */
const EDGE_BYTES = [0x00, 0x01, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xc8, 0xff];

/** Limits of 8, 16 and 32 bits, for numbers in binary and in JSON. */
const EDGE_NUMBERS = [
  0,
  1,
  127,
  128,
  255,
  256,
  32767,
  32768,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** Replacements for a value of JSON. */
const EDGE_VALUES: readonly unknown[] = [
  null,
  true,
  "",
  " ",
  -1,
  0.5,
  1e308,
  -0,
  ...EDGE_NUMBERS,
  2 ** 53,
  [],
  [[]],
  {},
  { toString: 1 },
  "constructor",
  "__proto__",
  "a".repeat(33),
  "\u202e",
  "\u001b[2J",
  "\ud800",
  "e\u0301".repeat(20),
];

/** Fields of JSON that no serializer writes, inserted as text. */
const EDGE_JSON = [
  '"__proto__":{"tipo":"ping"}',
  '"tipo":1e999',
  '"nome":"\\ud800"',
  '"id":123456789012345678901234567890',
  '"porta":6e3',
  `"x":${"[".repeat(500)}${"]".repeat(500)}`,
  `"x":${'{"x":'.repeat(200)}0${"}".repeat(200)}`,
];

/** Text that is hostile to terminals, to lines or to comparisons of names. */
export const HOSTILE_TEXTS: readonly string[] = [
  "\x1b[2J",
  "\x1b]0;owned\x07",
  "\x9b5A",
  "\r\n",
  "\0",
  "\u202e",
  "\u2066",
  "\u2028",
  "\u200b",
  "\u200d",
  "\ufeff",
  "\\ud800",
  "\u{e0041}",
  "e\u0301",
  "\u0300".repeat(40),
  "ß",
  "ﬃ",
  "İ",
  "\u1100\u1161",
  "美",
  "👩‍👩‍👧‍👦",
  "constructor",
  "__proto__",
  "999999999999999999999",
  "-",
  "--",
  "=",
];

/** Most mutations of one input. */
const MOST_CHANGES = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Mutates inputs: the same random numbers make the same mutants. */
export class Mutator {
  readonly #random: () => number;
  readonly #tokens: readonly Uint8Array[];
  readonly #maxBytes: number;

  /**
   * @param random Numbers from 0 up to but not including 1.
   * @param tokens Words of the format, which it inserts.
   * @param maxBytes Length in bytes to which it cuts mutants.
   */
  constructor(random: () => number, tokens: readonly string[], maxBytes: number) {
    this.#random = random;
    this.#tokens = [...tokens, ...HOSTILE_TEXTS].map((token) => encoder.encode(token));
    this.#maxBytes = maxBytes;
  }

  /**
   * A copy of one of the inputs with 1 to {@linkcode MOST_CHANGES} mutations, half of the time one.
   *
   * @param pool At least one input.
   */
  next(pool: readonly Uint8Array[]): Uint8Array {
    let bytes = this.#pick(pool).slice();
    for (let changes = 1; changes <= MOST_CHANGES; changes++) {
      bytes = this.#change(bytes, pool);
      if (this.#random() < 0.5) break;
    }
    return bytes.length > this.#maxBytes ? bytes.subarray(0, this.#maxBytes) : bytes;
  }

  #change(bytes: Uint8Array<ArrayBuffer>, pool: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    // An object of JSON that stays one gets further than one with a broken brace.
    if (bytes[0] === 0x7b && this.#random() < 0.5) return this.#changeJson(bytes);
    const at = this.#below(bytes.length + 1);
    switch (this.#below(10)) {
      case 0: // A bit.
        if (at < bytes.length) bytes[at]! ^= 1 << this.#below(8);
        return bytes;
      case 1: // A byte.
        if (at < bytes.length) bytes[at] = this.#random() < 0.5 ? this.#below(256) : this.#pick(EDGE_BYTES);
        return bytes;
      case 2: // A number, of either byte order.
        return this.#overwriteNumber(bytes, at);
      case 3: // The end is missing.
        return bytes.slice(0, at);
      case 4: // Something is missing.
        return spliced(bytes, at, at + this.#length(bytes.length - at), new Uint8Array(0));
      case 5: { // Something comes twice.
        const piece = bytes.slice(at, at + this.#length(bytes.length - at));
        return spliced(bytes, this.#below(bytes.length + 1), undefined, piece);
      }
      case 6: { // Something of another input.
        const other = this.#pick(pool);
        const from = this.#below(other.length + 1);
        return spliced(bytes, at, bytes.length, other.subarray(from));
      }
      case 7: { // Random bytes.
        const noise = Uint8Array.from({ length: 1 + this.#below(16) }, () => this.#below(256));
        return spliced(bytes, at, undefined, noise);
      }
      case 8: // A word.
        return spliced(bytes, at, undefined, this.#pick(this.#tokens));
      default: { // A word in place of something.
        const token = this.#pick(this.#tokens);
        return spliced(bytes, at, at + token.length, token);
      }
    }
  }

  #overwriteNumber(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
    const width = this.#random() < 0.5 ? 2 : 4;
    if (at + width > bytes.length) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const number = this.#pick(EDGE_NUMBERS);
    const littleEndian = this.#random() < 0.5;
    if (width === 2) view.setUint16(at, number, littleEndian);
    else view.setUint32(at, number, littleEndian);
    return bytes;
  }

  /** Changes an object of JSON so that it is one still, or nearly. What is no JSON stays as it is. */
  #changeJson(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(bytes));
    } catch {
      return bytes;
    }
    if (typeof value !== "object" || value === null) return bytes;
    if (this.#random() < 0.2) return this.#insertJson(bytes);
    // Into an object or list inside, now and then.
    let holder = value as Record<string, unknown>;
    let keys = Object.keys(holder);
    for (let inner = holder[this.#pick(keys)]; keys.length > 0 && this.#random() < 0.7;) {
      if (typeof inner !== "object" || inner === null) break;
      holder = inner as Record<string, unknown>;
      keys = Object.keys(holder);
      inner = holder[this.#pick(keys)];
    }
    const key = keys.length > 0 ? this.#pick(keys) : "x";
    const before = holder[key];
    switch (this.#below(5)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        holder[key] = this.#pick(EDGE_VALUES);
        break;
      case 2: // Under another name.
        delete holder[key];
        holder[this.#pick(["tipo", "nome", "id", key.toUpperCase(), `${key} `])] = before;
        break;
      case 3: // Of another type.
        holder[key] = typeof before === "string" ? [before] : JSON.stringify(before);
        break;
      default:
        holder[key] = typeof before === "string" ? this.#changeText(before) : this.#pick(EDGE_NUMBERS);
    }
    return encoder.encode(JSON.stringify(value));
  }

  #insertJson(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const field = this.#pick(EDGE_JSON);
    return spliced(bytes, 1, undefined, encoder.encode(bytes[1] === 0x7d ? field : `${field},`));
  }

  #changeText(text: string): string {
    const at = this.#below(text.length + 1);
    const middle = this.#random() < 0.5
      ? this.#pick(HOSTILE_TEXTS)
      : String.fromCharCode(this.#below(this.#random() < 0.5 ? 256 : 65536));
    return text.slice(0, at) + middle + text.slice(at + this.#below(2));
  }

  /** Mostly short. */
  #length(most: number): number {
    return Math.min(most, 1 + this.#below(this.#random() < 0.8 ? 8 : 256));
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }
}

function spliced(
  bytes: Uint8Array,
  start: number,
  end: number | undefined,
  piece: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(end ?? start);
  const result = new Uint8Array(start + piece.length + rest.length);
  result.set(bytes.subarray(0, start));
  result.set(piece, start);
  result.set(rest, start + piece.length);
  return result;
}
