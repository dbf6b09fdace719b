/** Every event that a phone can tell, for tests that must leave none out. */

import { NO_VOICE } from "../../lib/voice/voice_session.ts";
import type { PhoneEvent } from "../../lib/events/phone_events.ts";

type Kind = PhoneEvent["event"];

const MARIA = { name: "maria", ip: "192.168.0.20", port: 6050 };
const FIGURES = { ...NO_VOICE, seconds: 83.4, framesSent: 4150, framesPlayed: 4102, framesConcealed: 12 };
const NO_DEVICE = { subject: "default", detail: "no input device of this name or number" };
const AUDIO = { subject: "USB Headset", detail: "Device unavailable" };

/** By kind, which the compiler holds complete, and at least one of each shape that has a sentence of its own. */
const EVENTS: { readonly [K in Kind]: readonly Extract<PhoneEvent, { event: K }>[] } = {
  message: [
    {
      event: "message",
      direction: "sent",
      transport: "TCP",
      peer: { ip: "192.168.0.10", port: 5000 },
      text: '{"tipo":"lista"}',
    },
    {
      event: "message",
      direction: "received",
      transport: "UDP",
      peer: { ip: "::1", port: 6000 },
      text: "{}",
    },
  ],
  registered: [{ event: "registered", ...MARIA }],
  name_taken: [{ event: "name_taken", name: "maria" }],
  registration_refused: [{ event: "registration_refused", reason: "o campo 'nome' é ruim." }],
  registry_unreachable: [
    { event: "registry_unreachable", host: "192.168.0.10", port: 5000, detail: "connection refused" },
    { event: "registry_unreachable", host: "sala.local", port: 5001, detail: "host name not found" },
    { event: "registry_unreachable", host: "2001:db8::1", port: 5000, detail: "timed out" },
    { event: "registry_unreachable", host: "::1", port: 5000, detail: "Something else." },
  ],
  registry_lost: [{ event: "registry_lost" }],
  registry_back: [{ event: "registry_back", name: "maria" }],
  registry_away: [{ event: "registry_away" }],
  password_refused: [{ event: "password_refused", given: true }, { event: "password_refused", given: false }],
  registry_full: [{ event: "registry_full" }],
  person: [{ event: "person", ...MARIA }],
  unknown_person: [{ event: "unknown_person", name: "pedro" }],
  people: [
    { event: "people", people: [] },
    { event: "people", people: [{ nome: "joão", ip: "192.168.0.10", porta: 6000 }] },
    {
      event: "people",
      people: [{ nome: "joão", ip: "192.168.0.10", porta: 6000 }, { nome: "美咲", ip: "::1", porta: 60 }],
    },
  ],
  only_local: [{ event: "only_local", ip: "127.0.0.1" }],
  inviting: [{ event: "inviting", ...MARIA }],
  ringing: [{ event: "ringing", name: "maria" }],
  invitation: [{ event: "invitation", ...MARIA }],
  busy_rejected: [{ event: "busy_rejected", name: "pedro" }],
  rejected: [
    { event: "rejected", name: "maria", reason: "ocupado" },
    { event: "rejected", name: "maria", reason: "recusado" },
    { event: "rejected", name: "maria", reason: "sem_resposta" },
    { event: "rejected", name: "maria", reason: "sem_cifra" },
  ],
  unencrypted_rejected: [{ event: "unencrypted_rejected", name: "pedro" }],
  not_encrypted: [{ event: "not_encrypted", name: "maria" }],
  no_answer: [{ event: "no_answer", name: "maria" }],
  invitation_cancelled: [{ event: "invitation_cancelled", name: "maria" }],
  invitation_withdrawn: [{ event: "invitation_withdrawn", name: "maria" }],
  invitation_missed: [{ event: "invitation_missed", name: "maria" }],
  invitation_refused: [{ event: "invitation_refused", name: "maria" }],
  invitations_crossed: [{ event: "invitations_crossed", name: "maria" }],
  call_started: [
    { event: "call_started", ...MARIA, code: "04821" },
    { event: "call_started", ...MARIA, code: null },
  ],
  key_log_failed: [{ event: "key_log_failed", path: "/none/keys", detail: "No such file or folder" }],
  peer_silent: [{ event: "peer_silent", name: "maria", seconds: 5 }],
  peer_back: [{ event: "peer_back", name: "maria" }],
  flooded: [{ event: "flooded", datagrams: 123_456 }],
  call_ended: [
    { event: "call_ended", name: "maria", end: "hung_up", ...FIGURES },
    { event: "call_ended", name: "maria", end: "peer_hung_up", ...FIGURES },
    { event: "call_ended", name: "maria", end: "peer_lost", ...FIGURES },
  ],
  muted: [{ event: "muted", muted: true }, { event: "muted", muted: false }],
  audio_failed: [
    ...(["microphone", "speaker"] as const).flatMap((side) =>
      [true, false].flatMap((asked) => [
        ...(["no_library", "no_device", "device_failed", "file_failed", "bad_file"] as const).map((code) => (
          { event: "audio_failed", side, code, ...AUDIO, asked } as const
        )),
        { event: "audio_failed", side, code: "no_device", ...NO_DEVICE, asked } as const,
      ])
    ),
    // Both at once are only ever devices that were not asked for.
    { event: "audio_failed", side: "both", code: "no_library", ...AUDIO, asked: false },
    { event: "audio_failed", side: "both", code: "device_failed", ...AUDIO, asked: false },
    { event: "audio_failed", side: "both", code: "no_device", ...NO_DEVICE, asked: false },
  ],
  audio_lost: [
    { event: "audio_lost", side: "both", names: ["default"], detail: "Input/output error" },
    { event: "audio_lost", side: "both", names: ["USB Headset", "HDA Intel"], detail: "Input/output error" },
    { event: "audio_lost", side: "microphone", names: ["USB Headset"], detail: "The device stands still" },
    { event: "audio_lost", side: "speaker", names: ["HDA Intel"], detail: "Device unavailable" },
  ],
  audio_back: [
    { event: "audio_back", side: "both", names: ["default"] },
    { event: "audio_back", side: "microphone", names: ["USB Headset"] },
    { event: "audio_back", side: "speaker", names: ["HDA Intel"] },
  ],
  devices: [
    { event: "devices", devices: [] },
    {
      event: "devices",
      devices: [
        {
          index: 0,
          name: "HDA Intel",
          host: "ALSA",
          inputs: 2,
          outputs: 0,
          defaultInput: true,
          defaultOutput: false,
        },
        {
          index: 11,
          name: "default",
          host: "ALSA",
          inputs: 32,
          outputs: 32,
          defaultInput: true,
          defaultOutput: true,
        },
        {
          index: 12,
          name: "HDMI",
          host: "ALSA",
          inputs: 0,
          outputs: 8,
          defaultInput: false,
          defaultOutput: false,
        },
      ],
    },
  ],
  help: [{ event: "help" }],
  unknown_command: [{ event: "unknown_command", text: "ligue maria" }],
  name_missing: [{ event: "name_missing", command: "ligar" }],
  bad_name: [{ event: "bad_name", name: "\u202e" }],
  not_in_call: [{ event: "not_in_call" }],
  nothing_to_answer: [{ event: "nothing_to_answer" }],
  already_in_call: [{ event: "already_in_call", name: "maria" }],
  calling_oneself: [{ event: "calling_oneself" }],
  other_ip_version: [{ event: "other_ip_version", name: "maria", ip: "2001:db8::1" }],
  port_in_use: [{ event: "port_in_use", port: 6000 }],
  wrong_usage: [
    { event: "wrong_usage", problem: { kind: "unknown_option", option: "--foo" } },
    { event: "wrong_usage", problem: { kind: "missing_argument", argument: "NAME" } },
    { event: "wrong_usage", problem: { kind: "too_many_arguments", argument: "extra" } },
    { event: "wrong_usage", problem: { kind: "bad_value", option: "PORT", value: "70000" } },
    { event: "wrong_usage", problem: { kind: "bad_value", option: "--answer", value: "" } },
    { event: "wrong_usage", problem: { kind: "bad_value", option: "--foo", value: "x" } },
  ],
  failed: [{ event: "failed", detail: "The disk is on fire." }],
  closed: [{ event: "closed" }],
};

