import { assertEquals } from "@std/assert";
import { oneIn } from "../../testing/everything.ts";
import { GOLDEN_CALLS, GOLDEN_FILE, goldenText } from "./golden.ts";

Deno.test("JitterBuffer gives the same samples, counts and delays as before in all made-up calls", async () => {
  // Five calls on, the traits and the seed are others, and each network has two calls or more.
  const calls = oneIn(5, GOLDEN_CALLS);
  const golden = (await Deno.readTextFile(GOLDEN_FILE)).split("\n");
  assertEquals(golden.length, GOLDEN_CALLS.length + 1);
  const lines = golden.filter((line) => line === "" || calls.some(({ name }) => line.endsWith(` ${name}`)));
  // A change on purpose writes the file anew (see golden.ts) in the same commit.
  assertEquals((await goldenText(calls)).split("\n"), lines);
});
