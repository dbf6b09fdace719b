/** Samples of every event of phone and registry, with every cause and problem. */

import type { AudioDetail, DeviceDetail, FileDetail, WavDetail } from "../../audio/audio_io.ts";
import { NO_VOICE } from "../../lib/voice/voice_session.ts";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import type {
  ClusterDetail,
  ControlDetail,
  ListenDetail,
  RegistryEvent,
} from "../../lib/events/registry_events.ts";
import type { SecretDetail, UsageProblem } from "../../lib/events/usage_problem.ts";
import type { AddressProblem } from "../../lib/protocol/address.ts";
import { ERROR_CODES } from "../../lib/protocol/registry_messages.ts";
import type { ConnectFailure, Refusal } from "../../lib/registration/connect_failure.ts";
import type { SystemError } from "../../lib/util/system_error.ts";
import type { TlsError } from "../../lib/util/tls_error.ts";

/** One sample of each kind; a missing one is a type error. */
type ByKind<Union extends { readonly kind: string }> = {
  readonly [Kind in Union["kind"]]: Union & { readonly kind: Kind };
};

const SYSTEM: ByKind<SystemError> = {
  not_found: { kind: "not_found" },
  permission_denied: { kind: "permission_denied" },
  not_capable: { kind: "not_capable" },
  is_directory: { kind: "is_directory" },
  not_directory: { kind: "not_directory" },
  name_too_long: { kind: "name_too_long" },
  no_space: { kind: "no_space" },
  too_large: { kind: "too_large" },
  read_only: { kind: "read_only" },
  busy: { kind: "busy" },
  io_error: { kind: "io_error" },
  no_device: { kind: "no_device" },
  no_memory: { kind: "no_memory" },
  too_many_files: { kind: "too_many_files" },
  address_in_use: { kind: "address_in_use" },
  port_privileged: { kind: "port_privileged" },
  address_not_available: { kind: "address_not_available" },
  ip_version_not_available: { kind: "ip_version_not_available" },
  network_unreachable: { kind: "network_unreachable" },
  host_unreachable: { kind: "host_unreachable" },
  refused: { kind: "refused" },
  reset: { kind: "reset" },
  reader_gone: { kind: "reader_gone" },
  timeout: { kind: "timeout" },
  name_not_resolved: { kind: "name_not_resolved" },
  name_servers_silent: { kind: "name_servers_silent" },
  other: { kind: "other", text: "E-1234." },
};

const ADDRESS: ByKind<AddressProblem> = {
  no_address: { kind: "no_address" },
  no_port: { kind: "no_port" },
  unspecified_address: { kind: "unspecified_address" },
  multicast_address: { kind: "multicast_address" },
  broadcast_address: { kind: "broadcast_address" },
  reserved_address: { kind: "reserved_address" },
  loopback_address: { kind: "loopback_address" },
  own_loopback_address: { kind: "own_loopback_address" },
  link_local_address: { kind: "link_local_address" },
  no_zone: { kind: "no_zone" },
};

const TLS: ByKind<TlsError> = {
  certificate_untrusted: { kind: "certificate_untrusted" },
  certificate_other_name: { kind: "certificate_other_name" },
  certificate_expired: { kind: "certificate_expired" },
  certificate_not_yet_valid: { kind: "certificate_not_yet_valid" },
  certificate_of_authority: { kind: "certificate_of_authority" },
  certificate_without_names: { kind: "certificate_without_names" },
  bad_certificate: { kind: "bad_certificate", text: "X.509" },
  no_tls: { kind: "no_tls" },
  tls_alert: { kind: "tls_alert", text: "40" },
  no_certificate: { kind: "no_certificate" },
  no_key: { kind: "no_key" },
  bad_key: { kind: "bad_key" },
  key_mismatch: { kind: "key_mismatch" },
};

const CONNECT: ByKind<ConnectFailure> = {
  ...SYSTEM,
  ...TLS,
  ...ADDRESS,
  lost: { kind: "lost" },
  not_a_registry: { kind: "not_a_registry" },
  tls_wanted: { kind: "tls_wanted" },
  aborted: { kind: "aborted" },
  room_full: { kind: "room_full" },
  registry_refused: { kind: "registry_refused", reason: "senha_incorreta", text: "" },
  none_answered: {
    kind: "none_answered",
    tried: [
      { host: "192.168.0.10", port: 5000, ip: "192.168.0.10", detail: { kind: "refused" } },
      { host: "sala.local", port: 5001, ip: "2001:db8::1", detail: { kind: "timeout" } },
      { host: "outra.local", port: 5000, detail: { kind: "name_not_resolved" } },
    ],
  },
};

