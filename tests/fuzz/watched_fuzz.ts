/** Fuzzes a target and watches over it: an input at which it never ends is a finding like any other. */

import { type FuzzAnswer, type FuzzOrder, PRESENT_BYTES } from "./fuzz_worker.ts";

/** Milliseconds after which an input counts as one at which the target never ends. Others take microseconds. */
const STUCK_MS = 10_000;

/** Milliseconds between two looks at the thread. */
const LOOK_MS = 500;

/** A finding and its error as text. */
export interface ReportedFinding {
  readonly input: Uint8Array;
  readonly report: string;
}

/** The outcome of fuzzing a target. */
export interface WatchedResult {
  readonly inputs: number;
  readonly events: number;
  readonly seconds: number;
  /** Whether coverage guided the inputs. */
  readonly guided: boolean;
  /** Inputs that reached new blocks; `undefined` if it never ended. */
  readonly reaching: readonly Uint8Array[] | undefined;
  readonly findings: readonly ReportedFinding[];
}

/** The part of the steps that coverage guides: counting blocks makes parsers 2 times as slow, signal processing 20 times. */
const GUIDED_PART = 0.1;

/** The part of the seconds that the guided steps may take. */
const GUIDED_SECONDS = 1 / 3;

/** Fuzzes with coverage first, then at full speed without it, from the inputs that reached new blocks. */
export async function guidedFuzz(
  order: Omit<FuzzOrder, "present" | "guided"> & { readonly seconds: number },
): Promise<WatchedResult> {
  const { events, seconds, kept = [] } = order;
  const first = { ...order, guided: true, events: GUIDED_PART * events, seconds: GUIDED_SECONDS * seconds };
  const explored = await watchedFuzz(first);
  const { reaching } = explored;
  if (reaching === undefined) return explored;
  const rest = await watchedFuzz({
    ...order,
    guided: false,
    seed: order.seed + 1,
    events: events - explored.events,
    seconds: seconds - explored.seconds,
    kept: [...kept, ...reaching],
  });
  return {
    inputs: explored.inputs + rest.inputs,
    events: explored.events + rest.events,
    seconds: explored.seconds + rest.seconds,
    guided: explored.guided,
    reaching,
    findings: [...explored.findings, ...rest.findings],
  };
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
  let guided = false;
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
      const findings = [{ input, report: "It never ends." }];
      resolve({ inputs, events: inputs, seconds, guided, reaching: undefined, findings });
    }
  }

  worker.onmessage = ({ data }: MessageEvent<FuzzAnswer>) => {
    if (data.kind === "done") return resolve({ ...data, guided });
    guided = data.guided;
    watching = setInterval(look, Math.min(LOOK_MS, stuckMs / 2));
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
