import { assert, assertEquals, assertRejects } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { compare } from "../../../testing/audio/compare.ts";
import { FileSink, openFileSink, type SinkFile } from "../../../audio/file/file_sink.ts";
import { openFileSource } from "../../../audio/file/file_source.ts";
import { Pacer, SampleClock } from "../../../audio/pacer.ts";
import { openTone } from "../../../audio/synthetic.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { noise } from "../../../testing/audio/signals.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const FRAME = 960;

function sampleClock(): SampleClock {
  return new SampleClock(new FakeClock());
}

/** A file in memory on a disk of limited size; counts its calls. */
class MemoryFile implements SinkFile {
  calls = 0;
  closed = 0;
  length = 0;
  #position = 0;
  readonly #bytes: Uint8Array;

  constructor(readonly capacity: number, readonly largestWrite = Infinity) {
    this.#bytes = new Uint8Array(capacity);
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.calls++;
    const count = Math.min(bytes.length, this.largestWrite, this.capacity - this.#position);
    if (count === 0) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
    this.#bytes.set(bytes.subarray(0, count), this.#position);
    this.#position += count;
    this.length = Math.max(this.length, this.#position);
    return Promise.resolve(count);
  }

  seek(offset: number): Promise<number> {
    this.calls++;
    this.#position = offset;
    return Promise.resolve(offset);
  }

  close(): void {
    this.closed++;
  }
}

Deno.test("openFileSink() and openFileSource() write and read a tone unchanged, in real time", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/tone.wav`;
  const said = new Int16Array(3 * 48_000);
  const clock = new FakeClock();
  await using tone = openTone(440, new Pacer(clock));
  await hear(tone, said, clock);
  {
    await using sink = await openFileSink(path, new SampleClock(clock));
    assertEquals([sink.name, sink.wanted()], ["tone.wav", 0]);
    for (let start = 0; start < said.length; start += FRAME) {
      clock.nowMs += 20;
      assertEquals(sink.wanted(), FRAME);
      await sink.write(said.slice(start, start + FRAME));
      assertEquals(sink.wanted(), 0);
    }
  }
  const stored = parseWav(await Deno.readFile(path));
  assertEquals([stored.sampleRate, stored.channels, stored.samples.length], [48_000, 1, said.length]);

  await using source = await openFileSource(path, new Pacer(clock));
  const heard = new Int16Array(said.length);
  await hear(source, heard, clock);
  const { correlation, duration, delaySeconds, levelDb } = compare(said, heard);
  assert(correlation > 0.999, `correlation ${correlation}`);
  assertEquals(duration.heard, duration.reference);
  assertEquals(delaySeconds, 0);
  assert(Math.abs(levelDb) < 1e-6);
});

Deno.test("openFileSink() leaves an empty WAV file when nothing is written", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/empty.wav`;
  {
    await using _sink = await openFileSink(path, sampleClock());
  }
  assertEquals(parseWav(await Deno.readFile(path)).samples.length, 0);
});

Deno.test("openFileSink() overwrites an existing file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/old.wav`;
  await Deno.writeFile(path, new Uint8Array(100_000));
  {
    await using sink = await openFileSink(path, sampleClock());
    await sink.write(new Int16Array(FRAME));
  }
  assertEquals((await Deno.stat(path)).size, 44 + 2 * FRAME);
});

