import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../lib/util/time_limit.ts";
import { Recorder } from "../../testing/pulse.ts";
import { type Temporary, temporaryFolder } from "../../testing/temporary.ts";

/** Upper limit of waits, in milliseconds. */
const LONG_MS = 30_000;

/** In place of the recorder of PulseAudio: gives what comes through a named pipe, and ends where that ends. */
const PAREC = `#!/bin/sh
exec cat "$CABLE"
`;

const ignore = Deno.build.os === "windows";

/** A recorder, and what it records. */
class Cable implements AsyncDisposable {
  private constructor(readonly folder: Temporary, readonly recorder: Recorder, readonly sound: Deno.FsFile) {}

  static async open(): Promise<Cable> {
    const folder = await temporaryFolder();
    await Deno.writeTextFile(`${folder.path}/parec`, PAREC, { mode: 0o755 });
    const pipe = `${folder.path}/pipe`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const PATH = `${folder.path}:${Deno.env.get("PATH")}`;
    const recorder = new Recorder("cable", { PATH, CABLE: pipe });
    return new Cable(folder, recorder, await Deno.open(pipe, { write: true }));
  }

  async play(...samples: number[]): Promise<void> {
    await this.sound.write(new Uint8Array(Int16Array.from(samples).buffer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.recorder[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "Recorder.hears() settles once the sound has come",
  ignore,
  async fn() {
    await using cable = await Cable.open();
    await cable.play(0, 0);
    await cable.recorder.started;
    const heard = cable.recorder.hears((samples) => samples.includes(7));
    await cable.play(3, 7);
    assertEquals(await within(LONG_MS, heard), true);
    cable.sound.close();
  },
});

Deno.test({
  name: "Recorder.hears() fails if the recording ends before the sound has come, or has ended already",
  ignore,
  async fn() {
    await using cable = await Cable.open();
    await cable.play(0, 0);
    await cable.recorder.started;
    const hears = (): Promise<boolean> => within(LONG_MS, cable.recorder.hears(() => false));
    const waiting = assertRejects(hears, Error, "the recording ended");
    cable.sound.close();
    await waiting;
    await assertRejects(hears, Error, "the recording ended");
  },
});

Deno.test({
  name: "Recorder.hears() fails if nothing is recorded at all",
  ignore,
  async fn() {
    await using cable = await Cable.open();
    cable.sound.close();
    await assertRejects(
      () => within(LONG_MS, cable.recorder.hears(() => false)),
      Error,
      "the recording ended",
    );
  },
});
