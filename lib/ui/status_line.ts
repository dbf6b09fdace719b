/** The status line of a call. */

import { printable } from "../protocol/printable.ts";
import { paint, type Style } from "./style.ts";
import type { CallStatus } from "../events/phone_events.ts";
import { meter } from "./level_meter.ts";
import { clock } from "./texts/phrases.ts";
import { fitting } from "./terminal_layout.ts";
import type { PhoneTexts } from "./texts/shape.ts";
import { unicodeWidth } from "@std/cli/unicode-width";

/** Width of a level meter. */
const METER_COLUMNS = 8;

/** Width of a level meter with its number and unit. */
const LEVEL_COLUMNS = METER_COLUMNS + " -100 dB".length;

/** Level above which speech is about to clip and the meter warns, in dB below full scale. */
const TOO_LOUD_DB = -3;

/** A line with its colours, and its width in columns. */
export interface StatusLine {
  readonly text: string;
  readonly width: number;
}

/**
 * The state of a call on one line:
 * `● maria 01:23  cifra 48213  mic ▁▃▅ -18 dB  alto-falante ▂▄ -21 dB`.
 *
 * @param columns The line is cut off at this width.
 */
export function statusLine(
  status: CallStatus,
  texts: PhoneTexts,
  columns: number,
  colour: boolean,
): StatusLine {
  const level = (db: number): Piece[] => [
    [meter(db, METER_COLUMNS), db > TOO_LOUD_DB ? "bad" : "good"],
    [` ${decibels(db)} dB`, "plain"],
  ];
  const pieces: Piece[] = [
    ["● ", "bad"],
    [printable(status.name), "strong"],
    [` ${clock(status.seconds)}  `, "plain"],
    status.code === null ? [texts.inTheClear, "alert"] : [texts.code(printable(status.code)), "strong"],
    [`  ${texts.microphone} `, "faint"],
    // Instead of the level, as wide: the rest must not jump.
    ...status.muted
      ? [[texts.muted, "alert"], padding(LEVEL_COLUMNS, texts.muted)] as const
      : level(status.microphoneDb),
    [`  ${texts.speaker} `, "faint"],
    ...level(status.speakerDb),
    ...quality(status, texts),
  ];
  let text = "";
  let width = 0;
  for (const [piece, style] of pieces) {
    const fit = fitting(piece, columns - width);
    text += paint(fit, style, colour);
    width += unicodeWidth(fit);
    if (fit !== piece) break;
  }
  return { text, width };
}

/** Empty before the other phone's first report. */
function quality({ mos, roundTripMs }: CallStatus, texts: PhoneTexts): Piece[] {
  if (mos === undefined || roundTripMs === undefined || roundTripMs === null) return [];
  return [[`  ${texts.quality(mos, roundTripMs)}`, "faint"]];
}

type Piece = readonly [text: string, style: Style];

function padding(columns: number, text: string): Piece {
  return [" ".repeat(Math.max(0, columns - unicodeWidth(text))), "plain"];
}

/** Always four columns wide: the rest of the line must not jump. */
function decibels(db: number): string {
  const whole = Number.isNaN(db) ? -100 : Math.round(Math.min(0, Math.max(-100, db)));
  return String(whole || 0).padStart(4); // Never "-0".
}
