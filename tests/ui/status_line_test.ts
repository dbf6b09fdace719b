import { assert, assertEquals } from "@std/assert";
import { mostColumns } from "../../lib/ui/terminal_layout.ts";
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
      assertEquals(width, mostColumns(text));
      assert(!UNSAFE.test(text));
      const coloured = statusLine({ ...STATUS, name }, PHONE_TEXTS.pt, columns, true).text;
      assertEquals(coloured.replace(COLOUR, ""), text);
    }
  }
});

const FIGURES = { mos: 4.4, roundTripMs: 23.4 } as CallStatus;

Deno.test("statusLine() leaves out whole fields, the least important first, so that quality and round trip stay", () => {
  const status = { ...STATUS, ...FIGURES, speakerDb: -21 };
  for (
    const [columns, line] of [
      [
        120,
        "● maria 01:23  cifra 04821  mic ▁▂▃▄▅▆    -18 dB  alto-falante ▁▂▃▄▅     -21 dB  qualidade 4,4  ida e volta 23,4 ms",
      ],
      [
        112,
        "● maria 01:23  cifra 04821  mic ▁▂▃▄▅▆    -18 dB  alto-falante ▁▂▃▄▅     qualidade 4,4  ida e volta 23,4 ms",
      ],
      [79, "● maria 01:23  cifra 04821  mic ▁▂▃▄▅▆    qualidade 4,4  ida e volta 23,4 ms"],
      [70, "● maria 01:23  cifra 04821  qualidade 4,4  ida e volta 23,4 ms"],
      [60, "● maria 01:23  cifra 04821  qualidade 4,4"],
      [30, "● maria 01:23  cifra 04821"],
      [20, "● maria 01:23"],
      [12, "● mar… 01:23"],
    ] as const
  ) assertEquals(statusLine(status, PHONE_TEXTS.pt, columns, false).text, line, String(columns));
});

Deno.test("statusLine() always shows that the microphone is mute, and before its levels that nothing is encrypted", () => {
  const muted = { ...STATUS, ...FIGURES, muted: true, code: null };
  assertEquals(statusLine(muted, PHONE_TEXTS.en, 30, false).text, "● maria 01:23  mic [muted]");
  assertEquals(
    statusLine(muted, PHONE_TEXTS.en, 50, false).text,
    "● maria 01:23  [not encrypted]  mic [muted]",
  );
});

Deno.test("statusLine() shortens a long name so that mute and the commands to answer stay", () => {
  const name = "João da Silva Pereira";
  const call = { ...STATUS, ...FIGURES, name, muted: true };
  const ring = { ringing: "in", name, seconds: 12 } as const;
  for (
    const [status, columns, line] of [
      [call, 44, "● João da Silva Pereira 01:23  mic [muted]"],
      [call, 39, "● João da Silva Per… 01:23  mic [muted]"],
      [call, 27, "● João da Silva Pere… 01:23"],
      [ring, 39, "☎ João da Sil…  accept (a) · reject (r)"],
      [ring, 30, "☎ João da Silva Pereira"],
    ] as const
  ) assertEquals(statusLine(status, PHONE_TEXTS.en, columns, false).text, line, String(columns));
});

Deno.test("statusLine() shows the same fields whatever the figures are", () => {
  for (let columns = 20; columns < 130; columns++) {
    const fields = [[1, 0], [4.4, 0.3], [3.9, 150], [4, 23.4]].map(([mos, roundTripMs]) =>
      statusLine({ ...STATUS, mos, roundTripMs } as CallStatus, PHONE_TEXTS.en, columns, false).text
        .replaceAll(/[\d.]+/g, "0").trimEnd().replaceAll(/ +/g, " ")
    );
    assertEquals(new Set(fields).size, 1, fields.join("\n"));
  }
});

Deno.test("statusLine() shows who calls, the commands to answer, and for how long it has been ringing", () => {
  const ringing = { ringing: "in", name: "maria", seconds: 12 } as const;
  for (
    const [columns, line] of [
      [80, "☎ maria está ligando 00:12  aceitar (a) · recusar (r)"],
      [45, "☎ maria 00:12  aceitar (a) · recusar (r)"],
      [36, "☎ maria  aceitar (a) · recusar (r)"],
      [10, "☎ maria"],
    ] as const
  ) assertEquals(statusLine(ringing, PHONE_TEXTS.pt, columns, false).text, line);
  assertEquals(
    statusLine({ ...ringing, ringing: "out" }, PHONE_TEXTS.en, 80, false).text,
    "☎ maria (calling) 00:12  hangup (d)",
  );
});
