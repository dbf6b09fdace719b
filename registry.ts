/**
 * The registry: knows who is in the room and at which address, so that phones find each other.
 *
 * Usage: `registry [options]`; `registry --help` lists them.
 *
 * Exit status: 0 done, 1 the registry could not run, 2 wrong usage.
 */

import {
  onEndSignal,
  onFailure,
  signalsAtStart,
  surviveFileLimit,
  withoutTerminal,
} from "./lib/cli/signals.ts";
import type { ClusterDetail, RegistryEvent } from "./lib/events/registry_events.ts";
import { chooseLanguage } from "./lib/ui/texts/language.ts";
import { REGISTRY_TEXTS } from "./lib/ui/texts/texts.ts";
import { jsonLine } from "./lib/ui/json_line.ts";
import { registrySentence } from "./lib/ui/sentences.ts";
import { ExactWriter, FAREWELL_MS, lastingWriter, readerHasGone } from "./lib/ui/output.ts";
import { RegistryScreen } from "./lib/ui/registry_screen.ts";
import type { Cluster, ClusterOptions } from "./lib/registrar/cluster/cluster.ts";
import { addressesOfHost, ListenError } from "./lib/registrar/listeners.ts";
import { startRegistry } from "./lib/registrar/server.ts";
import { forOutput, terminalSize } from "./lib/ui/terminal_size.ts";
import { UsageError } from "./lib/cli/arguments.ts";
import { parseRegistryOptions, readSecrets, type RegistrySecrets } from "./lib/cli/registry_args.ts";
import { ownAddresses } from "./lib/cli/own_addresses.ts";
import { giveUpFiles } from "./lib/cli/permissions.ts";
import { DEFAULT_REGISTRY_PORT } from "./lib/protocol/registry_messages.ts";
import { unreachable } from "./lib/protocol/address.ts";
import { hostAddresses } from "./lib/util/host_addresses.ts";
import { certificateFlaw } from "./lib/util/certificate.ts";
import { environmentVariable } from "./lib/util/environment.ts";
import { type SystemError, systemError } from "./lib/util/system_error.ts";
import { VERSION } from "./lib/util/version.ts";
import { within } from "./lib/util/time_limit.ts";
import { writeAll } from "./lib/util/write_all.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

/** @returns What joins a cluster. */
async function loadCluster(): Promise<(options: ClusterOptions) => Promise<Cluster>> {
  const { Cluster } = await import("./lib/registrar/cluster/cluster.ts");
  const { loadNats } = await import("./lib/registrar/cluster/nats_engine.ts");
  const library = await loadNats();
  return (options) => Cluster.join(library, options);
}

/** The cause of a failure to run; errors of the registry's own have one. */
function failureOf(error: unknown): Extract<RegistryEvent, { event: "failed" }>["detail"] {
  if (error instanceof ListenError) return error.detail;
  const { detail } = error as { detail?: ClusterDetail };
  return (error as Error).name === "ClusterError" && detail ? detail : systemError(error);
}

