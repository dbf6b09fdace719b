/** Draws a level with block characters. */

/** Rising blocks: the level shows without colours. */
const BLOCKS = "▁▂▃▄▅▆▇█";

/** Level below which the meter is empty, in dB below full scale: speech that quiet is lost in a room's noise. */
const FLOOR_DB = -60;

/**
 * A level as rising block characters, padded with blanks: `▁▃▅  ` in five columns.
 *
 * @param db Level in dB below full scale, clamped to the meter's range.
 * @param width Width of the result in columns, at least 1.
 */
export function meter(db: number, width: number): string {
  const share = Number.isNaN(db) ? 0 : Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
  const lit = Math.round(share * width);
  let steps = "";
  for (let step = 0; step < lit; step++) {
    const height = width === 1 ? 1 : step / (width - 1);
    steps += BLOCKS[Math.round(height * (BLOCKS.length - 1))];
  }
  return steps.padEnd(width);
}
