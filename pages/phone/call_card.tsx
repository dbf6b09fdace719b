/** The middle of the page: nobody, somebody who calls or is called, or the call. */

import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { CallStatus, RingStatus } from "../../lib/events/phone_events.ts";
import { formatDuration } from "../shared/format.ts";
import { Plot } from "../shared/plot.tsx";
import { isCall, PLOTTED_MS, type Sample, takesCommands } from "./state.ts";
import type { Phone } from "./phone.ts";
import { TEXTS, type Texts } from "./texts.ts";

/** The quietest sound that a meter shows, in decibels below full scale. */
const SILENCE_DB = -60;

export function CallCard({ phone }: { phone: Phone }): VNode {
  const card = useRef<HTMLElement>(null);
  const before = useRef<string>(undefined);
  const texts = TEXTS[phone.language];
  const status = phone.state.welcome?.status;
  const kind = !status ? "idle" : isCall(status) ? "talking" : `ringing ${status.ringing}`;
  const label = !status ? texts.choose : isCall(status) ? texts.inCall(status.name) : ringText(status, texts);
  // A focused button has gone with what it was for, or can be pressed no more: Tab goes on from here.
  useLayoutEffect(() => {
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || focused.matches(":disabled");
    if (lost && before.current !== undefined) card.current?.focus({ preventScroll: true });
    // On small screens it may be above what is seen.
    if (before.current !== undefined && kind !== "idle") card.current?.scrollIntoView({ block: "nearest" });
    before.current = kind;
  }, [kind]);
  return (
    <section id="card" ref={card} class={`card ${kind}`} tabIndex={-1} aria-label={label}>
      {!status && takesCommands(phone.state) && <p class="big">{texts.choose}</p>}
      {isCall(status)
        ? <InCall phone={phone} status={status} texts={texts} />
        : status && <Ringing phone={phone} status={status} texts={texts} />}
    </section>
  );
}

function ringText({ ringing, name }: RingStatus, texts: Texts): string {
  return ringing === "in" ? texts.callsYou(name) : texts.calling(name);
}

/** A big button with its key. */
function Action(
  { kind, letter, line, phone, children }: {
    kind: string;
    letter: string;
    /** The command. */
    line: string;
    phone: Phone;
    children: ComponentChildren;
  },
): VNode {
  return (
    <button
      type="button"
      class={`action ${kind}`}
      disabled={!takesCommands(phone.state)}
      onClick={() => phone.type(line)}
      aria-keyshortcuts={letter}
    >
      {children} <kbd aria-hidden="true">{letter}</kbd>
    </button>
  );
}

function Ringing({ phone, status, texts }: { phone: Phone; status: RingStatus; texts: Texts }): VNode {
  return (
    <>
      <p class="big">{ringText(status, texts)}</p>
      <p class="time">{formatDuration(1000 * status.seconds)}</p>
      <div class="actions">
        {status.ringing === "in"
          ? (
            <>
              <Action kind="good" letter="A" line="aceitar" phone={phone}>{texts.answer}</Action>
              <Action kind="bad" letter="R" line="recusar" phone={phone}>{texts.refuse}</Action>
            </>
          )
          : <Action kind="bad" letter="D" line="desligar" phone={phone}>{texts.cancel}</Action>}
      </div>
    </>
  );
}

function InCall({ phone, status, texts }: { phone: Phone; status: CallStatus; texts: Texts }): VNode {
  const { name, seconds, code, microphoneDb, speakerDb, muted } = status;
  return (
    <>
      <p class="big">
        <bdi>{name}</bdi>
      </p>
      <p class="time">{formatDuration(1000 * seconds)}</p>
      {code === null ? <p class="warning">{texts.notEncrypted}</p> : (
        <p class="code">
          <span>{texts.code}</span> <b>{[...code].join(" ")}</b> <small>{texts.codeHint}</small>
        </p>
      )}
      <div class="meters">
        <Meter title={texts.microphone} db={muted ? -100 : microphoneDb} off={muted} />
        <Meter title={texts.loudspeaker} db={speakerDb} off={false} />
      </div>
      <div class="actions">
        <Action kind={muted ? "muted" : "plain"} letter="M" line="mudo" phone={phone}>
          {muted ? texts.unmute : texts.mute}
        </Action>
        <Action kind="bad" letter="D" line="desligar" phone={phone}>{texts.hangUp}</Action>
      </div>
      <Quality samples={phone.state.samples} texts={texts} />
    </>
  );
}

function Meter({ title, db, off }: { title: string; db: number; off: boolean }): VNode {
  const level = Math.max(0, Math.min(1, 1 - db / SILENCE_DB));
  const percent = Math.round(100 * level);
  return (
    <div class={off ? "meter off" : "meter"}>
      <span>{title}</span>
      <div role="meter" aria-label={title} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
        <div class="level" style={{ transform: `scaleX(${level})` }} />
      </div>
    </div>
  );
}

function Quality({ samples, texts }: { samples: readonly Sample[]; texts: Texts }): VNode {
  const now = samples.at(-1)?.at ?? 0;
  const times = samples.map(({ at }) => (at - now) / 1000);
  const plots: readonly [string, (sample: Sample) => number | null, readonly [number, number]][] = [
    [texts.quality, ({ mos }) => mos, [1, 4.5]],
    [texts.loss, ({ lossPercent }) => lossPercent, [0, 5]],
    [texts.jitter, ({ jitterMs }) => jitterMs, [0, 20]],
    [texts.roundTrip, ({ roundTripMs }) => roundTripMs, [0, 50]],
    [texts.delay, ({ delayMs }) => delayMs, [0, 100]],
  ];
  return (
    <div class="quality">
      {plots.map(([title, of, range]) => (
        <Plot
          key={title}
          title={title}
          times={times}
          lines={[samples.map(of)]}
          span={PLOTTED_MS / 1000}
          range={range}
          version={now}
          width={150}
          height={40}
        />
      ))}
    </div>
  );
}
