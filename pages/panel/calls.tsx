/** The calls of the room, with plots of how well each one is heard. */

import uPlot from "uplot";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatDuration } from "../shared/format.ts";
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
      {calls.map((call) => <Call key={call.call} call={call} store={store} now={now} />)}
    </section>
  );
}

function Call(
  { call: { call, names, since, talks }, store, now }: { call: PanelCall; store: Store; now: number },
): VNode {
  const texts = TEXTS[store.language];
  const samples = store.model.samples.filter((sample) =>
    sample.call === call && sample.at >= now - PLOTTED_MS
  );
  const chosen = store.filter.call === call;
  return (
    <article class={talks ? "call talks" : "call"}>
      <button aria-pressed={chosen} onClick={() => store.change({ filter: chosen ? {} : { call } })}>
        <span class="name">{names[0]}</span>
        <span class="between" aria-hidden="true">{talks ? "⇄" : "→"}</span>
        <span class="name">{names[1]}</span>
        <span class="duration">{formatDuration(now - since)}</span>
      </button>
      {samples.length > 0 && (
        <div class="plots">
          {MEASURES.map((measure) => (
            <Plot
              key={measure.name}
              title={texts[measure.name]}
              measure={measure}
              samples={samples}
              names={names}
              now={now}
            />
          ))}
        </div>
      )}
    </article>
  );
}

interface PlotProps {
  readonly title: string;
  readonly measure: Measure;
  readonly samples: readonly CallSample[];
  readonly names: readonly [string, string];
  readonly now: number;
}

function Plot({ title, measure, samples, names, now }: PlotProps): VNode {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  useEffect(() => {
    const size = { width: 140, height: 44 };
    plot.current = new uPlot(
      {
        ...size,
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        padding: [3, 1, 3, 1],
        scales: {
          x: { time: false, range: [-PLOTTED_MS / 1000, 0] },
          y: {
            range: (
              _,
              low,
              high,
            ) => [Math.min(low ?? 0, measure.range[0]), Math.max(high ?? 0, measure.range[1])],
          },
        },
        series: [{}, line("--first"), line("--second")],
      },
      [[], [], []],
      element.current as HTMLDivElement,
    );
    return () => plot.current?.destroy();
  }, []);
  const last = samples.at(-1)?.at;
  useEffect(() => {
    plot.current?.setData(dataOf(samples, measure, names, now));
  }, [last, samples.length]);
  const latest = names.map((name) => samples.findLast((sample) => sample.name === name)).map((sample) =>
    sample && measure.of(sample)
  );
  return (
    <figure>
      <figcaption>
        {title} <b class="first">{shown(latest[0])}</b> <b class="second">{shown(latest[1])}</b>
      </figcaption>
      <div ref={element} aria-hidden="true" />
    </figure>
  );
}

function shown(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(value < 10 ? 1 : 0);
}

function line(colour: string): uPlot.Series {
  const value = (): string => getComputedStyle(document.documentElement).getPropertyValue(colour);
  return { stroke: value, width: 2, spanGaps: true, points: { show: false } };
}

/** Times in seconds before now, and the values of both sides. */
function dataOf(
  samples: readonly CallSample[],
  { of }: Measure,
  names: readonly [string, string],
  now: number,
): uPlot.AlignedData {
  const sides = names.map((name) =>
    samples.map((sample) => sample.name === name ? of(sample) ?? null : null)
  );
  return [samples.map(({ at }) => (at - now) / 1000), ...sides] as unknown as uPlot.AlignedData;
}
