import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AudioError, type AudioSource } from "../../../audio/audio_io.ts";
import { compare } from "../../../testing/audio/compare.ts";
import { openFileSource } from "../../../audio/file/file_source.ts";
import { Pacer } from "../../../audio/pacer.ts";
import { parseWav } from "../../../audio/file/wav_reader.ts";
import { FakeClock } from "../../../testing/fake_clock.ts";
import { hear } from "../../../testing/audio/hear.ts";
import { noise, sine } from "../../../testing/audio/signals.ts";
import { floatWav, int16Wav } from "../../../testing/audio/wav_builder.ts";
import { temporaryFile } from "../../../testing/temporary.ts";

const temporaryWav = (bytes: Uint8Array) => temporaryFile(".wav", bytes);

async function readAll(
  source: AudioSource,
  length: number,
  clock: FakeClock,
  frame = 960,
): Promise<Int16Array<ArrayBuffer>> {
  const heard = new Int16Array(length);
  for (let start = 0; start < length; start += frame) {
    const samples = new Int16Array(Math.min(frame, length - start));
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
  const { correlation, levelDb, delaySeconds } = compare(sine(440, 48_000, 1, 0.4), heard);
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
  await using folder = {
    path: await Deno.makeTempDir(),
    [Symbol.asyncDispose]: () => Deno.remove(folder.path),
  };
  const rows = [
    { path: "no/such/file.wav", code: "file_failed", kind: "not_found" },
    { path: folder.path, code: "file_failed", kind: "is_directory" },
    { path: text.path, code: "bad_file", kind: "not_wav" },
  ];
  for (const { path, code, kind } of rows) {
    const error = await assertRejects(() => openFileSource(path), AudioError);
    assertEquals([error.code, error.subject, error.detail.kind], [code, path, kind]);
  }
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
