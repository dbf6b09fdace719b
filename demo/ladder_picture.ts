/** A message ladder as a picture that needs neither browser nor fonts of its own: the panel's, in its light colours. */

import { type LadderMessage, lifelineKey, type Party } from "../lib/trace/ladder.ts";
import { kindOf, labelOf } from "../pages/shared/explain.ts";
import { formatTime } from "../pages/shared/format.ts";
import type { LadderTexts } from "../pages/shared/ladder_texts.ts";
import { lifelinesOf } from "../pages/shared/lifelines.ts";
import { escapeXml, SVG_FONT, tenth } from "../testing/svg.ts";

/** Sizes in pixels. */
const ROW = 44;
const MARGIN = 24;
const TIME_WIDTH = 130;
const LIFELINE_WIDTH = 240;
const HEAD_HEIGHT = 72;
/** Of a character above a lifeline. */
const CHARACTER = 11;
/** Where a lost message's arrow ends, of its way. */
const LOST_AT = 0.7;

/** Colours by name, such as `text` or a kind of message. */
type Colours = (name: string) => string;

/** The messages of an export in JSON Lines. */
export function messagesOf(jsonLines: string): LadderMessage[] {
  return jsonLines.trimEnd().split("\n").filter((line) => line !== "").map((line) => {
    const { time, message, ...rest } = JSON.parse(line);
    const text = typeof message === "string" ? message : JSON.stringify(message);
    return { ...rest, at: Date.parse(time), text };
  });
}

/**
 * Draws messages, in their order, from top to bottom.
 *
 * @param styles `pages/shared/base.css`, whose colours it takes.
 * @returns An SVG document.
 */
export function drawLadder(messages: readonly LadderMessage[], texts: LadderTexts, styles: string): string {
  const colours = coloursOf(styles);
  const parties = lifelinesOf(messages, [], 0);
  const places = new Map(
    parties.map((party, index) => [lifelineKey(party), MARGIN + TIME_WIDTH + LIFELINE_WIDTH * (index + 0.5)]),
  );
  const at = (party: Party): number => places.get(lifelineKey(party)) as number;
  const width = 2 * MARGIN + TIME_WIDTH + LIFELINE_WIDTH * parties.length;
  const height = MARGIN + HEAD_HEIGHT + ROW * messages.length + MARGIN;
  const rows = messages.map((message, index) => {
    const y = MARGIN + HEAD_HEIGHT + index * ROW;
    return row(message, { y, start: at(message.from), stop: at(message.to), width }, texts, colours);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="${SVG_FONT}" fill="${colours("text")}">`,
    `<title>${escapeXml(texts.ladder)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${colours("ground")}"/>`,
    ...parties.map((party) => lifeline(party, at(party), height, texts, colours)),
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

/** The colours of the page in light: its first ones. */
function coloursOf(styles: string): Colours {
  const colours = new Map<string, string>();
  for (const [, name = "", value = ""] of styles.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)) {
    if (!colours.has(name)) colours.set(name, value);
  }
  return (name) => {
    const colour = colours.get(name);
    if (colour === undefined) throw new Error(`base.css has no colour --${name}`);
    return colour;
  };
}

function lifeline(party: Party, x: number, height: number, texts: LadderTexts, colours: Colours): string {
  const { registry, name, ip, port } = party;
  const whole = registry ? texts.registry : name ?? `${ip}:${port}`;
  const most = Math.floor((LIFELINE_WIDTH - 24) / CHARACTER);
  const characters = [...whole];
  const shown = characters.length <= most ? whole : `${characters.slice(0, most - 1).join("")}…`;
  const [fill, ink] = registry ? [colours("text"), colours("ground")] : [colours("raised"), colours("text")];
  return [
    `<path d="M${x} ${MARGIN}V${height - MARGIN}" stroke="${colours("edge")}" stroke-width="2"/>`,
    `<rect x="${x - LIFELINE_WIDTH / 2 + 8}" y="${MARGIN}" width="${
      LIFELINE_WIDTH - 16
    }" height="44" rx="8" ` +
    `fill="${fill}" stroke="${colours("edge")}"/>`,
    `<text x="${x}" y="${MARGIN + 29}" font-size="20" font-weight="600" text-anchor="middle" fill="${ink}">${
      escapeXml(shown)
    }</text>`,
  ].join("\n");
}

interface Place {
  readonly y: number;
  readonly start: number;
  readonly stop: number;
  readonly width: number;
}

function row(message: LadderMessage, place: Place, texts: LadderTexts, colours: Colours): string {
  const { transport, transmission, fate, at } = message;
  const { y, start, stop } = place;
  const lost = fate === "lost";
  const colour = colours(lost ? "refusal" : kindOf(message));
  const notes = [
    ...transmission > 1 ? [texts.transmission(transmission)] : [],
    ...lost ? [texts.fates.lost] : [],
  ].join(", ");
  const note = notes === ""
    ? ""
    : ` <tspan font-style="italic" font-weight="400">${escapeXml(notes)}</tspan>`;
  const halo = `stroke="${colours("ground")}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"`;
  return [
    `<text x="${MARGIN}" y="${y + 33}" font-size="14" fill="${colours("muted")}">${formatTime(at)}</text>`,
    ...arrow(start, stop, y + 32, { lost, tcp: transport === "TCP", again: transmission > 1 }, [
      colour,
      colours("ground"),
    ]),
    `<text x="${(start + stop) / 2}" y="${y + 20}" font-size="17" font-weight="600" text-anchor="middle" ` +
    `fill="${colour}" ${halo}>${escapeXml(labelOf(message))}${note}</text>`,
  ].join("\n");
}

/** Dotted with a hollow tip by TCP, dashed for retransmissions, with a cross at its end if it was lost. */
function arrow(
  start: number,
  stop: number,
  y: number,
  { lost, tcp, again }: { readonly lost: boolean; readonly tcp: boolean; readonly again: boolean },
  [colour, ground]: readonly [string, string],
): string[] {
  const forward = Math.sign(stop - start) || 1;
  const tip = stop - forward * 4;
  const end = tenth(lost ? start + (tip - start) * LOST_AT : tip);
  const back = end - forward * 12;
  const dashes = tcp
    ? `stroke-dasharray="2 5" stroke-linecap="round"`
    : again
    ? `stroke-dasharray="12 6"`
    : "";
  return [
    `<path d="M${start} ${y}H${lost ? end : back}" stroke="${colour}" stroke-width="${
      tcp ? 2 : 3
    }" ${dashes}/>`,
    lost
      ? `<path d="M${end - 8} ${y - 8}l16 16m0 -16l-16 16" stroke="${colour}" stroke-width="4"/>`
      : `<path d="M${end} ${y}L${back} ${y - 7}V${y + 7}Z" fill="${
        tcp ? ground : colour
      }" stroke="${colour}" ` +
        `stroke-width="2"/>`,
    `<circle cx="${start}" cy="${y}" r="4" fill="${colour}"/>`,
  ];
}
