/** Processor time and memory of processes, as Linux counts them (proc(5)). */

/** Sums over processes. */
export interface ProcessCost {
  /** User and system time of all threads since the start, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory now, and its peak, in KiB. */
  readonly residentKib: number;
  readonly peakKib: number;
}

/** Ticks per second in /proc: `getconf CLK_TCK` gives 100 on x86-64 and ARM64. */
const TICKS_A_SECOND = 100;

/** Indices of `utime` and `stime` in /proc/PID/stat among the fields after the program's name. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** The cost of processes so far. */
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
 * Parses the figures of one process.
 *
 * @param stat /proc/PID/stat.
 * @param status /proc/PID/status.
 */
export function parseCost(stat: string, status: string): ProcessCost {
  // The name is in brackets and may contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? NaN);
  return {
    cpuSeconds: (fields[USER_TIME]! + fields[SYSTEM_TIME]!) / TICKS_A_SECOND,
    residentKib: kib("VmRSS"),
    peakKib: kib("VmHWM"),
  };
}
