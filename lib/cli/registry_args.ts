/** The command line of the registry. */

import { isIP } from "node:net";
import type { UsageProblem } from "../events/usage_problem.ts";
import type { ControlCommand } from "../operator/control_messages.ts";
import { defaultControlPath } from "../operator/control_path.ts";
import { canonicalIp } from "../protocol/address.ts";
import { isName } from "../protocol/name.ts";
import { PasswordGate } from "../protocol/password_challenge.ts";
import { DEFAULT_REGISTRY_PORT } from "../protocol/registry_messages.ts";
import { TrustedProxies } from "../registrar/proxy_protocol.ts";
import type { RegistryLimits, RegistryOptions } from "../registrar/server.ts";
import type { LogLimits } from "../ui/log_limit.ts";
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
import { refuseOtherThanFile } from "./files.ts";
import { type ClusterServers, clusterServers, isRoomName } from "./cluster_args.ts";
import {
  type PasswordSource,
  readCertificates,
  readCredentials,
  readKey,
  readPasswordFile,
  readRoomPassword,
} from "./secrets.ts";

/** All limits that options set. */
export type Limits = RegistryLimits & LogLimits;

/** An option that sets a limit, with its range. */
interface LimitOption {
  readonly option: string;
  readonly limit: keyof Limits;
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
  { option: "log-limit", limit: "addressBytes", least: 0, most: 1_000_000, unit: 1024 },
  { option: "total-log-limit", limit: "totalBytes", least: 0, most: 1_000_000, unit: 1024 },
  { option: "address-limit", limit: "maxPerAddress", least: 1, most: 1_000_000, unit: 1 },
  { option: "connection-limit", limit: "maxConnections", least: 1, most: 1_000_000, unit: 1 },
] as const satisfies readonly LimitOption[];

/** The request of a command line. */
export type RegistryRequest =
  /** Run a registry. */
  | { readonly settings: RegistrySettings }
  /** Send a command to a registry that runs already, by the local socket at `path`. */
  | { readonly command: ControlCommand; readonly path: string }
  /** Show the help. */
  | { readonly help: true }
  /** Show the version. */
  | { readonly version: true }
  /** None: the first error of the command line. */
  | { readonly problem: UsageProblem };

/** Settings of a registry. */
export interface RegistrySettings {
  readonly port: number;
  /** An address or a name; undefined for all addresses. */
  readonly host: string | undefined;
  /** The load balancers that say for whom they connect. */
  readonly proxies: TrustedProxies | undefined;
  readonly limits: Limits;
  readonly password: PasswordSource;
  /** Paths of certificate and key. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Where `--metrics` listens. */
  readonly metrics: HttpPlace | undefined;
  /** Where the panel of `--panel` is. */
  readonly panel: HttpPlace | undefined;
  /** The operator's local socket. */
  readonly control: ControlPlace | undefined;
  readonly cluster: ClusterSettings | undefined;
}

/** Where pages are. */
export interface HttpPlace {
  readonly host: string;
  readonly port: number;
}

/** Where the operator's local socket is. */
export interface ControlPlace {
  readonly path: string;
  /** Whether `--control` names it: then there must be one. */
  readonly asked: boolean;
}

/** What `--cluster` and its companions say. */
export interface ClusterSettings extends ClusterServers {
  /** Path of the file of credentials. */
  readonly credentialsFile: string | undefined;
  readonly room: string;
  readonly lifePort: number;
}

/** The room of a cluster unless `--cluster-room` says otherwise. */
const DEFAULT_ROOM = "sala";

/** What {@linkcode readSecrets} reads; `credentials` are those of `--cluster`. */
export interface RegistrySecrets extends Pick<RegistryOptions, "gate" | "tls"> {
  readonly credentials?: string;
}

/** A parsed command line. `output` is valid even if the rest is wrong. */
export type ParsedRegistryOptions = { readonly output: OutputOptions } & RegistryRequest;

/** Options without a value. */
const FLAGS = ["json", "quiet", "show-pings", "help", "version", "room-password"] as const;

