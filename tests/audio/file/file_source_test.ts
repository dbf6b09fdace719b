import { concat } from "@std/bytes/concat";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { compare } from "../../../testing/audio/compare.ts";
import { checkFileSource, FileSource, openFileSource, Sound } from "../../../audio/file/file_source.ts";
import type { SourceFile } from "../../../audio/file/read_ahead.ts";
import { Pacer } from "../../../audio/pacer.ts";
import { parseWav, scanWav, type WavLayout } from "../../../audio/file/wav_reader.ts";
import { toInt16 } from "../../../lib/dsp/pcm.ts";
import { resample } from "../../../lib/dsp/resample.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { noise, sine } from "../../../testing/audio/signals.ts";
import { chunk, floatWav, format, int16Wav } from "../../../testing/audio/wav_builder.ts";
import { temporaryFile, temporaryFolder } from "../../../testing/temporary.ts";

const temporaryWav = (bytes: Uint8Array) => temporaryFile(".wav", bytes);

async function readAll(
  source: FileSource,
  length: number,
  clock: FakeClock,
  frame = 960,
): Promise<Int16Array<ArrayBuffer>> {
  const heard = new Int16Array(length);
  for (let start = 0; start < length; start += frame) {
    const samples = new Int16Array(Math.min(frame, length - start));
    await source.settled();
    await hear(source, samples, clock);
    heard.set(samples, start);
  }
  return heard;
}

Deno.test("openFileSource() plays 48 kHz mono 16-bit sound unchanged, then silence, in real time", async () => {
  const said = Int16Array.from(noise(10_000, 1), (sample) => 32_768 * sample);
  await using file = await temporaryWav(int16Wav(said, 48_000));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  const heard = await readAll(source, 48_000, clock);
  assertEquals(Array.from(heard.subarray(0, said.length)), Array.from(said));
  assert(heard.subarray(said.length).every((sample) => sample === 0));
  assertEquals(clock.nowMs, 1000);
  assertEquals(source.name, file.path.split(/[/\\]/).pop());
});

Deno.test("openFileSource() converts the rate and mixes the channels", async () => {
  const left = sine(440, 44_100, 1, 0.8);
  const stereo = new Float32Array(2 * left.length);
  left.forEach((sample, i) => stereo[2 * i] = sample);
  await using file = await temporaryWav(floatWav(stereo, 44_100, 2));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  const heard = await readAll(source, 48_000, clock, 441);
  const { correlation, levelDb, delaySeconds } = compare(sine(440, 48_000, 1, 0.8), heard);
  assert(correlation > 0.9999, `correlation ${correlation}`);
  assertAlmostEquals(levelDb, 0, 0.02);
  assertEquals(delaySeconds, 0);
});

Deno.test("openFileSource() clips samples beyond full scale", async () => {
  await using file = await temporaryWav(floatWav(new Float32Array([2, -2, 0.5, 1]), 48_000));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  assertEquals(Array.from(await readAll(source, 5, clock)), [32_767, -32_768, 16_384, 32_767, 0]);
});

Deno.test("openFileSource() cannot be read after it was closed", async () => {
  await using file = await temporaryWav(floatWav(new Float32Array(100), 48_000));
  const source = await openFileSource(file.path, new Pacer(new FakeClock()));
  await source[Symbol.asyncDispose]();
  assertThrows(() => source.read(new Int16Array(960)), AudioError, "closed");
});

Deno.test("openFileSource() says by a code why a file cannot be played", async () => {
  await using text = await temporaryWav(new TextEncoder().encode("no sound at all"));
  await using empty = await temporaryFile(".wav");
  await using renamed = await temporaryFile(".opus", new TextEncoder().encode("no sound at all"));
  await using folder = await temporaryFolder();
  const rows = [
    { path: "no/such/file.wav", code: "file_failed", kind: "not_found" },
    { path: folder.path, code: "file_failed", kind: "is_directory" },
    { path: text.path, code: "bad_file", kind: "not_wav" },
    { path: empty.path, code: "bad_file", kind: "empty" },
    { path: renamed.path, code: "bad_file", kind: "other_format" },
    { path: "no/such/file.MP3", code: "bad_file", kind: "other_format" },
  ];
  for (const { path, code, kind } of rows) {
    const error = await assertRejects(() => openFileSource(path), AudioError);
    assertEquals([error.code, error.subject, error.detail.kind], [code, path, kind]);
    await assertRejects(() => checkFileSource(path), AudioError, kind);
  }
});