/** At least one event of every kind. */
export const EVERY_EVENT: readonly PhoneEvent[] = Object.values(EVENTS).flat();

/** What a terminal may act upon, or what makes text look like other text; a line feed among it. */
export const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Fields that only the code itself fills, from a list of its own. */
const FIXED = new Set(["event", "direction", "transport", "reason", "end", "side", "code", "kind"]);

const HOSTILE = [
  ...[
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\x1bP1$r\x1b\\",
    "\x9b5A",
    "\x9d",
    "\x00",
    "\b\b",
    "\x7f",
    "\r",
    "\n",
    "\t",
  ],
  ...[
    "\u202e",
    "\u2066",
    "\u2028",
    "\u2029",
    "\u200b",
    "\ufeff",
    "\ud800",
    "\udfff",
    "\u{e0041}",
    "e\u0301",
    "á",
  ],
  ...["%s", "${x}", "\\u{1b}", '"', "美", "😀", "|", "  ", "constructor", "__proto__"],
];

/**
 * Events of every kind with hostile text wherever text can come from outside, always the same for the same seed.
 */
export function hostileEvents(seed: number, rounds: number): PhoneEvent[] {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes, section 7.1
    return Math.floor((state / 2 ** 32) * below);
  };
  const text = (): string =>
    Array.from({ length: 1 + random(8) }, () => HOSTILE[random(HOSTILE.length)] ?? "").join("");
  const spoil = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return FIXED.has(key) ? value : text();
    if (Array.isArray(value)) return value.map((item) => spoil(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, spoil(field, key)]));
  };
  return Array.from({ length: rounds }, () => EVERY_EVENT.map((event) => spoil(event, "") as PhoneEvent))
    .flat();
}
