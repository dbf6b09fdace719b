/** Who is in the room, and what they do. */

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { formatDuration } from "../shared/format.ts";
import { printable } from "../../lib/protocol/printable.ts";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import type { Language } from "../shared/ladder_texts.ts";
import { memo } from "../shared/memo.ts";
import type { Store } from "./store.ts";
import { TEXTS } from "./texts.ts";

/** Those who do something first: in a big room they are who one looks for. */
const ORDER = { in_call: 0, ringing: 1, inviting: 1, free: 2 } as const;

export function People({ store, now }: { store: Store; now: number }): VNode {
  const texts = TEXTS[store.language];
  const { people } = store.model;
  const sorted = useMemo(() => inOrder(people, store.language), [people, store.language]);
  return (
    <section class="people" aria-label={texts.people}>
      <h2>
        {texts.people} <span class="count">{people.length}</span>
      </h2>
      {people.length === 0 && <p class="empty">{texts.nobody}</p>}
      <ul>
        {sorted.map((person) => (
          <Person
            key={person.name}
            {...person}
            duration={person.activity === "free" ? "" : formatDuration(now - person.since)}
            chosen={store.filter.person === person.name}
            store={store}
            language={store.language}
          />
        ))}
      </ul>
    </section>
  );
}

/** Those who do something first, and then by name. A collator compares ten times as fast as `localeCompare`. */
function inOrder(people: readonly PanelPerson[], language: Language): PanelPerson[] {
  const { compare } = new Intl.Collator(language);
  return people.toSorted((a, b) => ORDER[a.activity] - ORDER[b.activity] || compare(a.name, b.name));
}

interface PersonProps extends PanelPerson {
  readonly duration: string;
  readonly chosen: boolean;
  readonly store: Store;
  readonly language: Language;
}

const Person = memo((props: PersonProps): VNode => {
  const { name, ip, port, activity, with: other = "", shares, duration, chosen, store, language } = props;
  const texts = TEXTS[language];
  return (
    <li>
      <button
        type="button"
        class={`person ${activity}`}
        aria-pressed={chosen}
        title={`${ip}:${port} · ${shares ? texts.shares : texts.sharesNot}`}
        onClick={() => store.change({ filter: chosen ? {} : { person: name } })}
      >
        <span class="dot" aria-hidden="true" />
        <span class="name">{printable(name)}</span>
        <span class="activity">{texts.activity[activity](printable(other))}</span>
        {duration && <span class="duration">{duration}</span>}
      </button>
    </li>
  );
});
