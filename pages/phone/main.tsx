/** The phone's page. */

import { render, type VNode } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import type { PageLanguage } from "../../lib/web_phone/page_messages.ts";
import { applyTheme, turnTheme } from "../shared/theme.ts";
import { mayAsk, notify } from "./alerts.ts";
import { CallCard } from "./call_card.tsx";
import { takeToken } from "./link/line.ts";
import { Log } from "./log.tsx";
import { Notices } from "./notices.tsx";
import { People } from "./people.tsx";
import { Phone } from "./phone.ts";
import { isCall } from "./state.ts";
import { TEXTS } from "./texts.ts";

/** Which key means which command, where a command makes sense. */
const KEYS: Readonly<Record<string, string>> = { a: "aceitar", r: "recusar", d: "desligar", m: "mudo" };

function Page({ token, language }: { token: string; language: PageLanguage }): VNode {
  const [, changed] = useReducer<number, void>((count) => count + 1, 0);
  const [phone] = useState(() => new Phone(token, language, () => changed()));
  const texts = TEXTS[phone.language];
  const { welcome } = phone.state;
  const status = welcome?.status ?? null;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => pressed(event, phone);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const caller = status && !isCall(status) && status.ringing === "in" ? status.name : undefined;
  useEffect(() => caller === undefined ? undefined : notify(texts.callsYou(caller)), [caller]);
  useEffect(() => {
    const what = caller !== undefined
      ? `☎ ${texts.callsYou(caller)}`
      : isCall(status)
      ? `● ${status.name}`
      : welcome?.name;
    document.title = what === undefined ? "Sala" : `${what} · Sala`;
  });
  return (
    <div class={`phone ${status ? "busy" : "free"}`}>
      <header class="top">
        <h1>Sala</h1>
        <p class="self">
          <b>{welcome?.name}</b>
        </p>
        <AskToNotify text={texts.notify} />
        <button type="button" class="quiet" aria-label={texts.theme} title={texts.theme} onClick={turnTheme}>
          ◐
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => speak(phone, phone.language === "pt" ? "en" : "pt")}
        >
          {texts.language}
        </button>
        <button type="button" class="quiet" onClick={() => phone.type("sair")}>{texts.leave}</button>
      </header>
      <Notices phone={phone} />
      <main>
        <CallCard phone={phone} />
        <Log phone={phone} />
      </main>
      <People phone={phone} />
    </div>
  );
}

function AskToNotify({ text }: { text: string }): VNode | null {
  const [asks, setAsks] = useState(mayAsk);
  if (!asks) return null;
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => Notification.requestPermission().then(() => setAsks(mayAsk()))}
    >
      {text}
    </button>
  );
}

/** A key that is pressed anywhere but in a text. */
function pressed(event: KeyboardEvent, phone: Phone): void {
  const { key, target, ctrlKey, altKey, metaKey } = event;
  if (ctrlKey || altKey || metaKey || target instanceof HTMLInputElement) return;
  if (key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
  const command = KEYS[key.toLowerCase()];
  const status = phone.state.welcome?.status;
  if (command === undefined || !status) return;
  const rings = !isCall(status) && status.ringing === "in";
  const fits = rings
    ? command === "aceitar" || command === "recusar"
    : command === "desligar" || isCall(status) && command === "mudo";
  if (fits) phone.type(command);
}

function speak(phone: Phone, language: PageLanguage): void {
  document.documentElement.lang = language;
  localStorage.setItem("language", language);
  phone.speak(language);
}

const token = takeToken();
const chosen = localStorage.getItem("language") ?? document.documentElement.lang;
const language = chosen.startsWith("en") ? "en" : "pt";
document.documentElement.lang = language;
applyTheme();
render(
  token === undefined
    ? (
      <main class="no-token">
        <h1>Sala</h1>
        <p>{TEXTS[language].noToken}</p>
      </main>
    )
    : <Page token={token} language={language} />,
  document.body,
);
