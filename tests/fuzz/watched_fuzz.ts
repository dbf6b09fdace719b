/** Fuzzes a target and watches over it: an input at which it never ends is a finding like any other. */

import { type FuzzAnswer, type FuzzOrder, PRESENT_BYTES } from "./fuzz_worker.ts";

/** An input that is taken this long for is taken for ever for, in milliseconds. Others take microseconds. */
const STUCK_MS = 10_000;

/** How often is looked. */
const LOOK_MS = 500;

/** A finding, ready to be told. */
export interface ReportedFinding {
  readonly input: Uint8Array;
  readonly report: string;
}

/** What came of fuzzing a target. */
export interface WatchedResult {
  readonly inputs: number;
  readonly events: number;
  readonly seconds: number;
  readonly findings: readonly ReportedFinding[];
}

/** As `fuzz`, on a thread of its own. `stuckMs` is for tests. */
export function watchedFuzz(
  order: Omit<FuzzOrder, "present"> & { readonly stuckMs?: number },
): Promise<WatchedResult> {
  const { stuckMs = STUCK_MS, ...rest } = order;
  const present = new SharedArrayBuffer(PRESENT_BYTES);
  const header = new Int32Array(present, 0, 2);
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<WatchedResult>();
  const start = performance.now();
  let watching: ReturnType<typeof setInterval> | undefined;
  let seen = -1;
  let seenAt = 0;

  function look(): void {
    const inputs = Atomics.load(header, 1);
    if (inputs !== seen) {
      seen = inputs;
      seenAt = performance.now();
    } else if (performance.now() - seenAt > stuckMs) {
      const input = new Uint8Array(present, 8, header[0]).slice();
      const seconds = (performance.now() - start) / 1000;
      resolve({ inputs, events: inputs, seconds, findings: [{ input, report: "It never ends." }] });
    }
  }

  worker.onmessage = ({ data }: MessageEvent<FuzzAnswer>) => {
    if (data.kind === "done") resolve(data);
    else watching = setInterval(look, Math.min(LOOK_MS, stuckMs / 2));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage({ ...rest, present });
  return promise.finally(() => {
    clearInterval(watching);
    worker.terminate();
  });
}
