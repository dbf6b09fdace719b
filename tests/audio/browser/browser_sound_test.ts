import {
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import fc from "fast-check";
import { AudioError } from "../../../audio/audio_io.ts";
import { BrowserSound, type SoundPage, type SoundWish } from "../../../audio/browser/browser_sound.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";
import { SAMPLES_PER_MS } from "../../../lib/dsp/pcm.ts";

const FRAME = 20 * SAMPLES_PER_MS;
const QUANTUM = 128;

/** A page that plays what it has when a test lets time pass. */
class FakePage implements SoundPage {
  readonly wishes: SoundWish[] = [];
  queue: number[] = [];
  played = 0;
  underruns = 0;
  readonly #sound: BrowserSound;

  constructor(sound: BrowserSound) {
    this.#sound = sound;
    sound.attach(this);
  }

  want(wish: SoundWish): void {
    this.wishes.push(wish);
  }

  play(samples: Int16Array): void {
    this.queue.push(...samples);
  }

  /** The loudspeaker takes, and the microphone gives, some samples. */
  pass(count: number, captured: Int16Array = new Int16Array(count)): void {
    const taken = this.queue.splice(0, count).length;
    if (taken < count) this.underruns++;
    this.played = (this.played + taken) >>> 0;
    this.#sound.handleReport(this, {
      played: this.played,
      outputLatency: 400,
      inputLatency: 100,
      samples: captured,
    });
  }
}

const closed = (device: AsyncDisposable): Promise<void> => Promise.resolve(device[Symbol.asyncDispose]());

async function failure(opening: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => opening, AudioError);
  return (error as AudioError).detail.kind;
}

Deno.test("the page captures and plays while devices are open, and not longer", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  const page = new FakePage(sound);
  const opening = Promise.all([sound.openSource(FRAME), sound.openSink(FRAME)]);
  assertEquals(page.wishes.at(-1), { capture: true, play: true });
  page.pass(QUANTUM);
  const [source, sink] = await opening;
  await closed(source);
  assertEquals(page.wishes.at(-1), { capture: false, play: true });
  await closed(sink);
  assertEquals(page.wishes.at(-1), { capture: false, play: false });
  assertEquals(sound.wish, { capture: false, play: false });
});

Deno.test("a report without samples opens the loudspeaker, and not the microphone", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  const page = new FakePage(sound);
  let opened = false;
  const source = sound.openSource(FRAME).then((source) => {
    opened = true;
    return source;
  });
  const sink = sound.openSink(FRAME);
  page.pass(QUANTUM, new Int16Array(0));
  await closed(await sink);
  assertEquals(opened, false);
  page.pass(QUANTUM);
  await closed(await source);
});

Deno.test("nothing opens without a page, nor where the page cannot; what fails is said", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  assertEquals(await failure(sound.openSource(FRAME)), "no_page");
  assertEquals(await failure(sound.openSink(FRAME)), "no_page");
  const page = new FakePage(sound);
  const source = sound.openSource(FRAME);
  sound.handleTrouble(page, "microphone", { kind: "page_not_allowed" });
  assertEquals(await failure(source), "page_not_allowed");
  assertEquals(sound.wish, { capture: false, play: false });
  const sink = sound.openSink(FRAME);
  sound.detach(page);
  assertEquals(await failure(sink), "no_page");
});

Deno.test("a page that goes away fails its devices, and another one is ready", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  let ready = 0;
  sound.onReady(() => ready++);
  const page = new FakePage(sound);
  const opening = Promise.all([sound.openSource(FRAME), sound.openSink(FRAME)]);
  page.pass(QUANTUM);
  const [source, sink] = await opening;
  const other = new FakePage(sound);
  assertEquals([ready, other.wishes], [2, [{ capture: false, play: false }]]);
  let kinds = "";
  for (const use of [() => source.read(new Int16Array(FRAME)), () => sink.wanted()]) {
    try {
      use();
    } catch (error) {
      kinds += (error as AudioError).detail.kind;
    }
  }
  assertEquals(kinds, "no_pageno_page");
  page.pass(QUANTUM);
  sound.detach(page);
  sound.handleTrouble(page, "speaker", { kind: "page_needs_click" });
  assertEquals(sound.wish, { capture: false, play: false }, "what the earlier page says does not count");
  const again = sound.openSink(FRAME);
  other.pass(QUANTUM);
  await closed(await again);
});

Deno.test("the microphone gives what was captured, in order, whatever the pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 1024 }), { minLength: 1, maxLength: 60 }),
      async (pieces) => {
        const sound = new BrowserSound(new FakeClock("by advance"));
        const page = new FakePage(sound);
        const opening = sound.openSource(FRAME);
        let [given, read] = [0, 0];
        const frame = new Int16Array(FRAME);
        const source = await (() => {
          page.pass(0, Int16Array.of(given++));
          return opening;
        })();
        for (const piece of pieces) {
          page.pass(
            0,
            Int16Array.from({ length: piece }, () => (given++) % 30_000),
          );
          while (source.read(frame) === 0) {
            for (const sample of frame) assertEquals(sample, read++ % 30_000);
          }
          assertEquals(source.delaySamples, 100 + given - read, "latency of the browser, and what is queued");
        }
        assertLess(given - read, FRAME);
        await closed(source);
      },
    ),
  );
});

