import { escapeXml, SVG_BACKGROUND, SVG_COLOURS, SVG_FONT, SVG_GRID, SVG_TEXT, tenth } from "../svg.ts";

/** One sound in a picture of several. */
export interface WaveformTrack {
  /** Text beside the waveform. */
  readonly title: string;
  readonly samples: Int16Array | Float32Array;
  /** Samples a second. */
  readonly sampleRate: number;
  /** Where its first sample is on the common time axis, in seconds; 0 unless given. */
  readonly offsetSeconds?: number;
}

/** Settings of the picture. */
export interface WaveformOptions {
  /** Width in pixels; 960 unless given. */
  readonly width?: number;
  /** Unit of the time axis; `s` unless given. */
  readonly unit?: string;
}

const DEFAULT_WIDTH = 960;
const MARGIN = 24;
const TITLE_HEIGHT = 28;
const WAVE_HEIGHT = 96;
const TRACK_GAP = 18;
const AXIS_HEIGHT = 34;
const PANEL = "#f1f1ec";
/** Most labels under the axis. */
const MOST_TICKS = 12;
/** Distances between labels in seconds. */
const TICK_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
/** Share of the height that the loudest track fills; the others have the same scale. */
const FILLED = 0.94;
/** Pixels per point of the outline. */
const COLUMN_WIDTH = 1;

/**
 * Draws sounds one below the other on one time axis, at one scale.
 *
 * @param tracks The sounds, from top to bottom.
 * @returns An SVG document that needs no fonts or files, so that it can stand in a web page or a README.
 */
export function drawWaveforms(tracks: readonly WaveformTrack[], options: WaveformOptions = {}): string {
  const width = options.width ?? DEFAULT_WIDTH;
  const plotWidth = width - 2 * MARGIN;
  const trackHeight = TITLE_HEIGHT + WAVE_HEIGHT + TRACK_GAP;
  const axisTop = MARGIN / 2 + tracks.length * trackHeight;
  const height = axisTop + AXIS_HEIGHT;
  const start = Math.min(0, ...tracks.map((track) => track.offsetSeconds ?? 0));
  const end = Math.max(start + 0.1, ...tracks.map(endSeconds));
  const pixelsPerSecond = plotWidth / (end - start);
  const x = (seconds: number) => MARGIN + (seconds - start) * pixelsPerSecond;
  const fullScale = Math.max(1e-3, ...tracks.map(peak));
  const ticks = tickSeconds(start, end);

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="${SVG_FONT}" fill="${SVG_TEXT}">`,
    `<title>${escapeXml(tracks.map((track) => track.title).join(" · "))}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${SVG_BACKGROUND}"/>`,
  ];
  tracks.forEach((track, index) => {
    const top = MARGIN / 2 + index * trackHeight;
    const waveTop = top + TITLE_HEIGHT;
    const middle = waveTop + WAVE_HEIGHT / 2;
    const colour = SVG_COLOURS[index % SVG_COLOURS.length] ?? SVG_TEXT;
    const grid = ticks.map((tick) => `M${tenth(x(tick))} ${waveTop}v${WAVE_HEIGHT}`).join("");
    const trackStart = x(track.offsetSeconds ?? 0);
    parts.push(
      `<circle cx="${MARGIN + 5}" cy="${top + 14}" r="5" fill="${colour}"/>`,
      `<text x="${MARGIN + 17}" y="${top + 19}" font-size="14" font-weight="600">${
        escapeXml(track.title)
      }</text>`,
      `<rect x="${MARGIN}" y="${waveTop}" width="${plotWidth}" height="${WAVE_HEIGHT}" rx="6" fill="${PANEL}"/>`,
      `<path d="${grid}" stroke="${SVG_GRID}"/>`,
      `<path d="M${MARGIN} ${middle}h${plotWidth}" stroke="${colour}" stroke-opacity="0.35"/>`,
      `<path d="${outline(track, trackStart, x(endSeconds(track)), middle, fullScale)}" fill="${colour}" ` +
        `stroke="${colour}" stroke-width="0.6" stroke-linejoin="round"/>`,
    );
  });
  const unit = escapeXml(options.unit ?? "s");
  parts.push(`<g font-size="12" text-anchor="middle" fill-opacity="0.75">`);
  for (const tick of ticks) {
    parts.push(`<text x="${tenth(x(tick))}" y="${axisTop + 8}">${tenth(tick)} ${unit}</text>`);
  }
  parts.push("</g>", "</svg>", "");
  return parts.join("\n");
}

function endSeconds(track: WaveformTrack): number {
  return (track.offsetSeconds ?? 0) + track.samples.length / track.sampleRate;
}

/** The value of a full-scale sample. */
function fullScaleOf(samples: Int16Array | Float32Array): number {
  return samples instanceof Int16Array ? 32_768 : 1;
}

function peak({ samples }: WaveformTrack): number {
  let highest = 0;
  for (const sample of samples) highest = Math.max(highest, Math.abs(sample));
  return highest / fullScaleOf(samples);
}

/** Path along the highest samples of the columns, and back along the lowest. */
function outline(
  track: WaveformTrack,
  left: number,
  right: number,
  middle: number,
  fullScale: number,
): string {
  const { samples } = track;
  const columns = Math.max(1, Math.floor((right - left) / COLUMN_WIDTH));
  const pixelsPerStep = FILLED * WAVE_HEIGHT / 2 / fullScale / fullScaleOf(samples);
  const upper: string[] = [];
  const lower: string[] = [];
  for (let column = 0; column < columns; column++) {
    let [lowest, highest] = [0, 0];
    const end = Math.floor((column + 1) * samples.length / columns);
    for (let i = Math.floor(column * samples.length / columns); i < end; i++) {
      lowest = Math.min(lowest, samples[i] ?? 0);
      highest = Math.max(highest, samples[i] ?? 0);
    }
    const x = tenth(left + (column + 0.5) * (right - left) / columns);
    upper.push(`${x} ${tenth(middle - highest * pixelsPerStep)}`);
    lower.push(`${x} ${tenth(middle - lowest * pixelsPerStep)}`);
  }
  return `M${upper.join(" ")} ${lower.toReversed().join(" ")}z`;
}

function tickSeconds(start: number, end: number): number[] {
  const step = TICK_SECONDS.find((seconds) => (end - start) / seconds <= MOST_TICKS) ?? end - start;
  const ticks: number[] = [];
  for (let count = Math.ceil(start / step); count * step <= end; count++) ticks.push(count * step);
  return ticks;
}
