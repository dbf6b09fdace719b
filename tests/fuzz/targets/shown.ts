/** Whatever events hold, what comes out on screens acts upon no terminal, and as JSON is the same text again. */

import { assert, assertEquals } from "@std/assert";
import { jsonLine } from "../../../lib/ui/json_line.ts";
import { notice } from "../../../lib/ui/notice.ts";
import { sentence } from "../../../lib/ui/sentences.ts";
import { PHONE_TEXTS } from "../../../lib/ui/texts/texts.ts";
import { traceLine } from "../../../lib/ui/trace_line.ts";
import type { PhoneEvent } from "../../../lib/events/phone_events.ts";
import { EVERY_EVENT, UNSAFE } from "../../ui/every_event.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();
const AT = new Date(0);

/** Fields that only the code itself fills, from a list of its own. */
const FIXED = new Set(["event", "direction", "transport", "reason", "end", "side", "code", "kind"]);

/** The same event with another text wherever text can come from outside. */
function spoilt(value: unknown, text: string, key = ""): unknown {
  if (typeof value === "string") return FIXED.has(key) ? value : text;
  if (Array.isArray(value)) return value.map((item) => spoilt(item, text, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, spoilt(field, text, key)]));
}

/** The text of JSON that is one, since that can hold what UTF-8 cannot; else the bytes as they are. */
function textOf(input: Uint8Array): string {
  const text = decoder.decode(input);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

/** The first byte says which event, the rest is the text in it. */
export const shown: FuzzTarget = {
  name: "shown",
  seeds: textSeeds("\x00maria", '\x05"\\ud800\\u202e"', "\x0a\x1b[2J", "\x20não deu.", "\x30ab\u2028c\r\n"),
  maxBytes: 120,
  run(input) {
    const event = spoilt(
      EVERY_EVENT[(input[0] ?? 0) % EVERY_EVENT.length],
      textOf(input.subarray(1)),
    ) as PhoneEvent;
    const json = jsonLine(event, AT);
    assert(!UNSAFE.test(json), `the line of JSON: ${JSON.stringify(json)}`);
    assertEquals(JSON.parse(json), { time: AT.toISOString(), ...event });
    for (const language of ["pt", "en"] as const) {
      const lines = event.event === "message"
        ? traceLine(event, AT, { language, colour: false })
        : notice(sentence(event, PHONE_TEXTS[language]), false);
      for (const line of lines.split("\n")) assert(!UNSAFE.test(line), JSON.stringify(line));
    }
    return { events: 1, came: event.event };
  },
};
