/** Who is in the room, to be called by a click or by their name. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { chosenBy, matching } from "./search.ts";
import type { Phone } from "./phone.ts";
import { TEXTS } from "./texts.ts";

/** What {@linkcode People} shows. */
export interface PeopleProps {
  readonly phone: Phone;
  /** Whether this phone has a call, or makes one. */
  readonly busy: boolean;
  /** Whether the phone takes commands. */
  readonly usable: boolean;
}

export function People({ phone, busy, usable }: PeopleProps): VNode {
  const texts = TEXTS[phone.language];
  const { welcome } = phone.state;
  const [wanted, setWanted] = useState("");
  const others = (welcome?.people ?? []).map(({ name }) => name).filter((name) => name !== welcome?.name)
    .toSorted(new Intl.Collator(phone.language).compare);
  const found = matching(others, wanted);
  const off = busy || !usable;
  const call = (name: string): void => {
    phone.call(name);
    setWanted("");
  };
  return (
    <section class="people" aria-label={texts.people}>
      <h2>
        {texts.people} <span class="count">{others.length}</span>
      </h2>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (off || wanted.trim() === "") return;
          const chosen = chosenBy(found, wanted);
          if (chosen !== undefined) return call(chosen);
          phone.type(`ligar ${wanted}`);
          setWanted("");
        }}
      >
        <input
          id="search"
          type="search"
          aria-label={texts.search}
          aria-keyshortcuts="/"
          placeholder={texts.searchHint}
          autocomplete="off"
          maxLength={128}
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <button type="submit" disabled={off || wanted.trim() === ""}>{texts.callWord}</button>
      </form>
      {welcome?.people && others.length === 0 && <p class="empty">{texts.alone}</p>}
      {others.length > 0 && found.length === 0 && <p class="empty">{texts.noneFound}</p>}
      <ul id="people">
        {found.map((name) => (
          <li key={name}>
            <bdi class="name">{name}</bdi>
            <button
              type="button"
              class="call"
              disabled={off}
              aria-label={texts.call(name)}
              onClick={() => call(name)}
            >
              {texts.callWord}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
