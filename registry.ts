/**
 * The room: knows who is in it and where, so that phones find each other.
 *
 * Usage: `registry [options]`; `registry --help` lists them.
 *
 * Exit status: 0 done, 1 the registry could not run, 2 wrong usage.
 */

import { parseArgs } from "@std/cli/parse-args";
import { onEndSignal, onFailure } from "./lib/cli/signals.ts";
import type { RegistryEvent, UsageProblem } from "./lib/events/phone_events.ts";
import { chooseLanguage, isLanguage } from "./lib/ui/texts/language.ts";
import { writeAll } from "./lib/ui/line_writer.ts";
import { printable } from "./lib/protocol/printable.ts";
import { RegistryScreen, registryTexts } from "./lib/ui/registry_screen.ts";
import { DEFAULT_REGISTRY_PORT } from "./lib/protocol/registry_messages.ts";
import {
  PortInUseError,
  type RegistryLimits,
  type RegistryOptions,
  startRegistry,
} from "./lib/registrar/server.ts";
import {
  exposedPassword,
  giveUpFiles,
  type PasswordSource,
  readRoomPassword,
  readSecret,
  SecretError,
} from "./lib/cli/secrets.ts";
import { PasswordGate } from "./lib/protocol/password_challenge.ts";
import { withTimeLimit } from "./lib/util/time_limit.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** How long the last lines may take to be written, in milliseconds. */
const FAREWELL_MS = 1000;

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

interface Settings {
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

function readArguments(args: string[]): Settings {
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

/** @throws {SecretError} If a secret that the command line names cannot be had. */
async function readSecrets(
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

async function main(args: string[]): Promise<number> {
  const settings = readArguments(args);
  const language = chooseLanguage(settings.lang, (name) => Deno.env.get(name));
  const texts = registryTexts(language);
  const { json, quiet } = settings;
  const output = new RegistryScreen(writeAll(Deno.stdout), {
    language,
    json,
    quiet,
    colour: !Deno.noColor && Deno.stdout.isTerminal(),
  });
  const errors = new RegistryScreen(writeAll(Deno.stderr), {
    language,
    colour: !Deno.noColor && Deno.stderr.isTerminal(),
  });

  /** A sentence for people, and for a program the event among the others. */
  const complain = async (event: RegistryEvent): Promise<void> => {
    errors.show(event);
    if (json) output.show(event);
    await Promise.all([errors.flush(), output.flush()]);
  };

  if (settings.problem) {
    await complain({ event: "wrong_usage", problem: settings.problem });
    await writeAll(Deno.stderr)(new TextEncoder().encode(`${texts.usage}\n`));
    return WRONG_USAGE;
  }
  if (settings.help) {
    await writeAll(Deno.stdout)(new TextEncoder().encode(`${texts.usage}\n\n${texts.help}\n`));
    return DONE;
  }

  let secrets: Pick<RegistryOptions, "gate" | "tls">;
  try {
    secrets = await readSecrets(settings, texts.askPassword);
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    await complain({ event: "wrong_usage", problem: error.problem });
    return WRONG_USAGE;
  }
  await giveUpFiles();

  // From here on whatever goes wrong is one sentence, wherever in the program it is.
  const failure = Promise.withResolvers<never>();
  onFailure(failure.reject);
  const wished = Promise.withResolvers<void>();
  onEndSignal(wished.resolve);
  try {
    await using server = startRegistry({
      host: settings.host,
      port: settings.port,
      ...settings.limits,
      ...secrets,
      onEvent: (event) => output.show(event),
    });
    output.show({ event: "listening", host: server.host, port: server.port });
    await Promise.race([wished.promise, output.broken, failure.promise]);
  } catch (error) {
    await complain(
      error instanceof PortInUseError
        ? { event: "port_in_use", port: error.port }
        : { event: "failed", detail: error instanceof Error ? error.message : String(error) },
    );
    return FAILED;
  }
  output.show({ event: "closed" });
  try {
    await withTimeLimit(FAREWELL_MS, undefined, () => output.flush());
  } catch {
    // Whoever reads the output does not; the registry ends all the same.
  }
  return DONE;
}

try {
  // Not left to the event loop: a phone that does not read could keep it running.
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!(error instanceof Deno.errors.BrokenPipe)) {
    console.error(printable(error instanceof Error ? error.message : String(error)));
  }
  Deno.exit(FAILED);
}
