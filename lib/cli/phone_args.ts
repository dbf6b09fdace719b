/** The command line of the phone. */

import { isIPv6 } from "node:net";
import { addressProblem, canonicalIp, isIpAddress, isPort } from "../protocol/address.ts";
import { isName } from "../protocol/name.ts";
import { DEFAULT_REGISTRY_PORT } from "../protocol/registry_messages.ts";
import type { RegistryPlace } from "../registration/connect_failure.ts";
import type { Encryption } from "../call/encryption_policy.ts";
import type { UsageProblem } from "../events/usage_problem.ts";
import { browserSides, soundNeeds } from "../../audio/audio_devices.ts";
import {
  ANSWERS,
  DEFAULT_PHONE_PORT,
  type PhoneOptions,
  RINGS,
  type VoiceOptions,
} from "../phone/options.ts";
import {
  badValue,
  orProblem,
  type OutputOptions,
  parseLanguage,
  parsePort,
  readArguments,
  refuseNonsense,
  UsageError,
} from "./arguments.ts";
import type { PasswordSource } from "./secrets.ts";

/** Secrets to read or ask for before the phone registers. */
export interface PhoneAccess {
  readonly password: PasswordSource;
  readonly tls: boolean;
  readonly ca: string | undefined;
}

/** Values of `--mic` and `--speaker`; undefined for the default devices. */
export interface SoundOptions {
  readonly microphone: string | undefined;
  readonly speaker: string | undefined;
}

/** The page of a phone. */
export interface WebOptions {
  /** TCP port on loopback; 0 for any free one. */
  readonly port: number;
  /** Whether to open the page in a browser. */
  readonly open: boolean;
  /**
   * Milliseconds of sound in each packet if the browser has any of the sound: 10 unless the person chose. A browser has more
   * delay of its own than a device, and gives its sound in pieces of 10 ms.
   */
  readonly frameMs: VoiceOptions["frameMs"];
}

/** The request of a command line. */
export type PhoneRequest =
  /** Run a phone. */
  | {
    readonly options: PhoneOptions;
    readonly sound: SoundOptions;
    readonly access: PhoneAccess;
    readonly web: WebOptions | undefined;
  }
  /** List the sound devices. */
  | { readonly devices: true }
  /** Show the help. */
  | { readonly help: true }
  /** Show the version. */
  | { readonly version: true }
  /** None: the first error of the command line. */
  | { readonly problem: UsageProblem };

/** A parsed command line. `output` is valid even if the rest is wrong. */
export type ParsedPhoneOptions = { readonly output: PhoneOutputOptions } & PhoneRequest;

/** Form of the phone's output. */
export interface PhoneOutputOptions extends OutputOptions {
  /** Whole lines only: nothing is redrawn. */
  readonly plain: boolean;
}

/** Options without a value. */
const FLAGS = [
  ...[
    "room-password",
    "tls",
    "wait",
    "devices",
    "json",
    "quiet",
    "show-pings",
    "plain",
    "help",
    "version",
  ] as const,
  ...["no-fec", "no-redundancy", "no-stretch", "no-echo-cancel", "no-noise-reduction", "no-gain"] as const,
  ...["no-encryption", "require-encryption", "no-open"] as const,
  "no-trace-sharing",
] as const;

/** Options with a value. */
const VALUED = [
  ...[
    "call",
    "answer",
    "ring",
    "hang-up-after",
    "mic",
    "speaker",
    "frame",
    "ip",
    "log-keys",
    "lang",
  ] as const,
  ...["room-password-file", "ca"] as const,
] as const;

/** Options with a value or without, and what they have then. */
const OPTIONAL = { web: "0" } as const;

/**
 * Parses the command line of the phone: `REGISTRY NAME [PORT]` and the options of `--help`.
 *
 * @param args The arguments without the program's own name, such as `Deno.args`.
 */
