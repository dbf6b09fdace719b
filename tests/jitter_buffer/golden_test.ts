import { assertEquals } from "@std/assert";
import { GOLDEN_FILE, goldenText } from "./golden.ts";

Deno.test("JitterBuffer gives the same samples, counts and delays as before in all made-up calls", async () => {
  // A change on purpose writes the file anew (see golden.ts) in the same commit.
  assertEquals((await goldenText()).split("\n"), (await Deno.readTextFile(GOLDEN_FILE)).split("\n"));
});
