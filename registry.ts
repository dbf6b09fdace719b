/**
 * The registry: knows who is in the room and at which address, so that phones find each other.
 *
 * Usage: `registry [options]`, or `registry COMMAND [options]` for one that runs already; `registry --help` lists them.
 *
 * Exit status: 0 done, 1 the registry could not run, 2 wrong usage; of a command also 4 no registry answers, 6 no such
 * person.
 */

import {
  onEndSignal,
  onFailure,
  signalsAtStart,
  surviveFileLimit,
  withoutTerminal,
} from "./lib/cli/signals.ts";
import type { SecretDetail } from "./lib/events/usage_problem.ts";
import type { TlsError } from "./lib/util/tls_error.ts";
import type { ClusterDetail, ControlDetail, RegistryEvent } from "./lib/events/registry_events.ts";
import { chooseLanguage, type Language } from "./lib/ui/texts/language.ts";
import { REGISTRY_TEXTS } from "./lib/ui/texts/texts.ts";
import { jsonLine } from "./lib/ui/json_line.ts";
import { registrySentence } from "./lib/ui/sentences.ts";
import { ExactWriter, FAREWELL_MS, lastingWriter, readerHasGone } from "./lib/ui/output.ts";
import { RegistryScreen } from "./lib/ui/registry_screen.ts";
import type { OpenPanel, Panel } from "./lib/panel/panel.ts";
import type { Cluster, ClusterOptions } from "./lib/registrar/cluster/cluster.ts";
import { standardOutput } from "./lib/ui/standard_output.ts";
import { descriptorLimit } from "./lib/registrar/descriptor_budget.ts";
import { addressesOfHost, ListenError, listening } from "./lib/registrar/listeners.ts";
import { type RegistryServer, startRegistry } from "./lib/registrar/server.ts";
import { forOutput, terminalSize } from "./lib/ui/terminal_size.ts";
import { UsageError } from "./lib/cli/arguments.ts";
import {
  type ControlPlace,
  parseRegistryOptions,
  readPasswordAgain,
  readSecrets,
  readTlsAgain,
  type RegistrySecrets,
  type RegistrySettings,
} from "./lib/cli/registry_args.ts";
import { ownAddresses } from "./lib/cli/own_addresses.ts";
import { giveUpFiles } from "./lib/cli/permissions.ts";
import { type ClusterState, type MetricsSource, openMetrics } from "./lib/operator/metrics.ts";
import { openMonitor } from "./lib/operator/monitor.ts";
import { sendCommand } from "./lib/operator/control_client.ts";
import type { ControlCommand } from "./lib/operator/control_messages.ts";
import { ControlError, openControl, serveControl } from "./lib/operator/control_server.ts";
import type { PasswordGate } from "./lib/protocol/password_challenge.ts";
import { DEFAULT_REGISTRY_PORT } from "./lib/protocol/registry_messages.ts";
import { unreachable } from "./lib/protocol/address.ts";
import { hostAddresses } from "./lib/util/host_addresses.ts";
import { certificateFlaw } from "./lib/util/certificate.ts";
import { environmentVariable } from "./lib/util/environment.ts";
import { type SystemError, systemError } from "./lib/util/system_error.ts";
import { VERSION } from "./lib/util/version.ts";
import { SerialQueue } from "./lib/util/serial_queue.ts";
import { within } from "./lib/util/time_limit.ts";
import { writeAll } from "./lib/util/write_all.ts";
import type { HttpServer } from "./lib/web/http_server.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
const NO_REGISTRY = 4;
const UNKNOWN_PERSON = 6;

/** A running registry's answer to a command, as an event and an exit status. */
async function obeyed(path: string, command: ControlCommand): Promise<[RegistryEvent, status: number]> {
  const said = await sendCommand(path, command);
  if ("noAnswer" in said) return [{ event: "no_registry", path, detail: said.noAnswer }, NO_REGISTRY];
  switch (said.answer) {
    case "people":
      return [{ event: "table", people: said.people }, DONE];
    case "drained":
      return [{ event: "drained", connections: said.connections }, DONE];
    case "removed":
      return [{ event: "left", ...said.person, reason: "removed" }, DONE];
    case "unknown_person": {
      const name = "name" in command ? command.name : "";
      return [{ event: "unknown_person", name }, UNKNOWN_PERSON];
    }
  }
}

/** Reads certificate and key again, for connections from now on, of the panel as well. @returns What became of it. */
async function renewCertificate(
  server: RegistryServer,
  panel: OpenPanel | undefined,
  files: NonNullable<RegistrySettings["tls"]>,
): Promise<RegistryEvent[]> {
  try {
    const tls = await readTlsAgain(files);
    server.renewCertificate(tls);
    panel?.renew(tls);
    const flaw = certificateFlaw(tls.cert, new Date());
    return [
      { event: "certificate_renewed" },
      ...flaw ? [{ event: "certificate_flawed", detail: flaw } as const] : [],
    ];
  } catch (error) {
    return [{ event: "certificate_kept", detail: whyKept(error) }];
  }
}