/** Options with a value. */
const VALUED = [
  ...["port", "host", "lang", "room-password-file", "tls-cert", "tls-key", "proxy-protocol"] as const,
  ...[
    "metrics",
    "panel",
    "control",
    "cluster",
    "cluster-credentials",
    "cluster-room",
    "cluster-port",
  ] as const,
  ...LIMITS.map(({ option }) => option),
] as const;

/** Options of a command to a running registry. */
const COMMAND_OPTIONS: ReadonlySet<string> = new Set(["port", "control", "lang", "json"]);

/**
 * Parses the command line of the registry: the options of `--help`.
 *
 * @param args The arguments without the program's own name, such as `Deno.args`.
 * @param runtimeDir `XDG_RUNTIME_DIR`.
 */
export function parseRegistryOptions(args: readonly string[], runtimeDir?: string): ParsedRegistryOptions {
  const given = readArguments(args, FLAGS, VALUED);
  const { flags, values, output } = given;
  if (flags.has("help")) return { output, help: true };
  if (flags.has("version")) return { output, version: true };
  const request = orProblem((): RegistryRequest => {
    if (given.problem) throw new UsageError(given.problem);
    const port = values.port === undefined ? DEFAULT_REGISTRY_PORT : parsePort("--port", values.port);
    const path = values.control ?? defaultControlPath(port, runtimeDir);
    const command = parseCommand(given.positional);
    if (command) {
      const other = [...flags, ...Object.keys(values)].find((name) => !COMMAND_OPTIONS.has(name));
      if (other !== undefined) throw new UsageError({ kind: "unknown_option", option: `--${other}` });
      parseLanguage(values.lang);
      if (path === undefined) throw new UsageError({ kind: "no_control_path" });
      return { command, path };
    }
    const limits = parseLimits(values);
    // An address in brackets is one as well.
    const host = parseHost(values.host);
    parseLanguage(values.lang);
    const tls = parseTls(values["tls-cert"], values["tls-key"]);
    const password = { file: values["room-password-file"], ask: flags.has("room-password") };
    const proxies = parseProxies(values["proxy-protocol"]);
    if (proxies && tls) {
      throw new UsageError({ kind: "excludes", option: "--proxy-protocol", other: "--tls-cert" });
    }
    const metrics = parseHttpPlace("--metrics", values.metrics);
    const panel = parseHttpPlace("--panel", values.panel);
    // A port that the system chooses is known only when files are given up.
    const known = path !== undefined && (values.control !== undefined || port !== 0);
    const control = known ? { path, asked: values.control !== undefined } : undefined;
    const cluster = parseCluster(values);
    return { settings: { port, host, proxies, limits, password, tls, metrics, panel, control, cluster } };
  });
  return { output, ...request };
}

function parseHost(text: string | undefined): string | undefined {
  // An address in brackets is one as well.
  const host = text?.replace(/^\[(.*)\]$/, "$1");
  if (host === undefined) return undefined;
  refuseNobodys("--host", host);
  // Neither an address nor a name, as with a port behind it.
  if (!isIP(host) && /[\s:/[\]]/.test(host)) throw badValue("--host", host);
  return host;
}

/** Refuses an address to listen on that no machine has. @throws {UsageError} */
function refuseNobodys(option: string, host: string): void {
  // All addresses of this machine are such a one.
  if (host !== "0.0.0.0" && canonicalIp(host) !== "::") refuseNonsense(option, host);
}

function parseProxies(text: string | undefined): TrustedProxies | undefined {
  if (text === undefined) return undefined;
  const networks = text.split(",");
  if (!networks.every(TrustedProxies.isNetwork)) throw badValue("--proxy-protocol", text);
  return new TrustedProxies(networks);
}

/** @returns Undefined without a command: the registry itself is to run. @throws {UsageError} If it is none. */
function parseCommand([command, name, ...more]: readonly string[]): ControlCommand | undefined {
  if (command === undefined) return undefined;
  const [extra] = command === "kick" ? more : [name, ...more];
  if ((command !== "list" && command !== "kick" && command !== "drain") || extra !== undefined) {
    throw new UsageError({ kind: "too_many_arguments", argument: extra ?? command });
  }
  if (command !== "kick") return { command };
  if (name === undefined) throw new UsageError({ kind: "missing_argument", argument: "NAME" });
  if (!isName(name)) throw badValue("NAME", name);
  return { command, name };
}

