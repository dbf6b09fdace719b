/** Fuzzes one target on a thread of its own, so that another thread can report an input at which it never ends. */

import { Coverage } from "./coverage.ts";
import { fuzz, type FuzzOptions } from "./driver.ts";
import type { FuzzTarget } from "./fuzz_target.ts";

/** The task of the thread. */
export interface FuzzOrder extends Omit<FuzzOptions, "onInput" | "coverage"> {
  /** Whether coverage guides the inputs, where the runtime has it. */
  readonly guided: boolean;
  /** URL of the module whose `TARGETS` has it. */
  readonly module: string;
  readonly target: string;
  /** The present input: its length, the number of inputs so far, its bytes. */
  readonly present: SharedArrayBuffer;
}

/** The thread's answers. */
export type FuzzAnswer =
  | { readonly kind: "started"; readonly guided: boolean }
  | {
    readonly kind: "done";
    readonly inputs: number;
    readonly events: number;
    readonly seconds: number;
    readonly reaching: readonly Uint8Array[];
    readonly findings: readonly { readonly input: Uint8Array; readonly report: string }[];
  };

/** Bytes of {@linkcode FuzzOrder.present}. */
export const PRESENT_BYTES = 64 * 1024;

const port = globalThis as unknown as {
  onmessage: (event: MessageEvent<FuzzOrder>) => void;
  postMessage(answer: FuzzAnswer): void;
};

port.onmessage = async ({ data }) => {
  const coverage = data.guided ? await Coverage.start() : undefined;
  const exported = await import(data.module) as { TARGETS: readonly FuzzTarget[] };
  const target = exported.TARGETS.find(({ name }) => name === data.target);
  if (!target) throw new Error(`There is no target ${data.target}`);
  const header = new Int32Array(data.present, 0, 2);
  const bytes = new Uint8Array(data.present, 8);
  port.postMessage({ kind: "started", guided: coverage !== undefined });
  const { inputs, events, seconds, reaching, findings } = await fuzz(target, {
    ...data,
    coverage,
    onInput(input) {
      header[0] = input.length;
      bytes.set(input);
      Atomics.add(header, 1, 1); // The watching thread sees that it goes on.
    },
  });
  port.postMessage({
    kind: "done",
    inputs,
    events,
    seconds,
    reaching,
    findings: findings.map(({ input, error }) => ({ input, report: error.stack ?? String(error) })),
  });
};
