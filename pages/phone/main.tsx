/** The phone's page. */

import { render, type VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useState } from "preact/hooks";
import type { PageLanguage } from "../../lib/web_phone/page_messages.ts";
import { recalled, remember } from "../shared/storage.ts";
import { applyTheme } from "../shared/theme.ts";
import { notify } from "./alerts.ts";
import { Announcements } from "./announcements.tsx";
import { CallCard } from "./call_card.tsx";
import { handleKey } from "./keys.ts";
import { takeToken, tokenIn } from "./link/line.ts";
import { Log } from "./log.tsx";
import { Notices } from "./notices.tsx";
import { People } from "./people.tsx";
import { Phone } from "./phone.ts";
import { isCall, takesCommands } from "./state.ts";
import { TEXTS } from "./texts.ts";
import { Top } from "./top.tsx";

function Page({ token, chosen }: { token: string; chosen: PageLanguage | undefined }): VNode {
  const [, changed] = useReducer<number, void>((count) => count + 1, 0);
  const [phone] = useState(() => new Phone(token, chosen, () => changed()));
  const [hasKeys, setKeys] = useState(recalled("keys") !== "off");
  const { language, state } = phone;
  const { welcome, events } = state;
  const texts = TEXTS[language];
  const status = state.line === "open" ? welcome?.status ?? null : null;
  const busy = welcome?.status !== null && welcome?.status !== undefined;
  const usable = takesCommands(state);
  const caller = status && !isCall(status) && status.ringing === "in" ? status.name : undefined;
  // Before the next key.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => handleKey(event, phone, hasKeys);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [hasKeys]);
  useEffect(() => caller === undefined ? undefined : notify(texts.callsYou(caller)), [caller]);
  useEffect(() => {
    document.title = titleOf(phone, caller);
    document.documentElement.lang = texts.tag;
  });
  // Five times a second in a call all is drawn again but these two, which may be long.
  const people = useMemo(() => <People phone={phone} busy={busy} usable={usable} />, [
    welcome?.people,
    welcome?.name,
    busy,
    usable,
    language,
  ]);
  const log = useMemo(() => <Log phone={phone} usable={usable} />, [
    events,
    welcome?.people,
    welcome?.name,
    usable,
    language,
  ]);
  return (
    <div class={`phone ${busy ? "busy" : "free"} ${hasKeys ? "" : "no-keys"}`}>
      <Top
        phone={phone}
        hasKeys={hasKeys}
        turnKeys={() => {
          remember("keys", hasKeys ? "off" : "on");
          setKeys(!hasKeys);
        }}
      />
      <Notices phone={phone} />
      <main>
        <CallCard phone={phone} />
        {people}
        {log}
      </main>
      <Announcements said={state.said} alert={caller && texts.rings(caller)} />
    </div>
  );
}

function titleOf({ state, language }: Phone, caller: string | undefined): string {
  const { welcome, line } = state;
  const status = line === "open" ? welcome?.status : undefined;
  const what = caller !== undefined
    ? `☎ ${TEXTS[language].callsYou(caller)}`
    : isCall(status)
    ? `● ${status.name}`
    : welcome?.name;
  return what === undefined ? "Sala" : `${what} · Sala`;
}

function NoToken(): VNode {
  const language = (recalled("language") ?? navigator.language).startsWith("pt") ? "pt" : "en";
  document.documentElement.lang = TEXTS[language].tag;
  return (
    <main class="no-token">
      <h1>Sala</h1>
      <p>{TEXTS[language].noToken}</p>
    </main>
  );
}

// The address of a phone that was started again, opened in its old page's tab, loads nothing by itself.
addEventListener("hashchange", () => {
  if (tokenIn(location.hash) !== undefined) location.reload();
});
const token = takeToken();
const language = recalled("language");
applyTheme();
render(
  token === undefined
    ? <NoToken />
    : <Page token={token} chosen={language === "pt" || language === "en" ? language : undefined} />,
  document.body,
);
