/** The command line of the phone. */

import { isIPv6 } from "node:net";
import { parseArgs } from "@std/cli/parse-args";
import { addressProblem, canonicalIp, isIpAddress, isPort } from "../protocol/address.ts";
import { isName } from "../protocol/name.ts";
import { DEFAULT_REGISTRY_PORT } from "../protocol/registry_messages.ts";
import type { Encryption } from "../call/encryption_policy.ts";
import type { UsageProblem } from "../events/usage_problem.ts";
import { soundNeeds } from "../../audio/audio_devices.ts";
import {
  ANSWERS,
  DEFAULT_PHONE_PORT,
  type PhoneOptions,
  RINGS,
  type VoiceOptions,
} from "../phone/options.ts";
import { isLanguage } from "../ui/texts/language.ts";
import {
  badValue,
  orProblem,
  type OutputOptions,
  parseGiven,
  parseLanguage,
  parsePort,
  refuseNonsense,
  unknownOption,
  UsageError,
} from "./arguments.ts";
import { exposedPassword, type PasswordSource } from "./secrets.ts";

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

/** The request of a command line. */
export type PhoneRequest =
  /** Run a phone. */
  | { readonly options: PhoneOptions; readonly sound: SoundOptions; readonly access: PhoneAccess }
  /** List the sound devices. */
  | { readonly devices: true }
  /** Show the help. */
  | { readonly help: true }
  /** None: the first error of the command line. */
  | { readonly problem: UsageProblem };

/** A parsed command line. `output` is valid even if the rest is wrong. */
export type ParsedPhoneOptions = { readonly output: PhoneOutputOptions } & PhoneRequest;

/** Form of the phone's output. */
export interface PhoneOutputOptions extends OutputOptions {
  /** Whole lines only: nothing is redrawn. */
  readonly plain: boolean;
}

/**
 * Parses the command line of the phone: `REGISTRY NAME [PORT]` and the options of `--help`.
 *
 * @param args The arguments without the program's own name, such as `Deno.args`.
 */
export function parsePhoneOptions(args: readonly string[]): ParsedPhoneOptions {
  let unknown: string | undefined;
  const given = parseArgs([...args], {
    // The positional arguments too: "007" may be somebody's name.
    string: [
      "_",
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
      "room-password-file",
      "ca",
    ],
    boolean: [
      "room-password",
      "tls",
      "devices",
      "json",
      "quiet",
      "show-pings",
      "plain",
      "help",
      "fec",
      "redundancy",
      "stretch",
      "echo-cancel",
      "noise-reduction",
      "gain",
      "encryption",
      "require-encryption",
    ],
    negatable: ["fec", "redundancy", "stretch", "echo-cancel", "noise-reduction", "gain", "encryption"],
    // Unless `--no-…` is given.
    default: {
      "fec": true,
      "redundancy": true,
      "stretch": true,
      "echo-cancel": true,
      "noise-reduction": true,
      "gain": true,
      "encryption": true,
    },
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return true;
      unknown ??= argument;
      return false;
    },
  });
  const { json, quiet, plain } = given;
  const lang = isLanguage(given.lang) ? given.lang : undefined;
  const output = { lang, json, quiet, showPings: given["show-pings"], plain };
  if (given.help) return { output, help: true };
  const request = orProblem((): PhoneRequest => {
    const exposed = exposedPassword(args);
    if (exposed) throw new UsageError(exposed);
    if (unknown !== undefined) throw new UsageError(unknownOption(unknown));
    parseLanguage(given.lang);
    const sound = {
      microphone: parseGiven("--mic", given.mic),
      speaker: parseGiven("--speaker", given.speaker),
    };
    const [registry, name, port, ...more] = given._.map(String);
    if (given.devices && registry === undefined) return { devices: true };
    if (registry === undefined) throw missing("REGISTRY");
    const place = parseRegistry(registry);
    if (name === undefined) throw missing("NAME");
    const options = {
      ...place,
      name: parseName("NAME", name),
      port: port === undefined ? DEFAULT_PHONE_PORT : parsePort("PORT", port),
      call: given.call === undefined ? undefined : parseName("--call", given.call),
      answer: parseAnswer(given.answer),
      ring: parseRing(given.ring),
      hangUpAfter: parseHangUp(given["hang-up-after"], sound),
      ip: parseIp(given.ip),
      encryption: parseEncryption(given.encryption, given["require-encryption"]),
      logKeys: parseGiven("--log-keys", given["log-keys"]),
      voice: {
        frameMs: parseFrame(given.frame),
        errorCorrection: given.fec,
        redundancy: given.redundancy,
        stretching: given.stretch,
        echoCancel: given["echo-cancel"],
        noiseReduction: given["noise-reduction"],
        gain: given.gain,
      },
    };
    if (more[0] !== undefined) throw new UsageError({ kind: "too_many_arguments", argument: more[0] });
    const access = {
      password: {
        file: parseGiven("--room-password-file", given["room-password-file"]),
        ask: given["room-password"],
      },
      tls: given.tls,
      ca: parseGiven("--ca", given.ca),
    };
    if (access.ca !== undefined && !access.tls) {
      throw new UsageError({ kind: "incomplete", option: "--ca", missing: "--tls" });
    }
    return given.devices ? { devices: true } : { options, sound, access };
  });
  return { output, ...request };
}

function missing(argument: string): UsageError {
  return new UsageError({ kind: "missing_argument", argument });
}

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
function parseRegistry(text: string): { readonly host: string; readonly registryPort: number } {
  if (isIPv6(text)) {
    refuseNonsense("REGISTRY", text);
    return { host: text, registryPort: DEFAULT_REGISTRY_PORT };
  }
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^\s:/[\]]+))(?::(?<port>\d{1,5}))?$/u.exec(text)?.groups;
  const { v6, name, port } = parts ?? {};
  const registryPort = port === undefined ? DEFAULT_REGISTRY_PORT : Number(port);
  const host = v6 !== undefined && isIPv6(v6) ? v6 : name;
  if (host === undefined || !isPort(registryPort)) throw badValue("REGISTRY", text);
  refuseNonsense("REGISTRY", host);
  return { host, registryPort };
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
