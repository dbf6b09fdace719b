/** The command line of the registry. */

import { parseArgs } from "@std/cli/parse-args";
import type { UsageProblem } from "../events/usage_problem.ts";
import { PasswordGate } from "../protocol/password_challenge.ts";
import { DEFAULT_REGISTRY_PORT } from "../protocol/registry_messages.ts";
import type { RegistryLimits, RegistryOptions } from "../registrar/server.ts";
import { isLanguage } from "../ui/texts/language.ts";
import { exposedPassword, type PasswordSource, readRoomPassword, readSecret } from "./secrets.ts";

/** A limit that can be set, and from what to what. */
interface LimitOption {
  readonly option: string;
  readonly limit: keyof RegistryLimits;
  readonly least: number;
  readonly most: number;
  /** What one of the option stands for. */
  readonly unit: number;
}

const LIMITS = [
  // The longest proper request, with a name of four bytes a character, its escapes and an `id`, has its place in 1024.
  { option: "line-limit", limit: "lineBytes", least: 1024, most: 65_536, unit: 1 },
  { option: "idle-limit", limit: "idleMs", least: 1, most: 86_400, unit: 1000 },
  { option: "rate-limit", limit: "requestsPerSecond", least: 1, most: 1_000_000, unit: 1 },
  { option: "address-limit", limit: "maxPerAddress", least: 1, most: 1_000_000, unit: 1 },
  { option: "connection-limit", limit: "maxConnections", least: 1, most: 1_000_000, unit: 1 },
] as const satisfies readonly LimitOption[];

/** A command line of the registry, understood as far as it can be. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly lang: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly limits: RegistryLimits;
  readonly password: PasswordSource;
  /** Paths of certificate and key. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The first thing that is wrong with the command line. */
  readonly problem: UsageProblem | undefined;
}

/**
 * Reads the command line of the registry.
 *
 * @param args The arguments without the program's own name, such as `Deno.args`.
 */
export function readArguments(args: string[]): Settings {
  const problems: UsageProblem[] = [];
  const options = parseArgs(args, {
    string: [
      "port",
      "host",
      "lang",
      "room-password-file",
      "tls-cert",
      "tls-key",
      ...LIMITS.map(({ option }) => option),
    ],
    boolean: ["json", "quiet", "help", "room-password"],
    alias: { help: "h" },
    default: { port: String(DEFAULT_REGISTRY_PORT), host: "0.0.0.0" },
    unknown: (argument, key) => {
      problems.push(
        key === undefined
          ? { kind: "too_many_arguments", argument }
          : { kind: "unknown_option", option: argument },
      );
    },
  });
  const { host, lang, json, quiet, help } = options;
  const limits: { -readonly [limit in keyof RegistryLimits]: RegistryLimits[limit] } = {};
  for (const { option, limit, least, most, unit } of LIMITS) {
    const text = options[option];
    if (typeof text !== "string") continue;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) limits[limit] = unit * value;
    else problems.push({ kind: "bad_value", option: `--${option}`, value: text });
  }
  const port = /^\d{1,5}$/.test(options.port) ? Number(options.port) : NaN;
  if (!(port <= 65535)) problems.push({ kind: "bad_value", option: "--port", value: options.port });
  if (host === "") problems.push({ kind: "bad_value", option: "--host", value: host });
  if (lang !== undefined && !isLanguage(lang)) {
    problems.push({ kind: "bad_value", option: "--lang", value: lang });
  }
  const exposed = exposedPassword(args);
  if (exposed) problems.push(exposed);
  for (const option of ["room-password-file", "tls-cert", "tls-key"] as const) {
    if (options[option] === "") problems.push({ kind: "bad_value", option: `--${option}`, value: "" });
  }
  const password = { file: options["room-password-file"], ask: options["room-password"] };
  const { "tls-cert": cert, "tls-key": key } = options;
  if (cert !== undefined && key === undefined) {
    problems.push({ kind: "incomplete", option: "--tls-cert", missing: "--tls-key" });
  }
  if (cert === undefined && key !== undefined) {
    problems.push({ kind: "incomplete", option: "--tls-key", missing: "--tls-cert" });
  }
  const tls = cert === undefined || key === undefined ? undefined : { cert, key };
  return { port, host, lang, json, quiet, help, limits, password, tls, problem: problems[0] };
}

/** What the command line names. @throws {SecretError} If a secret that the command line names cannot be had. */
export async function readSecrets(
  settings: Settings,
  question: string,
): Promise<Pick<RegistryOptions, "gate" | "tls">> {
  const password = await readRoomPassword(settings.password, question);
  const gate = password === undefined ? {} : { gate: await PasswordGate.open(password) };
  if (!settings.tls) return gate;
  const cert = await readSecret("--tls-cert", settings.tls.cert);
  const key = await readSecret("--tls-key", settings.tls.key);
  return { ...gate, tls: { cert, key } };
}
