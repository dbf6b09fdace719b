import { assertEquals, assertRejects } from "@std/assert";
import { isInstalled, outputOf, Program, runToEnd } from "../../testing/program.ts";
import { temporaryFile, temporaryFolder } from "../../testing/temporary.ts";

/** The command line of a short program. */
function evaluating(source: string): string[] {
  return [Deno.execPath(), "eval", "-q", source];
}

Deno.test("runToEnd() returns what a program printed and its status", async () => {
  const source = `console.log("a"); console.error("b"); Deno.exit(3);`;
  assertEquals(await runToEnd(evaluating(source)), {
    success: false,
    code: 3,
    stdout: "a\n",
    stderr: "b\n",
  });
});

Deno.test("outputOf() fails with the standard error of a program that fails", async () => {
  assertEquals(await outputOf(evaluating(`console.log("a")`)), "a\n");
  await assertRejects(() => outputOf(evaluating(`console.error("why"); Deno.exit(1)`)), Error, "why");
});

const ECHO = `
  console.log("ready");
  for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) console.log("got " + line.trim());
`;

Deno.test("Program.waitFor() reads on after the line that it returned last", async () => {
  await using program = new Program(evaluating(ECHO), { stdin: "piped" });
  await program.waitForText("ready");
  await program.type("one");
  assertEquals(await program.waitForText("got"), "got one");
  await program.type("two");
  assertEquals(await program.waitForText("got"), "got two");
  await program.endInput();
  assertEquals(await program.exitCode(), 0);
  assertEquals(program.lines, ["ready", "got one", "got two"]);
});

Deno.test("Program.waitFor() fails with the output when the program ends instead", async () => {
  await using program = new Program(evaluating(`console.error("why"); Deno.exit(3)`));
  await assertRejects(() => program.waitForText("x"), Error, "why");
});

Deno.test("a forgetful Program keeps only the lines that were waited for", async () => {
  await using program = new Program(evaluating(ECHO), { stdin: "piped", forgetful: true });
  await program.waitForText("ready");
  await program.type("one");
  await program.endInput();
  await program.exitCode();
  assertEquals([program.lines, program.bytes.length], [["ready"], 0]);
});

Deno.test("isInstalled() finds programs in PATH only", () => {
  assertEquals([isInstalled("sh"), isInstalled("no-such-program")], [true, false]);
});

Deno.test("temporaryFile() and temporaryFolder() are removed at the end of the block", async () => {
  const paths: string[] = [];
  {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(`${folder.path}/x`, "x");
    await using file = await temporaryFile(".wav", Uint8Array.of(7));
    assertEquals(await Deno.readFile(file.path), Uint8Array.of(7));
    paths.push(folder.path, file.path);
  }
  for (const path of paths) await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});
