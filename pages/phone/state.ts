/** What the phone's page knows, from the messages of its phone. No DOM. */

import type { CallStatus, LiveStatus } from "../../lib/events/phone_events.ts";
import type {
  PageEvent,
  PageMessage,
  SoundState,
  SoundTrouble,
  Welcome,
} from "../../lib/web_phone/page_messages.ts";

/**
 * State of the line: nothing is known yet, nobody answers and the page goes on trying, it is open, or the phone has said that it
 * ends.
 */
export type LineState = "starting" | "connecting" | "open" | "ended";

/** Most events that the page keeps. */
const MAX_EVENTS = 2000;

/** Time that plots show, in milliseconds. */
export const PLOTTED_MS = 60_000;

/** Sentences that are read aloud if they come at once. */
const MOST_SAID = 3;

/** A microphone that gives nothing, in decibels below full scale: as of {@linkcode CallStatus}. */
const SILENCE_DB = -100;

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
  readonly delayMs: number | null;
}

/** Everything that the page shows. */
export interface PhoneState {
  readonly line: LineState;
  readonly welcome: Welcome | undefined;
  readonly events: readonly PageEvent[];
  readonly samples: readonly Sample[];
  /** The latest sentences since the page is open, for those who hear them. */
  readonly said: readonly PageEvent[];
  /** What is in the way of the sound. */
  readonly trouble: SoundTrouble | undefined;
  /** Whether the phone asks for another name. */
  readonly wantsName: boolean;
  /** Whether the phone has been in the room. */
  readonly entered: boolean;
}

/** The beginning. */
export const NOTHING: PhoneState = {
  line: "starting",
  welcome: undefined,
  events: [],
  samples: [],
  said: [],
  trouble: undefined,
  wantsName: false,
  entered: false,
};

/** The state after a message. @param now Milliseconds on any clock. */
export function after(state: PhoneState, message: PageMessage, now: number): PhoneState {
  if (message.type === "welcome") {
    const { history, people } = message;
    const entered = state.entered || people !== null;
    const asked = history.reduce(asksForName, { wantsName: false, entered });
    return { ...state, welcome: message, events: history, ...asked };
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
        said: saidAfter(state.said, message),
        ...asksForName(state, message),
      };
    }
    case "status":
      return {
        ...state,
        welcome: { ...welcome, status: message.status },
        samples: sampled(state.samples, message.status, now),
        trouble: hears(message.status) && state.trouble !== "needs_click" ? undefined : state.trouble,
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

/** Something comes from the microphone. */
function hears(status: LiveStatus | null): boolean {
  return isCall(status) && !status.muted && status.microphoneDb > SILENCE_DB;
}

/** Whether the phone asks: a name that is lost in the room, as after a break, is no question. The phone ends. */
function asksForName(
  { wantsName, entered }: Pick<PhoneState, "wantsName" | "entered">,
  { event }: PageEvent,
): Pick<PhoneState, "wantsName" | "entered"> {
  if (event.event === "registered" || event.event === "registry_back") {
    return { wantsName: false, entered: true };
  }
  return { wantsName: wantsName || event.event === "name_taken" && !entered, entered };
}

/** An invitation is told at once, by the card. */
function saidAfter(said: readonly PageEvent[], message: PageEvent): readonly PageEvent[] {
  return isTold(message) && message.event.event !== "invitation"
    ? [...said, message].slice(-MOST_SAID)
    : said;
}

/** Whether the page shows an event. Its own address is a secret, which a person who is here has used already. */
export function isTold({ text, event }: PageEvent): boolean {
  return text !== undefined && event.event !== "web_open";
}

function named(welcome: Welcome, { event }: PageEvent): Welcome {
  if (event.event === "registered" || event.event === "registry_back") {
    return { ...welcome, name: event.name };
  }
  return event.event === "muted" ? { ...welcome, muted: event.muted } : welcome;
}

/** The state after a change of the line. With the phone its call has ended. */
export function afterLine(state: PhoneState, line: LineState): PhoneState {
  const { welcome } = state;
  if (line !== "ended" || !welcome) return { ...state, line };
  return {
    ...state,
    line,
    welcome: { ...welcome, status: null },
    samples: [],
    trouble: undefined,
    wantsName: false,
  };
}

/** Whether the phone takes commands now. */
export function takesCommands({ line, wantsName }: PhoneState): boolean {
  return line === "open" && !wantsName;
}

/** Whether the live line is that of a call, and not of an invitation. */
export function isCall(status: LiveStatus | null | undefined): status is CallStatus {
  return status !== null && status !== undefined && !("ringing" in status);
}

function sampled(samples: readonly Sample[], status: LiveStatus | null, now: number): readonly Sample[] {
  if (!isCall(status)) return status === null ? samples : [];
  const last = samples.at(-1);
  if (last && now - last.at < SAMPLED_MS) return samples;
  const { mos, lossInPercent, jitterInMs, roundTripMs, playoutDelayMs, seconds } = status;
  const kept = seconds < 2 ? [] : samples.filter(({ at }) => at > now - PLOTTED_MS);
  const sample = {
    at: now,
    // 0 stands for "none so far".
    mos: mos || null,
    lossPercent: lossInPercent ?? null,
    jitterMs: jitterInMs ?? null,
    roundTripMs: roundTripMs ?? null,
    delayMs: playoutDelayMs ?? null,
  };
  return [...kept, sample];
}
