/** Loudness as a picture of a few characters. */

/** Rising blocks, so that loud and quiet can be told apart at a glance even without colours. */
const BLOCKS = "▁▂▃▄▅▆▇█";

/** Below this speech is lost in the noise of a room, so the meter stays dark. In dB below full scale. */
const FLOOR_DB = -60;

/**
 * Loudness as a staircase of block characters, dark steps being blanks: `▁▃▅  ` of five.
 *
 * @param db Loudness in dB below full scale, 0 the loudest; anything out of range is taken as the nearer end.
 * @param width Width in columns, at least 1. The result always has it, so that what follows does not jump.
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