const FILE: ByKind<FileDetail> = {
  ...SYSTEM,
  not_a_file: { kind: "not_a_file" },
};

const SECRET: ByKind<SecretDetail> = {
  ...SYSTEM,
  empty: { kind: "empty" },
  not_a_file: { kind: "not_a_file" },
  larger_than: { kind: "larger_than", bytes: 2 ** 20 },
  not_text: { kind: "not_text" },
  no_certificate_in_file: { kind: "no_certificate_in_file" },
  no_credentials: { kind: "no_credentials" },
  encrypted_key: { kind: "encrypted_key" },
};

const WAV: ByKind<WavDetail> = {
  empty: { kind: "empty" },
  not_wav: { kind: "not_wav" },
  header_cut_short: { kind: "header_cut_short" },
  sound_before_format: { kind: "sound_before_format" },
  no_format: { kind: "no_format" },
  no_sound: { kind: "no_sound" },
  format_cut_short: { kind: "format_cut_short" },
  format_unknown: { kind: "format_unknown" },
  other_format: { kind: "other_format", format: "MP3" },
  no_channels: { kind: "no_channels" },
  compressed: { kind: "compressed", tag: 85 },
  sample_rate: { kind: "sample_rate", hz: 4000, lowestHz: 8000, highestHz: 192_000 },
  sample_size: { kind: "sample_size", bits: 12, float: false },
};

const DEVICE: ByKind<DeviceDetail> = {
  not_loaded: { kind: "not_loaded", text: "libportaudio.so.2" },
  no_such_device: { kind: "no_such_device", direction: "input" },
  not_responding: { kind: "not_responding" },
  stalled: { kind: "stalled" },
  no_page: { kind: "no_page" },
  page_not_allowed: { kind: "page_not_allowed" },
  page_needs_click: { kind: "page_needs_click" },
  host_error: { kind: "host_error", text: "ALSA -16" },
  device_channels: { kind: "device_channels" },
  device_sample_rate: { kind: "device_sample_rate" },
  device_sample_format: { kind: "device_sample_format" },
  device_pair: { kind: "device_pair" },
  device_gone: { kind: "device_gone" },
  device_unavailable: { kind: "device_unavailable" },
  device_stopped: { kind: "device_stopped" },
  no_host_api: { kind: "no_host_api" },
  no_memory: { kind: "no_memory" },
  buffer_size: { kind: "buffer_size" },
  timeout: { kind: "timeout" },
  library_error: { kind: "library_error" },
  portaudio_error: { kind: "portaudio_error", number: -9988 },
};

const AUDIO_DETAILS: ByKind<AudioDetail> = { ...FILE, ...WAV, ...DEVICE, closed: { kind: "closed" } };

const PROBLEMS: { readonly [Kind in UsageProblem["kind"]]: readonly (UsageProblem & { kind: Kind })[] } = {
  unknown_option: [
    { kind: "unknown_option", option: "--foo" },
    { kind: "unknown_option", option: "--quit", nearest: "--quiet" },
  ],
  takes_no_value: [
    { kind: "takes_no_value", option: "--quiet" },
    { kind: "takes_no_value", option: "--room-password" },
  ],
  repeated: [{ kind: "repeated", option: "--call" }],
  not_utf8: [{ kind: "not_utf8", argument: "jo\ufffdo" }, { kind: "not_utf8", argument: "--mic" }],
  missing_argument: [
    { kind: "missing_argument", argument: "REGISTRY" },
    { kind: "missing_argument", argument: "NAME" },
  ],
  too_many_arguments: [{ kind: "too_many_arguments", argument: "xyz" }],
  bad_value: [
    { kind: "bad_value", option: "PORT", value: "70000" },
    { kind: "bad_value", option: "NAME", value: "" },
    { kind: "bad_value", option: "--answer", value: "" },
    { kind: "bad_value", option: "--foo", value: "x" },
    { kind: "bad_value", option: "--lang", value: "fr" },
    { kind: "bad_value", option: "--line-limit", value: "7", least: 1024, most: 65_536 },
  ],
  bad_file: Object.values(SECRET).map((detail) => (
    { kind: "bad_file", option: "--ca", value: "ca.pem", detail } as const
  )),
  bad_address: Object.values(ADDRESS).flatMap((detail) => [
    { kind: "bad_address", option: "--ip", value: "0.0.0.0", detail } as const,
    { kind: "bad_address", option: "REGISTRY", value: "224.0.0.1", detail } as const,
    { kind: "bad_address", option: "--host", value: "224.0.0.1", detail } as const,
  ]),
  no_terminal: [{ kind: "no_terminal", option: "--room-password" }],
  nothing_typed: [{ kind: "nothing_typed", option: "--room-password" }],
  no_control_path: [{ kind: "no_control_path" }],
  incomplete: [{ kind: "incomplete", option: "--ca", missing: "--tls" }],
  excludes: [{ kind: "excludes", option: "--proxy-protocol", other: "--tls-cert" }],
  same_file: [{ kind: "same_file", option: "--speaker", other: "--mic", value: "./a.wav" }],
};

