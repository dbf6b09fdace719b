/** The panel's page: the room on the wall. */

import { render, type VNode } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import { encode } from "uqr";
import { Calls } from "./calls.tsx";
import { Controls } from "./controls.tsx";
import { Details } from "../shared/details.tsx";
import { Ladder } from "../shared/ladder.tsx";
import { recalled, remember } from "../shared/storage.ts";
import { applyTheme, turnTheme } from "../shared/theme.ts";
import { People } from "./people.tsx";
import { Store } from "./store.ts";
import type { Language } from "../shared/ladder_texts.ts";
import { TEXTS } from "./texts.ts";

/** Time until a registry that gives no stream is asked again, in milliseconds. */
const RETRY_MS = 3000;

/** Interval of the clocks on the page, in milliseconds. */
const CLOCK_MS = 1000;

function Panel({ store }: { store: Store }): VNode {
  const [, changed] = useReducer((count: number) => count + 1, 0);
  useEffect(() => onceAFrame(store, () => changed(undefined as never)), []);
  useEffect(() => {
    const timer = setInterval(changed, CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  const texts = TEXTS[store.language];
  // Whole seconds: what shows them is drawn once in each.
  const now = CLOCK_MS * Math.floor(store.registryTime(Date.now()) / CLOCK_MS);
  return (
    <div class="panel">
      <header class="top">
        <h1>Sala</h1>
        <p class="state" role="status">{store.connection === "open" ? "" : texts[store.connection]}</p>
        <Address language={store.language} />
        <button type="button" class="quiet" aria-label={texts.theme} title={texts.theme} onClick={turnTheme}>
          ◐
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => speak(store, store.language === "pt" ? "en" : "pt")}
        >
          {texts.language}
        </button>
      </header>
      <People store={store} now={now} />
      <main>
        <Calls store={store} now={now} />
        <Ladder ladder={store} />
      </main>
      <Details ladder={store} protocol="protocol" />
      <Controls store={store} />
    </div>
  );
}

/** The address for others, as text and QR code. */
function Address({ language }: { language: Language }): VNode {
  const texts = TEXTS[language];
  const [urls, setUrls] = useState<readonly string[]>([]);
  useEffect(() => {
    fetch("addresses").then((response) => response.json()).then(setUrls, () => {});
  }, []);
  const [url] = urls;
  if (url === undefined) {
    return (
      <details class="menu address">
        <summary>QR</summary>
        <p>{texts.onlyHere}</p>
      </details>
    );
  }
  return (
    <details class="menu address">
      <summary>{url}</summary>
      <p>{texts.address}</p>
      <QrCode text={url} />
      <ul>
        {urls.map((other) => (
          <li key={other}>
            <code>{other}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function QrCode({ text }: { text: string }): VNode {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => dark ? `M${x} ${y}h1v1h-1z` : "")).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={text}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

/** Calls back after changes, once before each frame. Moves a replay on, too. */
function onceAFrame(store: Store, draw: () => void): () => void {
  let frame = 0;
  let before = 0;
  const onFrame = (now: number): void => {
    frame = 0;
    const passed = before === 0 ? 0 : now - before;
    before = store.playing ? now : 0;
    store.advance(passed);
    draw();
    if (store.playing) ask();
  };
  const ask = (): void => {
    if (frame === 0) frame = requestAnimationFrame(onFrame);
  };
  const stop = store.listen(ask);
  return () => {
    stop();
    cancelAnimationFrame(frame);
  };
}

/** Loads the page anew once somebody answers: the browser's own page of an error would stay on the wall for ever. */
async function reloadOnceAnswered(): Promise<void> {
  try {
    const { ok } = await fetch(location.href, { method: "HEAD" });
    if (ok) return location.reload();
  } catch {
    // Nobody.
  }
  setTimeout(reloadOnceAnswered, RETRY_MS);
}

/** Listens to the feed. A connection that breaks is made again by the browser, which asks for what it missed. */
function follow(store: Store): void {
  const source = new EventSource("events");
  source.addEventListener("open", () => store.change({ connection: "open" }));
  source.addEventListener("error", () => {
    store.change({ connection: "lost" });
    // Of an answer that is no stream the browser asks no more: the session has ended with the registry.
    if (source.readyState === EventSource.CLOSED) setTimeout(reloadOnceAnswered, RETRY_MS);
  });
  source.addEventListener("snapshot", ({ data }) => store.begin(JSON.parse(data), Date.now()));
  source.addEventListener("batch", ({ data }) => store.add(JSON.parse(data), Date.now()));
}

function speak(store: Store, language: Language): void {
  document.documentElement.lang = language;
  remember("language", language);
  store.change({ language });
}

const chosen = recalled("language") ?? document.documentElement.lang;
const store = new Store(chosen === "en" ? "en" : "pt");
document.documentElement.lang = store.language;
applyTheme();
render(<Panel store={store} />, document.body);
follow(store);
