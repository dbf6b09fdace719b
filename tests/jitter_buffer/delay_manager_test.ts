import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import { DEFAULT_CONFIG } from "../../lib/jitter_buffer/config.ts";
import { DelayManager } from "../../lib/jitter_buffer/delay_manager.ts";

const FRAME_MS = 20;
const FRAME = FRAME_MS * SAMPLES_PER_MS;

/** Packets of one stream, each `delayMs` late, and a loudspeaker that takes what is played at once. */
class Stream {
  readonly manager: DelayManager;
  frame = 0;

  constructor(leadSamples = 0) {
    this.manager = new DelayManager(DEFAULT_CONFIG, leadSamples);
  }

  /** The target beyond the fastest packets, in milliseconds, after some packets. */
  spreadAfter(count: number, delayMs: (frame: number) => number): number {
    for (const last = this.frame + count; this.frame < last; this.frame++) {
      const sentMs = this.frame * FRAME_MS;
      this.manager.handlePacket({
        nowMs: sentMs + delayMs(this.frame),
        timestamp: this.frame * FRAME,
        delivered: sentMs * SAMPLES_PER_MS,
        end: this.frame * FRAME,
        frameSamples: FRAME,
      });
    }
    return this.manager.spread / SAMPLES_PER_MS;
  }
}

Deno.test("DelayManager waits for the delay of most packets", () => {
  const stream = new Stream();
  assert(stream.manager.empty);
  assertAlmostEquals(stream.spreadAfter(300, () => 7), 0, 1);
  assertAlmostEquals(stream.spreadAfter(300, (frame) => frame % 20), 19, 2);
});

Deno.test("DelayManager lets a packet be later by the loudspeaker's queue", () => {
  const [none, some] = [0, FRAME].map((leadSamples) => {
    const stream = new Stream(leadSamples);
    stream.spreadAfter(10, () => 0);
    return stream.manager.shortest;
  });
  assertEquals(none! - some!, FRAME);
});

Deno.test("DelayManager waits for redundant frames, for 3 s after the last packet that carried as many", () => {
  const stream = new Stream();
  assertAlmostEquals(stream.spreadAfter(200, () => 0), 0, 1);
  stream.manager.handleRedundancy(2, stream.frame * FRAME);
  assertAlmostEquals(stream.spreadAfter(10, () => 0), 40, 1);
  stream.manager.handleRedundancy(1, stream.frame * FRAME);
  assertAlmostEquals(stream.spreadAfter(130, () => 0), 40, 1);
  stream.manager.handleRedundancy(1, (stream.frame + 20) * FRAME);
  assertAlmostEquals(stream.spreadAfter(100, () => 0), 20, 1);
  assertAlmostEquals(stream.spreadAfter(100, () => 0), 0, 1);
});

Deno.test("DelayManager never aims at more than 340 ms", () => {
  const longest = new Stream().spreadAfter(300, (frame) => frame < 150 ? 0 : 500);
  assertGreater(longest, 300);
  assertLess(longest, 345);
});

Deno.test("DelayManager forgets the delays of an outage", () => {
  const stream = new Stream();
  assertGreater(stream.spreadAfter(300, (frame) => 100 * (frame % 2)), 90);
  stream.manager.forgetDelays();
  assert(stream.manager.empty);
  assertAlmostEquals(stream.spreadAfter(50, () => 3), 0, 1);
  stream.manager.reset();
  assert(stream.manager.empty);
});