/** Reads the room's password again, for registrations from now on. @returns What became of it. */
async function renewPassword(gate: PasswordGate, file: string): Promise<RegistryEvent> {
  try {
    await gate.change(await readPasswordAgain(file));
    return { event: "password_renewed" };
  } catch (error) {
    return { event: "password_kept", detail: whyUnread(error) };
  }
}

function whyKept(error: unknown): SecretDetail | TlsError {
  return error instanceof ListenError ? error.detail.cause : whyUnread(error);
}

function whyUnread(error: unknown): SecretDetail {
  const problem = error instanceof UsageError ? error.problem : undefined;
  return problem?.kind === "bad_file" ? problem.detail : systemError(error);
}

/** Opens the operator's local socket. @returns It, or why there is none. */
async function controlAt(
  { path, asked }: ControlPlace,
): Promise<Deno.UnixListener | ControlDetail> {
  try {
    return await openControl(path, !asked);
  } catch (error) {
    if (error instanceof ControlError) return error.detail;
    throw error;
  }
}

/** Opens the pages of `--metrics`, if it is given. @throws {ListenError} If they cannot be had there. */
async function watch(
  { metrics }: RegistrySettings,
  source: MetricsSource,
): Promise<HttpServer | undefined> {
  if (!metrics) return undefined;
  const exposition = await openMetrics(source);
  return listening(
    metrics.host,
    metrics.port,
    () => openMonitor(metrics.host, metrics.port, exposition, source),
  );
}

function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

/** How a registry stands to its cluster. */
function clusterState({ awayMs }: Cluster): ClusterState {
  return { connected: awayMs === 0, stale: awayMs > 0, lagSeconds: awayMs / 1000 };
}

/** Loads the panel. Only a registry with one needs it. */
async function loadPanel(): Promise<Panel> {
  const { Panel } = await import("./lib/panel/panel.ts");
  return await Panel.load();
}

