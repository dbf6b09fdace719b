import {
  escapeXml,
  SVG_BACKGROUND,
  SVG_COLOURS,
  SVG_FONT,
  SVG_GRID,
  SVG_TEXT,
  tenth,
} from "../../testing/svg.ts";

/** A value, and the range around it, if any. */
export interface Bar {
  readonly value: number;
  readonly range?: readonly [low: number, high: number];
}

/** Groups of bars. */
export interface BarChart {
  readonly title: string;
  /** Names of the groups, from left to right. */
  readonly groups: readonly string[];
  /** The bars of each group, in the same order in all groups; `undefined` leaves a gap. */
  readonly series: readonly { readonly name: string; readonly bars: readonly (Bar | undefined)[] }[];
  /** Range of the vertical axis, and the distance of its lines. */
  readonly axis: { readonly from: number; readonly to: number; readonly step: number };
  /** Decimals of the numbers on the bars. */
  readonly digits: number;
  /** Unit after the numbers on the axis. */
  readonly unit?: string;
}

const WIDTH = 1100;
const PLOT_HEIGHT = 300;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 20, 96, 56];
/** Share of a group's width that the bars fill. */
const FILLED = 0.86;
/** Widest bar in pixels. */
const WIDEST_BAR = 64;
/** Numbers on narrower bars are rotated. */
const UPRIGHT_NUMBER = 34;

/**
 * Draws a bar chart.
 *
 * @returns An SVG document that needs no fonts or files.
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
    `height="${height}" role="img" font-family="${SVG_FONT}" font-size="12" fill="${SVG_TEXT}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="10" fill="${SVG_BACKGROUND}"/>`,
    `<text x="${LEFT}" y="28" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
  ];
  let legendX = LEFT;
  series.forEach(({ name }, index) => {
    parts.push(
      `<circle cx="${legendX + 5}" cy="48" r="5" fill="${colour(index)}"/>`,
      `<text x="${legendX + 16}" y="52">${escapeXml(name)}</text>`,
    );
    // An estimate: text cannot be measured without its font.
    legendX += 40 + 7 * name.length;
  });
  const lines = Math.round((axis.to - axis.from) / axis.step);
  for (let line = 0; line <= lines; line++) {
    const value = axis.from + line * axis.step;
    parts.push(
      `<path d="M${LEFT} ${tenth(y(value))}H${WIDTH - RIGHT}" stroke="${SVG_GRID}"/>`,
      `<text x="${LEFT - 8}" y="${tenth(y(value) + 4)}" text-anchor="end">${
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
        `<rect x="${tenth(left + 1)}" y="${tenth(top)}" width="${tenth(barWidth - 2)}" ` +
          `height="${tenth(bottom - top)}" rx="2" fill="${colour(index)}"/>`,
      );
      const centre = left + barWidth / 2;
      const labelTop = Math.min(top, y(bar.range?.[1] ?? bar.value)) - 5;
      if (bar.range) {
        const [low, high] = bar.range.map(y);
        parts.push(
          `<path d="M${tenth(centre)} ${tenth(low!)}V${tenth(high!)}m-5 0h10M${tenth(centre - 5)} ${
            tenth(low!)
          }h10" stroke="${SVG_TEXT}" fill="none"/>`,
        );
      }
      const number = bar.value.toFixed(digits);
      parts.push(
        barWidth >= UPRIGHT_NUMBER
          ? `<text x="${tenth(centre)}" y="${tenth(labelTop)}" text-anchor="middle">${number}</text>`
          : `<text transform="translate(${tenth(centre + 4)} ${tenth(labelTop)}) rotate(-90)" ` +
            `font-size="11">${number}</text>`,
      );
    });
    parts.push(...label(group, middle, TOP + PLOT_HEIGHT + 20, groupWidth));
  });
  parts.push("</svg>", "");
  return parts.join("\n");
}

/** A group's name, in two lines if it is too wide for one. */
function label(text: string, x: number, y: number, width: number): string[] {
  const words = text.split(" ");
  const fits = 7 * text.length <= width;
  const split = fits ? words.length : Math.ceil(words.length / 2);
  return [words.slice(0, split), words.slice(split)].filter((line) => line.length > 0).map((line, index) =>
    `<text x="${tenth(x)}" y="${y + 15 * index}" text-anchor="middle">${escapeXml(line.join(" "))}</text>`
  );
}

function colour(index: number): string {
  return SVG_COLOURS[index % SVG_COLOURS.length]!;
}
