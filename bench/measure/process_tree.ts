/** Processes of browsers: each is a tree of them. */

/** All processes below one, such as this program's browsers and phones. */
export async function descendants(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const child of await children(pid)) found.push(child, ...await descendants(child));
  return found;
}

/** The processes that one started, and that still run (proc(5): /proc/PID/task/TID/children). */
async function children(pid: number): Promise<number[]> {
  const all: number[] = [];
  try {
    for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
      const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/children`);
      all.push(...text.split(" ").filter((one) => one !== "").map(Number));
    }
  } catch {
    // It has ended meanwhile.
  }
  return all;
}
