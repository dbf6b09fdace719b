import { assertEquals, assertRejects } from "@std/assert";
import {
  AudioDevices,
  type SoundChoice,
  soundFiles,
  type SoundNeeds,
  soundNeeds,
} from "../../audio/audio_devices.ts";
import { AudioError } from "../../audio/audio_io.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const NOTHING: SoundNeeds = { readsFile: false, writesFile: false, usesDevices: false, usesBrowser: false };

const NEEDS: readonly (readonly [SoundChoice, Partial<SoundNeeds>])[] = [
  [{}, { usesDevices: true }],
  [{ microphone: "tone", speaker: "none" }, {}],
  [{ microphone: "none", speaker: "silence" }, {}],
  [{ microphone: "silence", speaker: "3" }, { usesDevices: true }],
  [{ microphone: "usb", speaker: "none" }, { usesDevices: true }],
  [{ microphone: "a.wav", speaker: "b.WAVE" }, { readsFile: true, writesFile: true }],
  [{ microphone: "a.wav" }, { readsFile: true, usesDevices: true }],
  // Any other sound file, to say that only WAV is played, and whatever begins with a folder.
  [{ microphone: "a.mp3", speaker: "none" }, { readsFile: true }],
  [{ microphone: "./a", speaker: "none" }, { readsFile: true }],
  [{ microphone: "../a", speaker: "none" }, { readsFile: true }],
  [{ microphone: "/dev/stdin", speaker: "none" }, { readsFile: true }],
  [{ microphone: "C:\\sons\\a", speaker: "none" }, { readsFile: true }],
  [{ microphone: "none", speaker: "B.FLAC" }, { writesFile: true }],
  [{ microphone: "Line In/Mic", speaker: "none" }, { usesDevices: true }],
  [{ microphone: "USB 2.0", speaker: "none" }, { usesDevices: true }],
  // Loudspeakers make no tone: it is a device's name.
  [{ microphone: "none", speaker: "tone" }, { usesDevices: true }],
  [{ microphone: "browser", speaker: "browser" }, { usesBrowser: true }],
  [{ microphone: "browser" }, { usesBrowser: true, usesDevices: true }],
];

for (const [choice, needs] of NEEDS) {
  Deno.test(`soundNeeds() of ${JSON.stringify(choice)}`, () =>
    assertEquals(soundNeeds(choice), { ...NOTHING, ...needs }));
}

/** Opens both ends and tells their names. */
async function names(choice: SoundChoice): Promise<string[]> {
  await using devices = new AudioDevices(choice);
  await using source = await devices.openSource(960);
  await using sink = await devices.openSink(960);
  return [source.name, sink.name];
}

Deno.test("AudioDevices opens the made-up microphones and loudspeakers by their names", async () => {
  assertEquals(await names({ microphone: "tone", speaker: "none" }), ["tone", "none"]);
  assertEquals(await names({ microphone: "silence", speaker: "silence" }), ["silence", "none"]);
  assertEquals(await names({ microphone: "none", speaker: "none" }), ["silence", "none"]);
});

Deno.test("AudioDevices records each call in a file of its own, and the check in none", async () => {
  await using folder = await temporaryFolder();
  const speaker = `${folder.path}/call.wav`;
  await using devices = new AudioDevices({ microphone: "none", speaker });
  assertEquals(await devices.check(), []);
  for (let call = 0; call < 3; call++) await (await devices.openSink(960))[Symbol.asyncDispose]();
  const files = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
  assertEquals(files, ["call-2.wav", "call-3.wav", "call.wav"]);
  assertEquals(parseWav(await Deno.readFile(speaker)).samples.length, 0);
});

Deno.test("AudioDevices leaves the recordings of earlier runs alone, and counts on from its own last one", async () => {
  await using folder = await temporaryFolder();
  const speaker = `${folder.path}/call.wav`;
  await Deno.writeTextFile(speaker, "earlier");
  const record = async (devices: AudioDevices) => {
    await using sink = await devices.openSink(960);
    return sink.recording?.path;
  };
  await using first = new AudioDevices({ microphone: "none", speaker });
  assertEquals(await first.check(), []);
  assertEquals(await record(first), `${folder.path}/call-2.wav`);
  // Another program at the same time.
  await using second = new AudioDevices({ microphone: "none", speaker });
  assertEquals(await record(second), `${folder.path}/call-3.wav`);
  assertEquals(await record(first), `${folder.path}/call-4.wav`);
  // Somebody has heard the messages and removed them; the order of the rest stays that of the calls.
  await Deno.remove(`${folder.path}/call-2.wav`);
  assertEquals(await record(first), `${folder.path}/call-5.wav`);
  assertEquals(await Deno.readTextFile(speaker), "earlier");
});

Deno.test("AudioDevices.inspect() finds what is no file, for the check that may not read", async () => {
  await using folder = await temporaryFolder();
  const speaker = `${folder.path}/call.wav`;
  await Deno.mkdir(speaker);
  await using devices = new AudioDevices({ microphone: "none", speaker });
  await devices.inspect();
  const [problem, ...more] = await devices.check();
  assertEquals([problem?.side, problem?.asked, problem?.error.detail], ["speaker", true, {
    kind: "is_directory",
  }]);
  assertEquals(more, []);
});

Deno.test("soundFiles() are the files of a choice", () => {
  assertEquals(soundFiles({}), {});
  assertEquals(soundFiles({ microphone: "tone", speaker: "usb" }), {});
  assertEquals(soundFiles({ microphone: "a.wav", speaker: "./b.wav" }), {
    microphone: "a.wav",
    speaker: "./b.wav",
  });
});

Deno.test("AudioDevices.check() finds files that cannot be used, which the person asked for", async () => {
  const choice = { microphone: "/none/a.wav", speaker: "/none/b.wav" };
  await using devices = new AudioDevices(choice);
  const problems = await devices.check();
  assertEquals(problems.map(({ side, asked, error }) => [side, asked, error.code]), [
    ["microphone", true, "file_failed"],
    ["speaker", true, "file_failed"],
  ]);
  await assertRejects(() => devices.openSource(960), AudioError);
});

Deno.test("AudioDevices.openProcessor() is for microphones, if there is something to do", async () => {
  const all = { echoCancel: true, noiseReduction: true, gain: true };
  const none = { echoCancel: false, noiseReduction: false, gain: false };
  for (
    const [microphone, options, wanted] of [
      [undefined, all, true],
      ["usb", { ...none, gain: true }, true],
      [undefined, none, false],
      ["tone", all, false],
      ["a.wav", all, false],
      ["none", all, false],
    ] as const
  ) {
    await using devices = new AudioDevices({ microphone, speaker: "none" });
    assertEquals(devices.openProcessor(options) !== undefined, wanted, microphone);
  }
});