Deno.test("openFileSource() plays a WAV file of any name", async () => {
  await using file = await temporaryFile(".mp3", int16Wav(Int16Array.of(1, 2, 3), 48_000));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  assertEquals(Array.from(await readAll(source, 4, clock)), [1, 2, 3, 0]);
});

/** A layout and its sound's bytes, as `openFileSource` finds them. */
function layoutOf(bytes: Uint8Array): { layout: WavLayout; sound: Uint8Array } {
  const scan = scanWav(bytes.length, "x.wav");
  let step = scan.next();
  while (!step.done) {
    const { offset, length } = step.value;
    const there = bytes.slice(offset, offset + length);
    step = scan.next(new DataView(there.buffer, 0, there.length));
  }
  return { layout: step.value, sound: bytes.subarray(step.value.start) };
}

/** A source over a file whose reads a test answers. */
function sourceOver(bytes: Uint8Array, clock: FakeClock): { source: FileSource; file: SlowFile } {
  const { layout, sound: content } = layoutOf(bytes);
  const file = new SlowFile(content);
  const sound = new Sound("x.wav", file, layout.format, layout.bytes);
  const opening = sound.start().then(() => sound);
  return { source: new FileSource("x.wav", opening, new Pacer(clock)), file };
}

/** A file on a disk that gives its bytes when a test says so. */
class SlowFile implements SourceFile {
  readonly #content: Uint8Array;
  #at = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  /** Whether reads are answered at once. */
  fast = false;
  bytesRead = 0;
  closed = 0;
  failure: Error | undefined;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  async read(bytes: Uint8Array): Promise<number | null> {
    if (!this.fast) {
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
    if (this.failure) throw this.failure;
    const part = this.#content.subarray(this.#at, this.#at + bytes.length);
    if (part.length === 0) return null;
    bytes.set(part);
    this.#at += part.length;
    this.bytesRead += part.length;
    return part.length;
  }

  /** Answers the reads that wait, and further ones at once or not. */
  async answer(fast: boolean): Promise<void> {
    this.fast = fast;
    this.#waiting?.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  close(): void {
    this.closed++;
  }
}

Deno.test("FileSource waits for no disk: there is silence until it answers, and nothing is skipped", async () => {
  const said = Int16Array.from(noise(96_000, 4), (sample) => Math.round(32_767 * sample) || 1);
  const clock = new FakeClock();
  const { source, file } = sourceOver(int16Wav(said, 48_000), clock);
  const heard: number[] = [];
  const silent = (): boolean => heard.every((sample) => sample === 0);
  const frame = new Int16Array(960);
  const read = () => {
    frame.fill(7);
    assertEquals(source.read(frame), 0);
    heard.push(...frame);
    clock.nowMs += 20;
  };
  source.read(frame);
  clock.nowMs += 20;
  for (let i = 0; i < 5; i++) read();
  assertEquals(heard.length, 4800);
  assert(silent(), "nothing is there yet");
  await file.answer(false);
  // A piece of half a second is there now.
  for (let i = 0; i < 30; i++) read();
  await file.answer(true);
  for (let i = 0; i < 100; i++) {
    await source.settled();
    read();
  }
  assertEquals(heard.filter((sample) => sample !== 0), Array.from(said));
  assert(heard.lastIndexOf(said.at(-1)!) > said.length + 4800, "later by the silence");
  assert(source.ended);
  await source[Symbol.asyncDispose]();
  assertEquals(file.closed, 1);
});

Deno.test("FileSource plays what it has when the disk fails, and fails then", async () => {
  const said = new Int16Array(48_000 * 8).fill(5);
  const clock = new FakeClock();
  const { source, file } = sourceOver(int16Wav(said, 48_000), clock);
  await file.answer(true);
  await source.settled();
  file.failure = Object.assign(new Error("no more"), { code: "EIO" });
  const heard = await assertRejects(async () => {
    await readAll(source, said.length, clock);
  }, AudioError);
  assertEquals([heard.code, heard.subject, heard.detail], ["file_failed", "x.wav", { kind: "io_error" }]);
  assert(!source.ended);
  await source[Symbol.asyncDispose]();
  assertEquals(file.closed, 1);
});

Deno.test("FileSource reads no more of a file than the next seconds", async () => {
  const hour = int16Wav(new Int16Array(48_000 * 120).fill(5), 48_000);
  const clock = new FakeClock();
  const { source, file } = sourceOver(hour, clock);
  await file.answer(true);
  for (let second = 0; second < 100; second += 20) {
    await readAll(source, 20 * 48_000, clock);
    await source.settled();
    const ahead = file.bytesRead / 96_000 - second - 20;
    assert(ahead >= 1.5 && ahead <= 2.5, `${ahead} s ahead`);
  }
  await source[Symbol.asyncDispose]();
});

for (const rate of [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 47_999, 48_000, 96_000, 192_000]) {
  Deno.test(`openFileSource() converts ${rate} Hz piece by piece as if it had the whole file`, async () => {
    const said = Int16Array.from(noise(2.3 * rate, 9), (sample) => 30_000 * sample);
    const bytes = int16Wav(said, rate);
    const whole = resample(parseWav(bytes).samples, rate, 48_000);
    const expected = new Int16Array(whole.length + 2000);
    toInt16(whole, expected);
    await using file = await temporaryWav(bytes);
    const clock = new FakeClock();
    await using source = await openFileSource(file.path, new Pacer(clock));
    assertEquals(await readAll(source, expected.length, clock, 479), expected);
    assertEquals(source.ended, true);
  });
}

Deno.test("FileSource.ended is true once all was read, and not before", async () => {
  await using file = await temporaryWav(int16Wav(new Int16Array(2000), 48_000));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  const ended: boolean[] = [];
  for (let frame = 0; frame < 4; frame++) {
    await readAll(source, 960, clock);
    ended.push(source.ended);
  }
  assertEquals(ended, [false, false, true, true]);
});

Deno.test("openFileSource() ends where a file ends that became shorter while it was read", async () => {
  await using file = await temporaryWav(int16Wav(new Int16Array(48_000 * 60).fill(9), 48_000));
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  await source.settled();
  await Deno.truncate(file.path, 96_000 * 5);
  const heard = await readAll(source, 48_000 * 6, clock);
  assertEquals(heard.lastIndexOf(9), 48_000 * 5 - 22 - 1);
  assert(source.ended);
});

Deno.test("openFileSource() plays no more than the header says of a file that grows", async () => {
  const bytes = int16Wav(new Int16Array(48_000 * 3).fill(9), 48_000);
  await using file = await temporaryWav(bytes);
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  await Deno.writeFile(file.path, new Uint8Array(100_000).fill(9), { append: true });
  const heard = await readAll(source, 48_000 * 5, clock);
  assertEquals(heard.lastIndexOf(9), 48_000 * 3 - 1);
});

Deno.test("openFileSource() finds the sound behind a chunk of gigabytes without reading it", async () => {
  await using file = await temporaryFile(".wav");
  const size = 3_000_000_001;
  const letters = (text: string) => new TextEncoder().encode(text);
  const list = chunk("LIST", new Uint8Array(), size);
  const rest = concat([
    chunk("fmt ", format({ sampleRate: 48_000 })),
    chunk("data", Uint8Array.of(1, 0, 2, 0)),
  ]);
  {
    using written = await Deno.open(file.path, { write: true });
    await written.write(concat([letters("RIFF"), new Uint8Array(4), letters("WAVE"), list]));
    // Sparse: it takes no space.
    await written.seek(20 + size + 1, Deno.SeekMode.Start);
    await written.write(rest);
  }
  const clock = new FakeClock();
  await using source = await openFileSource(file.path, new Pacer(clock));
  assertEquals(Array.from(await readAll(source, 3, clock)), [1, 2, 0]);
});

Deno.test("openFileSource() refuses a device that never ends", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const error = await assertRejects(() => openFileSource("/dev/zero"), AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "not_a_file" }]);
});

Deno.test("openFileSource() says so when reading is not permitted", {
  permissions: { read: false },
}, async () => {
  const error = await assertRejects(() => openFileSource("x.wav"), AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "not_capable" }]);
});

for (
  const { file, seconds, largestBytes } of [
    { file: "fala.wav", seconds: 5.6, largestBytes: 200_000 },
    { file: "resposta.wav", seconds: 3.1, largestBytes: 120_000 },
  ]
) {
  Deno.test(`parseWav() finds speech of telephone quality in demo/${file}`, async () => {
    const bytes = await Deno.readFile(new URL(`../../../demo/${file}`, import.meta.url));
    const { sampleRate, channels, samples } = parseWav(bytes);
    const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
    assertEquals([sampleRate, channels], [16_000, 1]);
    assertAlmostEquals(samples.length / sampleRate, seconds, 0.1);
    assertAlmostEquals(20 * Math.log10(peak), -3, 0.2);
    assert(bytes.length < largestBytes);
  });
}
