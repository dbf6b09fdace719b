/** Turns events into sentences for people. */

import { printable } from "../protocol/printable.ts";
import type { Language } from "./texts/language.ts";
import type { PhoneTexts, RegistryTelling, RegistryTexts, Telling } from "./texts/shape.ts";
import { fromTable, type Table } from "./texts/table.ts";
import { PHONE_TEXTS } from "./texts/texts.ts";

/** Kind of news, shown by colour and mark. */
export type Tone =
  | "plain"
  | "good"
  | "warning"
  | "bad"
  /** A call: visible from across the room. */
  | "alert";

/** One line or several with line feeds between them, of printable characters only. */
export interface Sentence {
  readonly text: string;
  readonly tone: Tone;
}

const TONES: Table<Telling, "event", Tone> = {
  left_out: "warning",
  output_failed: "warning",
  web_open: "good",
  web_failed: "bad",
  registered: "good",
  name_taken: "bad",
  removed: "bad",
  registration_refused: "bad",
  registry_unreachable: "bad",
  registry_awaited: "warning",
  registry_lost: "warning",
  registry_back: "good",
  address_changed: "good",
  registry_away: "bad",
  registry_full: "bad",
  password_refused: "bad",
  person: "good",
  unknown_person: "bad",
  other_spelling: "warning",
  people: "plain",
  trace_shared: "plain",
  only_local: "warning",
  only_link_local: "warning",
  inviting: "plain",
  ringing: "plain",
  invitation: "alert",
  busy_rejected: "warning",
  unencrypted_rejected: "warning",
  misdirected_rejected: "warning",
  unreachable: "bad",
  rejected: "bad",
  no_answer: "bad",
  not_encrypted: "bad",
  invitation_cancelled: "plain",
  invitation_withdrawn: "warning",
  invitation_missed: "warning",
  invitation_refused: "plain",
  invitations_crossed: "good",
  call_started: ({ code }) => code === null ? "warning" : "good",
  key_log_failed: "bad",
  peer_silent: "warning",
  peer_back: "good",
  peer_moved: "warning",
  flooded: "warning",
  call_ended: ({ end }) => end === "peer_lost" ? "bad" : "plain",
  muted: ({ muted }) => muted ? "warning" : "good",
  audio_failed: ({ asked }) => asked ? "bad" : "warning",
  audio_lost: "warning",
  audio_back: "good",
  recording: ({ path, wanted }) => path === wanted ? "plain" : "warning",
  recorded: "plain",
  devices: "plain",
  help: "plain",
  version: "plain",
  unknown_command: "bad",
  name_missing: "bad",
  bad_name: "bad",
  not_utf8: "bad",
  not_in_call: "bad",
  nothing_to_answer: "bad",
  already_in_call: "bad",
  calling_oneself: "bad",
  other_ip_version: "bad",
  port_in_use: "bad",
  port_unusable: "bad",
  wrong_usage: "bad",
  failed: "bad",
  closed: "plain",
};

/** The sentence about an event of a phone. Texts from outside are made safe to show. */
export function sentence(event: Telling, texts: PhoneTexts): Sentence {
  return {
    tone: fromTable(TONES, "event", event),
    text: fromTable(texts.events, "event", safe(event, mostShown(event))),
  };
}

/** The sentence about an event of a registry, likewise. */
export function registrySentence(event: RegistryTelling, texts: RegistryTexts): string {
  return fromTable(texts.events, "event", safe(event, mostShown(event)));
}

/** The text of `--help`: usage, options, console commands, exit statuses; without a line feed at its end. */
export function phoneHelp(language: Language): string {
  const texts = PHONE_TEXTS[language];
  return `${texts.help}\n\n${sentence({ event: "help" }, texts).text}\n\n${texts.exitStatus}`;
}

/** Longest quotation of what a person typed, in UTF-16 units. */
const MAX_QUOTED = 80;

/** Events that quote what a person typed. */
const QUOTING: ReadonlySet<string> = new Set<Telling["event"]>([
  "unknown_command",
  "name_missing",
  "bad_name",
  "not_utf8",
  "wrong_usage",
]);

function mostShown(event: Telling | RegistryTelling): number | undefined {
  // The error may be at the end of the path.
  if (event.event === "wrong_usage" && event.problem.kind === "bad_file") return undefined;
  return QUOTING.has(event.event) ? MAX_QUOTED : undefined;
}

/** A copy of an event with all texts made safe to show. @param most Longest text, in UTF-16 units. */
function safe<Value>(value: Value, most: number | undefined): Value;
function safe(value: unknown, most: number | undefined): unknown {
  if (typeof value === "string") return printable(value, most);
  if (Array.isArray(value)) return value.map((item) => safe(item, most));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, safe(field, most)]));
}
