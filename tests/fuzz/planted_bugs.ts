/** Targets with planted bugs, for the tests of the fuzzer itself. */

import { type FuzzTarget, jsonSeeds, textSeeds } from "./fuzz_target.ts";

const decoder = new TextDecoder();

/** Throws at a port above 65535 in a valid JSON object whose type is still `registro`. */
export const throwing: FuzzTarget = {
  name: "throwing",
  seeds: jsonSeeds({ tipo: "registro", nome: "maria", porta: 6000 }),
  run(input) {
    let fields: Record<string, unknown>;
    try {
      fields = JSON.parse(decoder.decode(input)) ?? {};
    } catch {
      return { events: 1, came: "no JSON" };
    }
    if (fields.tipo === "registro" && typeof fields.porta === "number" && fields.porta > 65535) {
      throw new RangeError(`${fields.porta} is no port`);
    }
    return { events: 1, came: typeof fields.porta };
  },
};

/** Loops forever if its first two bytes are equal. */
export const endless: FuzzTarget = {
  name: "endless",
  seeds: textSeeds("abc"),
  run(input) {
    for (let at = 0; at < input.length; at++) while (input[0] === input[1]);
    return { events: 1, came: "" };
  },
};

/** Throws behind three comparisons; `came` does not tell them apart, only coverage does. */
export const deep: FuzzTarget = {
  name: "deep",
  seeds: textSeeds("abcdefgh"),
  run(input) {
    if (input[1] === 0x51) {
      if (input[3] === 0x7a) {
        if (input[6] === 0x37) throw new RangeError("deep");
      }
    }
    return { events: 1, came: "" };
  },
};

/** Has no bug. */
export const sound: FuzzTarget = {
  name: "sound",
  seeds: textSeeds("abc"),
  run: (input) => ({ events: 2, came: String(input.length) }),
};

/** Exported as in `targets.ts`. */
export const TARGETS: readonly FuzzTarget[] = [throwing, endless, deep, sound];