function parseLimits(given: Readonly<Record<string, string | undefined>>): Limits {
  const limits: { -readonly [limit in keyof Limits]: Limits[limit] } = {};
  for (const { option, limit, least, most, unit } of LIMITS) {
    const text = given[option];
    if (text === undefined) continue;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new UsageError({ kind: "bad_value", option: `--${option}`, value: text, least, most });
    }
    limits[limit] = unit * value;
  }
  return limits;
}

function parseTls(cert: string | undefined, key: string | undefined): RegistrySettings["tls"] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined) {
    throw new UsageError({ kind: "incomplete", option: "--tls-cert", missing: "--tls-key" });
  }
  if (key !== undefined) {
    throw new UsageError({ kind: "incomplete", option: "--tls-key", missing: "--tls-cert" });
  }
}

/** `9464`, `192.0.2.1:9464`, `[::1]:9464`: this machine's own programs may read it unless an address is given. */
function parseHttpPlace(option: string, text: string | undefined): HttpPlace | undefined {
  if (text === undefined) return undefined;
  const [, address, port = ""] = /^(?:(\[[^\]]+\]|[^:[\]\s/]+):)?(\d+)$/.exec(text) ?? [];
  const host = address?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1";
  if (address?.startsWith("[") && isIP(host) !== 6) throw badValue(option, text);
  refuseNobodys(option, host);
  try {
    return { host, port: parsePort(option, port) };
  } catch {
    throw badValue(option, text);
  }
}

function parseCluster(values: Readonly<Record<string, string | undefined>>): ClusterSettings | undefined {
  const { cluster, "cluster-credentials": credentialsFile, "cluster-room": room, "cluster-port": port } =
    values;
  if (cluster === undefined) {
    for (const option of ["cluster-credentials", "cluster-room", "cluster-port"]) {
      if (values[option] === undefined) continue;
      throw new UsageError({ kind: "incomplete", option: `--${option}`, missing: "--cluster" });
    }
    return undefined;
  }
  const servers = clusterServers("--cluster", cluster);
  if (room !== undefined && !isRoomName(room)) throw badValue("--cluster-room", room);
  const lifePort = port === undefined ? 0 : parsePort("--cluster-port", port);
  return { ...servers, credentialsFile, room: room ?? DEFAULT_ROOM, lifePort };
}

/** Reads the secrets that the command line names. @throws {UsageError} If one cannot be read. */
export async function readSecrets(
  settings: RegistrySettings,
  question: string,
): Promise<RegistrySecrets> {
  const password = await readRoomPassword(settings.password, question);
  const gate = password === undefined ? {} : { gate: await PasswordGate.open(password) };
  const file = settings.cluster?.credentialsFile;
  const credentials = file === undefined ? {} : { credentials: await readCredentials(file) };
  return { ...gate, ...credentials, ...settings.tls && { tls: await readTls(settings.tls) } };
}

/**
 * Reads the files of certificate and key again. What is no file was read to its end at the start, and would keep the
 * registry waiting.
 *
 * @throws {UsageError} If one cannot be read.
 */
export async function readTlsAgain(
  files: { readonly cert: string; readonly key: string },
): Promise<NonNullable<RegistryOptions["tls"]>> {
  await refuseOtherThanFile({ option: "--tls-cert", path: files.cert });
  await refuseOtherThanFile({ option: "--tls-key", path: files.key });
  return await readTls(files);
}

/** Reads the file of the room's password again, likewise. */
export async function readPasswordAgain(file: string): Promise<string> {
  await refuseOtherThanFile({ option: "--room-password-file", path: file });
  return await readPasswordFile(file);
}

/** Reads certificate and key. @throws {UsageError} If one cannot be read. */
export async function readTls(
  files: { readonly cert: string; readonly key: string },
): Promise<NonNullable<RegistryOptions["tls"]>> {
  const cert = await readCertificates("--tls-cert", files.cert);
  const key = await readKey("--tls-key", files.key);
  return { cert, key };
}
