import { assert, assertEquals } from "@std/assert";
import {
  JitterBuffer,
  type JitterBufferCounts,
  PLAYOUT_DELAY_PACKETS,
  SPARE_PACKETS,
} from "../../lib/media/jitter_buffer.ts";
import { randomFrom } from "../call/network.ts";

/**
 * Plays a script: a number is a packet that comes, `.` is the time of a packet that passes. Returns what was heard:
 * numbers, `x` for lost, `?` for starved, `-` for idle.
 */
function play(script: string): { heard: string; counts: JitterBufferCounts } {
  const buffer = new JitterBuffer();
  const heard: string[] = [];
  for (const step of script.split(" ")) {
    if (step !== ".") {
      buffer.push(Number(step), Uint8Array.of(Number(step)));
      continue;
    }
    const next = buffer.pop();
    heard.push(
      next.kind === "packet" ? String(next.payload[0]) : { lost: "x", starved: "?", idle: "-" }[next.kind],
    );
  }
  return { heard: heard.join(" "), counts: buffer.counts };
}

const NONE = { played: 0, lost: 0, late: 0, repeated: 0, reordered: 0, dropped: 0 };

const ROWS: [name: string, script: string, heard: string, counts: Partial<JitterBufferCounts>][] = [
  ["nothing at all", ". . .", "- - -", {}],
  ["in order, after the delay", "1 . 2 . 3 . 4 . .", "- 1 2 3 4", { played: 4 }],
  ["two in the wrong order", "1 . 3 . 2 . 4 . .", "- 1 2 3 4", { played: 4, reordered: 1 }],
  ["the first two in the wrong order", "2 . 1 . 3 . .", "- 1 2 3", { played: 3, reordered: 1 }],
  ["one lost", "1 . 2 . 4 . 5 . 6 .", "- 1 2 x 4", { played: 3, lost: 1 }],
  ["one late", "1 . 2 . 4 . 5 . 3 6 . .", "- 1 2 x 4 5", { played: 4, lost: 1, late: 1 }],
  ["one twice, early and late", "1 . 2 2 . 3 . 1 4 . .", "- 1 2 3 4", { played: 4, repeated: 2 }],
  ["a pause that delays all: nothing is lost", "1 2 . . . . 3 4 . .", "1 2 ? ? 3 4", { played: 4 }],
  ["a loss during a pause takes no time twice", "1 2 . . . 4 5 . .", "1 2 ? 4 5", { played: 4, lost: 1 }],
  ["a single packet does not wait for ever", "1 . . . .", "- - 1 ?", { played: 1 }],
  [
    "a new start of the numbers",
    "1 . 2 . 5000 . 5001 . . .",
    "- 1 - 5000 5001 ?".replaceAll("5000", "136").replaceAll("5001", "137"),
    {
      played: 3,
    },
  ],
];

for (const [name, script, heard, counts] of ROWS) {
  Deno.test(`JitterBuffer plays: ${name}`, () => {
    assertEquals(play(script), { heard, counts: { ...NONE, ...counts } });
  });
}

Deno.test("JitterBuffer waits anew after a long pause", () => {
  const { heard } = play(`1 2 . . ${". ".repeat(12)}3 . 4 . .`);
  assert(heard.endsWith("- 3 4"), heard);
});

Deno.test("JitterBuffer lets the oldest go when too many gather", () => {
  const buffer = new JitterBuffer();
  for (let number = 1; number <= 20; number++) buffer.push(number, Uint8Array.of(number));
  const next = buffer.pop();
  assertEquals(next.kind === "packet" && next.payload[0], 20 - PLAYOUT_DELAY_PACKETS - SPARE_PACKETS + 1);
  assertEquals(buffer.counts.dropped, 20 - PLAYOUT_DELAY_PACKETS - SPARE_PACKETS);
});

Deno.test("JitterBuffer counts every packet once, and keeps a bounded number, whatever comes", () => {
  const random = randomFrom(7);
  const buffer = new JitterBuffer();
  let pushed = 0;
  let deepest = 0;
  for (let time = 0; time < 20_000; time++) {
    for (let burst = random() * 3; burst >= 1; burst--, pushed++) {
      buffer.push(time + Math.floor((random() - 0.5) * 20), Uint8Array.of(0));
    }
    buffer.pop();
    deepest = Math.max(deepest, buffer.depth);
  }
  while (buffer.depth > 0) buffer.pop();
  const { played, late, repeated, dropped } = buffer.counts;
  assertEquals(played + late + repeated + dropped, pushed);
  assert(deepest <= 25, `at most ${deepest} packets`);
});
