/** Who is in the room, to be called by a click or by their name. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Phone } from "./phone.ts";
import { TEXTS } from "./texts.ts";

/** A text without accents and case, for searching. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

export function People({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const { welcome } = phone.state;
  const [wanted, setWanted] = useState("");
  const others = (welcome?.people ?? []).filter(({ name }) => name !== welcome?.name)
    .toSorted((a, b) => a.name.localeCompare(b.name, phone.language));
  const found = others.filter(({ name }) => plain(name).includes(plain(wanted)));
  const busy = welcome?.status !== null && welcome?.status !== undefined;
  const call = (name: string): void => {
    phone.type(`ligar ${name}`);
    setWanted("");
  };
  return (
    <section class="people" aria-label={texts.people}>
      <h2>
        {texts.people} <span class="count">{others.length}</span>
      </h2>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          const [only] = found;
          if (wanted.trim() !== "") call(found.length === 1 && only ? only.name : wanted.trim());
        }}
      >
        <input
          id="search"
          type="search"
          aria-label={texts.search}
          aria-keyshortcuts="/"
          placeholder={texts.search}
          autocomplete="off"
          maxLength={128}
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <button type="submit" disabled={busy || wanted.trim() === ""}>{texts.callWord}</button>
      </form>
      {others.length === 0 && <p class="empty">{texts.alone}</p>}
      {others.length > 0 && found.length === 0 && <p class="empty">{texts.noneFound}</p>}
      <ul id="people">
        {found.map(({ name }) => (
          <li key={name}>
            <span class="name">{name}</span>
            <button
              type="button"
              class="call"
              disabled={busy}
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
