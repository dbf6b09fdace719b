import { assertEquals } from "@std/assert";
import { getPriority } from "node:os";
import { startPhone } from "./phones.ts";
import { startRegistry } from "../../testing/processes.ts";

/** Place of the niceness in /proc/PID/stat, counted from the field after the program's name (proc_pid_stat(5)). */
const NICENESS = 16;

/** Niceness of a registered phone that another program started. */
async function nicenessThrough(through: readonly string[]): Promise<number> {
  await using registry = await startRegistry();
  await using phone = await startPhone(registry.port, "ana", [], { through });
  const stat = await Deno.readTextFile(`/proc/${phone.pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[NICENESS]);
}

const onlyRoot = { ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || getPriority() !== 0 };

Deno.test("a phone that may raise its priority does", onlyRoot, async () => {
  assertEquals(await nicenessThrough([]), -11);
});

Deno.test("a phone that may not raise its priority runs at the usual one", onlyRoot, async () => {
  assertEquals(await nicenessThrough(["setpriv", "--bounding-set=-sys_nice"]), 0);
});

Deno.test("a phone that starts with another priority keeps it", onlyRoot, async () => {
  assertEquals(await nicenessThrough(["nice", "-n", "5"]), 5);
});
