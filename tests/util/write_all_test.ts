import { assertEquals, assertRejects } from "@std/assert";
import { writeAll } from "../../lib/util/write_all.ts";

Deno.test("writeAll() writes on until all bytes are taken", async () => {
  const taken: number[] = [];
  const threeAtATime = {
    write(bytes: Uint8Array): Promise<number> {
      taken.push(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  };
  await writeAll(threeAtATime, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assertEquals(taken, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("writeAll() fails as a write does", async () => {
  const broken = { write: () => Promise.reject(new Error("reset")) };
  await assertRejects(() => writeAll(broken, Uint8Array.of(1)), Error, "reset");
});
