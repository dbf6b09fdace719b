/** One number, and the range that it is the middle of, where there is one. */
export interface Bar {
  readonly value: number;
  readonly range?: readonly [low: number, high: number];
}

/** Bars side by side for each of several groups. */
export interface BarChart {
  readonly title: string;
  /** Names of the groups, from left to right. */
  readonly groups: readonly string[];
  /** What stands in each group, in the same order everywhere; `undefined` leaves a gap. */
  readonly series: readonly { readonly name: string; readonly bars: readonly (Bar | undefined)[] }[];
  /** Where the vertical axis begins and ends, and the distance of its lines. */
  readonly axis: { readonly from: number; readonly to: number; readonly step: number };
  /** Digits after the point on the bars. */
  readonly digits: number;
  /** After the numbers on the axis. */
  readonly unit?: string;
}

const WIDTH = 1100;
const PLOT_HEIGHT = 300;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 20, 96, 56];
/** Part of a group's width that is bars. */
const FILLED = 0.86;
/** Wider bars look clumsy. */
const WIDEST_BAR = 64;
/** Numbers are turned where bars are narrower than this. */
const UPRIGHT_NUMBER = 34;
/** All are legible on {@linkcode BACKGROUND}; the project's own phone comes first. */
const COLOURS = ["#0f766e", "#b45309", "#4338ca", "#be185d", "#4d7c0f", "#0369a1", "#7c2d12"];
const BACKGROUND = "#fbfbf9";
const GRID = "#d9d9d2";
const TEXT = "#33332f";
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/**
 * Draws a bar chart.
 *
 * @returns An SVG document that needs no fonts or files of its own.
 */
export function drawBars({ title, groups, series, axis, digits, unit = "" }: BarChart): string {
  const height = TOP + PLOT_HEIGHT + BOTTOM;
  const groupWidth = (WIDTH - LEFT - RIGHT) / groups.length;
  const barWidth = Math.min(WIDEST_BAR, FILLED * groupWidth / series.length);
  const y = (value: number) => {
    const part = (Math.max(axis.from, Math.min(axis.to, value)) - axis.from) / (axis.to - axis.from);
    return TOP + PLOT_HEIGHT * (1 - part);
  };
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" ` +
    `height="${height}" role="img" font-family="${FONT}" font-size="12" fill="${TEXT}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="${BACKGROUND}"/>`,
    `<text x="${LEFT}" y="28" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
  ];
  let legendX = LEFT;
  series.forEach(({ name }, index) => {
    parts.push(
      `<circle cx="${legendX + 5}" cy="48" r="5" fill="${colour(index)}"/>`,
      `<text x="${legendX + 16}" y="52">${escapeXml(name)}</text>`,
    );
    // There is no measuring text without its font; this is about its width.
    legendX += 40 + 7 * name.length;
  });
  const lines = Math.round((axis.to - axis.from) / axis.step);
  for (let line = 0; line <= lines; line++) {
    const value = axis.from + line * axis.step;
    parts.push(
      `<path d="M${LEFT} ${round(y(value))}H${WIDTH - RIGHT}" stroke="${GRID}"/>`,
      `<text x="${LEFT - 8}" y="${round(y(value) + 4)}" text-anchor="end">${
        Number(value.toFixed(6))
      }${unit}</text>`,
    );
  }
  groups.forEach((group, groupIndex) => {
    const middle = LEFT + (groupIndex + 0.5) * groupWidth;
    series.forEach(({ bars }, index) => {
      const bar = bars[groupIndex];
      if (!bar || !Number.isFinite(bar.value)) return;
      const left = middle + (index - series.length / 2) * barWidth;
      const [top, bottom] = [y(bar.value), y(axis.from)];
      parts.push(
        `<rect x="${round(left + 1)}" y="${round(top)}" width="${round(barWidth - 2)}" ` +
          `height="${round(bottom - top)}" rx="2" fill="${colour(index)}"/>`,
      );
      const centre = left + barWidth / 2;
      const labelTop = Math.min(top, y(bar.range?.[1] ?? bar.value)) - 5;
      if (bar.range) {
        const [low, high] = bar.range.map(y);
        parts.push(
          `<path d="M${round(centre)} ${round(low!)}V${round(high!)}m-5 0h10M${round(centre - 5)} ${
            round(low!)
          }h10" stroke="${TEXT}" fill="none"/>`,
        );
      }
      const number = bar.value.toFixed(digits);
      parts.push(
        barWidth >= UPRIGHT_NUMBER
          ? `<text x="${round(centre)}" y="${round(labelTop)}" text-anchor="middle">${number}</text>`
          : `<text transform="translate(${round(centre + 4)} ${round(labelTop)}) rotate(-90)" ` +
            `font-size="11">${number}</text>`,
      );
    });
    parts.push(...label(group, middle, TOP + PLOT_HEIGHT + 20, groupWidth));
  });
  parts.push("</svg>", "");
  return parts.join("\n");
}

/** A group's name, in two lines if it is long for its place. */
function label(text: string, x: number, y: number, width: number): string[] {
  const words = text.split(" ");
  const fits = 7 * text.length <= width;
  const split = fits ? words.length : Math.ceil(words.length / 2);
  return [words.slice(0, split), words.slice(split)].filter((line) => line.length > 0).map((line, index) =>
    `<text x="${round(x)}" y="${y + 15 * index}" text-anchor="middle">${escapeXml(line.join(" "))}</text>`
  );
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
