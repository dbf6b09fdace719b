/** What the person has to know or to do: no phone, no sound, another name. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Phone } from "./phone.ts";
import { TEXTS } from "./texts.ts";

export function Notices({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const { line, welcome, trouble, wantsName } = phone.state;
  const sound = welcome?.sound;
  const uses = sound !== undefined && (sound.microphone || sound.speaker);
  return (
    <div class="notices" role="status">
      {line === "connecting" && welcome && <p class="notice bad">{texts.connecting}</p>}
      {line === "ended" && <p class="notice bad">{texts.ended}</p>}
      {uses && sound.holder === "other" && (
        <p class="notice">
          {texts.otherPage} <button type="button" onClick={() => phone.takeSound()}>{texts.takeSound}</button>
        </p>
      )}
      {trouble !== undefined && (
        <p class="notice warn">
          {texts.trouble[trouble]} {trouble !== "no_device" && (
            <button
              type="button"
              onClick={() => phone.prepare()}
            >
              {texts.allowMicrophone}
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
      {wantsName && line === "open" && <OtherName phone={phone} />}
    </div>
  );
}

function OtherName({ phone }: { phone: Phone }): VNode {
  const texts = TEXTS[phone.language];
  const [name, setName] = useState("");
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
        {texts.otherName} <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      <button type="submit" class="primary">{texts.take}</button>
    </form>
  );
}
