/** What happened, in the phone's sentences; or its messages as a ladder. And a line for commands, as at the terminal. */

import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Details } from "../shared/details.tsx";
import { formatTime } from "../shared/format.ts";
import { Ladder } from "../shared/ladder.tsx";
import { ladderOf } from "./own_ladder.ts";
import type { Phone } from "./phone.ts";
import { TEXTS } from "./texts.ts";

/** Characters of a time without its milliseconds. */
const TO_THE_SECOND = 8;

type Tab = "events" | "messages";

export function Log({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const [tab, setTab] = useState<Tab>("events");
  const titles = { events: texts.happened, messages: texts.messages } as const;
  return (
    <section class="log">
      <div role="tablist" class="tabs">
        {(["events", "messages"] as const).map((name) => (
          <button
            type="button"
            key={name}
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="log"
            onClick={() => setTab(name)}
          >
            {titles[name]}
          </button>
        ))}
      </div>
      <div id="log" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "events" ? <Events phone={phone} /> : <OwnLadder phone={phone} />}
      </div>
      <CommandLine phone={phone} />
    </section>
  );
}

function Events({ phone }: { phone: Phone }): VNode {
  const end = useRef<HTMLOListElement>(null);
  // The page's address is a secret, and whoever is here has it.
  const told = phone.state.events.filter(({ text, event }) =>
    text !== undefined && event.event !== "web_open"
  );
  const last = told.at(-1)?.number;
  useEffect(() => {
    const list = end.current;
    if (list) list.scrollTop = list.scrollHeight;
  }, [last]);
  return (
    <ol
      id="events"
      class="events"
      ref={end}
      aria-live="polite"
      tabIndex={0}
      aria-label={TEXTS[phone.language].happened}
    >
      {told.map(({ number, time, text, tone }) => (
        <li key={number} class={tone ?? "plain"}>
          <time>{formatTime(Date.parse(time)).slice(0, TO_THE_SECOND)}</time>
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

function CommandLine({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const [typed, setTyped] = useState("");
  return (
    <form
      class="command"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() !== "") phone.type(typed);
        setTyped("");
      }}
    >
      <input
        aria-label={texts.command}
        placeholder={`${texts.command}: ${texts.commandHint}`}
        autocomplete="off"
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <button type="submit">{texts.send}</button>
    </form>
  );
}
