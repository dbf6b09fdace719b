import { assertEquals } from "@std/assert";

const TOOL = new URL("../../tools/layers.ts", import.meta.url).pathname;

/** What the check says of a tree with these files, and its exit status. */
async function check(files: Readonly<Record<string, string>>): Promise<{ said: string[]; code: number }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    const { stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", TOOL, folder],
      env: { NO_COLOR: "1" },
    }).output();
    return { said: new TextDecoder().decode(stderr).trim().split("\n").filter((line) => line !== ""), code };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A small tree in which nothing is wrong. */
const SOUND = {
  "phone.ts": `import "./lib/phone/user_agent.ts";`,
  "lib/phone/user_agent.ts": `import "../call/call.ts"; import "../../audio/audio_devices.ts";`,
  "lib/call/call.ts": `import type { Clock } from "../util/clock.ts"; export type Call = Clock;`,
  "lib/util/clock.ts": `export type Clock = number;`,
  "audio/audio_devices.ts": `import "./audio_io.ts";`,
  "audio/audio_io.ts": `import "../lib/util/clock.ts";`,
  "tests/call/call_test.ts": `import "../../lib/call/call.ts";`,
};

Deno.test("layers.ts accepts a tree that keeps to the layout", async () => {
  assertEquals(await check(SOUND), { said: [], code: 0 });
});

const PLANTED: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  [
    "an import that goes up",
    { "lib/util/clock.ts": `import "../phone/commands.ts";`, "lib/phone/commands.ts": "" },
    ["lib/util/clock.ts must not import lib/phone/commands.ts"],
  ],
  [
    "an import of a type that goes up",
    {
      "lib/util/clock.ts": `import type { Word } from "../phone/commands.ts"; export type Clock = Word;`,
      "lib/phone/commands.ts": `export type Word = string;`,
    },
    ["lib/util/clock.ts must not import lib/phone/commands.ts"],
  ],
  [
    "an import of the network by audio/",
    { "audio/audio_io.ts": `import "../lib/call/call.ts";` },
    ["audio/audio_io.ts must not import lib/call/call.ts"],
  ],
  [
    "an import of what lies behind the doors of audio/",
    { "lib/call/call.ts": `import "../../audio/file/wav_reader.ts";`, "audio/file/wav_reader.ts": "" },
    ["lib/call/call.ts must not import audio/file/wav_reader.ts"],
  ],
  [
    "an import of a test",
    { "phone.ts": `import "./tests/call/call_test.ts";` },
    ["phone.ts must not import tests/call/call_test.ts"],
  ],
  [
    "a circle",
    {
      "lib/call/call.ts": `import "./call_manager.ts";`,
      "lib/call/call_manager.ts": `import "./key_log.ts";`,
      "lib/call/key_log.ts": `import "./call.ts";`,
    },
    ["circle: lib/call/call.ts → lib/call/call_manager.ts → lib/call/key_log.ts → lib/call/call.ts"],
  ],
  ["a stray file", { "lib/stray.ts": "" }, ["lib/stray.ts has no place in the layout"]],
  ["a stray folder", { "lib/media/rtp.ts": "" }, ["lib/media/rtp.ts has no place in the layout"]],
  ["a stray test", { "tests/media/rtp_test.ts": "" }, ["tests/media/rtp_test.ts has no place in the layout"]],
];

for (const [what, files, said] of PLANTED) {
  Deno.test(`layers.ts refuses ${what}`, async () => {
    assertEquals(await check({ ...SOUND, ...files }), { said: [...said], code: 1 });
  });
}