const REFUSALS: readonly Refusal[] = ERROR_CODES.map((reason) => (
  { kind: "registry_refused", reason, text: "o campo 'nome' é ruim." }
));

/** Samples of each event; a missing one is a type error. */
type ByEvent<Union extends { readonly event: string }> = {
  readonly [Event in Union["event"]]: readonly Extract<Union, { event: Event }>[];
};

const MARIA = { name: "maria", ip: "192.168.0.20", port: 6050 };
const FIGURES = { ...NO_VOICE, seconds: 83.4, framesSent: 4150, framesPlayed: 4102, framesConcealed: 12 };
const NO_DEVICE = {
  microphone: { subject: "default", detail: { kind: "no_such_device", direction: "input" } },
  speaker: { subject: "default", detail: { kind: "no_such_device", direction: "output" } },
} as const;
const AUDIO = { subject: "USB C-Media", detail: DEVICE.device_unavailable };

/** At least one sample for each sentence. */
const EVENTS: ByEvent<PhoneEvent> = {
  left_out: [{ event: "left_out", lines: 7 }],
  web_open: [{ event: "web_open", url: "http://127.0.0.1:8123/#0123456789abcdef0123456789abcdef" }],
  web_failed: Object.values(SYSTEM).map((detail) => ({ event: "web_failed", port: 8123, detail })),
  output_failed: Object.values(SYSTEM).map((detail) => ({ event: "output_failed", detail })),
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
  registered: [
    { event: "registered", ...MARIA },
    { event: "registered", registry: { host: "sala.local", ip: "192.168.0.10", port: 5000 }, ...MARIA },
  ],
  name_taken: [{ event: "name_taken", name: "maria" }],
  removed: [{ event: "removed", name: "maria" }],
  registration_refused: REFUSALS.map(({ reason, text }) => ({ event: "registration_refused", reason, text })),
  registry_unreachable: [
    ...Object.values(CONNECT).map((detail) => (
      { event: "registry_unreachable", host: "sala.local", port: 5001, detail } as const
    )),
    { event: "registry_unreachable", host: "2001:db8::1", port: 5000, detail: SYSTEM.timeout },
  ],
  registry_awaited: [
    { event: "registry_awaited", host: "sala.local", port: 5001, detail: SYSTEM.refused },
    { event: "registry_awaited", host: "sala.local", port: 5000, detail: { kind: "room_full" } },
    { event: "registry_awaited", host: "sala.local", port: 5000, detail: CONNECT.none_answered },
  ],
  registry_lost: [{ event: "registry_lost" }],
  registry_back: [
    { event: "registry_back", name: "maria" },
    {
      event: "registry_back",
      name: "maria",
      registry: { host: "2001:db8::1", ip: "2001:db8::1", port: 5001 },
    },
  ],
  address_changed: [{ event: "address_changed", before: "192.168.0.7", ...MARIA }],
  registry_away: [{ event: "registry_away" }],
  password_refused: [{ event: "password_refused", given: true }, { event: "password_refused", given: false }],
  registry_full: [{ event: "registry_full" }],
  person: [{ event: "person", ...MARIA }],
  unknown_person: [
    { event: "unknown_person", name: "pedro", similar: [] },
    { event: "unknown_person", name: "pedro", similar: ["maria", "joão", "美咲"] },
  ],
  other_spelling: [{ event: "other_spelling", asked: "maria", name: "María" }],
  people: [
    { event: "people", people: [] },
    { event: "people", people: [{ name: "joão", ip: "192.168.0.10", port: 6000 }] },
    {
      event: "people",
      people: [{ name: "joão", ip: "192.168.0.10", port: 6000 }, { name: "美咲", ip: "::1", port: 60 }],
    },
  ],
  trace_shared: [{ event: "trace_shared", host: "sala.local", port: 5000 }],
  only_local: [{ event: "only_local", ip: "127.0.0.1" }],
  only_link_local: [{ event: "only_link_local", ip: "169.254.7.1" }],
  inviting: [{ event: "inviting", ...MARIA }],
  ringing: [{ event: "ringing", name: "maria" }],
  invitation: [{ event: "invitation", ...MARIA }],
  busy_rejected: [{ event: "busy_rejected", name: "pedro" }],
  rejected: [
    { event: "rejected", name: "maria", reason: "ocupado" },
    { event: "rejected", name: "maria", reason: "recusado" },
    { event: "rejected", name: "maria", reason: "sem_resposta" },
    { event: "rejected", name: "maria", reason: "sem_cifra" },
    { event: "rejected", name: "maria", reason: "outra_pessoa" },
  ],
  unencrypted_rejected: [{ event: "unencrypted_rejected", name: "pedro" }],
  misdirected_rejected: [{ event: "misdirected_rejected", name: "pedro", wanted: "maria" }],
  unreachable: [...Object.values(ADDRESS), ...Object.values(SYSTEM)].map((detail) => (
    { event: "unreachable", ...MARIA, detail }
  )),
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
  key_log_failed: Object.values(SYSTEM).map((detail) => ({ event: "key_log_failed", path: "/x/y", detail })),
  peer_silent: [{ event: "peer_silent", name: "maria", seconds: 5 }],
  peer_back: [{ event: "peer_back", name: "maria" }],
  peer_moved: [{ event: "peer_moved", ...MARIA }],
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
        { event: "audio_failed", side, code: "no_device", ...NO_DEVICE[side], asked } as const,
        ...[...Object.values(FILE), AUDIO_DETAILS.closed].map((detail) => (
          { event: "audio_failed", side, code: "file_failed", subject: "voz.wav", detail, asked } as const
        )),
        ...Object.values(DEVICE).map((detail) => (
          { event: "audio_failed", side, code: "device_failed", subject: "default", detail, asked } as const
        )),
      ])
    ),
    ...Object.values(WAV).map((detail) => ({
      ...{ event: "audio_failed", side: "microphone", code: "bad_file", subject: "voz.wav" } as const,
      detail,
      asked: true,
    })),
    // Only default devices fail together.
    { event: "audio_failed", side: "both", code: "no_library", ...AUDIO, asked: false },
    { event: "audio_failed", side: "both", code: "device_failed", ...AUDIO, asked: false },
    { event: "audio_failed", side: "both", code: "no_device", ...NO_DEVICE.microphone, asked: false },
  ],
  audio_lost: [
    { event: "audio_lost", side: "both", names: ["default"], detail: SYSTEM.io_error },
    { event: "audio_lost", side: "both", names: ["USB C-Media", "HDA Intel"], detail: SYSTEM.io_error },
    { event: "audio_lost", side: "microphone", names: ["USB C-Media"], detail: DEVICE.stalled },
    { event: "audio_lost", side: "speaker", names: ["HDA Intel"], detail: DEVICE.device_unavailable },
  ],
  audio_back: [
    { event: "audio_back", side: "both", names: ["default"] },
    { event: "audio_back", side: "microphone", names: ["USB C-Media"] },
    { event: "audio_back", side: "speaker", names: ["HDA Intel"] },
  ],
  recording: [
    { event: "recording", path: "recado.wav", wanted: "recado.wav" },
    { event: "recording", path: "recado-2.wav", wanted: "recado.wav" },
  ],
  recorded: [{ event: "recorded", path: "recado-2.wav", seconds: 83.5 }],
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
  unknown_command: [
    { event: "unknown_command", text: "ligue maria", similar: [] },
    { event: "unknown_command", text: "ligue maria", similar: ["ligar"] },
  ],
  name_missing: [{ event: "name_missing", command: "ligar" }],
  version: [{ event: "version", program: "phone", version: "1.0.0" }],
  not_utf8: [{ event: "not_utf8", text: "ligar jo\ufffdo" }],
  bad_name: [{ event: "bad_name", name: "\u202e" }],
  not_in_call: [{ event: "not_in_call" }],
  nothing_to_answer: [{ event: "nothing_to_answer" }],
  already_in_call: [{ event: "already_in_call", name: "maria" }],
  calling_oneself: [{ event: "calling_oneself" }],
  other_ip_version: [{ event: "other_ip_version", name: "maria", ip: "2001:db8::1" }],
  port_in_use: [{ event: "port_in_use", port: 6000 }],
  port_unusable: Object.values(SYSTEM).map((detail) => ({ event: "port_unusable", port: 80, detail })),
  wrong_usage: Object.values(PROBLEMS).flat().map((problem) => ({ event: "wrong_usage", problem })),
  failed: [...Object.values(SYSTEM), ...REFUSALS].map((detail) => ({ event: "failed", detail })),
  closed: [{ event: "closed" }],
};

