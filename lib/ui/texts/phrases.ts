/** Parts of sentences in any language. */

import type { Detail } from "../../events/detail.ts";
import type { AudioFailure, Device, SoundSide } from "../../events/phone_events.ts";
import type { PersonFields } from "../../events/fields.ts";
import type { ListeningEvent } from "../../events/registry_events.ts";
import { formatEndpoint } from "../../protocol/address.ts";
import { DEFAULT_REGISTRY_PORT } from "../../protocol/registry_messages.ts";
import { COMMANDS } from "../../phone/commands.ts";
import type { NoneAnswered, RegistryPlace } from "../../registration/connect_failure.ts";
import { alignColumns } from "../columns.ts";
import { textWidth } from "../terminal_layout.ts";
import type { Language } from "./language.ts";
import type { CommandTexts } from "./shape.ts";

/** Name of a default device in `audio/`. */
const DEFAULT_DEVICE = "default";

/** Name there of the sound of a browser's page. */
const BROWSER = "browser";

/** The registry that answered, or that was tried: `192.168.0.10:5000`, or with its name `sala.local 192.168.0.10:5000`. */
export function registryPlace({ host, ip = host, port }: RegistryPlace & { readonly ip?: string }): string {
  const endpoint = formatEndpoint({ ip, port });
  return ip === host ? endpoint : `${host} ${endpoint}`;
}

/** What came of each address: `192.168.0.10:5000: recusada; [::1]:5000: sem resposta`. @param cause Says why. */
export function triedPlaces({ tried }: NoneAnswered, cause: (detail: Detail) => string): string {
  return tried.map((one) => `${registryPlace(one)}: ${cause(one.detail)}`).join("; ");
}

/** A duration in seconds as `01:23`, or `1:02:03` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Text from outside without its full stop, which the sentence around it has. */
export function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/u, "");
}

/** Formats numbers with at most one decimal, by locale (BCP 47). */
export function numbers(locale: string): (value: number) => string {
  return (value) => value.toLocaleString(locale, { maximumFractionDigits: 1 });
}

/** Failures in which something answered: address and port lead somewhere, and the cause says what to do. */
const ANSWERED = /^(certificate_|bad_certificate|no_tls|tls_|not_a_registry)/;

/** Whether something answered in place of a registry that can be used. */
export function answered({ kind }: Pick<Detail, "kind">): boolean {
  return ANSWERED.test(kind);
}

/** Whether it is a browser's page that lacks something. */
export function isOfPage({ kind }: Pick<Detail, "kind">): boolean {
  return kind === "no_page" || kind === "page_not_allowed" || kind === "page_needs_click";
}

/** Devices in quotation marks. @param standard Name of the default device. @param browser Name of a browser's sound. */
export function deviceNames(names: readonly string[], standard: string, browser: string): string {
  const known = new Map([[DEFAULT_DEVICE, standard], [BROWSER, browser]]);
  return names.map((name) => `“${known.get(name) ?? name}”`).join(", ");
}

/** Texts in quotation marks: `“a”, “b” ou “c”`. @param or The word before the last one. */
export function quotedList(texts: readonly string[], or: string): string {
  const quoted = texts.map((text) => `“${text}”`);
  return [...quoted.slice(0, -2), quoted.slice(-2).join(` ${or} `)].join(", ");
}

/** People in columns, indented. */
export function peopleRows(
  people: readonly PersonFields[],
  headers: readonly [string, string, string],
): string {
  return rows([headers, ...people.map(({ name, ip, port }) => [name, ip, String(port)])], " | ", [2]);
}

/**
 * People as a table with a rule below its headers:
 *
 * ```text
 * nome  | endereço IP  | porta
 * ------+--------------+------
 * joão  | 192.168.0.10 |  6000
 * ```
 *
 * @param note A line about people before these.
 */
export function peopleTable(
  people: readonly PersonFields[],
  headers: readonly [string, string, string],
  note?: string,
): string {
  const cells = people.map(({ name, ip, port }) => [name, ip, String(port)]);
  const aligned = alignColumns([headers, ...cells], [2]);
  const rule = (aligned[0] ?? []).map((cell) => "-".repeat(textWidth(cell))).join("-+-");
  const [header = "", ...lines] = aligned.map((row) => row.join(" | "));
  return [header, rule, ...(note === undefined ? [] : [note]), ...lines].join("\n");
}

/** Endpoints as a list: `0.0.0.0:5000 e [::]:5000`. @param and The word before the last one. */
export function endpointList(ips: readonly string[], port: number, and: string): string {
  const endpoints = ips.map((ip) => formatEndpoint({ ip, port }));
  return [...endpoints.slice(0, -2), endpoints.slice(-2).join(` ${and} `)].join(", ");
}

