/** Texts of the protocol that are no messages: objects, names, addresses, and text made safe to show. */

import { assert, assertEquals } from "@std/assert";
import { canonicalIp, ipVersion, isIpAddress, sameEndpoint } from "../../../lib/protocol/address.ts";
import { isName, MAX_NAME_LENGTH, nameKey } from "../../../lib/protocol/name.ts";
import { parseObject } from "../../../lib/protocol/json_object.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import { UNSAFE } from "../../ui/every_event.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** The same text is taken for each of the four. */
export const text: FuzzTarget = {
  name: "text",
  seeds: textSeeds(
    "joão",
    "JOA\u0303O",
    "Maria da Silva",
    "李小龙",
    "ß ẞ SS",
    "नमस्ते",
    "\u1100\u1161\u11a8",
    "👩‍👩‍👧‍👦",
    "ΣΊΣΥΦΟΣ",
    "192.168.0.10",
    "::ffff:192.0.2.1",
    "2001:db8:0:0:1:0:0:1",
    "::",
    '{"tipo":"ping"}',
    "\x1b[31mred\x1b[0m",
    "a\u200db",
    `"\\ud800"`,
  ),
  tokens: [
    "\u0345",
    "\u0390",
    "\u1fd3",
    "\u03b9\u0308\u0301",
    "ŉ",
    "ǰ",
    "\u0130",
    "ﬀ",
    "::ffff:",
    "0:",
    "1.2.3.4",
  ],
  maxBytes: 300,
  run(input) {
    const read = decoder.decode(input);
    // JSON brings lone surrogates, which UTF-8 cannot.
    const texts = [read, ...stringsOf(read)];
    return { events: 1, came: texts.slice(0, 2).map(check).join() };
  },
};

function stringsOf(json: string): string[] {
  const object = parseObject(json);
  if (object) assert(!Array.isArray(object) && typeof object === "object");
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string"
      ? [value]
      : Object.values(object ?? {}).filter((item) => typeof item === "string");
  } catch {
    return [];
  }
}

function check(given: string): string {
  const shown = printable(given, Infinity);
  assert(!UNSAFE.test(shown), "shown as it is");
  assertEquals(printable(shown, Infinity), shown, "made safe twice");
  const name = isName(given);
  if (name) {
    assert([...given.normalize("NFC")].length <= MAX_NAME_LENGTH);
    assert(isName(given.normalize("NFC")), "the name as it is registered");
    assert(isName(given.normalize("NFD")), "the name in its other form");
    const registered = given.normalize("NFC");
    assertEquals(printable(registered), registered, "a name can be shown as it is");
    const key = nameKey(given);
    assertEquals(nameKey(key), key, "the key of the key");
    assertEquals(nameKey(given.normalize("NFD")), key, "in its other form");
    // One mark is a letter in upper case (Unicode Standard, section 3.13, D145): then the order of marks is lost.
    if (given.normalize("NFD").includes("\u0345")) return "iota";
    for (const same of [given.toUpperCase(), given.toLowerCase()]) {
      assertEquals(nameKey(same), key, `${same} is the same name`);
    }
  }
  if (isIpAddress(given)) {
    const ip = canonicalIp(given);
    assert(isIpAddress(ip), "an address still");
    assertEquals(canonicalIp(ip), ip);
    assert(ipVersion(ip) === 4 || ip.includes(":"));
    assert(sameEndpoint({ ip, port: 1 }, { ip: given.toUpperCase(), port: 1 }));
    return `ip ${ip.length}`;
  }
  return `${name} ${shown === given}`;
}