/** All samples of a phone's events. */
export const EVERY_EVENT: readonly PhoneEvent[] = Object.values(EVENTS).flat();

const LISTEN: readonly ListenDetail[] = [...Object.values(SYSTEM), ...Object.values(TLS)].map((cause) => (
  { kind: "cannot_listen", host: "192.0.2.1", port: 5000, cause }
));

const CONTROL: readonly ControlDetail[] = [
  ...Object.values(SYSTEM),
  ...(["folder_not_private", "not_a_socket", "other_registry", "no_local_sockets"] as const).map((kind) => ({
    kind,
  })),
];

const CLUSTER: readonly ClusterDetail[] = [
  ...[SYSTEM.refused, SYSTEM.timeout, SYSTEM.name_not_resolved, ...Object.values(TLS)],
  ...(["cluster_unauthorised", "no_jetstream", "bad_credentials", "cluster_too_old"] as const).map((kind) => (
    { kind }
  )),
].map((cause) => ({ kind: "cluster_failed", servers: ["192.0.2.1:4222", "nats.local:4222"], cause }));

const PEER = { ip: "192.168.0.7", port: 51234 };

const REGISTRY_EVENTS: ByEvent<RegistryEvent> = {
  message: EVENTS.message,
  left_out: EVENTS.left_out,
  output_failed: EVENTS.output_failed,
  log_limited: [
    { event: "log_limited", ip: "192.0.2.1", addresses: 1, lines: 12_345 },
    { event: "log_limited", ip: "2001:db8:0:1::/64", addresses: 1, lines: 1 },
    { event: "log_limited", ip: null, addresses: 37, lines: 1234 },
    { event: "log_limited", ip: null, addresses: 1, lines: 2 },
  ],
  version: [{ event: "version", program: "registry", version: "1.0.0" }],
  listening: [
    {
      ...{ event: "listening", host: "0.0.0.0", hosts: ["0.0.0.0", "::"], port: 5001, version: "1.0.0" },
      addresses: ["192.0.2.1", "2001:db8::1"],
      options: ["--tls"],
    },
    {
      ...{ event: "listening", host: "127.0.0.1", port: 5000, hosts: ["127.0.0.1", "::1"], version: "1.0.0" },
      ...{ addresses: [], options: [] },
    },
  ],
  panel_open: [
    { event: "panel_open", url: "http://192.168.0.10:8080/", shared: true },
    { event: "panel_open", url: "http://127.0.0.1:8080/", shared: false },
  ],
  metrics_open: [{ event: "metrics_open", host: "::1", port: 9464 }],
  control_failed: CONTROL.map((detail) => ({ event: "control_failed", path: "/run/sala/s", detail })),
  no_registry: [...CONTROL, { kind: "not_a_registry" } as const].map((detail) => (
    { event: "no_registry", path: "/run/sala/s", detail }
  )),
  unknown_person: [{ event: "unknown_person", name: "joão" }],
  draining: [{ event: "draining", connections: 1234 }],
  drained: [{ event: "drained", connections: 0 }],
  certificate_renewed: [{ event: "certificate_renewed" }],
  password_renewed: [{ event: "password_renewed" }],
  password_kept: Object.values(SECRET).map((detail) => ({ event: "password_kept", detail })),
  certificate_kept: [...Object.values(SECRET), ...Object.values(TLS)].map((detail) => (
    { event: "certificate_kept", detail }
  )),
  joined: [{ event: "joined", ...MARIA, version: "1.0.0" }, { event: "joined", ...MARIA }],
  left: [
    { event: "left", ...MARIA, reason: "goodbye" },
    { event: "left", ...MARIA, reason: "disconnected" },
    { event: "left", ...MARIA, reason: "silent" },
    { event: "left", ...MARIA, reason: "crowded_out" },
    { event: "left", ...MARIA, reason: "removed" },
    { event: "left", ...MARIA, reason: "superseded" },
    { event: "left", ...MARIA, reason: "fenced" },
  ],
  table: [{ event: "table", people: [] }, { event: "table", people: [MARIA] }, {
    event: "table",
    people: [MARIA],
    omitted: 9950,
  }],
  password_refused: [{ event: "password_refused", name: "joão", peer: PEER, omitted: 0 }],
  name_refused: (["in_use", "invalid", "withheld", "undecided"] as const).map((reason) => (
    { event: "name_refused", name: "joão", reason, peer: PEER, omitted: 3 }
  )),
  malformed_line: (["too_long", "not_utf8", "invalid"] as const).map((problem) => (
    { event: "malformed_line", problem, text: "xyz", peer: PEER, omitted: 1000 }
  )),
  cluster_joined: [1, 3].map((registries) => (
    { event: "cluster_joined", room: "campus", registry: "xyz", registries }
  )),
  cluster_away: [{ event: "cluster_away", seconds: 6 }],
  cluster_back: [{ event: "cluster_back", seconds: 61 }],
  other_registry: (["joined", "left", "dead"] as const).map((change) => (
    { event: "other_registry", registry: "xyz", ip: "192.0.2.1", port: 5000, change }
  )),
  cluster_fenced: [{ event: "cluster_fenced", people: 4000 }],
  room_full: [{ event: "room_full", connections: 7 }],
  room_crowded: [{ event: "room_crowded", connections: 7 }],
  few_descriptors: [{ event: "few_descriptors", descriptors: 1024, connections: 832, wanted: 10_192 }],
  certificate_flawed: [
    { event: "certificate_flawed", detail: { kind: "certificate_expired" } },
    { event: "certificate_flawed", detail: { kind: "certificate_not_yet_valid" } },
    { event: "certificate_flawed", detail: { kind: "certificate_of_authority" } },
    { event: "certificate_flawed", detail: { kind: "certificate_without_names" } },
  ],
  foreign_client: [
    { event: "foreign_client", ip: "192.0.2.1", protocol: "http" },
    { event: "foreign_client", ip: "192.0.2.1", protocol: "tls" },
    { event: "foreign_client", ip: "192.0.2.1", protocol: "proxy" },
  ],
  proxy_refused: (["no_header", "version_1", "bad_header", "timeout"] as const).map((problem) => (
    { event: "proxy_refused", ip: "192.0.2.1", problem }
  )),
  tls_failed: Object.values(TLS).map((detail) => ({ event: "tls_failed", ip: "192.0.2.1", detail })),
  address_full: [{ event: "address_full", ip: "192.0.2.1", connections: 500 }],
  port_in_use: [{ event: "port_in_use", port: 5000 }],
  wrong_usage: EVENTS.wrong_usage,
  failed: [...Object.values(SYSTEM), ...LISTEN, ...CLUSTER].map((detail) => ({ event: "failed", detail })),
  closed: [{ event: "closed" }],
};

/** All samples of a registry's events. */
export const EVERY_REGISTRY_EVENT: readonly RegistryEvent[] = Object.values(REGISTRY_EVENTS).flat();

/** The state of a call, with all its fields. */
export const STATUS: CallStatus = {
  ...NO_VOICE,
  name: "maria",
  seconds: 83,
  code: "04821",
  microphoneDb: -18,
  speakerDb: -21,
  muted: false,
};

/** Characters that a terminal may act upon, line feed included, or that make text look like other text. */
export const UNSAFE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Fields with values from a list of the code. */
const FIXED = new Set([
  "event",
  "direction",
  "transport",
  "reason",
  "end",
  "side",
  "code",
  "kind",
  "protocol",
  "program",
]);

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
 * Samples with hostile text in place of all text from outside, the same for the same seed.
 */
export function hostileEvents(seed: number, rounds: number): PhoneEvent[];
export function hostileEvents<Event>(seed: number, rounds: number, events: readonly Event[]): Event[];
export function hostileEvents(
  seed: number,
  rounds: number,
  events: readonly unknown[] = EVERY_EVENT,
): unknown[] {
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
  return Array.from({ length: rounds }, () => events.map((event) => spoil(event, ""))).flat();
}
