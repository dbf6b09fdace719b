/** The live line: the state of a call, or of an invitation that rings. */

import { printable } from "../protocol/printable.ts";
import { paint, type Style } from "./style.ts";
import type { CallStatus, LiveStatus, RingStatus } from "../events/phone_events.ts";
import { meter } from "./level_meter.ts";
import { clock } from "./texts/phrases.ts";
import { mostColumns, shortened } from "./terminal_layout.ts";
import type { PhoneTexts } from "./texts/shape.ts";

/** Width of a level meter. */
const METER_COLUMNS = 8;

/** Level above which speech is about to clip and the meter warns, in dB below full scale. */
const TOO_LOUD_DB = -3;

/** Width of a level meter with its number and unit. */
const LEVEL_COLUMNS = METER_COLUMNS + " -100 dB".length;

/** A name keeps this many columns where it is shortened so that the most important field fits. */
const SHORT_NAME_COLUMNS = 10;

/** The widest usual figures. Their fields keep that width: no other field comes or goes with a figure. */
const WIDEST_MOS = 4.4;
const WIDEST_ROUND_TRIP_MS = 888.8;

/** A line with its colours, and its width in columns. */
export interface StatusLine {
  readonly text: string;
  readonly width: number;
}

type Piece = readonly [text: string, style: Style];

/** A part of the line that is shown as a whole or not at all. */
interface Field {
  /** 0 is always shown. Of the others the highest goes first, if the terminal is too narrow; 1 is worth a shortened name. */
  readonly rank: number;
  readonly pieces: readonly Piece[];
}

/**
 * The state of a call on one line:
 * `● maria 01:23  cifra 48213  mic ▁▃▅ -18 dB  alto-falante ▂▄ -21 dB  qualidade 4,4  ida e volta 3 ms`, or of an
 * invitation: `☎ maria está ligando (12 s): “aceitar” ou “recusar”`.
 *
 * @param columns Fields that do not fit are left out, the least important ones first; a name is shortened.
 */
export function statusLine(
  status: LiveStatus,
  texts: PhoneTexts,
  columns: number,
  colour: boolean,
): StatusLine {
  const fields = "ringing" in status ? ringFields(status, texts) : callFields(status, texts);
  const fitted = fit(fields, columns);
  return {
    text: fitted.map(([text, style]) => paint(text, style, colour)).join(""),
    width: fitted.reduce((width, [text]) => width + mostColumns(text), 0),
  };
}

function callFields(status: CallStatus, texts: PhoneTexts): Field[] {
  const { mos, roundTripMs, code, muted } = status;
  const level = (label: string, db: number, [meterRank, numberRank]: readonly [number, number]): Field[] => [
    {
      rank: meterRank,
      pieces: [[`  ${label} `, "faint"], [meter(db, METER_COLUMNS), db > TOO_LOUD_DB ? "bad" : "good"]],
    },
    { rank: numberRank, pieces: [[` ${decibels(db)} dB`, "plain"]] },
  ];
  return [
    {
      rank: 0,
      pieces: [["● ", "bad"], [printable(status.name), "strong"], [` ${clock(status.seconds)}`, "plain"]],
    },
    {
      rank: 2,
      pieces: [
        blanks(2),
        code === null ? [texts.inTheClear, "alert"] : [texts.code(printable(code)), "strong"],
      ],
    },
    ...muted
      // People who are muted must see it. The blanks keep the fields behind it in their place.
      ? [
        { rank: 1, pieces: [[`  ${texts.microphone} `, "faint"], [texts.muted, "alert"]] },
        { rank: 7, pieces: [blanks(LEVEL_COLUMNS - mostColumns(texts.muted))] },
      ] as const
      : level(texts.microphone, status.microphoneDb, [5, 7]),
    ...level(texts.speaker, status.speakerDb, [6, 8]),
    // Absent before the other phone's first report.
    ...mos === undefined || roundTripMs === undefined || roundTripMs === null ? [] : [
      { rank: 3, pieces: figure(texts.quality, mos, WIDEST_MOS) },
      { rank: 4, pieces: figure(texts.roundTrip, roundTripMs, WIDEST_ROUND_TRIP_MS) },
    ] as const,
  ];
}

function ringFields({ ringing, name, seconds }: RingStatus, texts: PhoneTexts): Field[] {
  const style = ringing === "in" ? "alert" : "strong";
  const words = texts.ringing[ringing];
  return [
    { rank: 0, pieces: [["☎ ", style], [printable(name), style]] },
    { rank: 3, pieces: [[` ${words.what}`, style]] },
    { rank: 2, pieces: [[` ${clock(seconds)}`, style]] },
    { rank: 1, pieces: [[`  ${words.keys}`, "strong"]] },
  ];
}

/** A figure with blanks behind it, as wide as the widest one. */
function figure(text: (value: number) => string, value: number, widest: number): Piece[] {
  const shown = text(value);
  return [[`  ${shown}`, "faint"], blanks(mostColumns(text(widest)) - mostColumns(shown))];
}

function blanks(columns: number): Piece {
  return [" ".repeat(Math.max(0, columns)), "plain"];
}

/** The pieces of the fields that fit, without blanks at their end. */
function fit(fields: readonly Field[], columns: number): Piece[] {
  const widths = fields.map(({ pieces }) => pieces.reduce((sum, [text]) => sum + mostColumns(text), 0));
  let highest = Math.max(...fields.map(({ rank }) => rank));
  const spare = Math.max(0, mostColumns(fields[0]?.pieces[1]?.[0] ?? "") - SHORT_NAME_COLUMNS);
  const width = (): number =>
    fields.reduce(
      (sum, { rank }, index) => sum + (rank <= highest ? widths[index] ?? 0 : 0),
      highest > 1 ? 0 : -spare,
    );
  while (highest > 0 && width() > columns) highest--;
  const pieces = fields.filter(({ rank }) => rank <= highest).flatMap((field) => field.pieces);
  while (pieces.at(-1)?.[0].trim() === "") pieces.pop();
  return shortenedPieces(pieces, columns);
}

/** Shortens the name, the second piece, so that all fit; if that is not enough, cuts off the rest. */
function shortenedPieces(pieces: readonly Piece[], columns: number): Piece[] {
  const excess = pieces.reduce((sum, [text]) => sum + mostColumns(text), -columns);
  let left = columns;
  return pieces.map(([text, style], index) => {
    const own = mostColumns(text);
    const room = index === 1 && excess > 0 ? Math.max(1, own - excess) : own;
    const shown = shortened(text, Math.min(left, room));
    left -= mostColumns(shown);
    return [shown, style] as const;
  });
}

/** Always four columns wide: the rest of the line must not jump. */
function decibels(db: number): string {
  const whole = Number.isNaN(db) ? -100 : Math.round(Math.min(0, Math.max(-100, db)));
  return String(whole || 0).padStart(4); // Never "-0".
}
