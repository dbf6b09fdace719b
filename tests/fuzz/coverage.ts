/** Which blocks of code an input reaches, from V8's precise coverage (`Profiler` of its inspector protocol). */

import { type Profiler, Session } from "node:inspector";

const ROOT = new URL("../../", import.meta.url).href;

/** The code under test, and what checks it: paths in this project, without the fuzzer's own. */
const UNDER_TEST = /^(?:lib|audio|tests\/fuzz\/targets)\/|^tests\/fuzz\/planted_bugs\.ts$/;

/** The functions that ran, each by a name of its own, with a 1 for each character whose block ran. */
export type Reached = ReadonlyMap<string, Uint8Array>;

/** Counts in which blocks its thread has been since {@linkcode Coverage.start}. */
export class Coverage {
  readonly #session: Session;
  /** All that was accepted. */
  readonly #known = new Map<string, Uint8Array>();

  private constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Starts counting, once in a thread and before it imports the code under test: V8 counts only in functions that it
   * compiles from now on.
   *
   * @returns `undefined` where the runtime has no inspector or no such counters.
   */
  static async start(): Promise<Coverage | undefined> {
    try {
      const coverage = new Coverage(new Session());
      coverage.#session.connect();
      await coverage.#post("Profiler.enable");
      await coverage.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
      return coverage;
    } catch {
      return undefined;
    }
  }

  /** What ran since the last call. */
  async take(): Promise<Reached> {
    const { result } = await this.#post(
      "Profiler.takePreciseCoverage",
    ) as Profiler.TakePreciseCoverageReturnType;
    const reached = new Map<string, Uint8Array>();
    for (const { url, functions } of result) {
      if (!url.startsWith(ROOT) || !UNDER_TEST.test(url.slice(ROOT.length))) continue;
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const { startOffset, endOffset } = whole;
        const blocks = new Uint8Array(endOffset - startOffset);
        // Inner blocks come after those around them.
        for (const range of ranges) {
          blocks.fill(
            Math.min(range.count, 1),
            range.startOffset - startOffset,
            range.endOffset - startOffset,
          );
        }
        reached.set(`${url}:${startOffset}:${endOffset}`, blocks);
      }
    }
    return reached;
  }

  /** Whether a block was reached that no accepted input reached. */
  hasNew(reached: Reached): boolean {
    for (const [name, blocks] of reached) {
      const known = this.#known.get(name);
      if (known === undefined || blocks.some((ran, at) => ran > known[at]!)) return true;
    }
    return false;
  }

  /** From now on these blocks are not new. */
  accept(reached: Reached): void {
    for (const [name, blocks] of reached) {
      const known = this.#known.get(name);
      if (known === undefined) this.#known.set(name, blocks.slice());
      else blocks.forEach((ran, at) => known[at]! |= ran);
    }
  }

  #post(method: string, params: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.#session.post(method, params, (error, result) => error ? reject(error) : resolve(result))
    );
  }
}
