/** What the phone's page knows, from the messages of its phone. No DOM. */

import type { CallStatus, LiveStatus } from "../../lib/events/phone_events.ts";
import type {
  PageEvent,
  PageMessage,
  SoundState,
  SoundTrouble,
  Welcome,
} from "../../lib/web_phone/page_messages.ts";

/** State of the line: the phone has said that it ends, or nobody answers and the page goes on trying. */
export type LineState = "connecting" | "open" | "ended";

/** Most events that the page keeps. */
const MAX_EVENTS = 2000;

/** Time that plots show, in milliseconds. */
export const PLOTTED_MS = 60_000;

/** Time between two values of a plot, in milliseconds. */
const SAMPLED_MS = 1000;

/** The figures of a call at a moment. */
export interface Sample {
  /** In milliseconds on any clock. */
  readonly at: number;
  readonly mos: number | null;
  readonly lossPercent: number | null;
  readonly jitterMs: number | null;
  readonly roundTripMs: number | null;
}

/** Everything that the page shows. */
export interface PhoneState {
  readonly line: LineState;
  readonly welcome: Welcome | undefined;
  readonly events: readonly PageEvent[];
  readonly samples: readonly Sample[];
  /** What is in the way of the sound. */
  readonly trouble: SoundTrouble | undefined;
  /** Whether the phone asks for another name. */
  readonly wantsName: boolean;
}

/** The beginning. */
export const NOTHING: PhoneState = {
  line: "connecting",
  welcome: undefined,
  events: [],
  samples: [],
  trouble: undefined,
  wantsName: false,
};

/** The state after a message. @param now Milliseconds on any clock. */
export function after(state: PhoneState, message: PageMessage, now: number): PhoneState {
  if (message.type === "welcome") {
    const { history } = message;
    const wantsName = history.reduce(asksForName, false);
    return { ...state, welcome: message, events: history, wantsName };
  }
  if (!state.welcome) return state;
  const welcome = state.welcome;
  switch (message.type) {
    case "event": {
      const events = [...state.events, message].slice(-MAX_EVENTS);
      return {
        ...state,
        events,
        welcome: named(welcome, message),
        wantsName: asksForName(state.wantsName, message),
      };
    }
    case "status":
      return {
        ...state,
        welcome: { ...welcome, status: message.status },
        samples: sampled(state.samples, message.status, now),
      };
    case "people":
      return { ...state, welcome: { ...welcome, people: message.people } };
    case "sound":
      return {
        ...state,
        welcome: { ...welcome, sound: message.sound },
        trouble: troubleOf(state.trouble, message.sound),
      };
  }
}

/** A microphone that works, or is not wanted any more, is no trouble. */
function troubleOf(trouble: SoundTrouble | undefined, { holder }: SoundState): SoundTrouble | undefined {
  return holder === "this" ? trouble : undefined;
}

function asksForName(before: boolean, { event }: PageEvent): boolean {
  if (event.event === "name_taken") return true;
  return before && event.event !== "registered" && event.event !== "registry_back";
}

function named(welcome: Welcome, { event }: PageEvent): Welcome {
  if (event.event === "registered" || event.event === "registry_back") {
    return { ...welcome, name: event.name };
  }
  return event.event === "muted" ? { ...welcome, muted: event.muted } : welcome;
}

/** Whether the live line is that of a call, and not of an invitation. */
export function isCall(status: LiveStatus | null | undefined): status is CallStatus {
  return status !== null && status !== undefined && !("ringing" in status);
}

function sampled(samples: readonly Sample[], status: LiveStatus | null, now: number): readonly Sample[] {
  if (!isCall(status)) return status === null ? samples : [];
  const last = samples.at(-1);
  if (last && now - last.at < SAMPLED_MS) return samples;
  const { mos, lossInPercent, jitterInMs, roundTripMs, seconds } = status;
  const kept = seconds < 2 ? [] : samples.filter(({ at }) => at > now - PLOTTED_MS);
  const sample = {
    at: now,
    // 0 stands for "none so far".
    mos: mos || null,
    lossPercent: lossInPercent ?? null,
    jitterMs: jitterInMs ?? null,
    roundTripMs: roundTripMs ?? null,
  };
  return [...kept, sample];
}
