/** The calls of the room, with plots of how well each one is heard. */

import type { VNode } from "preact";
import { formatDuration } from "../shared/format.ts";
import type { Language } from "../shared/ladder_texts.ts";
import { memo } from "../shared/memo.ts";
import { Plot } from "../shared/plot.tsx";
import { printable } from "../../lib/protocol/printable.ts";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import type { CallSample } from "../../lib/trace/ladder.ts";
import type { Store } from "./store.ts";
import { TEXTS, type Texts } from "./texts.ts";

/** Time that plots show, in milliseconds. */
const PLOTTED_MS = 60_000;

interface PanelCall {
  readonly call: string;
  readonly names: readonly [string, string];
  readonly since: number;
  readonly talks: boolean;
}

/** The calls that people are in, or that ring. */
function callsOf(people: readonly PanelPerson[]): PanelCall[] {
  const calls = new Map<string, PanelCall>();
  for (const { name, with: other, call, since, activity } of people) {
    if (activity === "free" || call === undefined || other === undefined || calls.has(call)) continue;
    const names = activity === "ringing" ? [other, name] as const : [name, other] as const;
    calls.set(call, { call, names, since, talks: activity === "in_call" });
  }
  return [...calls.values()].toSorted((a, b) => a.since - b.since);
}

interface Measure {
  readonly name: keyof Pick<Texts, "loss" | "jitter" | "roundTrip" | "quality">;
  readonly of: (sample: CallSample) => number | undefined;
  /** Least height of the plot. */
  readonly range: readonly [number, number];
}

const MEASURES: readonly Measure[] = [
  { name: "loss", of: ({ lossPercent }) => lossPercent, range: [0, 5] },
  { name: "jitter", of: ({ jitterMs }) => jitterMs, range: [0, 20] },
  { name: "roundTrip", of: ({ roundTripMs }) => roundTripMs, range: [0, 50] },
  { name: "quality", of: ({ mos }) => mos, range: [1, 4.5] },
];

export function Calls({ store, now }: { store: Store; now: number }): VNode | null {
  const texts = TEXTS[store.language];
  const calls = callsOf(store.model.people);
  if (calls.length === 0) return null;
  return (
    <section class="calls" aria-label={texts.calls}>
      {calls.map(({ call, names: [first, second], since, talks }) => (
        <Call
          key={call}
          {...{ call, first, second, since, talks, store, now }}
          chosen={store.filter.call === call}
          newest={store.model.samples.at(-1)}
          language={store.language}
        />
      ))}
    </section>
  );
}

interface CallProps {
  readonly call: string;
  readonly first: string;
  readonly second: string;
  readonly since: number;
  readonly talks: boolean;
  readonly chosen: boolean;
  /** The last sample of all: another one tells that there is something to draw. */
  readonly newest: CallSample | undefined;
  readonly store: Store;
  readonly language: Language;
  readonly now: number;
}

const Call = memo((props: CallProps): VNode => {
  const { call, first, second, since, talks, chosen, store, language, now } = props;
  const texts = TEXTS[language];
  const names = [first, second] as const;
  const samples = store.model.samples.filter((sample) =>
    sample.call === call && sample.at >= now - PLOTTED_MS
  );
  return (
    <article class={talks ? "call talks" : "call"}>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => store.change({ filter: chosen ? {} : { call } })}
      >
        <span class="name">{printable(first)}</span>
        <span class="between" aria-hidden="true">{talks ? "⇄" : "→"}</span>
        <span class="name">{printable(second)}</span>
        <span class="duration">{formatDuration(now - since)}</span>
      </button>
      {samples.length > 0 && (
        <div class="plots">
          {MEASURES.map((measure) => (
            <Plot
              key={measure.name}
              title={texts[measure.name]}
              times={timesOf(samples, now)}
              lines={linesOf(samples, measure, names)}
              span={PLOTTED_MS / 1000}
              range={measure.range}
            />
          ))}
        </div>
      )}
    </article>
  );
});

/** Seconds before now. */
function timesOf(samples: readonly CallSample[], now: number): number[] {
  return samples.map(({ at }) => (at - now) / 1000);
}

/** The values of both sides, null where the other one reports. */
function linesOf(
  samples: readonly CallSample[],
  { of }: Measure,
  names: readonly [string, string],
): (number | null)[][] {
  return names.map((name) => samples.map((sample) => sample.name === name ? of(sample) ?? null : null));
}