async function main(args: string[]): Promise<number> {
  const request = parseRegistryOptions(args);
  const { lang, json, quiet, showPings } = request.output;
  const language = chooseLanguage(lang, environmentVariable);
  const texts = REGISTRY_TEXTS[language];
  const output = new RegistryScreen(lastingWriter(new ExactWriter(Deno.stdout), outputFailed), {
    language,
    json,
    quiet,
    showPings,
    dated: true,
    colour: !Deno.noColor && Deno.stdout.isTerminal() && environmentVariable("TERM") !== "dumb",
    columns: Deno.stdout.isTerminal() ? () => terminalSize().columns : undefined,
  });
  const errors = new RegistryScreen((bytes) => writeAll(Deno.stderr, bytes), {
    language,
    colour: !Deno.noColor && Deno.stderr.isTerminal(),
    columns: Deno.stderr.isTerminal() ? () => terminalSize().columns : undefined,
  });

  /** Shows an error: a sentence on standard error, and with `--json` also the event. A full output keeps nobody waiting. */
  const complain = async (event: RegistryEvent): Promise<void> => {
    errors.show(event);
    if (json) output.show(event);
    await within(FAREWELL_MS, Promise.all([errors.flush(), output.flush()]));
  };
  function outputFailed(detail: SystemError): void {
    errors.show({ event: "output_failed", detail });
    if (json) output.show({ event: "output_failed", detail });
  }

  if ("problem" in request) {
    await complain({ event: "wrong_usage", problem: request.problem });
    return WRONG_USAGE;
  }
  if ("help" in request) {
    const help = forOutput(`${texts.usageLine}\n\n${texts.help}`, Deno.stdout);
    await writeAll(new ExactWriter(Deno.stdout), new TextEncoder().encode(`${help}\n`));
    return DONE;
  }
  if ("version" in request) {
    const event = { event: "version", program: "registry", version: VERSION } as const;
    const said = json ? jsonLine(event, new Date()) : registrySentence(event, texts);
    await writeAll(new ExactWriter(Deno.stdout), new TextEncoder().encode(`${said}\n`));
    return DONE;
  }

  const { settings } = request;
  const { host } = settings;
  const problem = host === undefined
    ? undefined
    : unreachable({ ip: host, port: DEFAULT_REGISTRY_PORT }, hostAddresses(), true);
  // The system would listen at the address of everybody, where nobody can connect.
  if (host !== undefined && problem?.kind === "broadcast_address") {
    await complain({
      event: "wrong_usage",
      problem: { kind: "bad_address", option: "--host", value: host, detail: problem },
    });
    return WRONG_USAGE;
  }
  let secrets: RegistrySecrets;
  try {
    secrets = await readSecrets(settings, texts.askPassword);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await complain({ event: "wrong_usage", problem: error.problem });
    return WRONG_USAGE;
  }
  const signals = await signalsAtStart();
  surviveFileLimit();
  // Only registries of a cluster load its libraries, and as long as they may read files.
  const joinCluster = settings.cluster && await loadCluster();
  await giveUpFiles();

  // From here on every failure is one sentence.
  const failure = Promise.withResolvers<never>();
  onFailure(failure.reject);
  const wished = Promise.withResolvers<void>();
  onEndSignal(hasTerminal() ? signals : withoutTerminal(signals), wished.resolve);
  try {
    const hosts = host === undefined ? undefined : await addressesOfHost(host, settings.port);
    await using cluster = settings.cluster && await joinCluster?.({
      ...settings.cluster,
      ...(secrets.credentials !== undefined && { credentials: secrets.credentials }),
      host: hosts?.[0] ?? "0.0.0.0",
      onEvent: (event) => output.show(event),
    });
    await using server = startRegistry({
      ...(hosts && { host: hosts }),
      port: settings.port,
      ...(settings.proxies && { proxies: settings.proxies }),
      ...settings.limits,
      ...secrets,
      ...(cluster && { shared: cluster }),
      onEvent: (event) => output.show(event),
    });
    cluster?.listening(server.port);
    output.show({
      event: "listening",
      host: server.hosts[0] ?? "",
      port: server.port,
      hosts: server.hosts,
      addresses: ownAddresses(server.hosts, hostAddresses()),
      options: [...secrets.tls ? ["--tls"] : [], ...secrets.gate ? ["--room-password"] : []],
      version: VERSION,
    });
    const flaw = secrets.tls && certificateFlaw(secrets.tls.cert, new Date());
    if (flaw) output.show({ event: "certificate_flawed", detail: flaw });
    await Promise.race([wished.promise, output.broken, failure.promise]);
  } catch (error) {
    await complain(
      error instanceof ListenError && error.detail.cause.kind === "address_in_use"
        ? { event: "port_in_use", port: error.detail.port }
        : { event: "failed", detail: failureOf(error) },
    );
    return FAILED;
  }
  output.show({ event: "closed" });
  // A full pipe must not keep the registry from ending.
  await within(FAREWELL_MS, output.flush());
  return DONE;
}

try {
  // Exits at once: a phone that does not read could keep the event loop running.
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!readerHasGone(error)) {
    const { lang, json } = parseRegistryOptions(Deno.args).output;
    const texts = REGISTRY_TEXTS[chooseLanguage(lang, environmentVariable)];
    const event = { event: "failed", detail: systemError(error) } as const;
    const told = `${registrySentence(event, texts)}\n`;
    await within(FAREWELL_MS, writeAll(Deno.stderr, new TextEncoder().encode(told))).catch(() => {});
    const line = `${jsonLine(event, new Date())}\n`;
    if (json) {
      await within(FAREWELL_MS, writeAll(Deno.stdout, new TextEncoder().encode(line))).catch(() => {});
    }
  }
  Deno.exit(FAILED);
}
