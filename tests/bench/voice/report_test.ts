import { assert, assertEquals } from "@std/assert";
import { drawBars } from "../../../bench/report/bar_chart.ts";
import { CONDITIONS } from "../../../bench/voice/conditions.ts";
import type { Delays } from "../../../bench/voice/delay.ts";
import { type Intelligibility, middleCall } from "../../../bench/voice/intelligibility.ts";
import { BARESIP, SALA, SALA_FRAME_10, SALA_NO_ECHO_CANCEL } from "../../../bench/voice/programs.ts";
import { measureBars } from "../../../bench/voice/voice_bars.ts";
import { DELAY_PICTURE, drawPictures, STOI_PICTURE, writeReport } from "../../../bench/voice/voice_report.ts";
import type { VoiceResults } from "../../../bench/voice/voice_results.ts";
import type { Outcome } from "../../../bench/measure/outcome.ts";

function delays(medianMs: number, p95Ms = medianMs): Delays {
  return { medianMs, p5Ms: medianMs, p95Ms, said: 20, heard: 20 };
}

function heard(stoi: number): Intelligibility {
  return {
    stoi,
    delayMs: { median: 60, least: 55, most: 70 },
    network: { received: 1000, lost: 101 },
    frames: { played: 899, concealed: 101 },
  };
}

const NOTHING: VoiceResults = {
  calibration: undefined,
  delay: new Map(),
  speech: [],
  cost: new Map(),
  hour: [],
};

const RESULTS: VoiceResults = {
  calibration: delays(0.03),
  delay: new Map<string, Outcome<Delays>>([
    [SALA, delays(58, 70)],
    [SALA_FRAME_10, { failure: "no sound" }],
    [BARESIP, delays(222)],
  ]),
  speech: [{
    condition: CONDITIONS.find(({ id }) => id === "loss20")!,
    results: new Map([[SALA, heard(0.85)], [BARESIP, heard(0.86)]]),
  }],
  cost: new Map([
    [SALA, { cpu: 0.09, earlyCpu: 0.2, residentMib: 100, peakMib: 110 }],
    [SALA_NO_ECHO_CANCEL, { cpu: 0.05, earlyCpu: 0.2, residentMib: 100, peakMib: 110 }],
    [BARESIP, { cpu: 0.035, earlyCpu: 0.1, residentMib: 12, peakMib: 12 }],
  ]),
  hour: [
    { minute: 1, heapMib: 9, residentMib: 100 },
    { minute: 10, heapMib: 10, residentMib: 101 },
    { minute: 60, heapMib: 10.2, residentMib: 102 },
  ],
};

Deno.test("measureBars() compares measurements with requirements", () => {
  assertEquals(
    measureBars(RESULTS).map(({ what, expected, measured, met }) => [what, expected, measured, met]),
    [
      ["Mouth to ear, median", "at most 60 ms", "58.0 ms", true],
      ["Mouth to ear, 95th percentile above the median", "at most 10 ms", "12.0 ms", false],
      ["Mouth to ear, beside baresip (ALSA)", "at most 0.3", "0.26", true],
      ["STOI, 20 % loss", "at least 0.8", "0.8500", true],
      ["STOI, 20 % loss, beside baresip", "above 0.8600", "0.8500", false],
      ["Processor time beside baresip (ALSA), `--no-echo-cancel`", "at most 1.5", "1.43", true],
      ["Processor time beside baresip (ALSA)", "at most 2.5", "2.57", false],
      ["Memory after an hour beside that after 10 minutes", "at most 1.05", "1.020", true],
    ],
  );
  assertEquals(measureBars(NOTHING), []);
});

const CIRCUMSTANCES = {
  date: new Date("2026-01-02T03:04:05Z"),
  durationSeconds: 90,
  seed: "1",
  calls: 3,
  speech: "two sentences",
  machine: "a machine",
  notes: ["Nobody else came."],
};

Deno.test("middleCall() is the median by STOI, of two the lower", () => {
  const [bad, fair, good] = [heard(0.5), heard(0.7), heard(0.9)];
  const failed = { failure: "no sound" };
  assertEquals(middleCall([good, bad, fair]), fair);
  assertEquals(middleCall([good, failed, bad]), bad);
  assertEquals(middleCall([good, bad]), bad);
  assertEquals(middleCall([failed]), failed);
});

Deno.test("writeReport() has a table for each part that was run", () => {
  const report = writeReport(RESULTS, CIRCUMSTANCES);
  for (
    const line of [
      "- 2026-01-02 03:04 UTC, 1.5 minutes, seed `1`, on each network the median of 3 calls",
      "- Nobody else came.",
      `| ${SALA} | 58.0 | 58.0 | 70.0 | 0.26 | 20 of 20 |`,
      `| ${SALA_FRAME_10} | failed: no sound | – | – | – | – |`,
      "| 20 % loss | 0.8500 | 0.8600 |",
      "| 20 % loss | 60 (55 to 70) | 60 (55 to 70) |",
      `| 20 % loss | ${SALA} | 101 of 1000 | 899 | – | 101 | – |`,
      `| ${SALA} | 9.0 % | 2.57 | 20.0 % | 100 | 110 |`,
      "| heap and buffers, MiB | 9.00 | 10.00 | 10.20 |",
    ]
  ) assert(report.split("\n").includes(line), `${line}\nis not in\n${report}`);
  const short = writeReport(NOTHING, CIRCUMSTANCES);
  for (const heading of ["## Mouth", "## Intelligibility", "## Cost", "## An hour"]) {
    assert(report.includes(heading));
    assert(!short.includes(heading));
  }
});

Deno.test("drawPictures() draws the parts that were run", () => {
  const pictures = drawPictures(RESULTS);
  assertEquals([...pictures.keys()], [DELAY_PICTURE, STOI_PICTURE]);
  assert(pictures.get(STOI_PICTURE)!.includes(">0.85<"));
  assertEquals(drawPictures(NOTHING).size, 0);
});

Deno.test("drawBars() draws bars in proportion to their values", () => {
  const svg = drawBars({
    title: "a < b",
    groups: ["one", "two"],
    series: [{ name: "x", bars: [{ value: 50, range: [40, 60] }, undefined] }, {
      name: "y",
      bars: [{ value: 100 }, { value: 25 }],
    }],
    axis: { from: 0, to: 100, step: 50 },
    digits: 0,
  });
  const heights = [...svg.matchAll(/<rect [^>]*height="([\d.]+)" rx="2"/g)].map(([, height]) =>
    Number(height)
  );
  assertEquals(heights, [150, 300, 75]);
  assert(svg.includes("a &lt; b"));
});
