/** What processes cost, as Linux counts it (proc(5)). */

/** Processor time and memory of some processes together. */
export interface ProcessCost {
  /** Time in user mode and in the system on their behalf, all threads, in seconds since they started. */
  readonly cpuSeconds: number;
  /** Memory that they have now and had at most, in KiB. */
  readonly residentKib: number;
  readonly peakKib: number;
}

/** Ticks a second of the times in /proc; `getconf CLK_TCK` is 100 on every Linux that this runs on. */
const TICKS_A_SECOND = 100;

/** Places of `utime` and `stime` in /proc/PID/stat, counted from the one after the program's name. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Reads what processes have cost so far. */
export async function readCost(pids: readonly number[]): Promise<ProcessCost> {
  const costs = await Promise.all(pids.map(readOne));
  const sum = (field: keyof ProcessCost) => costs.reduce((total, cost) => total + cost[field], 0);
  return { cpuSeconds: sum("cpuSeconds"), residentKib: sum("residentKib"), peakKib: sum("peakKib") };
}

async function readOne(pid: number): Promise<ProcessCost> {
  const [stat, status] = await Promise.all([
    Deno.readTextFile(`/proc/${pid}/stat`),
    Deno.readTextFile(`/proc/${pid}/status`),
  ]);
  return parseCost(stat, status);
}

/**
 * Reads the figures of one process.
 *
 * @param stat /proc/PID/stat.
 * @param status /proc/PID/status.
 */
export function parseCost(stat: string, status: string): ProcessCost {
  // The name stands in brackets and may have spaces and brackets in it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? NaN);
  return {
    cpuSeconds: (fields[USER_TIME]! + fields[SYSTEM_TIME]!) / TICKS_A_SECOND,
    residentKib: kib("VmRSS"),
    peakKib: kib("VmHWM"),
  };
}
