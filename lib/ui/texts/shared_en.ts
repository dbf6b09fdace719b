/** Texts of both tools in English; `shared_pt.ts` has the notes. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { ErrorCode } from "../../protocol/registry_messages.ts";
import type { Detail } from "../../events/detail.ts";
import { numbers, triedPlaces, withoutStop } from "./phrases.ts";
import type { Causes, UsageTexts } from "./shape.ts";
import { fromTable } from "./table.ts";

export const numberEn = numbers("en");

const REFUSALS: Readonly<Record<ErrorCode, string>> = {
  nome_em_uso: "the name is in use",
  usuario_nao_encontrado: "there is no such person in the room",
  nao_registrado: "this phone is not in the room",
  ja_registrado: "this connection has a name already",
  mensagem_invalida: "the registry did not understand the request",
  sala_cheia: "the room is full",
  senha_incorreta: "the room's password is another one",
  sala_indisponivel: "the room cannot decide now who has the name",
};

export function refusalEn(reason: ErrorCode, text: string): string {
  const quoted = reason === "mensagem_invalida" && text !== "";
  return quoted ? `${REFUSALS[reason]} (“${withoutStop(text)}”)` : REFUSALS[reason];
}

const CAUSES: Causes = {
  // The system
  not_found: "there is no such file or folder",
  permission_denied: "permission denied",
  not_capable: "this program was not given the permission",
  is_directory: "it is a folder",
  not_directory: "a part of the path is no folder",
  name_too_long: "the name is too long",
  no_space: "the disk is full",
  too_large: "the file would be too large",
  read_only: "the disk is read-only",
  busy: "another program uses it",
  io_error: "reading or writing failed",
  no_device: "there is no such device",
  no_memory: "there is not enough memory",
  too_many_files: "too many files and connections are open",
  address_in_use: "the port is in use",
  port_privileged: "ports below 1024 are for privileged programs only; choose another one",
  address_not_available: "the address is not one of this machine's",
  ip_version_not_available: "this machine does not have that version of IP",
  network_unreachable: "this machine has no network to there",
  host_unreachable: "there is no way to that machine",
  refused: "connection refused",
  reset: "the connection was interrupted",
  reader_gone: "nobody reads it any more",
  timeout: "timed out without an answer",
  name_not_resolved: "there is no machine of that name",
  name_servers_silent: "the network's name servers do not answer",
  other: ({ text }) => withoutStop(text) || "cause unknown",

  // Addresses
  no_address: "it is no IPv4 or IPv6 address",
  no_port: "the port is not a number from 1 to 65535",
  unspecified_address: "that address is no machine's",
  multicast_address: "it is the address of a group of machines: multicast",
  broadcast_address: "it is the address of all machines of the network: broadcast",
  reserved_address: "that address is reserved and no machine's",
  loopback_address: "that address is good inside its own machine only, which is not this one",
  own_loopback_address:
    "this phone is registered at an address that is good on this machine only, and no answer " +
    "would arrive; start it with the registry's address on the network, or with --ip",
  link_local_address:
    "that address is good on one stretch of network only, and here there is not exactly one to look on",
  no_zone: "it lacks the network on which it is good, as in fe80::1%eth0",

  // The connection to the registry
  lost: "the connection was closed without an answer",
  not_a_registry: "what answers there is no registry of Sala; check the address and the port",
  tls_wanted: "it speaks TLS only; use --tls",
  room_full: "the room is full",
  none_answered: (failure) => triedPlaces(failure, causeEn),
  aborted: "the attempt was given up",
  registry_refused: ({ reason, text }) => `the registry refused the request: ${refusalEn(reason, text)}`,

  // TLS
  certificate_untrusted: "this phone does not trust its certificate; give the right one with --ca",
  certificate_other_name: "its certificate is for another name; use the name in the certificate",
  certificate_expired:
    "the certificate has expired, or this machine's clock is ahead; check the clock, and if it is right the registry needs a new certificate",
  certificate_not_yet_valid:
    "the certificate is not valid yet, or this machine's clock is behind; check the clock",
  certificate_of_authority:
    "the certificate is an authority's and no server's; make another one as the page docs/security.md shows",
  certificate_without_names:
    "the certificate has no names (subjectAltName); make another one with the registry's name or address, as the page docs/security.md shows",
  bad_certificate: ({ text }) =>
    `the certificate is no good for a registry [${text}]; make another one as the page docs/security.md shows`,
  no_tls: "it does not speak TLS; leave out --tls",
  tls_alert: ({ text }) => `its TLS and this phone's do not fit together [${text}]`,
  no_certificate: "the file of --tls-cert has no certificate in PEM",
  no_key: "the file of --tls-key has no key in PEM",
  bad_key:
    "the key of --tls-key is damaged, too short or of an unusual kind; make another one as the page docs/security.md shows",
  key_mismatch: "the key of --tls-key does not belong to the certificate of --tls-cert",
  cannot_listen: ({ host, port, cause }) =>
    `it cannot listen at ${formatEndpoint({ ip: host, port })} (${causeEn(cause)})`,
  cluster_failed: ({ servers, cause }) =>
    `the NATS servers of --cluster, ${servers.join(", ")}, cannot be used (${causeEn(cause)})`,
  cluster_unauthorised: "they do not let this registry in; check the credentials and what they permit",
  no_jetstream: "they run without JetStream; start them with -js, or permit it to this account",
  bad_credentials: "the file of --cluster-credentials has no credentials of NATS",
  cluster_too_old: "they are too old; 2.9 or newer is needed",

  // The operator's local socket
  folder_not_private: "its folder is not this user's alone: somebody else can write to it, or has made it",
  not_a_socket: "something else is there, which is no local socket",
  other_registry: "another registry answers there; give this one a path of its own with --control",
  no_local_sockets: "this system has no local sockets for it",

  // Files
  empty: "it is empty",
  not_text: "it is not text in UTF-8; save it again in that form",
  no_certificate_in_file: "it has no certificate in PEM; the page docs/security.md shows how to make one",
  no_credentials: "it has no credentials of NATS, as “nsc generate creds” writes them",
  encrypted_key: "a passphrase protects the key; remove it with “openssl pkey”",
  closed: "it was closed already",
  not_a_file: "it is a pipe or a device, and no file",
  larger_than: ({ bytes }) => `it has more than ${numberEn(bytes / 2 ** 20)} MiB`,
  not_wav: "it is not a WAV file",
  other_format: ({ format }) => `its format is ${format}`,
  header_cut_short: "the file ends within its header",
  sound_before_format: "the sound comes before its format",
  no_format: "its format is missing",
  no_sound: "there is no sound in it",
  format_cut_short: "its format is cut short",
  format_unknown: "its format is unknown",
  no_channels: "it has no channel",
  compressed: ({ tag }) => `the sound is compressed: WAV format ${tag}`,
  sample_rate: ({ hz, lowestHz, highestHz }) =>
    `it has ${numberEn(hz)} samples a second, and may have ${numberEn(lowestHz)} to ${numberEn(highestHz)}`,
  sample_size: ({ bits, float }) =>
    `it has ${bits}-bit ${float ? "float" : "integer"} samples; use 16-bit ones`,

  // Sound devices
  not_loaded: "the library was not found",
  no_such_device: ({ direction }) =>
    direction === "input" ? "there is no such microphone" : "there is no such speaker",
  not_responding: "the device does not respond",
  stalled: "the device stalled",
  no_page: "no page of this phone is open",
  page_not_allowed: "the browser does not permit the microphone: allow it on the page",
  page_needs_click: "the browser waits for a click on the page",
  host_error: ({ text }) => text === "" ? "error of the sound system" : `error of the sound system [${text}]`,
  device_channels: "the device does not have that many channels",
  device_sample_rate: "the device does not work at 48 kHz",
  device_sample_format: "the device does not take 16-bit samples",
  device_pair: "the two devices do not work together",
  device_gone: "the device is no longer there",
  device_unavailable: "the device was removed, or another program uses it",
  device_stopped: "the device was stopped",
  no_host_api: "the device's sound system is missing",
  buffer_size: "the device does not take blocks of sound of that size",
  library_error: "internal error of PortAudio",
  portaudio_error: ({ number }) => `PortAudio's error ${number}`,
};

export function causeEn(detail: Detail): string {
  return fromTable(CAUSES, "kind", detail);
}

export const ARGUMENTS_EN = { REGISTRY: "REGISTRY", NAME: "NAME", PORT: "PORT" } as const;

const HELP_HINT = "With --help you see how it is used.";

const EXPECTED: ReadonlyMap<string, string> = new Map([
  ["--lang", "Use pt or en."],
  [
    "--room-password",
    "It asks for the password. Use it at the end of the line, or use --room-password-file or SALA_ROOM_PASSWORD.",
  ],
  ...["--room-password-file", "--log-keys", "--ca", "--tls-cert", "--tls-key"].map((option) =>
    [option, "Use the name of a file."] as const
  ),
]);

export function usageEn(own: ReadonlyMap<string, string>): UsageTexts {
  const expected = (option: string): string => own.get(option) ?? EXPECTED.get(option) ?? HELP_HINT;
  const the = (option: string): string =>
    option.startsWith("--") ? `The option ${option}` : `The argument ${option}`;
  return {
    unknown_option: ({ option, nearest }) =>
      `There is no option ${option}. ${
        nearest === undefined ? HELP_HINT : `Use ${nearest}, if it is that one.`
      }`,
    takes_no_value: ({ option }) =>
      `The option ${option} takes no value. ${EXPECTED.get(option) ?? `Use just ${option}, or nothing.`}`,
    repeated: ({ option }) => `The option ${option} is there more than once. Use it only once.`,
    missing_argument: ({ argument }) =>
      `The argument ${argument} is missing. ${
        own.get(`missing ${argument}`) ?? `Use, for example, phone 192.168.0.10 maria. ${HELP_HINT}`
      }`,
    too_many_arguments: ({ argument }) => `The argument “${argument}” is one too many. ${expected("")}`,
    not_utf8: ({ argument }) =>
      `The text of “${argument}” is not in UTF-8. Use a terminal in UTF-8, with LANG=en_US.UTF-8 for example.`,
    bad_value: ({ option, value, least, most }) => {
      const wrong = value === ""
        ? `${the(option)} needs a value.`
        : `The value “${value}” is no good for ${option}.`;
      const right = least === undefined || most === undefined
        ? expected(option)
        : `Use a number from ${numberEn(least)} to ${numberEn(most)}.`;
      return `${wrong} ${right}`;
    },
    bad_address: ({ option, value, detail }) =>
      `The address “${value}” is no good for ${option} (${causeEn(detail)}). ${expected(option)}`,
    bad_file: ({ option, value, detail }) =>
      `The file “${value}” of ${option} could not be used (${causeEn(detail)}).`,
    no_terminal: ({ option }) =>
      `The option ${option} asks at a terminal, and there is none here. ${expected(option)}`,
    nothing_typed: ({ option }) => `The option ${option} asked, and nothing was typed. ${expected(option)}`,
    no_control_path: () =>
      "XDG_RUNTIME_DIR names no folder of this user's, in which registries are found; say with --control where it is.",
    incomplete: ({ option, missing }) => `The option ${option} needs ${missing}. Use both, or neither.`,
    excludes: ({ option, other }) =>
      `The options ${option} and ${other} do not go together. ${expected(option)}`,
    same_file: ({ option, other, value }) =>
      `The file “${value}” of ${option} is that of ${other}, too, and would be spoilt. Use another file for one of the two options.`,
  };
}
