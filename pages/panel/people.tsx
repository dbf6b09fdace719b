/** Who is in the room, and what they do. */

import type { VNode } from "preact";
import { formatDuration } from "../shared/format.ts";
import type { PanelPerson } from "../../lib/panel/feed.ts";
import type { Store } from "./store.ts";
import { TEXTS } from "./texts.ts";

/** Those who do something first: in a big room they are who one looks for. */
const ORDER = { in_call: 0, ringing: 1, inviting: 1, free: 2 } as const;

export function People({ store, now }: { store: Store; now: number }): VNode {
  const texts = TEXTS[store.language];
  const { people } = store.model;
  const sorted = people.toSorted((a, b) =>
    ORDER[a.activity] - ORDER[b.activity] || a.name.localeCompare(b.name, store.language)
  );
  return (
    <section class="people" aria-label={texts.people}>
      <h2>
        {texts.people} <span class="count">{people.length}</span>
      </h2>
      {people.length === 0 && <p class="empty">{texts.nobody}</p>}
      <ul>
        {sorted.map((person) => <Person key={person.name} person={person} store={store} now={now} />)}
      </ul>
    </section>
  );
}

function Person({ person, store, now }: { person: PanelPerson; store: Store; now: number }): VNode {
  const texts = TEXTS[store.language];
  const { name, ip, port, activity, with: other = "", since, shares } = person;
  const chosen = store.filter.person === name;
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
        <span class="name">{name}</span>
        <span class="activity">{texts.activity[activity](other)}</span>
        {activity !== "free" && <span class="duration">{formatDuration(now - since)}</span>}
      </button>
    </li>
  );
}
