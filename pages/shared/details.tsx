/** One message: what it does, its fields, its bytes. */

import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { formatTime } from "./format.ts";
import { printable } from "../../lib/protocol/printable.ts";
import { contentOf, toJson } from "../../lib/trace/json_lines.ts";
import type { LadderMessage, Party } from "../../lib/trace/ladder.ts";
import { explain, kindOf } from "./explain.ts";
import { type LadderView, nameOf } from "./ladder.tsx";
import { LADDER_TEXTS, type LadderTexts } from "./ladder_texts.ts";

/** @param protocol Where `docs/protocol.md` is as a page, if it is. */
export function Details(
  { ladder, protocol }: { ladder: LadderView; protocol?: string },
): VNode | null {
  const message = ladder.selection;
  useEffect(() => {
    if (!message) return;
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") ladder.select(undefined);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [message === undefined]);
  if (!message) return null;
  const texts = LADDER_TEXTS[ladder.language];
  const { says, anchor, fields } = explain(message, ladder.language);
  const toProtocol = (anchor: string | undefined): VNode | null =>
    protocol === undefined || anchor === undefined
      ? null
      : <a href={`${protocol}#${anchor}`} target="_blank">{texts.protocol}</a>;
  return (
    <aside class="details" aria-label={texts.details} aria-live="polite">
      <header class={kindOf(message)}>
        <h2>{printable(message.type.trim() || "?", 64)}</h2>
        <button type="button" class="quiet" aria-label={texts.close} onClick={() => ladder.select(undefined)}>
          ✕
        </button>
      </header>
      {says !== undefined && (
        <p class="says">
          {says} {toProtocol(anchor)}
        </p>
      )}
      <dl>
        <dt>{texts.at}</dt>
        <dd>{formatTime(message.at)}</dd>
        <dt>{texts.from}</dt>
        <dd>{placed(message.from, texts)}</dd>
        <dt>{texts.to}</dt>
        <dd>{placed(message.to, texts)}</dd>
        <dt>{message.transport}</dt>
        <dd>{[texts.bytes(message.bytes), ...fateOf(message, texts)].join(" · ")}</dd>
      </dl>
      <ul class="fields">
        {fields.map(({ name, value, hidden, says, anchor }) => (
          <li key={name}>
            <code class="field">{name}</code>
            <code class={hidden ? "value hidden" : "value"}>{hidden ? `#${value}` : value}</code>
            <p>
              {says ?? texts.unknownField} {hidden && texts.hidden} {toProtocol(anchor)}
            </p>
          </li>
        ))}
      </ul>
      <details>
        <summary>JSON</summary>
        <pre tabIndex={0}>{pretty(message.text)}</pre>
      </details>
      <details>
        <summary>{texts.bytes(new TextEncoder().encode(message.text).length)}</summary>
        <pre class="bytes" tabIndex={0}>{hexDump(message.text)}</pre>
      </details>
    </aside>
  );
}

function placed(party: Party, texts: LadderTexts): string {
  const { ip, port } = party;
  if (ip === "") return nameOf(party, texts);
  const place = ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  const name = nameOf(party, texts);
  return name === place ? place : `${name} · ${place}`;
}

function fateOf({ transport, transmission, fate }: LadderMessage, texts: LadderTexts): string[] {
  if (transport === "TCP") return [];
  return [...transmission > 1 ? [texts.transmission(transmission)] : [], texts.fates[fate]];
}

function pretty(text: string): string {
  const content = contentOf(text);
  const json = typeof content === "string" ? text : toJson(content, 2) ?? text;
  return json.split("\n").map((line) => printable(line)).join("\n");
}

/** Bytes in hexadecimal, 16 a line, with the characters that they are. */
function hexDump(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) {
    const row = [...bytes.subarray(start, start + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    const characters = row.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·").join(
      "",
    );
    lines.push(`${start.toString(16).padStart(4, "0")}  ${hex}  ${characters}`);
  }
  return lines.join("\n");
}
