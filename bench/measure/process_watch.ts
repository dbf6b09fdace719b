/** Samples memory and descriptors of a process once a second, as Linux counts them (proc(5)). */

import { pause } from "../../lib/util/pause.ts";
import { readCost } from "./process_cost.ts";
import { quantile } from "../../testing/quantile.ts";

/** Sampling interval. */
const LOOK_MS = 1000;

/** What a process held over some time. */
export interface Holdings {
  /** Median of resident memory in MiB. */
  readonly mib: number;
  /** Minimum of open descriptors, so that those open for a moment do not count. */
  readonly descriptors: number;
}

/** Number of open files and sockets of a process. */
export async function countDescriptors(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/** Samples a process until it is disposed of or the process ends. */
export class ProcessWatch implements AsyncDisposable {
  readonly #looks: { readonly atMs: number; readonly mib: number; readonly descriptors: number }[] = [];
  readonly #looking: Promise<void>;
  readonly #over = new AbortController();

  constructor(readonly pid: number) {
    this.#looking = this.#look();
  }

  /**
   * What the process held in an interval.
   *
   * @param fromMs, toMs On `performance.now()`.
   */
  between(fromMs: number, toMs: number): Holdings {
    const looks = this.#looks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return {
      mib: quantile(looks.map(({ mib }) => mib), 0.5),
      descriptors: Math.min(...looks.map(({ descriptors }) => descriptors)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        const [{ residentKib }, descriptors] = await Promise.all([
          readCost([this.pid]),
          countDescriptors(this.pid),
        ]);
        this.#looks.push({ atMs: performance.now(), mib: residentKib / 1024, descriptors });
      } catch {
        return; // It has ended.
      }
      await pause(LOOK_MS, this.#over.signal);
    }
  }
}
