import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import type { CallStatus } from "../../lib/events/phone_events.ts";
import { statusLine } from "../../lib/ui/status_line.ts";
import { PHONE_TEXTS } from "../../lib/ui/texts/texts.ts";
import { UNSAFE } from "./every_event.ts";

const STATUS: CallStatus = {
  name: "maria",
  seconds: 83.9,
  code: "04821",
  microphoneDb: -18.4,
  speakerDb: -0.2,
  muted: false,
};

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[\d;]*m/g;

Deno.test("statusLine() shows name, duration, encryption, levels and mute", () => {
  assertEquals(
    statusLine(STATUS, PHONE_TEXTS.pt, 100, false).text,
    "● maria 01:23  cifra 04821  mic ▁▂▃▄▅▆    -18 dB  alto-falante ▁▂▃▄▅▆▇█    0 dB",
  );
  assertEquals(
    statusLine({ ...STATUS, muted: true }, PHONE_TEXTS.pt, 100, false).text,
    "● maria 01:23  cifra 04821  mic [mudo]            alto-falante ▁▂▃▄▅▆▇█    0 dB",
  );
  assertEquals(
    statusLine({ ...STATUS, code: null, microphoneDb: NaN }, PHONE_TEXTS.en, 100, false).text,
    "● maria 01:23  [not encrypted]  mic          -100 dB  speaker ▁▂▃▄▅▆▇█    0 dB",
  );
});

Deno.test("statusLine() stays within its width and tells its width", () => {
  for (const name of ["maria", "美咲美咲美咲", "\x1b[2J\u202e"]) {
    for (let columns = 0; columns < 100; columns++) {
      const { text, width } = statusLine({ ...STATUS, name }, PHONE_TEXTS.pt, columns, false);
      assert(width <= columns);
      assertEquals(width, unicodeWidth(text));
      assert(!UNSAFE.test(text));
      const coloured = statusLine({ ...STATUS, name }, PHONE_TEXTS.pt, columns, true).text;
      assertEquals(coloured.replace(COLOUR, ""), text);
    }
  }
});
