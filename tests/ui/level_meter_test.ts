import { assertEquals } from "@std/assert";
import { meter } from "../../lib/ui/level_meter.ts";

for (
  const [db, width, picture] of [
    [0, 8, "▁▂▃▄▅▆▇█"],
    [-30, 8, "▁▂▃▄    "],
    [-60, 8, "        "],
    [-100, 4, "    "],
    [-Infinity, 4, "    "],
    [NaN, 4, "    "],
    [6, 4, "▁▃▆█"],
    [-18, 5, "▁▃▅▆ "],
    [0, 1, "█"],
  ] as const
) {
  Deno.test(`meter() shows ${db} dB in ${width} columns`, () => assertEquals(meter(db, width), picture));
}
