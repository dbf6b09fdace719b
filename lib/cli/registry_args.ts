/** The command line of the registry. */

import { parseArgs } from "@std/cli/parse-args";
import type { UsageProblem } from "../events/usage_problem.ts";
import { canonicalIp } from "../protocol/address.ts";
import { PasswordGate } from "../protocol/password_challenge.ts";
import { DEFAULT_REGISTRY_PORT } from "../protocol/registry_messages.ts";
import type { RegistryLimits, RegistryOptions } from "../registrar/server.ts";
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
import { exposedPassword, type PasswordSource, readRoomPassword, readSecret } from "./secrets.ts";

/** An option that sets a limit, with its range. */
interface LimitOption {
  readonly option: string;
  readonly limit: keyof RegistryLimits;
  readonly least: number;
  readonly most: number;
  /** Factor from the option's unit to the limit's. */
  readonly unit: number;
}

const LIMITS = [
  // 1024 bytes hold the longest valid request: 32 characters of 4 bytes, escaped, and an `id`.
  { option: "line-limit", limit: "lineBytes", least: 1024, most: 65_536, unit: 1 },
  { option: "idle-limit", limit: "idleMs", least: 1, most: 86_400, unit: 1000 },
  { option: "rate-limit", limit: "requestsPerSecond", least: 1, most: 1_000_000, unit: 1 },
  { option: "address-limit", limit: "maxPerAddress", least: 1, most: 1_000_000, unit: 1 },
  { option: "connection-limit", limit: "maxConnections", least: 1, most: 1_000_000, unit: 1 },
] as const satisfies readonly LimitOption[];

/** The request of a command line. */
export type RegistryRequest =
  /** Run a registry. */
  | { readonly settings: RegistrySettings }
  /** Show the help. */
  | { readonly help: true }
  /** None: the first error of the command line. */
  | { readonly problem: UsageProblem };

/** Settings of a registry. */
export interface RegistrySettings {
  readonly port: number;
  readonly host: string;
  readonly limits: RegistryLimits;
  readonly password: PasswordSource;
  /** Paths of certificate and key. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** A parsed command line. `output` is valid even if the rest is wrong. */
export type ParsedRegistryOptions = { readonly output: OutputOptions } & RegistryRequest;

/**
 * Parses the command line of the registry: the options of `--help`.
 *
 * @param args The arguments without the program's own name, such as `Deno.args`.
 */
export function parseRegistryOptions(args: readonly string[]): ParsedRegistryOptions {
  let unknown: UsageProblem | undefined;
  const given = parseArgs([...args], {
    string: [
      "port",
      "host",
      "lang",
      "room-password-file",
      "tls-cert",
      "tls-key",
      ...LIMITS.map(({ option }) => option),
    ],
    boolean: ["json", "quiet", "show-pings", "help", "room-password"],
    alias: { help: "h" },
    default: { port: String(DEFAULT_REGISTRY_PORT), host: "0.0.0.0" },
    unknown: (argument, key) => {
      unknown ??= key === undefined ? { kind: "too_many_arguments", argument } : unknownOption(argument);
    },
  });
  const { json, quiet } = given;
  const lang = isLanguage(given.lang) ? given.lang : undefined;
  const output = { lang, json, quiet, showPings: given["show-pings"] };
  const request = orProblem((): RegistryRequest => {
    const exposed = exposedPassword(args);
    if (exposed) throw new UsageError(exposed);
    if (unknown !== undefined) throw new UsageError(unknown);
    const limits = parseLimits(given);
    const port = parsePort("--port", given.port);
    if (given.host === "") throw badValue("--host", "");
    // All addresses of this machine are one that no machine has.
    if (given.host !== "0.0.0.0" && canonicalIp(given.host) !== "::") refuseNonsense("--host", given.host);
    parseLanguage(given.lang);
    const file = parseGiven("--room-password-file", given["room-password-file"]);
    const tls = parseTls(given["tls-cert"], given["tls-key"]);
    if (given.help) return { help: true };
    const password = { file, ask: given["room-password"] };
    return { settings: { port, host: given.host, limits, password, tls } };
  });
  return { output, ...request };
}

function parseLimits(given: Readonly<Record<string, unknown>>): RegistryLimits {
  const limits: { -readonly [limit in keyof RegistryLimits]: RegistryLimits[limit] } = {};
  for (const { option, limit, least, most, unit } of LIMITS) {
    const text = given[option];
    if (typeof text !== "string") continue;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new UsageError({ kind: "bad_value", option: `--${option}`, value: text, least, most });
    }
    limits[limit] = unit * value;
  }
  return limits;
}

function parseTls(cert: string | undefined, key: string | undefined): RegistrySettings["tls"] {
  parseGiven("--tls-cert", cert);
  parseGiven("--tls-key", key);
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined) {
    throw new UsageError({ kind: "incomplete", option: "--tls-cert", missing: "--tls-key" });
  }
  if (key !== undefined) {
    throw new UsageError({ kind: "incomplete", option: "--tls-key", missing: "--tls-cert" });
  }
}

/** Reads the secrets that the command line names. @throws {UsageError} If one cannot be read. */
export async function readSecrets(
  settings: RegistrySettings,
  question: string,
): Promise<Pick<RegistryOptions, "gate" | "tls">> {
  const password = await readRoomPassword(settings.password, question);
  const gate = password === undefined ? {} : { gate: await PasswordGate.open(password) };
  if (!settings.tls) return gate;
  const cert = await readSecret("--tls-cert", settings.tls.cert);
  const key = await readSecret("--tls-key", settings.tls.key);
  return { ...gate, tls: { cert, key } };
}
