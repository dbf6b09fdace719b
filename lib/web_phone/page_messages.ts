/**
 * What a phone and its page tell each other: JSON messages over the WebSocket `/line`. Sound goes over `/sound`: see
 * `sound_frames.ts`.
 *
 * The page opens `/line` with the subprotocols `sala` and the token of its address; the first message is
 * {@linkcode Welcome}. After a break it connects again and gets another one, which replaces all that it knows.
 */

import type { PersonFields } from "../events/fields.ts";
import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";

/** The subprotocol (RFC 6455, section 1.9) that the page asks for, before the token. */
export const SUBPROTOCOL = "sala";

/** Codes with which the phone closes a WebSocket (RFC 6455, section 7.4.2: 4000 to 4999 are for applications). */
export const CLOSE_CODES = {
  /** The phone leaves the room. */
  phoneEnds: 4000,
  /** Another page holds the sound now. */
  soundTaken: 4001,
  /** Too many or too long messages, or such as make no sense. */
  misbehaved: 4002,
} as const;

/** Longest message of a page, in UTF-16 units. */
export const MAX_REQUEST_UNITS = 8192;

/** A language of the sentences. */
export type PageLanguage = "pt" | "en";

/** Kind of news, as colours show it: see `lib/ui/sentences.ts`. */
export type PageTone = "plain" | "good" | "warning" | "bad" | "alert";

/** An event with its sentence. */
export interface PageEvent {
  readonly type: "event";
  /** Counts up by one from event to event, through the whole run; the page can tell which ones it has. */
  readonly number: number;
  /** ISO 8601, in UTC. */
  readonly time: string;
  /** As `--json` writes it: docs/json-events.md. */
  readonly event: PhoneEvent;
  /** The sentence, perhaps of several lines. Absent for `message`, the trace. Only printable characters. */
  readonly text?: string;
  readonly tone?: PageTone;
}

/** Which page holds the sound, and what it is to do with it. */
export interface SoundState {
  /** Whether the phone's microphone (`--mic browser`) and loudspeaker (`--speaker browser`) are this browser's. */
  readonly microphone: boolean;
  readonly speaker: boolean;
  /** One page at a time: this one, another one, or none yet. Asking for it is `take_sound`. */
  readonly holder: "this" | "other" | "none";
  /** Whether to capture and to play now: for the time of a call, and the loudspeaker also while it rings. */
  readonly capture: boolean;
  readonly play: boolean;
  /** What the browser is to do with the microphone's sound: `MediaTrackConstraints`. */
  readonly processing: {
    readonly echoCancellation: boolean;
    readonly noiseSuppression: boolean;
    readonly autoGainControl: boolean;
  };
}

/** The first message: everything that the page needs to show the phone as it is now. */
export interface Welcome {
  readonly type: "welcome";
  readonly version: string;
  /** The phone's language. The page may ask for sentences in the other one: `language`. */
  readonly language: PageLanguage;
  /** Of this connection; for the address of the sound: `/sound?page=…`. */
  readonly page: string;
  /** This phone's person, once it is in the room; as on the command line before. */
  readonly name: string;
  /** The latest events, oldest first. */
  readonly history: readonly PageEvent[];
  readonly status: LiveStatus | null;
  readonly muted: boolean;
  /** Everybody in the room as far as known, this phone's person among them; null before the first answer. */
  readonly people: readonly PersonFields[] | null;
  readonly sound: SoundState;
}

/** What the phone tells its page. */
export type PageMessage =
  | Welcome
  | PageEvent
  /** The live line, five times a second in a call: levels, figures, code. Null if there is none. */
  | { readonly type: "status"; readonly status: LiveStatus | null }
  /** Everybody in the room: every some seconds while a page is open and visible, and when something has changed. */
  | { readonly type: "people"; readonly people: readonly PersonFields[] }
  | { readonly type: "sound"; readonly sound: SoundState };

/** Why the page cannot capture or play. */
export const SOUND_TROUBLES = [
  /** The person, or the browser's settings, refused the microphone. */
  "not_allowed",
  /** The machine has none. */
  "no_device",
  /** It failed otherwise, or another program has it. */
  "failed",
  /** The browser plays nothing before the person has clicked somewhere. */
  "needs_click",
] as const;

/** One of {@linkcode SOUND_TROUBLES}. */
export type SoundTrouble = (typeof SOUND_TROUBLES)[number];

/** What a page tells its phone. */
export type PageRequest =
  /** A line as typed at the console: `ligar NOME`, `aceitar`, `mudo`… or an answer to the question for another name. */
  | { readonly type: "line"; readonly line: string }
  /** Sentences in this language from now on; a {@linkcode Welcome} with the history in it follows. */
  | { readonly type: "language"; readonly language: PageLanguage }
  /** Whether the page can be seen: nobody asks the registry for the people of a page in the background. */
  | { readonly type: "visible"; readonly visible: boolean }
  /** Asks for the people in the room now. */
  | { readonly type: "people" }
  /** This page wants the sound; a page that holds it loses it. */
  | { readonly type: "take_sound" }
  /** What was in the way of the sound is over, as after a click or a changed permission: the phone tries again at once. */
  | { readonly type: "sound_ready" }
  /** Capturing or playing does not work; `sound` without it follows, and again with it when the phone tries again. */
  | {
    readonly type: "sound_trouble";
    readonly side: "microphone" | "speaker";
    readonly trouble: SoundTrouble;
  };

/** Parses a message of a page. @returns Undefined if it is none. */
export function parsePageRequest(text: string): PageRequest | undefined {
  if (text.length > MAX_REQUEST_UNITS) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== "object" || fields === null) return undefined;
  const { type, line, language, visible, side, trouble } = fields as Record<string, unknown>;
  switch (type) {
    case "line":
      return typeof line === "string" && !/[\r\n]/.test(line) ? { type, line } : undefined;
    case "language":
      return language === "pt" || language === "en" ? { type, language } : undefined;
    case "visible":
      return typeof visible === "boolean" ? { type, visible } : undefined;
    case "people":
    case "take_sound":
    case "sound_ready":
      return { type };
    case "sound_trouble": {
      const known = SOUND_TROUBLES.find((one) => one === trouble);
      const sided = side === "microphone" || side === "speaker";
      return known && sided ? { type, side, trouble: known } : undefined;
    }
    default:
      return undefined;
  }
}
