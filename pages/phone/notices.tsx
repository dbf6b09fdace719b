/** What the person has to know or to do: no phone, no sound, another name. */

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Phone } from "./phone.ts";
import { TEXTS } from "./texts.ts";

export function Notices({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const { line, wantsName } = phone.state;
  return (
    <div class="notices" role="status">
      {line === "connecting" && <p class="notice bad">{texts.connecting}</p>}
      {line === "ended" && <p class="notice bad">{texts.ended}</p>}
      {line === "open" && <Sound phone={phone} />}
      {wantsName && line === "open" && <OtherName phone={phone} />}
    </div>
  );
}

/** What is in the way of the sound. */
function Sound({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const { welcome, trouble } = phone.state;
  const sound = welcome?.sound;
  const uses = sound !== undefined && (sound.microphone || sound.speaker);
  const retry = trouble && texts.retry[trouble];
  return (
    <>
      {uses && sound.holder === "other" && (
        <p class="notice">
          {texts.otherPage} <button type="button" onClick={() => phone.takeSound()}>{texts.takeSound}</button>
        </p>
      )}
      {trouble !== undefined && (
        <p class="notice warn">
          {texts.trouble[trouble]} {retry !== undefined && (
            <button
              type="button"
              onClick={() => trouble !== "needs_click" && phone.prepare()}
            >
              {retry}
            </button>
          )}
        </p>
      )}
      {uses && sound.microphone && sound.holder === "this" && trouble === undefined &&
        phone.microphone === "ask" && (
        <p class="notice">
          <button type="button" class="primary" onClick={() => phone.prepare()}>
            {texts.allowMicrophone}
          </button>{" "}
          {texts.allowHint}
        </p>
      )}
    </>
  );
}

function OtherName({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const [name, setName] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      class="notice warn"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") phone.type(name.trim());
        setName("");
      }}
    >
      <label>
        {texts.otherName}{" "}
        <input
          id="other-name"
          ref={field}
          autocomplete="off"
          maxLength={128}
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">{texts.take}</button>
    </form>
  );
}
