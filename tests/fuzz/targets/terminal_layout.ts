/** Where text ends up on a terminal, whatever its script. */

import { assert, assertEquals } from "@std/assert";
import { alignColumns } from "../../../lib/ui/columns.ts";
import { statusLine } from "../../../lib/ui/status_line.ts";
import { fitting, lineWindow, mostColumns, textWidth, wrapWords } from "../../../lib/ui/terminal_layout.ts";
import { PHONE_TEXTS } from "../../../lib/ui/texts/texts.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** The first byte says how wide the terminal is, the rest is the text; line feeds part the cells of a table. */
export const terminalLayout: FuzzTarget = {
  name: "terminal_layout",
  seeds: textSeeds(
    "\x10joão> ligar maria",
    "\x02美咲と李小龙",
    "\x1e👩‍👩‍👧‍👦 e\u0301\u0302\u0303\n|\nनमस्ते",
    "\x50\u1100\u1161\u11a8 \u00ad \ufe0f",
  ),
  tokens: ["\n", "美", "😀", "\u0301", "🇧🇷", "\u1160", "\u00ad"],
  maxBytes: 200,
  run(input) {
    const columns = 2 + (input[0] ?? 0) % 100;
    // As all text that is drawn.
    const text = printable(decoder.decode(input.subarray(1)));
    const rows = wrapWords(text, columns).split("\n");
    const letters = (text: string): string => text.replaceAll(/[ \n]/g, "");
    assertEquals(letters(rows.join("")), letters(text), "nothing gets lost");
    const fit = fitting(text, columns);
    assert(text.startsWith(fit) && mostColumns(fit) <= columns);
    const half = Math.floor(text.length / 2);
    const window = lineWindow(text.slice(0, half), text.slice(half), Math.max(8, columns));
    assert(mostColumns(window.left) + mostColumns(window.right) < Math.max(8, columns), "in one row");
    const cells = text.split("\\u{a}").slice(0, 4);
    const aligned = alignColumns([cells, cells.toReversed()], [0]);
    for (let column = 0; column < cells.length; column++) {
      const [upper, lower] = aligned.map((row) => textWidth(row[column] ?? ""));
      assertEquals(upper, lower, "cells of a column are equally wide");
    }
    const status = {
      name: text,
      seconds: columns,
      microphoneDb: NaN,
      speakerDb: -20,
      muted: true,
      code: null,
    };
    const line = statusLine(status, PHONE_TEXTS.pt, columns, false);
    assert(mostColumns(line.text) <= line.width);
    assert(line.width <= columns);
    return { events: 1, came: `${Math.min(9, rows.length)} ${fit === text}` };
  },
};
