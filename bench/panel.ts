/**
 * How smooth the panel's page is, and how its memory grows.
 *
 * Usage: `make bench-panel [ARGS="--seconds 20 --hour-seconds 60 --out FOLDER"]`, with Chromium. Writes panel.md, in bench/results
 * unless told otherwise.
 *
 * A simulated room feeds the panel's own server: 40 people, 5 calls, 200 messages a second. Frames are those that the browser asks
 * the page for; long ones are also told by the page's PerformanceObserver. Then an hour of the same room passes as fast as the page
 * takes it, and the page's heap, after a collection of garbage, is read six times in that hour.
 */

import { parseArgs } from "@std/cli/parse-args";
import type { CDPSession, Page } from "playwright-core";
import { loadPanelFiles, openPanel } from "../lib/panel/server.ts";
import { pause } from "../lib/util/pause.ts";
import { HAS_BROWSER, openBrowser } from "../testing/browser.ts";
import { quantile } from "../testing/quantile.ts";
import { SimulatedRoom } from "../testing/simulated_room.ts";
import { describeMachine } from "./measure/machine.ts";

const PEOPLE = 40;
const CALLS = 5;
const RATE = 200;
const TICK_MS = 100;
const HOUR_TICKS = 3600 * 1000 / TICK_MS;
const READINGS = 6;

/** What is wanted, in milliseconds. */
const WANTED_P95_MS = 20;

if (!HAS_BROWSER) {
  console.error("There is no chromium: sudo apt-get install chromium");
  Deno.exit(1);
}
const given = parseArgs(Deno.args, { string: ["seconds", "hour-seconds", "out"] });
const seconds = Number(given.seconds ?? 20);
const hourMs = 1000 * Number(given["hour-seconds"] ?? 60);
const folder = given.out ?? new URL("results", import.meta.url).pathname;

const room = new SimulatedRoom({ people: PEOPLE, calls: CALLS, rate: RATE, start: Date.now() - 30_000 });
for (let passed = 0; passed < 30_000; passed += TICK_MS) room.tick();
const words = { registry: "registry", lost: "lost", transmission: (number: number) => `${number}` };
const options = { host: "127.0.0.1", port: 0, addresses: [], language: "en", words };
using server = openPanel(room, await loadPanelFiles(), options);
await using browser = await openBrowser();
const { page, context, complaints } = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
const session = await context.newCDPSession(page);

/** What the page runs: it gathers the times between frames, in milliseconds, and counts the long ones. */
const MEASURE = `
  globalThis.times = [];
  globalThis.long = 0;
  new PerformanceObserver((list) => long += list.getEntries().length).observe({ type: "long-animation-frame" });
  let before = performance.now();
  const next = (now) => {
    times.push(now - before);
    before = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
`;

/** Measures the times between frames, and long frames. */
async function frames(): Promise<{ readonly times: number[]; readonly long: number }> {
  await page.evaluate(MEASURE);
  await pause(1000 * seconds);
  return await page.evaluate("({ times: times.slice(1), long })");
}

/** The page's heap after a collection of garbage, in MB. */
async function heap(of: CDPSession): Promise<number> {
  await of.send("HeapProfiler.collectGarbage");
  const { usedSize } = await of.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

/** Waits until the page has everything that has happened. */
async function caughtUp(of: Page): Promise<void> {
  await of.waitForSelector(`[data-last="${room.last?.number}"]`);
}

await page.goto(`http://127.0.0.1:${server.port}/`);
await page.waitForSelector(".row");
const ticking = setInterval(() => room.tick(), TICK_MS);
await pause(2000);
const { times, long } = await frames();
clearInterval(ticking);

const heaps = [await heap(session)];
for (let reading = 0; reading < READINGS; reading++) {
  const began = performance.now();
  for (let tick = 0; tick < HOUR_TICKS / READINGS; tick++) {
    room.tick();
    const ahead = hourMs / HOUR_TICKS * tick - (performance.now() - began);
    if (tick % 20 === 0) await pause(Math.max(0, ahead));
  }
  await caughtUp(page);
  heaps.push(await heap(session));
}

const shown = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(", ");
const [median, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(times, part));
const text = `# The panel's page

${await describeMachine()}

\`make bench-panel\`: ${PEOPLE} people, ${CALLS} calls, ${RATE} messages a second, 1920 x 1080, without a graphics card.

| | |
| --- | --- |
| time between frames, ms: median, 95 %, 99 % of ${times.length} | ${median?.toFixed(1)}, **${
  p95?.toFixed(1)
}**, ${p99?.toFixed(1)} (wanted: 95 % at most ${WANTED_P95_MS}) |
| long frames (over 50 ms) in ${seconds} s | ${long} |
| the page's heap over an hour of that room, MB, every 10 minutes | ${shown(heaps)} |
| errors on the page | ${complaints.length} |
`;
await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(`${folder}/panel.md`, text);
console.log(text);