Deno.test("openFileSink() loses less than a second when the process is killed at any time", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/killed.wav`;
  await using sink = await openFileSink(path, sampleClock());
  for (let written = FRAME; written < 5 * 48_000; written += FRAME) {
    await sink.write(new Int16Array(FRAME).fill(1));
    if (written % 9600 !== 0) continue;
    const bytes = await Deno.readFile(path);
    const { samples } = parseWav(bytes);
    const dataBytes = new DataView(bytes.buffer).getUint32(40, true);
    assertEquals([bytes.length, samples.length], [44 + dataBytes, dataBytes / 2]);
    assert(written - samples.length < 48_000, `${written} written, ${samples.length} there`);
  }
});

Deno.test("FileSink.write() takes any length, keeps no buffer and completes short writes", async () => {
  const said = Int16Array.from(noise(100_000, 3), (sample) => 32_768 * sample);
  const file = new MemoryFile(1e6, 777);
  {
    await using sink = await FileSink.start("x.wav", file, sampleClock());
    let start = 0;
    for (const length of [1, 960, 60_000, 7, 0, 30_000, 9032]) {
      const samples = said.slice(start, start + length);
      const writing = sink.write(samples);
      samples.fill(0);
      await writing;
      start += length;
    }
  }
  const { samples } = parseWav(file.content);
  assertEquals(samples.length, said.length);
  assertEquals(samples.findIndex((sample, i) => sample * 32_768 !== said[i]), -1);
});

Deno.test("FileSink.write() needs few system calls", async () => {
  const file = new MemoryFile(1e6);
  {
    await using sink = await FileSink.start("x.wav", file, sampleClock());
    for (let i = 0; i < 500; i++) await sink.write(new Int16Array(FRAME));
  }
  assertEquals(parseWav(file.content).samples.length, 480_000);
  assert(file.calls < 100, `${file.calls} calls for 10 s`);
  assertEquals(file.closed, 1);
});

Deno.test("FileSink.write() fails on a full disk, and the file is playable", async () => {
  for (const capacity of [44 + 96_000, 44 + 100_000, 44 + 100_001]) {
    const file = new MemoryFile(capacity);
    const sink = await FileSink.start("x.wav", file, sampleClock());
    let written = 0;
    const error = await assertRejects(async () => {
      for (; written < 10 * 48_000; written += FRAME) await sink.write(new Int16Array(FRAME).fill(5));
    }, AudioError);
    assertEquals([error.code, error.subject, error.detail], [
      "file_failed",
      "x.wav",
      { kind: "no_space" },
    ]);
    await assertRejects(() => sink.write(new Int16Array(FRAME)), AudioError, "no_space");
    await sink[Symbol.asyncDispose]();
    assertEquals(file.closed, 1);
    const dataBytes = new DataView(file.content.buffer).getUint32(40, true);
    assertEquals(dataBytes, 2 * Math.floor((capacity - 44) / 2));
    assertEquals(parseWav(file.content).samples.length, dataBytes / 2);
  }
});

Deno.test("FileSink says on closing when the last samples cannot be written", async () => {
  const file = new MemoryFile(44 + 100);
  const sink = await FileSink.start("x.wav", file, sampleClock());
  await sink.write(new Int16Array(FRAME));
  await assertRejects(() => sink[Symbol.asyncDispose]().then(), AudioError, "no_space");
  await sink[Symbol.asyncDispose]();
  assertEquals(file.closed, 1);
});

Deno.test("FileSink closes its file and fails when there is no room for the header", async () => {
  const file = new MemoryFile(10);
  const error = await assertRejects(() => FileSink.start("x.wav", file, sampleClock()), AudioError);
  assertEquals([error.code, error.detail, file.closed], ["file_failed", { kind: "no_space" }, 1]);
});

Deno.test("openFileSink() says by a code why a file cannot be written", async () => {
  await using folder = await temporaryFolder();
  const error = await assertRejects(() => openFileSink(`${folder.path}/no/x.wav`), AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "not_found" }]);
  const folderError = await assertRejects(() => openFileSink(folder.path), AudioError);
  assertEquals([folderError.code, folderError.detail], ["file_failed", { kind: "is_directory" }]);
});

Deno.test("openFileSink() reports a disk that is full from the start", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const error = await assertRejects(() => openFileSink("/dev/full"), AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "no_space" }]);
});

Deno.test("openFileSink() cannot be written after it was closed", async () => {
  await using folder = await temporaryFolder();
  const sink = await openFileSink(`${folder.path}/x.wav`, sampleClock());
  await sink[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await assertRejects(() => sink.write(new Int16Array(FRAME)), AudioError, "closed");
});
