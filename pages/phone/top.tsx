/** The page's head: who this phone is, and what is set seldom. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { remember } from "../shared/storage.ts";
import { turnTheme } from "../shared/theme.ts";
import { mayAsk } from "./alerts.ts";
import type { Phone } from "./phone.ts";
import { TEXTS, type Texts } from "./texts.ts";

/** How long the page waits for the second click of somebody who leaves, in milliseconds. */
const DOUBT_MS = 5000;

/** What {@linkcode Top} shows. */
export interface TopProps {
  readonly phone: Phone;
  /** Whether letters are commands. */
  readonly hasKeys: boolean;
  readonly turnKeys: () => void;
}

export function Top({ phone, hasKeys, turnKeys }: TopProps): VNode {
  const texts = TEXTS[phone.language];
  const { welcome, line } = phone.state;
  const speak = (): void => {
    const language = phone.language === "pt" ? "en" : "pt";
    remember("language", language);
    phone.speak(language);
  };
  return (
    <header class="top">
      <h1>Sala</h1>
      <p class="self">
        <bdi>{welcome?.name}</bdi>
      </p>
      <AskToNotify text={texts.notify} />
      <button
        type="button"
        class="quiet keys"
        aria-pressed={hasKeys}
        title={texts.keysHint}
        onClick={turnKeys}
      >
        {texts.keys}
      </button>
      <button type="button" class="quiet" aria-label={texts.theme} title={texts.theme} onClick={turnTheme}>
        ◐
      </button>
      <button type="button" class="quiet" lang={texts.otherTag} onClick={speak}>{texts.language}</button>
      <Leave texts={texts} disabled={line !== "open"} leave={() => phone.type("sair")} />
    </header>
  );
}

/** Ends the phone, and a call with it: at the second click. */
function Leave({ texts, disabled, leave }: { texts: Texts; disabled: boolean; leave: () => void }): VNode {
  const [sure, setSure] = useState(false);
  useEffect(() => {
    if (!sure) return;
    const timer = setTimeout(() => setSure(false), DOUBT_MS);
    return () => clearTimeout(timer);
  }, [sure]);
  return (
    <button
      type="button"
      class={sure ? "leave sure" : "quiet leave"}
      disabled={disabled}
      onClick={() => sure ? leave() : setSure(true)}
      onBlur={() => setSure(false)}
    >
      {sure ? texts.leaveSure : texts.leave}
    </button>
  );
}

function AskToNotify({ text }: { text: string }): VNode | null {
  const [asks, setAsks] = useState(mayAsk);
  if (!asks) return null;
  return (
    <button
      type="button"
      class="quiet"
      aria-label={text}
      title={text}
      onClick={() => Notification.requestPermission().then(() => setAsks(mayAsk()))}
    >
      <svg class="bell" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6Zm-2.5 16a2.5 2.5 0 0 0 5 0" />
      </svg>
    </button>
  );
}