/** Opens the panel's page. @throws {ListenError} If it cannot be had there. */
function openWall(
  panel: Panel,
  { panel: place }: RegistrySettings,
  { tls, gate }: RegistrySecrets,
  language: Language,
): OpenPanel | undefined {
  if (!place) return undefined;
  const { host, port } = place;
  const words = REGISTRY_TEXTS[language].ladder;
  const others = ownAddresses([host], hostAddresses());
  return listening(host, port, () => panel.open({ host, port, language, words, gate, tls }, others));
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
  const signals = await signalsAtStart();
  const request = parseRegistryOptions(args, environmentVariable("XDG_RUNTIME_DIR"));
  const { lang, json, quiet, showPings } = request.output;
  const language = chooseLanguage(lang, environmentVariable);
  const texts = REGISTRY_TEXTS[language];
  const write = lastingWriter(standardOutput(), outputFailed, { outlivesReader: true });
  const output = new RegistryScreen(write, {
    language,
    json,
    quiet,
    showPings,
    limits: "settings" in request ? request.settings.limits : undefined,
    dated: !("command" in request),
    colour: !Deno.noColor && Deno.stdout.isTerminal() && environmentVariable("TERM") !== "dumb",
    columns: Deno.stdout.isTerminal() ? () => terminalSize().columns : undefined,
  });
  // Where standard error cannot be written either, there is nobody to tell.
  const errors = new RegistryScreen(lastingWriter(Deno.stderr, () => {}, { outlivesReader: true }), {
    language,
    colour: !Deno.noColor && Deno.stderr.isTerminal(),
    columns: Deno.stderr.isTerminal() ? () => terminalSize().columns : undefined,
  });

  const show = (event: RegistryEvent, ip?: string): void => output.show(event, ip);
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

  if ("command" in request) {
    const [event, status] = await obeyed(request.path, request.command);
    if (status !== DONE) await complain(event);
    else output.show(event);
    await output.flush();
    return status;
  }

  const { settings } = request;
  const { host, metrics } = settings;
  for (
    const [option, value] of [["--host", host], ["--metrics", metrics?.host], [
      "--panel",
      settings.panel?.host,
    ]] as const
  ) {
    if (value === undefined) continue;
    const detail = unreachable({ ip: value, port: DEFAULT_REGISTRY_PORT }, hostAddresses(), true);
    // The system would listen at the address of everybody, where nobody can connect.
    if (detail?.kind !== "broadcast_address") continue;
    await complain({ event: "wrong_usage", problem: { kind: "bad_address", option, value, detail } });
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
  const descriptors = await descriptorLimit();
  surviveFileLimit();
  const control = settings.control && await controlAt(settings.control);
  if (settings.control?.asked && control && "kind" in control) {
    await complain({ event: "control_failed", path: settings.control.path, detail: control });
    return FAILED;
  }
  // Only registries of a cluster load its libraries, and as long as they may read files.
  const joinCluster = settings.cluster && await loadCluster();
  using panel = settings.panel && await loadPanel();
  const { tls, password: { file: passwordFile } } = settings;
  const renewable = tls !== undefined || passwordFile !== undefined;
  await giveUpFiles(renewable);

  // From here on every failure is one sentence.
  const failure = Promise.withResolvers<never>();
  onFailure(failure.reject);
  const wished = Promise.withResolvers<void>();
  const onTerminal = hasTerminal();
  const end = (): void => wished.resolve();
  let drain = end;
  let renew = (): void => {};
  onEndSignal(onTerminal || renewable ? signals : withoutTerminal(signals), (signal) => {
    if (signal === "SIGTERM") drain();
    // Somebody sent it: the terminal was not closed.
    else if (signal === "SIGHUP" && renewable && onTerminal === hasTerminal()) renew();
    else end();
  });
  /** Afterwards only the address of `--metrics` can be in use. */
  let listens = false;
  const ended = new Error("Ended before it ran");
  /** What servers of names and of the cluster may take long to give. @throws `ended` if the registry is to end before. */
  const unlessEnded = <Result>(work: Promise<Result>): Promise<Result> =>
    Promise.race([work, wished.promise.then(() => Promise.reject(ended))]);
  try {
    const hosts = host === undefined ? undefined : await unlessEnded(addressesOfHost(host, settings.port));
    await using cluster = settings.cluster && joinCluster && await unlessEnded(joinCluster({
      ...settings.cluster,
      ...(secrets.credentials !== undefined && { credentials: secrets.credentials }),
      host: hosts?.[0] ?? "0.0.0.0",
      onEvent: (event) => output.show(event),
    }));
    await using server = startRegistry({
      ...(hosts && { host: hosts }),
      port: settings.port,
      ...(settings.proxies && { proxies: settings.proxies }),
      ...settings.limits,
      ...secrets,
      ...(cluster && { shared: cluster }),
      observer: panel?.feed,
      descriptors,
      otherDescriptors: panel?.descriptors(secrets.tls),
      onEvent: show,
    });
    listens = true;
    drain = () => {
      // The second one ends at once.
      drain = end;
      server.drain().then(end);
    };
    using _control = control && !("kind" in control) ? serveControl(control, server) : undefined;
    using monitor = await watch(settings, {
      statistics: server.statistics,
      connections: () => server.connections(),
      people: () => server.population,
      leftOut: () => output.leftOut,
      evicted: () => server.admission.evicted,
      notReady: () =>
        server.draining ? "draining" : cluster && cluster.awayMs > 0 ? "cluster_away" : undefined,
      ...(cluster && { cluster: () => clusterState(cluster) }),
    });
    using wall = panel && openWall(panel, settings, secrets, language);
    // One after the other: of two that read at the same time, the earlier one could be the last to end.
    const renewals = new SerialQueue();
    const { gate } = secrets;
    renew = () =>
      void renewals.run(async () => {
        if (gate && passwordFile !== undefined) show(await renewPassword(gate, passwordFile));
        if (tls) (await renewCertificate(server, wall, tls)).forEach((event) => show(event));
      });
    cluster?.listening(server.port);
    const addresses = ownAddresses(server.hosts, hostAddresses());
    panel?.feed.listening({ ip: addresses[0] ?? server.hosts[0] ?? "", port: server.port });
    output.show({
      event: "listening",
      host: server.hosts[0] ?? "",
      port: server.port,
      hosts: server.hosts,
      addresses,
      options: [...secrets.tls ? ["--tls"] : [], ...secrets.gate ? ["--room-password"] : []],
      version: VERSION,
    });
    if (server.shortage) output.show(server.shortage);
    if (settings.control && control && "kind" in control) {
      output.show({ event: "control_failed", path: settings.control.path, detail: control });
    }
    if (monitor) output.show({ event: "metrics_open", host: monitor.host, port: monitor.port });
    if (wall) {
      output.show({ event: "panel_open", url: wall.url, shared: wall.code !== undefined });
      if (wall.code !== undefined && Deno.stdout.isTerminal()) output.draw(wall.code);
    }
    const flaw = secrets.tls && certificateFlaw(secrets.tls.cert, new Date());
    if (flaw) output.show({ event: "certificate_flawed", detail: flaw });
    await Promise.race([wished.promise, failure.promise]);
  } catch (error) {
    if (error !== ended) {
      await complain(
        !listens && error instanceof ListenError && error.detail.cause.kind === "address_in_use"
          ? { event: "port_in_use", port: error.detail.port }
          : { event: "failed", detail: failureOf(error) },
      );
      return FAILED;
    }
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
