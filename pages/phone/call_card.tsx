/** The middle of the page: nobody, somebody who calls or is called, or the call. */

import type { ComponentChildren, VNode } from "preact";
import type { CallStatus, RingStatus } from "../../lib/events/phone_events.ts";
import { formatDuration } from "../shared/format.ts";
import { Plot } from "../shared/plot.tsx";
import { isCall, PLOTTED_MS, type Sample } from "./state.ts";
import type { Phone } from "./phone.ts";
import { TEXTS, type Texts } from "./texts.ts";

/** The quietest sound that a meter shows, in decibels below full scale. */
const SILENCE_DB = -60;

export function CallCard({ phone }: { phone: Phone }): VNode {
  const { welcome } = phone.state;
  const texts = TEXTS[phone.language];
  const status = welcome?.status;
  if (isCall(status)) return <InCall phone={phone} status={status} texts={texts} />;
  if (status) return <Ringing phone={phone} status={status} texts={texts} />;
  return (
    <section class="card idle">
      <p class="big">{texts.choose}</p>
    </section>
  );
}

/** A big button with its key. */
function Action(
  { kind, letter, onClick, children, pressed }: {
    kind: string;
    letter: string;
    onClick: () => void;
    children: ComponentChildren;
    pressed?: boolean;
  },
): VNode {
  return (
    <button
      type="button"
      class={`action ${kind}`}
      onClick={onClick}
      aria-keyshortcuts={letter}
      aria-pressed={pressed}
    >
      {children} <kbd aria-hidden="true">{letter}</kbd>
    </button>
  );
}

function Ringing({ phone, status, texts }: { phone: Phone; status: RingStatus; texts: Texts }): VNode {
  const { ringing, name, seconds } = status;
  const incoming = ringing === "in";
  return (
    <section
      class={`card ringing ${ringing}`}
      role={incoming ? "alertdialog" : undefined}
      aria-label={incoming ? texts.callsYou(name) : texts.calling(name)}
    >
      <p class="big">{incoming ? texts.callsYou(name) : texts.calling(name)}</p>
      <p class="time">{formatDuration(1000 * seconds)}</p>
      <div class="actions">
        {incoming && (
          <Action kind="good" letter="A" onClick={() => phone.type("aceitar")}>{texts.answer}</Action>
        )}
        {incoming && (
          <Action kind="bad" letter="R" onClick={() => phone.type("recusar")}>{texts.refuse}</Action>
        )}
        {!incoming && (
          <Action kind="bad" letter="D" onClick={() => phone.type("desligar")}>{texts.cancel}</Action>
        )}
      </div>
    </section>
  );
}

function InCall({ phone, status, texts }: { phone: Phone; status: CallStatus; texts: Texts }): VNode {
  const { name, seconds, code, microphoneDb, speakerDb, muted } = status;
  return (
    <section class="card talking" aria-label={texts.inCall(name)}>
      <p class="big">{name}</p>
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
        <Action
          kind={muted ? "muted" : "plain"}
          letter="M"
          pressed={muted}
          onClick={() => phone.type("mudo")}
        >
          {muted ? texts.unmute : texts.mute}
        </Action>
        <Action kind="bad" letter="D" onClick={() => phone.type("desligar")}>{texts.hangUp}</Action>
      </div>
      <Quality samples={phone.state.samples} texts={texts} delay={status.playoutDelayMs} />
    </section>
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

function Quality(
  { samples, texts, delay }: { samples: readonly Sample[]; texts: Texts; delay: number | undefined },
): VNode | null {
  if (samples.length < 2) return null;
  const now = samples.at(-1)?.at ?? 0;
  const times = samples.map(({ at }) => (at - now) / 1000);
  const plots: readonly [string, (sample: Sample) => number | null, readonly [number, number]][] = [
    [texts.quality, ({ mos }) => mos, [1, 4.5]],
    [texts.loss, ({ lossPercent }) => lossPercent, [0, 5]],
    [texts.jitter, ({ jitterMs }) => jitterMs, [0, 20]],
    [texts.roundTrip, ({ roundTripMs }) => roundTripMs, [0, 50]],
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
          width={150}
        />
      ))}
      {delay !== undefined && (
        <p class="figure">
          {texts.delay} <b>{Math.round(delay)}</b>
        </p>
      )}
    </div>
  );
}
