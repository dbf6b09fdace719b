import { assertEquals, assertRejects } from "@std/assert";
import { AudioDevices, type SoundChoice, type SoundNeeds, soundNeeds } from "../../audio/audio_devices.ts";
import { AudioError } from "../../audio/audio_io.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const NOTHING: SoundNeeds = { readsFile: false, writesFile: false, usesDevices: false };

const NEEDS: readonly (readonly [SoundChoice, Partial<SoundNeeds>])[] = [
  [{}, { usesDevices: true }],
  [{ microphone: "tone", speaker: "none" }, {}],
  [{ microphone: "none", speaker: "silence" }, {}],
  [{ microphone: "silence", speaker: "3" }, { usesDevices: true }],
  [{ microphone: "usb", speaker: "none" }, { usesDevices: true }],
  [{ microphone: "a.wav", speaker: "b.WAVE" }, { readsFile: true, writesFile: true }],
  [{ microphone: "a.wav" }, { readsFile: true, usesDevices: true }],
  // Loudspeakers make no tone: it is a device's name.
  [{ microphone: "none", speaker: "tone" }, { usesDevices: true }],
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
