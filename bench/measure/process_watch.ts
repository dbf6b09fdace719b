/** What a process has, once a second: memory and descriptors, as Linux counts them (proc(5)). */

import { pause } from "./pause.ts";
import { readCost } from "./process_cost.ts";
import { quantile } from "./quantile.ts";

/** From one look to the next. */
const LOOK_MS = 1000;

/** What a process had at some time. */
export interface Holdings {
  /** Median of its memory, in MiB. */
  readonly mib: number;
  /** The fewest descriptors: what is open for a moment only does not count. */
  readonly descriptors: number;
}

/** Open files and sockets of a process. */
export async function countDescriptors(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/** Looks at a process until the end of the block or of the process. */
export class ProcessWatch implements AsyncDisposable {
  readonly #looks: { readonly atMs: number; readonly mib: number; readonly descriptors: number }[] = [];
  readonly #looking: Promise<void>;
  readonly #over = new AbortController();

  constructor(readonly pid: number) {
    this.#looking = this.#look();
  }

  /**
   * What it had in some time.
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
