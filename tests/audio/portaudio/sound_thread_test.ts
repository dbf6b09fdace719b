import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { AudioError } from "../../../audio/audio_io.ts";
import { quietStderr } from "../../../audio/portaudio/quiet.ts";
import { SoundThread } from "../../../audio/portaudio/sound_thread.ts";
import { pause } from "../../../lib/util/pause.ts";

Deno.test("SoundThread does without an answer, and gives a stream up that gives none", async () => {
  using _quiet = quietStderr();
  // A thread without its library never answers.
  const thread = new SoundThread("/nowhere/libportaudio.so.2");
  thread.serve("usb", 0n);
  const samples = new Int16Array(960).fill(7);
  assertEquals(thread.read(samples), undefined);
  assertEquals(thread.room(), undefined);
  thread.write(samples);
  let error: unknown;
  for (let asked = 0; asked < 1000 && !error; asked++) {
    await pause(10);
    try {
      assertEquals(thread.read(samples), undefined);
    } catch (thrown) {
      error = thrown;
    }
  }
  assertInstanceOf(error, AudioError);
  assertEquals([error.code, error.subject, error.detail.kind], ["device_failed", "usb", "stalled"]);
  assert(samples.every((sample) => sample === 7));
  thread.end();
});
