/** What happened, in the phone's sentences; or its messages as a ladder. And a line for commands, as at the terminal. */

import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Details } from "../shared/details.tsx";
import { formatTime } from "../shared/format.ts";
import { Ladder } from "../shared/ladder.tsx";
import { ladderOf, ownParty } from "./own_ladder.ts";
import type { Phone } from "./phone.ts";
import { isTold } from "./state.ts";
import { TEXTS } from "./texts.ts";

/** Characters of a time without its milliseconds. */
const TO_THE_SECOND = 8;

/** Distance from the end, in CSS pixels, at which a list still counts as read to its end. */
const NEAR_END = 8;

/** Longest command: the page may send 8192 UTF-16 units. */
const MAX_COMMAND = 1024;

const TABS = ["events", "messages"] as const;

export function Log({ phone, usable }: { phone: Phone; usable: boolean }): VNode {
  const texts = TEXTS[phone.language];
  const [tab, setTab] = useState<(typeof TABS)[number]>("events");
  const titles = { events: texts.happened, messages: texts.messages } as const;
  const turn = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const next = tab === "events" ? "messages" : "events";
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="log">
      <div role="tablist" class="tabs" onKeyDown={turn}>
        {TABS.map((name) => (
          <button
            type="button"
            key={name}
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="log"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {titles[name]}
          </button>
        ))}
      </div>
      <div id="log" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "events" ? <Events phone={phone} /> : <OwnLadder phone={phone} />}
      </div>
      <CommandLine phone={phone} usable={usable} />
    </section>
  );
}

/** The sentences. The list stays at its end, unless its reader has scrolled up. */
function Events({ phone }: { phone: Phone }): VNode {
  const list = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  const top = useRef(0);
  const { events } = phone.state;
  const told = useMemo(() => events.filter(isTold), [events]);
  const toEnd = (): void => {
    if (!follows.current || !list.current) return;
    list.current.scrollTop = list.current.scrollHeight;
    top.current = list.current.scrollTop;
  };
  useLayoutEffect(toEnd, [told]);
  useEffect(() => {
    const observer = new ResizeObserver(toEnd);
    observer.observe(list.current as HTMLOListElement);
    return () => observer.disconnect();
  }, []);
  return (
    <ol
      id="events"
      class="events"
      ref={list}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        const atEnd = scrollTop + clientHeight >= scrollHeight - NEAR_END;
        // A list that has just become lower is not at its end either.
        follows.current = atEnd || follows.current && scrollTop >= top.current;
        top.current = scrollTop;
      }}
      tabIndex={0}
      aria-label={TEXTS[phone.language].happened}
    >
      {told.map(({ number, time, text, tone }) => (
        <li key={number} class={tone ?? "plain"}>
          <time dateTime={time}>{formatTime(Date.parse(time)).slice(0, TO_THE_SECOND)}</time>
          <span>{text}</span>
        </li>
      ))}
    </ol>
  );
}

function OwnLadder({ phone }: { phone: Phone }): VNode {
  const { events, welcome } = phone.state;
  const [selected, select] = useState<number | undefined>(undefined);
  const messages = useMemo(() => welcome ? ladderOf(events, welcome) : [], [
    events,
    welcome?.people,
    welcome?.name,
  ]);
  const ladder = {
    language: phone.language,
    own: ownParty(welcome?.name ?? ""),
    messages,
    count: messages.length,
    selected,
    selection: messages.find(({ number }) => number === selected),
    select,
  };
  return (
    <div class="own-ladder">
      <Ladder ladder={ladder} />
      <Details ladder={ladder} />
    </div>
  );
}

function CommandLine({ phone, usable }: { phone: Phone; usable: boolean }): VNode {
  const texts = TEXTS[phone.language];
  const [typed, setTyped] = useState("");
  return (
    <form
      class="command"
      onSubmit={(event) => {
        event.preventDefault();
        if (!usable) return;
        if (typed.trim() !== "") phone.type(typed);
        setTyped("");
      }}
    >
      <input
        aria-label={texts.command}
        placeholder={`${texts.command}: ${texts.commandHint}`}
        autocomplete="off"
        maxLength={MAX_COMMAND}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <button type="submit" disabled={!usable}>{texts.send}</button>
    </form>
  );
}
