/**
 * The message ladder: a lifeline for each party, an arrow for each message. Only the rows in view are in the document, so that
 * hundreds of messages a second cost no more than a few. Up and Down choose a message, whose details are read aloud.
 */

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatTime } from "./format.ts";
import { printable } from "../../lib/protocol/printable.ts";
import { type LadderMessage, lifelineKey, type Party } from "../../lib/trace/ladder.ts";
import { kindOf, labelOf } from "./explain.ts";
import { memo } from "./memo.ts";
import { placeOf } from "./order.ts";
import { lifelinesOf } from "./lifelines.ts";
import { LADDER_TEXTS, type LadderTexts, type Language } from "./ladder_texts.ts";

/** Sizes in pixels. */
const ROW = 50;
const TIME_WIDTH = 140;
const NARROW_TIME_WIDTH = 84;
const LIFELINE_WIDTH = 140;
const LEAST_WIDTH = 124;
const NARROW_LEAST_WIDTH = 84;
/** A ladder that is narrower has times to the second and narrow lifelines. */
const NARROW = 600;
/** Characters of a time without its milliseconds. */
const TO_THE_SECOND = 8;
const HEAD_HEIGHT = 60;
/** Of a character of a label. */
const CHARACTER = 12;
const EDGE = 10;
/** Where a lost message's arrow ends, of its way. */
const LOST_AT = 0.7;

/** Rows beyond the view, above and below. */
const OVERSCAN = 2;

