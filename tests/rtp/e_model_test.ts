import { assert, assertAlmostEquals } from "@std/assert";
import {
  burstRatio,
  delayImpairment,
  estimateQuality,
  mosFromR,
  OPUS_IMPAIRMENT,
  OPUS_LOSS_ROBUSTNESS,
} from "../../lib/rtp/e_model.ts";

Deno.test("mosFromR() agrees with G.107, table B.1", () => {
  const rows: [r: number, mos: number][] = [[90, 4.34], [80, 4.03], [70, 3.60], [60, 3.10], [50, 2.58]];
  for (const [r, mos] of rows) assertAlmostEquals(mosFromR(r), mos, 0.0101);
  // The default connection of G.107 has R = 93.2 and so 4.41.
  assertAlmostEquals(mosFromR(93.2), 4.41, 0.005);
  assertAlmostEquals(mosFromR(0), 1, 0);
  assertAlmostEquals(mosFromR(100), 4.5, 0);
  assertAlmostEquals(mosFromR(-5), 1, 0);
  assertAlmostEquals(mosFromR(120), 4.5, 0);
});

Deno.test("estimateQuality() agrees with the default rating of G.107, 93.2, less the impairment of Opus", () => {
  const { rFactor } = estimateQuality({ oneWayDelayMs: 0, lossFraction: 0 });
  assertAlmostEquals(rFactor + OPUS_IMPAIRMENT, 93.2, 0.02);
});

Deno.test("delayImpairment() follows the published approximation of G.107", () => {
  // R. Cole, J. Rosenbluth, "Voice over IP performance monitoring", 2001: 0.024 d + 0.11 (d - 177.3) above 177.3 ms.
  for (let delay = 0; delay <= 350; delay += 10) {
    const published = 0.024 * delay + 0.11 * Math.max(0, delay - 177.3);
    assertAlmostEquals(delayImpairment(delay), published, 1.1, `at ${delay} ms`);
  }
  assertAlmostEquals(delayImpairment(400), 32, 3);
});

Deno.test("delayImpairment() agrees with G.107 at points computed by hand", () => {
  // At 0 ms only the listener echo: half = (94.77 - 10.5 * 117) / 2 = -566.87, half + sqrt(half^2 + 169).
  assertAlmostEquals(delayImpairment(0), 0.149, 0.001);
  // At 400 ms the absolute delay is 25 (65^(1/6) - 3 (1 + 64/729)^(1/6) + 2) = 24.07, the listener echo 1.23 and
  // the talker echo, with TERV = 65 - 40 log(41 / 3.667) = 23.06 and so Re = 102.65 against Roe = 94.77, 5.81.
  assertAlmostEquals(delayImpairment(400), 24.07 + 1.23 + 5.81, 0.01);
  assertAlmostEquals(delayImpairment(400, 160), 24.07 + 1.23, 0.01);
});

Deno.test("delayImpairment() grows with the echo and its delay", () => {
  const harm = (delay: number) => delayImpairment(delay, 35) - delayImpairment(delay, 65);
  assert(harm(20) > 1);
  assert(harm(100) > harm(20));
  assert(harm(300) > harm(100));
});

Deno.test("estimateQuality() falls with delay, loss and burst ratio, without steps", () => {
  let last = Infinity;
  for (let delay = 0; delay <= 1000; delay++) {
    const { rFactor } = estimateQuality({ oneWayDelayMs: delay, lossFraction: 0 });
    assert(rFactor < last && (delay === 0 || last - rFactor < 0.2), `at ${delay} ms`);
    last = rFactor;
  }
  last = Infinity;
  for (let perMille = 0; perMille <= 1000; perMille++) {
    const { mos } = estimateQuality({ oneWayDelayMs: 60, lossFraction: perMille / 1000 });
    assert(mos <= last && (perMille === 0 || last - mos < 0.04), `at ${perMille} per mille`);
    last = mos;
  }
  const bursts = [1, 1.5, 2, 4].map((burstRatio) =>
    estimateQuality({ oneWayDelayMs: 60, lossFraction: 0.05, burstRatio }).rFactor
  );
  assert(bursts.every((rFactor, index) => index === 0 || rFactor < bursts[index - 1]!));
});

Deno.test("estimateQuality() loses half of its range when the loss equals Bpl", () => {
  const clean = estimateQuality({ oneWayDelayMs: 0, lossFraction: 0 }).rFactor;
  const lossy = estimateQuality({ oneWayDelayMs: 0, lossFraction: OPUS_LOSS_ROBUSTNESS / 100 }).rFactor;
  assertAlmostEquals(clean - lossy, (95 - OPUS_IMPAIRMENT) / 2, 0.001);
});

Deno.test("estimateQuality() stays on its scale for any input", () => {
  for (const oneWayDelayMs of [-10, 0, 5000]) {
    for (const lossFraction of [-1, 0, 0.5, 1, 2]) {
      const { rFactor, mos } = estimateQuality({ oneWayDelayMs, lossFraction, burstRatio: 20 });
      assert(rFactor >= 0 && rFactor <= 100 && mos >= 1 && mos <= 4.5);
    }
  }
});

Deno.test("burstRatio() is 1 for random loss, and the length of bursts that are rare", () => {
  assertAlmostEquals(burstRatio(0, 0, 1000), 1, 0);
  // 10 % random loss: a run continues with probability 0.1, so its mean length is 1 / 0.9.
  assertAlmostEquals(burstRatio(1000, 900, 10_000), 1, 1e-9);
  assertAlmostEquals(burstRatio(30, 10, 100_000), 3, 0.001);
  // Less bursty than random loss: every tenth frame.
  assertAlmostEquals(burstRatio(100, 100, 1000), 1, 0);
});
