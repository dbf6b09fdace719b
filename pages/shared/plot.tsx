/** A small plot of the last seconds, with the latest values beside its title. */

import uPlot from "uplot";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Colours of the lines, custom properties of base.css. */
const COLOURS = ["--first", "--second"] as const;
const CLASSES = ["first", "second"] as const;

/** What a plot shows. */
export interface PlotProps {
  readonly title: string;
  /** Seconds before now, below 0, in ascending order. */
  readonly times: readonly number[];
  /** Values of one or two lines, one for each time; null where there is none. */
  readonly lines: readonly (readonly (number | null)[])[];
  /** Seconds that it shows. */
  readonly span: number;
  /** Values that it shows at least. */
  readonly range: readonly [number, number];
  /** Changes with the values where the times do not: those of a line that is full stay as far before now as they were. */
  readonly version?: number;
  /** Size in CSS pixels. */
  readonly width?: number;
  readonly height?: number;
}

export function Plot(
  { title, times, lines, span, range, version, width = 112, height = 44 }: PlotProps,
): VNode {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  useEffect(() => {
    plot.current = new uPlot(
      {
        width,
        height,
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        padding: [3, 1, 3, 1],
        scales: {
          x: { time: false, range: [-span, 0] },
          y: { range: (_, low, high) => [Math.min(low ?? 0, range[0]), Math.max(high ?? 0, range[1])] },
        },
        series: [{}, ...lines.map((_, index) => styleOf(index))],
      },
      [[], ...lines.map(() => [])] as unknown as uPlot.AlignedData,
      element.current as HTMLDivElement,
    );
    return () => plot.current?.destroy();
  }, []);
  const latest = times.at(-1);
  useEffect(() => plot.current?.setData([times, ...lines] as unknown as uPlot.AlignedData), [
    latest,
    times.length,
    version,
  ]);
  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        {lines.map((values, index) => (
          <b key={index} class={CLASSES[index]}>{shown(values.findLast((value) => value !== null))}</b>
        ))}
      </figcaption>
      <div ref={element} aria-hidden="true" />
    </figure>
  );
}

function shown(value: number | null | undefined): string {
  return typeof value === "number" ? value.toFixed(value < 10 ? 1 : 0) : "–";
}

function styleOf(index: number): uPlot.Series {
  const name = COLOURS[index] ?? COLOURS[0];
  const stroke = (): string => getComputedStyle(document.documentElement).getPropertyValue(name);
  return { stroke, width: 2, spanGaps: true, points: { show: false } };
}
