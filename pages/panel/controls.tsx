/** What is looked at: live, a moment or a replay; whose messages; and exports of that. */

import type { VNode } from "preact";
import { printable } from "../../lib/protocol/printable.ts";
import { formatTime } from "../shared/format.ts";
import { SPEEDS, type Store } from "./store.ts";
import { TEXTS } from "./texts.ts";

const EXPORTS = ["mmd", "jsonl", "pcapng"] as const;

export function Controls({ store }: { store: Store }): VNode {
  const texts = TEXTS[store.language];
  const { messages } = store.model;
  const [first, last] = [messages[0]?.at ?? 0, messages.at(-1)?.at ?? 0];
  const isLive = store.time === undefined;
  return (
    <footer class="controls">
      <div class="group">
        <button
          type="button"
          class={isLive ? "live on" : "live"}
          aria-pressed={isLive}
          onClick={() => store.live()}
        >
          <span class="dot" aria-hidden="true" /> {texts.live}
        </button>
        {store.playing || isLive
          ? <button type="button" onClick={() => store.pause()}>❚❚ {texts.pause}</button>
          : <button type="button" onClick={() => store.play()}>▶ {texts.replay}</button>}
        {isLive && <button type="button" onClick={() => store.play()}>▶ {texts.replay}</button>}
        <label>
          <span class="label">{texts.speed}</span>
          <select value={store.speed} onChange={(event) => (store.speed = Number(event.currentTarget.value))}>
            {SPEEDS.map((speed) => <option key={speed} value={speed}>{speed}×</option>)}
          </select>
        </label>
      </div>
      <label class="moment">
        <input
          type="range"
          aria-label={texts.position}
          aria-valuetext={formatTime(store.time ?? last)}
          min={first}
          max={last}
          step="any"
          value={store.time ?? last}
          onInput={(event) => store.pause(Number(event.currentTarget.value))}
        />
        <output>{formatTime(store.time ?? last)}</output>
      </label>
      <div class="group">
        <FilterChips store={store} />
        <details class="menu">
          <summary>{texts.export}</summary>
          <ul>
            {EXPORTS.map((ending) => (
              <li key={ending}>
                <a href={exportAddress(store, ending)} download>{texts.exports[ending]}</a>
              </li>
            ))}
          </ul>
        </details>
      </div>
    </footer>
  );
}

function FilterChips({ store }: { store: Store }): VNode {
  const texts = TEXTS[store.language];
  const { person, call } = store.filter;
  const shown = person !== undefined
    ? printable(person)
    : call !== undefined
    ? `${texts.call} ${call}`
    : undefined;
  return shown === undefined
    ? <span class="chip all">{texts.filter}: {texts.everything}</span>
    : (
      <button type="button" class="chip" onClick={() => store.change({ filter: {} })}>
        {texts.filter}: {shown} ✕
      </button>
    );
}

/** Where an export of what is looked at comes from. */
function exportAddress({ filter, time }: Store, ending: string): string {
  const query = new URLSearchParams({
    ...(filter.person === undefined ? {} : { person: filter.person }),
    ...(filter.call === undefined ? {} : { call: filter.call }),
    ...(time === undefined ? {} : { to: `${time}` }),
  });
  return `export.${ending}?${query}`;
}