export function parsePhoneOptions(args: readonly string[]): ParsedPhoneOptions {
  const given = readArguments(args, FLAGS, VALUED, OPTIONAL);
  const { flags, values } = given;
  const output = { ...given.output, plain: flags.has("plain") };
  if (flags.has("help")) return { output, help: true };
  if (flags.has("version")) return { output, version: true };
  const request = orProblem((): PhoneRequest => {
    if (given.problem) throw new UsageError(given.problem);
    parseLanguage(values.lang);
    const sound = { microphone: values.mic, speaker: values.speaker };
    const [registry, name, port, ...more] = given.positional;
    if (flags.has("devices") && registry === undefined) return { devices: true };
    if (registry === undefined) throw missing("REGISTRY");
    const registries = parseRegistries(registry);
    if (name === undefined) throw missing("NAME");
    const options = {
      registries,
      name: parseName("NAME", name),
      port: port === undefined ? DEFAULT_PHONE_PORT : parsePort("PORT", port),
      wait: flags.has("wait"),
      call: values.call === undefined ? undefined : parseName("--call", values.call),
      answer: parseAnswer(values.answer),
      ring: parseRing(values.ring),
      hangUpAfter: parseHangUp(values["hang-up-after"], sound),
      ip: parseIp(values.ip),
      encryption: parseEncryption(!flags.has("no-encryption"), flags.has("require-encryption")),
      logKeys: values["log-keys"],
      shareTrace: !flags.has("no-trace-sharing"),
      voice: {
        frameMs: parseFrame(values.frame),
        errorCorrection: !flags.has("no-fec"),
        redundancy: !flags.has("no-redundancy"),
        stretching: !flags.has("no-stretch"),
        echoCancel: !flags.has("no-echo-cancel"),
        noiseReduction: !flags.has("no-noise-reduction"),
        gain: !flags.has("no-gain"),
      },
    };
    if (more[0] !== undefined) throw new UsageError({ kind: "too_many_arguments", argument: more[0] });
    const web = parseWeb(values, !flags.has("no-open"), sound);
    const access = {
      password: { file: values["room-password-file"], ask: flags.has("room-password") },
      tls: flags.has("tls"),
      ca: values.ca,
    };
    if (access.ca !== undefined && !access.tls) {
      throw new UsageError({ kind: "incomplete", option: "--ca", missing: "--tls" });
    }
    return flags.has("devices") ? { devices: true } : { options, sound, access, web };
  });
  return { output, ...request };
}

function missing(argument: string): UsageError {
  return new UsageError({ kind: "missing_argument", argument });
}

/** Most registries of a command line. */
const MOST_REGISTRIES = 16;

/** One registry or several, with commas between them. */
function parseRegistries(text: string): RegistryPlace[] {
  const places = text.split(",");
  // Two commas in a row, or one at the end.
  const gap = places.length > 1 && places.includes("");
  if (gap || places.length > MOST_REGISTRIES) throw badValue("REGISTRY", text);
  return places.map(parseRegistry);
}

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
function parseRegistry(text: string): RegistryPlace {
  if (isIPv6(text)) {
    refuseNonsense("REGISTRY", text);
    return { host: text, port: DEFAULT_REGISTRY_PORT };
  }
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^\s:/,[\]]+))(?::(?<port>\d{1,5}))?$/u.exec(text)?.groups;
  const { v6, name } = parts ?? {};
  const port = parts?.port === undefined ? DEFAULT_REGISTRY_PORT : Number(parts.port);
  const host = v6 !== undefined && isIPv6(v6) ? v6 : name;
  if (host === undefined || !isPort(port)) throw badValue("REGISTRY", text);
  refuseNonsense("REGISTRY", host);
  return { host, port };
}

function parseName(option: string, text: string): string {
  const name = text.normalize("NFC").trim();
  if (!isName(name)) throw badValue(option, text);
  return name;
}

function parseAnswer(text = "ask"): PhoneOptions["answer"] {
  const answer = ANSWERS.find((known) => known === text);
  if (answer === undefined) throw badValue("--answer", text);
  return answer;
}

function parseRing(text = "tone"): PhoneOptions["ring"] {
  const ring = RINGS.find((known) => known === text);
  if (ring === undefined) throw badValue("--ring", text);
  return ring;
}

/** Longest time of a timer, in seconds: 2^31 - 1 ms (HTML, section 8.6). */
const MAX_SECONDS = 2_147_483;

function parseHangUp(text: string | undefined, { microphone }: SoundOptions): PhoneOptions["hangUpAfter"] {
  if (text === undefined) return undefined;
  if (text === "file") {
    if (soundNeeds({ microphone }).readsFile) return text;
    throw new UsageError({ kind: "incomplete", option: "--hang-up-after file", missing: "--mic FILE.wav" });
  }
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) throw badValue("--hang-up-after", text);
  return seconds;
}

function parseWeb(
  { web, frame = "10" }: { readonly web?: string; readonly frame?: string },
  open: boolean,
  sound: SoundOptions,
): WebOptions | undefined {
  if (web !== undefined) return { port: parsePort("--web", web), open, frameMs: parseFrame(frame) };
  if (!open) throw new UsageError({ kind: "incomplete", option: "--no-open", missing: "--web" });
  const { microphone, speaker } = browserSides(sound);
  if (microphone || speaker) {
    const option = microphone ? "--mic browser" : "--speaker browser";
    throw new UsageError({ kind: "incomplete", option, missing: "--web" });
  }
  return undefined;
}

function parseFrame(text = "20"): VoiceOptions["frameMs"] {
  if (text !== "10" && text !== "20") throw badValue("--frame", text);
  return text === "10" ? 10 : 20;
}

function parseEncryption(wanted: boolean, required: boolean): Encryption {
  if (!wanted && required) throw badValue("--require-encryption", "--no-encryption");
  if (!wanted) return "off";
  return required ? "required" : "preferred";
}

function parseIp(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!isIpAddress(text)) throw badValue("--ip", text);
  const detail = addressProblem(text);
  if (detail) throw new UsageError({ kind: "bad_address", option: "--ip", value: text, detail });
  return canonicalIp(text);
}
