import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../lib/cli/arguments.ts";
import { readSmallFile, refuseOtherThanFile, refuseSharedFiles } from "../../lib/cli/files.ts";
import { outputOf } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const windows = Deno.build.os === "windows";

/** The problem that `work` is refused with; undefined if it is not. */
async function problemOf(work: Promise<unknown>) {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert(error instanceof UsageError, String(error));
    return error.problem;
  }
}

Deno.test("refuseSharedFiles() knows a file by any of its names", async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => `${folder.path}/${name}`;
  await Deno.writeTextFile(at("a.wav"), "");
  await Deno.mkdir(at("sub"));
  await Deno.link(at("a.wav"), at("hard.wav"));
  await Deno.symlink(at("a.wav"), at("soft.wav"));
  await Deno.symlink(folder.path, at("sub/up"));
  const files = (name: string, other: string) =>
    [
      [{ option: "--speaker", path: at(name) }],
      [{ option: "--mic", path: at(other) }],
    ] as const;
  for (
    const [name, other] of [
      ["a.wav", "a.wav"],
      ["./a.wav", "a.wav"],
      ["sub/../a.wav", "a.wav"],
      ["sub/up/a.wav", "a.wav"],
      ["hard.wav", "a.wav"],
      ["soft.wav", "a.wav"],
      ["hard.wav", "soft.wav"],
      // Neither is there yet.
      ["new.wav", "./new.wav"],
      ["sub/up/new.wav", "new.wav"],
    ] as const
  ) {
    assertEquals(await problemOf(refuseSharedFiles(...files(name, other))), {
      kind: "same_file",
      option: "--speaker",
      other: "--mic",
      value: at(name),
    }, name);
  }
  for (const [name, other] of [["b.wav", "a.wav"], ["sub/a.wav", "a.wav"], ["no/x", "none/x"]] as const) {
    assertEquals(await problemOf(refuseSharedFiles(...files(name, other))), undefined, name);
  }
});

Deno.test("refuseSharedFiles() lets files be shared that are only read", async () => {
  const [mic, ca] = ["--mic", "--ca"].map((option) => ({ option, path: "a" }));
  await refuseSharedFiles([], [mic!, ca!]);
  const [keys, speaker] = ["--log-keys", "--speaker"].map((option) => ({ option, path: "a" }));
  const problem = await problemOf(refuseSharedFiles([keys!, speaker!], []));
  assertEquals(problem, { kind: "same_file", option: "--speaker", other: "--log-keys", value: "a" });
});

Deno.test("refuseOtherThanFile() refuses what is there and is no file", { ignore: windows }, async () => {
  await using folder = await temporaryFolder();
  await outputOf(["mkfifo", `${folder.path}/pipe`]);
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const rows = [
    ["pipe", { kind: "not_a_file" }],
    ["", { kind: "is_directory" }],
    ["file", undefined],
    ["new", undefined],
    ["none/new", undefined],
  ] as const;
  for (const [name, detail] of rows) {
    const path = `${folder.path}/${name}`;
    const problem = await problemOf(refuseOtherThanFile({ option: "--log-keys", path }));
    const expected = detail && { kind: "bad_file" as const, option: "--log-keys", value: path, detail };
    assertEquals(problem, expected, name);
  }
});

Deno.test(
  "readSmallFile() reads files and pipes, and refuses what never ends",
  { ignore: windows },
  async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => `${folder.path}/${name}`;
    const read = (path: string) => readSmallFile({ option: "--ca", path });
    await Deno.writeTextFile(at("file"), "senha");
    assertEquals(new TextDecoder().decode(await read(at("file"))), "senha");
    await outputOf(["mkfifo", at("pipe")]);
    // Waits until somebody writes, and reads to the end. Another process: opening a pipe may stop this one.
    const writing = outputOf(["sh", "-c", `{ printf sen; printf ha; } >'${at("pipe")}'`]);
    assertEquals(new TextDecoder().decode(await read(at("pipe"))), "senha");
    await writing;

    await Deno.truncate(at("file"), 2 ** 20 + 1);
    const rows = [
      ["/dev/zero", { kind: "not_a_file" }],
      [folder.path, { kind: "is_directory" }],
      [at("none"), { kind: "not_found" }],
      [at("file"), { kind: "larger_than", bytes: 2 ** 20 }],
    ] as const;
    for (const [path, detail] of rows) {
      const error = await assertRejects(() => read(path), UsageError);
      assertEquals(error.problem, { kind: "bad_file", option: "--ca", value: path, detail });
    }
  },
);