interface View {
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What somebody calls a party. */
export function nameOf({ registry, name, ip, port }: Party, texts: LadderTexts): string {
  return registry ? texts.registry : name === undefined ? `${ip}:${port}` : printable(name);
}

/** What a ladder shows. */
export interface LadderView {
  readonly language: Language;
  /** Lifeline of the reader, if they have one. */
  readonly own?: Party;
  /** In order of their times. */
  readonly messages: readonly LadderMessage[];
  /** How many of them, from the first on. */
  readonly count: number;
  /** Number of the message whose details are shown. */
  readonly selected: number | undefined;
  /** That message. */
  readonly selection: LadderMessage | undefined;
  select(number: number | undefined): void;
}

export function Ladder({ ladder }: { ladder: LadderView }): VNode {
  const texts = LADDER_TEXTS[ladder.language];
  const scroller = useRef<HTMLDivElement>(null);
  const shown = useRef(false);
  const lanesBefore = useRef(new Lanes([], 0));
  /** Where the ladder itself has scrolled to. */
  const scrolledTo = useRef(0);
  const [view, setView] = useState<View>({ top: 0, width: 1000, height: 600 });
  const [follows, setFollows] = useState(true);
  /** The last message that was there when the reader went back. */
  const seen = useRef<LadderMessage>(null);
  /** The first message in view, while the reader is back: others come before it late, and the oldest go. */
  const anchor = useRef<LadderMessage>(null);
  const { messages, count } = ladder;
  const end = Math.max(0, count * ROW + HEAD_HEIGHT - view.height);
  const held = anchor.current ? placeOf(messages, anchor.current) * ROW + view.top % ROW : view.top;
  const top = follows ? end : Math.min(held, end);
  const fresh = seen.current ? count - Math.min(count, placeOf(messages, seen.current) + 1) : 0;
  const first = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const rows = messages.slice(first, Math.min(count, Math.ceil((top + view.height) / ROW) + OVERSCAN));
  const room = Math.floor((view.width - timeWidth(view.width)) / LIFELINE_WIDTH);
  const parties = lifelinesOf(rows, lanesBefore.current.parties, room, ladder.own);
  const lanes = lanesBefore.current = lanesBefore.current.orNew(parties, view.width);

  // The details that close had the focus.
  useEffect(() => {
    if (ladder.selected === undefined && shown.current && document.activeElement === document.body) {
      scroller.current?.focus();
    }
    shown.current = ladder.selected !== undefined;
  }, [ladder.selected]);
  // Before it is painted, and only when there is something to move: reading where it is costs a layout.
  useLayoutEffect(() => {
    if (!scroller.current || !(follows || anchor.current)) return;
    scroller.current.scrollTop = top;
    // Where the ladder became higher meanwhile, the browser goes less far.
    scrolledTo.current = scroller.current.scrollTop;
  }, [top, follows]);
  useEffect(() => {
    const element = scroller.current as HTMLDivElement;
    const measure = (): void =>
      setView({ top: element.scrollTop, width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const { scrollTop, clientWidth, clientHeight, scrollHeight } = scroller.current as HTMLDivElement;
    const atEnd = scrollTop + clientHeight >= scrollHeight - ROW / 2;
    // Of its own scrolling the ladder hears later, when more messages may have come, or less room is left.
    const stays = atEnd || (follows && scrollTop >= scrolledTo.current - 1);
    if (follows && !stays) seen.current = messages[count - 1] ?? null;
    anchor.current = stays ? null : messages[Math.floor(scrollTop / ROW)] ?? null;
    setFollows(stays);
    setView({ top: scrollTop, width: clientWidth, height: clientHeight });
  };
  const select = (step: number): void => {
    const index = messages.findIndex(({ number }) => number === ladder.selected);
    const next = messages[Math.min(count - 1, Math.max(0, index < 0 ? count - 1 : index + step))];
    if (!next) return;
    ladder.select(next.number);
    const at = messages.indexOf(next) * ROW;
    const element = scroller.current as HTMLDivElement;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + ROW > element.scrollTop + element.clientHeight) {
      element.scrollTop = at + ROW - element.clientHeight;
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    select(step);
  };

  return (
    <section class="ladder" aria-label={texts.ladder} data-last={messages[count - 1]?.number}>
      <div
        class="rows"
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        tabIndex={0}
        role="group"
        aria-label={texts.ladder}
      >
        <div class="lifelines" aria-hidden="true">
          <svg width={lanes.width} height={HEAD_HEIGHT}>
            {lanes.parties.map((party) => (
              <Head
                key={lifelineKey(party)}
                name={nameOf(party, texts)}
                registry={party.registry === true}
                at={lanes.at(party)}
                step={lanes.step}
              />
            ))}
          </svg>
        </div>
        <div class="space" style={{ height: count * ROW, width: lanes.width }}>
          <svg
            aria-hidden="true"
            style={{ transform: `translateY(${first * ROW}px)` }}
            width={lanes.width}
            height={Math.max(rows.length * ROW, view.height)}
          >
            {lanes.parties.map((party) => (
              <line
                key={lifelineKey(party)}
                class="lifeline"
                x1={lanes.at(party)}
                x2={lanes.at(party)}
                y1={0}
                y2="100%"
              />
            ))}
            <g transform={`translate(0 ${-first * ROW})`}>
              {rows.map((message, index) => (
                <Row
                  key={message.number}
                  message={message}
                  y={(first + index) * ROW}
                  lanes={lanes}
                  selected={message.number === ladder.selected}
                  ladder={ladder}
                  texts={texts}
                />
              ))}
            </g>
          </svg>
        </div>
        {count === 0 && <p class="empty">{texts.noMessages}</p>}
      </div>
      {!follows && (
        <button type="button" class="newer" onClick={() => setFollows(true)}>
          ↓ {fresh > 0 ? texts.newer(fresh) : texts.live}
        </button>
      )}
    </section>
  );
}

/** Where lifelines stand. */
class Lanes {
  readonly step: number;
  readonly width: number;
  readonly #places = new Map<string, number>();

  /** Where the first one's room begins. */
  readonly start: number;

  /** @param given Width of the view. */
  constructor(readonly parties: readonly Party[], readonly given: number) {
    const count = Math.max(1, parties.length);
    const least = given < NARROW ? NARROW_LEAST_WIDTH : LEAST_WIDTH;
    const start = this.start = timeWidth(given);
    this.step = Math.max(least, Math.min(360, (given - start) / count));
    this.width = Math.max(given, start + this.step * count);
    parties.forEach((party, index) =>
      this.#places.set(lifelineKey(party), Math.round(start + this.step * (index + 0.5)))
    );
  }

  /** These, if they have the same lifelines and the same room, so that no row is drawn anew. */
  orNew(parties: readonly Party[], width: number): Lanes {
    const isSame = width === this.given && parties.length === this.parties.length &&
      parties.every((party, index) => lifelineKey(party) === lifelineKey(this.parties[index] as Party));
    return isSame ? this : new Lanes(parties, width);
  }

  at(party: Party): number {
    return this.#places.get(lifelineKey(party)) ?? this.start;
  }
}

function timeWidth(width: number): number {
  return width < NARROW ? NARROW_TIME_WIDTH : TIME_WIDTH;
}

interface RowProps {
  readonly message: LadderMessage;
  readonly y: number;
  readonly lanes: Lanes;
  readonly selected: boolean;
  readonly ladder: LadderView;
  readonly texts: LadderTexts;
}

const Row = memo(({ message, y, lanes, selected, ladder, texts }: RowProps): VNode => {
  const { from, to, transport, transmission, fate, number, at } = message;
  const [start, stop] = [lanes.at(from), lanes.at(to)];
  const lost = fate === "lost";
  const forward = Math.sign(stop - start) || 1;
  const tip = stop - forward * 4;
  const reach = lost ? start + (tip - start) * LOST_AT : tip;
  const [whole, most] = [labelOf(message), lanes.width - lanes.start - EDGE];
  // Measuring takes time, and few are so long.
  const label = whole.length * CHARACTER > most ? shortened(whole, most) : whole;
  const extra = [
    ...transmission > 1 ? [texts.transmission(transmission)] : [],
    ...lost ? [texts.fates.lost] : [],
  ].join(", ");
  const classes = [
    "row",
    kindOf(message),
    transport.toLowerCase(),
    transmission > 1 ? "again" : "",
    lost ? "lost" : "",
    selected ? "selected" : "",
  ];
  const width = (label.length + (extra ? extra.length + 1 : 0)) * CHARACTER;
  const middle = Math.abs(stop - start) < 1 ? start : (start + stop) / 2;
  const centre = Math.max(lanes.start + width / 2, Math.min(lanes.width - EDGE - width / 2, middle));
  return (
    <g
      class={classes.filter((name) => name !== "").join(" ")}
      transform={`translate(0 ${y})`}
      onClick={() => ladder.select(number)}
    >
      <rect class="band" width={lanes.width} height={ROW} />
      <text class="time" x={EDGE} y={32}>
        {lanes.start < TIME_WIDTH ? formatTime(at).slice(0, TO_THE_SECOND) : formatTime(at)}
      </text>
      <Arrow from={start} to={reach} y={38} forward={forward} lost={lost} />
      <text class="label" x={centre} y={23}>
        {label}
        {extra && <tspan class="note" dx={6}>{extra}</tspan>}
      </text>
    </g>
  );
});

function Arrow(
  { from, to, y, forward, lost }: { from: number; to: number; y: number; forward: number; lost: boolean },
): ComponentChildren {
  if (Math.abs(to - from) < 8) {
    return <path class="line" fill="none" d={`M${from} ${y - 6} h14 v12 h-10`} />;
  }
  const back = to - forward * 12;
  return (
    <>
      <line class="line" x1={from} x2={lost ? to : back + forward * 2} y1={y} y2={y} />
      {lost
        ? <path class="cross" d={`M${to - 8} ${y - 8} l16 16 m0 -16 l-16 16`} />
        : <path class="tip" d={`M${to} ${y} L${back} ${y - 7} L${back} ${y + 7} Z`} />}
      <circle class="start" cx={from} cy={y} r={4} />
    </>
  );
}

interface HeadProps {
  readonly name: string;
  readonly registry: boolean;
  readonly at: number;
  readonly step: number;
}

const Head = memo(({ name, registry, at, step }: HeadProps): VNode => (
  <g transform={`translate(${at} 0)`}>
    <rect
      class={registry ? "head registry" : "head"}
      x={-step / 2 + 4}
      y={8}
      width={step - 8}
      height={44}
      rx={8}
    />
    <text class="head-name" y={38}>{shortened(name, step - 16)}</text>
  </g>
));

/** As much of a name, or label, as is not wider than some pixels. */
function shortened(name: string, width: number): string {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return name;
  pen.font = `650 22px ${getComputedStyle(document.body).fontFamily}`;
  // Of characters as people count them: half of one is none.
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  const fits = (text: string): boolean => pen.measureText(text).width <= width;
  if (fits(name)) return name;
  while (characters.length > 1 && !fits(`${characters.join("")}…`)) characters.pop();
  return `${characters.join("")}…`;
}
