import { assert, assertEquals, assertRejects } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { compare } from "../../../testing/audio/compare.ts";
import {
  checkFileSink,
  FileSink,
  openFileSink,
  refuseOtherThanFile,
  type SinkFile,
} from "../../../audio/file/file_sink.ts";
import { openFileSource } from "../../../audio/file/file_source.ts";
import { Pacer, SampleClock } from "../../../audio/pacer.ts";
import { openTone } from "../../../audio/synthetic.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { noise } from "../../../testing/audio/signals.ts";
import { outputOf, runToEnd } from "../../../testing/program.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const FRAME = 960;

function sampleClock(): SampleClock {
  return new SampleClock(new FakeClock());
}

function sinkOver(file: SinkFile): Promise<FileSink> {
  return FileSink.start("x.wav", { file, path: "x.wav", count: 1 }, sampleClock());
}

/** A file in memory on a disk of limited size; counts its calls. */
class MemoryFile implements SinkFile {
  calls = 0;
  closed = 0;
  length = 0;
  #position = 0;
  readonly #bytes: Uint8Array;

  constructor(readonly capacity: number, readonly largestWrite = Infinity, readonly errorCode = "ENOSPC") {
    this.#bytes = new Uint8Array(capacity);
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.calls++;
    const count = Math.min(bytes.length, this.largestWrite, this.capacity - this.#position);
    if (count === 0) return Promise.reject(Object.assign(new Error("full"), { code: this.errorCode }));
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
    await using sink = await openFileSink(path, 1, new SampleClock(clock));
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
  for (let start = 0; start < heard.length; start += FRAME) {
    const frame = new Int16Array(FRAME);
    await hear(source, frame, clock);
    heard.set(frame, start);
    await source.settled();
  }
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
    await using _sink = await openFileSink(path, 1, sampleClock());
  }
  assertEquals(parseWav(await Deno.readFile(path)).samples.length, 0);
});

/** Names and sizes of what is in a folder. */
function contents(folder: string): [string, number][] {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return names.map((name) => [name, Deno.lstatSync(`${folder}/${name}`).size]);
}

Deno.test("openFileSink() never touches what is there, and takes the first free name", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/old.WAV`;
  await Deno.writeFile(path, new Uint8Array(100_000));
  // Nothing is where the link leads, and nothing may get there.
  await Deno.symlink(`${folder.path}/elsewhere`, `${folder.path}/old-2.WAV`);
  {
    await using sink = await openFileSink(path, 1, sampleClock());
    await sink.write(new Int16Array(FRAME));
    const { recording, count } = sink;
    assertEquals([recording.path, recording.wanted, count], [`${folder.path}/old-3.WAV`, path, 3]);
    assertEquals(recording.seconds, 0.02);
  }
  const names = contents(folder.path);
  assertEquals(names.map(([name]) => name), ["old-2.WAV", "old-3.WAV", "old.WAV"]);
  assertEquals([names[1]?.[1], names[2]?.[1]], [44 + 2 * FRAME, 100_000]);
});

Deno.test("openFileSink() gives each of many that ask at once a file of its own", async () => {
  await using folder = await temporaryFolder();
  const sinks = await Promise.all(
    Array.from({ length: 20 }, () => openFileSink(`${folder.path}/a.wav`, 1, sampleClock())),
  );
  for (const [i, sink] of sinks.entries()) {
    await sink.write(new Int16Array(10 * i));
    await sink[Symbol.asyncDispose]();
  }
  assertEquals(new Set(sinks.map(({ recording }) => recording.path)).size, 20);
  for (const [i, { recording }] of sinks.entries()) {
    assertEquals(parseWav(await Deno.readFile(recording.path)).samples.length, 10 * i);
  }
});

Deno.test("checkFileSink() leaves the folder as it was", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/a.wav`;
  await checkFileSink(path);
  assertEquals(contents(folder.path), []);
  await Deno.writeTextFile(path, "precious");
  await checkFileSink(path);
  assertEquals(contents(folder.path), [["a.wav", 8]]);
});

Deno.test("checkFileSink() says by a code why a recording cannot be made", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  for (
    const [name, code, detail] of [
      ["no/x.wav", "file_failed", { kind: "not_found" }],
      ["file/x.wav", "file_failed", { kind: "not_directory" }],
      ["x.mp3", "bad_file", { kind: "other_format", format: "MP3" }],
      ["x", "bad_file", { kind: "not_wav" }],
      ["x.wav.old", "bad_file", { kind: "not_wav" }],
    ] as const
  ) {
    const error = await assertRejects(() => checkFileSink(`${folder.path}/${name}`), AudioError);
    assertEquals([error.code, error.detail], [code, detail], name);
  }
});

