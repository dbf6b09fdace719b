/** The message trace of phone and registry. */

import type { MessageEvent } from "../events/fields.ts";
import { formatEndpoint } from "../protocol/address.ts";
import { parseObject } from "../protocol/json_object.ts";
import { printable } from "../protocol/printable.ts";
import type { Trace } from "../protocol/trace.ts";
import { paint } from "./style.ts";
import type { Language } from "./texts/language.ts";

/** Options of a trace line. */
export interface TraceStyle {
  readonly language: Language;
  /** Uses colours. */
  readonly colour: boolean;
  /** Shows the date, too. */
  readonly date?: boolean;
}

/** Padded to the same width: the columns after them line up. */
const DIRECTIONS = {
  pt: { sent: "→ enviada ", received: "← recebida" },
  en: { sent: "→ sent    ", received: "← received" },
} as const;

/** How every copy for a panel begins, as Sala writes it. */
const COPIES = '{"tipo":"rastro"';

/**
 * Whether programs exchange a message without an occasion of a person's: `ping`, `pong`, `rastro` for a panel, and what keeps a
 * page's list of people up to date.
 */
export function isBackground({ text, routine }: Trace & Pick<MessageEvent, "routine">): boolean {
  if (routine === true) return true;
  // As Sala writes them: 1,300 a second with 10,000 idle phones.
  if (text === '{"tipo":"ping"}' || text === '{"tipo":"pong"}') return true;
  if (text.startsWith(COPIES)) return true;
  if (!/"(?:p[io]ng|rastro)"/.test(text)) return false;
  const tipo = parseObject(text)?.tipo;
  return tipo === "ping" || tipo === "pong" || tipo === "rastro";
}

/** Local date and time to the millisecond, such as `2025-01-31 12:34:56.789`. */
export function dateAndTime(at: Date): string {
  return toMilliseconds(at);
}

/** Local time of day to the millisecond, such as `12:34:56.789`. */
export function timeOfDay(at: Date): string {
  return toMilliseconds(at).slice(-"12:34:56.789".length);
}

/** The last time in milliseconds, and its text: a busy program writes many lines in one, and making it takes 1 µs. */
let lastTime = NaN;
let lastText = "";

function toMilliseconds(at: Date): string {
  const time = at.getTime();
  if (time !== lastTime) {
    const two = (value: number): string => String(value).padStart(2, "0");
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const second = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    lastText = `${date} ${second}.${String(at.getMilliseconds()).padStart(3, "0")}`;
    lastTime = time;
  }
  return lastText;
}

/**
 * A message sent or received, on one line without its line end:
 * `12:34:56.789 → enviada  UDP 192.168.0.10:6000 {"tipo":"tocando",…}`.
 *
 * The message cannot act upon a terminal.
 *
 * @param at Time of the message, shown as local time.
 */
export function traceLine(trace: Trace, at: Date, { language, colour, date = false }: TraceStyle): string {
  const { direction, transport, peer, text } = trace;
  const address = printable(formatEndpoint(peer));
  const time = paint(date ? dateAndTime(at) : timeOfDay(at), "faint", colour);
  const head = paint(`${DIRECTIONS[language][direction]} ${transport} ${address}`, direction, colour);
  return `${time} ${head} ${printable(text)}`;
}
