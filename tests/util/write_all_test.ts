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

Deno.test("writeAll() tries again where a full pipe fails in place of waiting", async () => {
  const taken: number[] = [];
  let full = 2;
  const pipe = {
    write(bytes: Uint8Array): Promise<number> {
      if (full-- > 0) return Promise.reject(new Deno.errors.WouldBlock());
      taken.push(...bytes);
      return Promise.resolve(bytes.length);
    },
  };
  await writeAll(pipe, Uint8Array.of(1, 2));
  assertEquals(taken, [1, 2]);
});