/** Whether there are addresses of both versions of IP, of which the phones of a room use one. */
export function ofBothVersions(ips: readonly string[]): boolean {
  return new Set(ips.map((ip) => ip.includes(":"))).size > 1;
}

/** The command lines by which phones join, indented, one for each address. @param name Stands for the person's name. */
export function phoneLines(
  { port, addresses, options }: Pick<ListeningEvent, "port" | "addresses" | "options">,
  name: string,
): string {
  return addresses.map((ip) => {
    const registry = port === DEFAULT_REGISTRY_PORT ? ip : formatEndpoint({ ip, port });
    return `  ${["./phone", registry, name, ...options].join(" ")}`;
  }).join("\n");
}

/** Headers and marks of {@linkcode deviceRows}. */
export interface DeviceWords {
  readonly headers: readonly [
    index: string,
    name: string,
    host: string,
    inputs: string,
    outputs: string,
    standard: string,
  ];
  readonly defaultInput: string;
  readonly defaultOutput: string;
}

/** Sound devices in columns, indented. */
export function deviceRows(devices: readonly Device[], words: DeviceWords): string {
  const cells = devices.map(({ index, name, host, inputs, outputs, defaultInput, defaultOutput }) => [
    String(index),
    name,
    host,
    String(inputs),
    String(outputs),
    [...defaultInput ? [words.defaultInput] : [], ...defaultOutput ? [words.defaultOutput] : []].join(", "),
  ]);
  return rows([words.headers, ...cells], "  ", [0, 3, 4]);
}

/** Console commands in columns, indented: in this language, in short, in the other one, and their purpose. */
export function commandRows(language: Language, name: string, texts: CommandTexts): string {
  const other = language === "pt" ? "en" : "pt";
  return rows(
    COMMANDS.map((command) => [
      command.takesName ? `${command[language]} ${name}` : command[language],
      command.short.join(" "),
      command[other],
      texts[command.kind],
    ]),
    "  ",
  );
}

/** Rows of cells as indented lines. @param right Columns that are aligned to the right. */
function rows(
  cells: readonly (readonly string[])[],
  separator: string,
  right: readonly number[] = [],
): string {
  return alignColumns(cells, right).map((row) => `  ${row.join(separator).trimEnd()}`).join("\n");
}

/**
 * Sentences about a device or file that cannot be used; `goesOn` follows if calls go on without it, after a recording
 * `recordingEnds`.
 */
export interface AudioTexts {
  readonly no_library: (subject: string) => string;
  readonly no_device: (subject: string) => string;
  readonly no_default_device: string;
  readonly device_failed: (subject: string, cause: string) => string;
  readonly file_failed: (subject: string, cause: string) => string;
  /** `command` makes a WAV file of it, if one does. */
  readonly bad_file: (subject: string, cause: string, command: string | undefined) => string;
  readonly goesOn: string;
  readonly recordingEnds?: string;
}

/** The sentences of each side. `both` is only for default devices. */
export type SideTexts = Readonly<Record<Exclude<SoundSide, "both">, AudioTexts>> & {
  readonly both: Omit<AudioTexts, "no_device" | "file_failed" | "bad_file">;
};

/** Causes for which there is sound in a file, but not as Sala reads it. */
const CONVERTIBLE: ReadonlySet<string> = new Set<Detail["kind"]>([
  "other_format",
  "compressed",
  "format_unknown",
  "sample_rate",
  "sample_size",
]);

/** The command that makes a WAV file of another sound file. */
function conversion(path: string): string {
  const base = path.replace(/\.\w+$/, "");
  const converted = /\.wave?$/i.test(path) ? `${base}-48k.wav` : `${base}.wav`;
  const [from, to] = [path, converted].map((word) =>
    /^[\p{L}\p{N}./][\p{L}\p{N}\p{M}._/-]*$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  );
  return `ffmpeg -i ${from} -ar 48000 ${to}`;
}

/** The sentence about a device or file that cannot be used. @param standard Name of the default device. */
export function audioFailed(
  { side, code, subject, detail, asked }: AudioFailure & { readonly side: SoundSide },
  cause: string,
  texts: SideTexts,
  standard: string,
): string {
  const of: AudioTexts = side === "both" ? { ...texts.speaker, ...texts.both } : texts[side];
  const isDefault = subject === DEFAULT_DEVICE;
  const what = code === "no_device" && isDefault
    ? of.no_default_device
    : code === "bad_file"
    ? of.bad_file(subject, cause, CONVERTIBLE.has(detail.kind) ? conversion(subject) : undefined)
    : of[code](isDefault ? standard : subject, cause);
  if (asked) return what;
  return `${what} ${code === "file_failed" ? of.recordingEnds ?? of.goesOn : of.goesOn}`;
}
