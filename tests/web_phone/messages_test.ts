import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_REQUEST_UNITS, type PageRequest, parsePageRequest } from "../../lib/web_phone/page_messages.ts";
import {
  encodeSoundReport,
  MAX_FRAME_SAMPLES,
  parseSoundReport,
  REPORT_BYTES,
} from "../../lib/web_phone/sound_frames.ts";

const REQUESTS: readonly PageRequest[] = [
  { type: "line", line: "ligar João" },
  { type: "line", line: "" },
  { type: "language", language: "en" },
  { type: "visible", visible: false },
  { type: "people" },
  { type: "take_sound" },
  { type: "sound_ready" },
  { type: "sound_trouble", side: "speaker", trouble: "needs_click" },
];

Deno.test("a page's requests are read as they are meant, and further fields left out", () => {
  for (const request of REQUESTS) {
    assertEquals(parsePageRequest(JSON.stringify({ ...request, more: 1 })), request);
  }
});

Deno.test("what is no request of a page is refused", () => {
  const texts = [
    ...["", "{", "null", "1", "[]", "{}", '"line"', '{"type":"lines"}', '{"type":"line"}'],
    ...[
      '{"type":"line","line":1}',
      '{"type":"line","line":"ligar a\\nsair"}',
      '{"type":"line","line":"a\\rb"}',
    ],
    ...['{"type":"language","language":"fr"}', '{"type":"visible","visible":"yes"}'],
    ...[
      '{"type":"sound_trouble","side":"both","trouble":"failed"}',
      '{"type":"sound_trouble","side":"speaker"}',
    ],
    JSON.stringify({ type: "line", line: "a".repeat(MAX_REQUEST_UNITS) }),
  ];
  for (const text of texts) assertEquals(parsePageRequest(text), undefined, text.slice(0, 80));
});

const U32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const U16 = fc.integer({ min: 0, max: 0xffff });

Deno.test("sound reports come out as they went in", () => {
  fc.assert(fc.property(
    ...[U32, U32, U16, U16] as const,
    fc.int16Array({ maxLength: 1000 }),
    (played, received, outputLatency, inputLatency, samples) => {
      const report = { played, received, outputLatency, inputLatency, samples: new Int16Array(samples) };
      assertEquals(parseSoundReport(encodeSoundReport(report)), report);
    },
  ));
});

Deno.test("bytes that are no sound report are refused", () => {
  for (const bytes of [0, REPORT_BYTES - 1, REPORT_BYTES + 1, REPORT_BYTES + 2 * MAX_FRAME_SAMPLES + 2]) {
    assertEquals(parseSoundReport(new ArrayBuffer(bytes)), undefined, String(bytes));
  }
  const longest = parseSoundReport(new ArrayBuffer(REPORT_BYTES + 2 * MAX_FRAME_SAMPLES));
  assertEquals(longest?.samples.length, MAX_FRAME_SAMPLES);
});