Deno.test("a phone that stalled finds the latest 200 ms of the microphone", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  const page = new FakePage(sound);
  const opening = sound.openSource(FRAME);
  page.pass(0, Int16Array.of(0));
  const source = await opening;
  let given = 1;
  for (let count = 0; count < 100; count++) {
    page.pass(0, Int16Array.from({ length: 480 }, () => (given++) % 30_000));
  }
  const frame = new Int16Array(FRAME);
  let first: number | undefined;
  let reads = 0;
  for (; source.read(frame) === 0; reads++) first ??= frame[0];
  assertEquals([reads, first], [10, (given - 9600) % 30_000]);
  await closed(source);
});

/** Runs a loudspeaker for some seconds, in steps of a page's block. @returns Queue lengths after each block. */
async function speak(
  { blockSamples = 512, seconds = 60, late = () => 0, ppm = 0 }: {
    readonly blockSamples?: number;
    readonly seconds?: number;
    /** How late a packet is, in milliseconds. */
    readonly late?: (packet: number) => number;
    /** By how much the page's clock is faster. */
    readonly ppm?: number;
  },
): Promise<{ readonly page: FakePage; readonly lengths: number[] }> {
  const clock = new FakeClock("by advance");
  const sound = new BrowserSound(clock);
  const page = new FakePage(sound);
  const opening = sound.openSink(FRAME);
  page.pass(0);
  const sink = await opening;
  const lengths: number[] = [];
  const blockMs = blockSamples / SAMPLES_PER_MS / (1 + ppm / 1e6);
  let [blockAt, packet] = [blockMs, 0];
  const serve = (): void => {
    const wanted = sink.wanted();
    if (wanted > 0) sink.write(new Int16Array(wanted));
    lengths.push(page.queue.length);
  };
  serve();
  page.underruns = 0;
  for (;;) {
    const packetAt = 20 * (packet + 1) + late(packet);
    clock.nowMs = Math.min(packetAt, blockAt);
    if (clock.nowMs > 1000 * seconds) break;
    if (packetAt < blockAt) {
      serve();
      packet++;
    } else {
      page.pass(blockSamples);
      blockAt += blockMs;
    }
  }
  await closed(sink);
  return { page, lengths };
}

Deno.test("the loudspeaker's queue never runs dry and stays short, with any clock of the page", async () => {
  for (const ppm of [-300, 0, 300]) {
    for (const blockSamples of [128, 256, 512]) {
      const { page, lengths } = await speak({ ppm, blockSamples });
      assertEquals(page.underruns, 0, `${ppm} ppm, blocks of ${blockSamples}`);
      assertLessOrEqual(Math.max(...lengths), 44 * SAMPLES_PER_MS);
    }
  }
});

Deno.test("the queue grows where it runs dry again and again, and is short again afterwards", async () => {
  const { lengths } = await speak({
    seconds: 400,
    blockSamples: 480,
    late: (packet) => packet % 20 === 0 && packet < 1000 ? 29 : 0,
  });
  const [busy, calm] = [lengths.slice(200, 1000), lengths.slice(-100)].map((part) => Math.max(...part));
  assertGreaterOrEqual(busy!, 40 * SAMPLES_PER_MS);
  assertLessOrEqual(calm!, 34 * SAMPLES_PER_MS);
});

Deno.test("the next loudspeaker counts what the one before left in the page's queue", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  const page = new FakePage(sound);
  const opening = sound.openSink(FRAME);
  page.pass(0);
  const first = await opening;
  await first.write(new Int16Array(1000));
  await closed(first);
  const again = sound.openSink(FRAME);
  page.pass(100);
  const second = await again;
  const wanted = second.wanted();
  assertEquals([second.delaySamples, wanted], [900 + 400, FRAME + 13 * SAMPLES_PER_MS - 900]);
  page.pass(900);
  second.wanted();
  assertEquals(second.delaySamples, 0, "it ran dry");
  await closed(second);
});

Deno.test("between two reports the queue empties with time, but not for ever", async () => {
  const clock = new FakeClock("by advance");
  const sound = new BrowserSound(clock);
  const page = new FakePage(sound);
  const opening = sound.openSink(FRAME);
  page.pass(0);
  const sink = await opening;
  await sink.write(new Int16Array(FRAME));
  const full = sink.wanted();
  clock.nowMs += 10;
  assertEquals(sink.wanted() - full, 10 * SAMPLES_PER_MS);
  clock.nowMs += 1000;
  assertEquals(sink.wanted() - full, 15 * SAMPLES_PER_MS, "the page may have stopped");
  await closed(sink);
});

Deno.test("counters of a page that wrap at 2^32 go on", async () => {
  const sound = new BrowserSound(new FakeClock("by advance"));
  const page = new FakePage(sound);
  const opening = sound.openSink(FRAME);
  page.pass(0);
  const sink = await opening;
  const report = { outputLatency: 0, inputLatency: 0, samples: new Int16Array(0) };
  // Nobody plays so much at once; it brings the counters to their end.
  sound.handleReport(page, { ...report, played: 2 ** 32 - 100 });
  const before = sink.wanted();
  await sink.write(new Int16Array(300));
  sound.handleReport(page, { ...report, played: 100 });
  assertLessOrEqual(before, sink.wanted());
  await closed(sink);
});