Deno.test("checkFileSink() reports a disk that is full from the start", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await temporaryFolder();
  const { success } = await runToEnd(["mount", "-t", "tmpfs", "-o", "size=4096", "sala", folder.path]);
  if (!success) return console.log("skipped: only root can mount a small disk");
  try {
    await Deno.writeFile(`${folder.path}/filler`, new Uint8Array(4096));
    const error = await assertRejects(() => checkFileSink(`${folder.path}/x.wav`), AudioError);
    assertEquals([error.code, error.detail], ["file_failed", { kind: "no_space" }]);
    await assertRejects(() => openFileSink(`${folder.path}/x.wav`), AudioError, "no_space");
    assertEquals(contents(folder.path).map(([name]) => name), ["filler"]);
  } finally {
    await runToEnd(["umount", folder.path]);
  }
});

Deno.test("refuseOtherThanFile() refuses pipes, devices and folders, and takes files and free names", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await temporaryFolder();
  await refuseOtherThanFile(`${folder.path}/free.wav`);
  await Deno.writeTextFile(`${folder.path}/file.wav`, "");
  await refuseOtherThanFile(`${folder.path}/file.wav`);
  await Deno.mkdir(`${folder.path}/folder.wav`);
  await outputOf(["mkfifo", `${folder.path}/pipe.wav`]);
  await Deno.symlink("/dev/null", `${folder.path}/device.wav`);
  for (
    const [name, kind] of [
      ["folder", "is_directory"],
      ["pipe", "not_a_file"],
      ["device", "not_a_file"],
    ] as const
  ) {
    const error = await assertRejects(() => refuseOtherThanFile(`${folder.path}/${name}.wav`), AudioError);
    assertEquals([error.code, error.detail.kind], ["file_failed", kind], name);
  }
});

Deno.test("openFileSink() loses less than a second when the process is killed at any time", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/killed.wav`;
  await using sink = await openFileSink(path, 1, sampleClock());
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
    await using sink = await sinkOver(file);
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
    await using sink = await sinkOver(file);
    for (let i = 0; i < 500; i++) await sink.write(new Int16Array(FRAME));
  }
  assertEquals(parseWav(file.content).samples.length, 480_000);
  assert(file.calls < 100, `${file.calls} calls for 10 s`);
  assertEquals(file.closed, 1);
});

Deno.test("FileSink.write() fails on a full disk, and the file is playable", async () => {
  for (const capacity of [44 + 96_000, 44 + 100_000, 44 + 100_001]) {
    const file = new MemoryFile(capacity);
    const sink = await sinkOver(file);
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

Deno.test("FileSink.write() fails at the system's limit of a file's size, and the file is playable", async () => {
  const file = new MemoryFile(44 + 100_000, Infinity, "EFBIG");
  const sink = await sinkOver(file);
  const error = await assertRejects(async () => {
    for (let i = 0; i < 500; i++) await sink.write(new Int16Array(FRAME).fill(5));
  }, AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "too_large" }]);
  await sink[Symbol.asyncDispose]();
  assertEquals(parseWav(file.content).samples.length, 50_000);
});

Deno.test("FileSink says on closing when the last samples cannot be written", async () => {
  const file = new MemoryFile(44 + 100);
  const sink = await sinkOver(file);
  await sink.write(new Int16Array(FRAME));
  await assertRejects(() => sink[Symbol.asyncDispose]().then(), AudioError, "no_space");
  await sink[Symbol.asyncDispose]();
  assertEquals(file.closed, 1);
});

Deno.test("FileSink closes its file and fails when there is no room for the header", async () => {
  const file = new MemoryFile(10);
  const error = await assertRejects(() => sinkOver(file), AudioError);
  assertEquals([error.code, error.detail, file.closed], ["file_failed", { kind: "no_space" }, 1]);
});

Deno.test("openFileSink() says by a code why a file cannot be written", async () => {
  await using folder = await temporaryFolder();
  const error = await assertRejects(() => openFileSink(`${folder.path}/no/x.wav`), AudioError);
  assertEquals([error.code, error.detail], ["file_failed", { kind: "not_found" }]);
});

Deno.test("openFileSink() cannot be written after it was closed", async () => {
  await using folder = await temporaryFolder();
  const sink = await openFileSink(`${folder.path}/x.wav`, 1, sampleClock());
  await sink[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await assertRejects(() => sink.write(new Int16Array(FRAME)), AudioError, "closed");
});
