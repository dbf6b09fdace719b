/**
 * A phone: registers, carries out commands, shows what happens, and decides when the program ends and with which exit
 * status. A call's sound is `call_session.ts`'s.
 */

import type { Call, CallNotice } from "../call/call.ts";
import type { CallManagerOutput } from "../call/call_manager.ts";
import type { AnsweringRegistry, CallEnd, PhoneEvent } from "../events/phone_events.ts";
import type { PersonFields } from "../events/fields.ts";
import {
  type AddressProblem,
  type Endpoint,
  formatEndpoint,
  inZone,
  ipVersion,
  isLinkLocal,
  isLoopback,
  isOwnAddress,
  sameEndpoint,
  unreachable,
  zoneOf,
} from "../protocol/address.ts";
import type { RejectReason } from "../protocol/call_messages.ts";
import { isName, nameKey } from "../protocol/name.ts";
import { REPLACEMENT } from "../protocol/printable.ts";
import type { Trace } from "../protocol/trace.ts";
import { RoomPassword } from "../protocol/password_challenge.ts";
import type { ConnectFailure, RegistryPlace } from "../registration/connect_failure.ts";
import type { Registration, RegistrationOptions } from "../registration/registration.ts";
import type { CallTransport, CallTransportEvents } from "../transport/call_transport.ts";
import type { HostNetwork } from "../util/host_addresses.ts";
import { listenError } from "../util/system_error.ts";
import { within } from "../util/time_limit.ts";
import type { CallAudio } from "./call_audio.ts";
import { CallSession, NO_CALL } from "./call_session.ts";
import { type CommandTarget, leavesRoom, parseCommand, runCommand } from "./commands.ts";
import { Directory } from "./directory.ts";
import type { PhoneOptions } from "./options.ts";
import { Ringer } from "./ringer.ts";
import type { Screen } from "./screen.ts";
import { TraceSharing } from "./trace_sharing.ts";

/** The exit statuses of the program. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  nameTaken: 3,
  registryUnreachable: 4,
  audioFailed: 5,
  unknownPerson: 6,
  rejected: 7,
  noAnswer: 8,
  callBroke: 9,
  givenUp: 10,
  recordingFailed: 11,
} as const;

/** The exit status of a phone with `--call`, by the reason why the other one rejects. */
const REJECTED: Readonly<Record<RejectReason, number>> = {
  ocupado: EXIT.rejected,
  recusado: EXIT.rejected,
  sem_resposta: EXIT.noAnswer,
  sem_cifra: EXIT.rejected,
  outra_pessoa: EXIT.unknownPerson,
};

/** Time that a phone with `--call` waits for a registry that it lost, in milliseconds. */
const CALL_PATIENCE_MS = 10_000;

/**
 * Time limit for saying goodbye to the peer and the registry and closing the sound, in milliseconds: with the screen's last
 * write, a phone leaves within 2 s, whatever does not answer or is full.
 */
const LEAVE_MS = 1_300;

/** How long a phone that leaves waits for the registry's answers to earlier commands, in milliseconds. */
const LAST_ANSWERS_MS = 1_000;

/** Most commands that wait for the registry; the input waits while there are more, which only a script can give. */
const MOST_WAITING = 1_000;

/** The connection to the registry, as far as a phone uses it. */
export type PhoneRegistry = Pick<
  Registration,
  | "localIp"
  | "near"
  | "place"
  | "several"
  | "register"
  | "lookUp"
  | "list"
  | "close"
  | "wantsTrace"
  | "readyForTrace"
  | "sendTrace"
>;

/** The calls' sockets, as far as a phone uses them. */
export type PhoneTransport = Pick<
  CallTransport,
  | "port"
  | "name"
  | "follow"
  | "clock"
  | "restDuring"
  | "current"
  | "invite"
  | "withdraw"
  | "probe"
  | "calleeAt"
  | "handleRoom"
  | "accept"
  | "hangUp"
  | "openVoice"
  | "voiceSender"
  | "portOf"
  | typeof Symbol.asyncDispose
>;

/** The parts of a phone. */
export interface UserAgentParts {
  /** Shows events, and gives commands. The owner closes it. */
  readonly screen: Screen;
  readonly audio: Pick<
    CallAudio,
    | "check"
    | "warmUp"
    | "muted"
    | "recordingFailed"
    | "open"
    | "close"
    | "closed"
    | "playTone"
    | "hushTone"
    | "closeTone"
  >;
  /** Connects to one of the registries; see {@linkcode Registration.connect}. */
  readonly connect: (
    places: readonly RegistryPlace[],
    options: RegistrationOptions,
  ) => Promise<{ readonly kind: "connected"; readonly link: PhoneRegistry } | ConnectFailure>;
  /**
   * Opens the UDP port for invitations; see {@linkcode CallTransport.open}.
   *
   * @throws {Error} Of the system, if it cannot: `Deno.errors.AddrInUse` if another program has the port.
   */
  readonly openTransport: (ip: string, port: number, events: CallTransportEvents) => PhoneTransport;
  /** This host's addresses. */
  readonly network: HostNetwork;
}

/** One run of the phone. */
export class UserAgent implements CommandTarget {
  readonly #options: PhoneOptions;
  readonly #parts: UserAgentParts;
  readonly #finished = Promise.withResolvers<number>();
  #registry: PhoneRegistry | undefined;
  #transport: PhoneTransport | undefined;
  #self = { name: "", ip: "" };
  readonly #ringer: Ringer;
  #session: CallSession | undefined;
  /** The end of the last call: settles when its recording is complete and its figures are shown. */
  #ending: Promise<void> = Promise.resolve();
  #soundClosed = true;
  /** Whether a call has begun. */
  #called = false;
  /** Whether another phone has the name now. */
  #nameTaken = false;
  /** Whether the registry is being asked for the callee's address. */
  #checking = false;
  /** The call of the command line, while the registry is away and it cannot be made. */
  #postponed: string | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** Settles when the name is registered. */
  readonly #entered = Promise.withResolvers<PhoneRegistry>();
  /** Settles when the phone waits for its registry (`--wait`). */
  readonly #awaiting = Promise.withResolvers<void>();
  /** Aborted at the end of the run. */
  readonly #end = new AbortController();
  /** While the person is asked for another name: takes the exit status, or undefined once a name is registered. */
  #asking: PromiseWithResolvers<number | undefined> | undefined;
  /** The commands that wait for the registry. */
  readonly #waiting = new Set<Promise<void>>();
  /** The people to call whom the registry is asked about. */
  readonly #lookedUp = new Set<{ readonly name: string }>();
  readonly #directory: Directory;
  readonly #sharing = new TraceSharing(() => this.#registry);
  /** The registries of which the person knows that they get copies. */
  readonly #sharedWith = new Set<string>();
  #leaving = false;

  constructor(options: PhoneOptions, parts: UserAgentParts) {
    this.#options = options;
    this.#parts = parts;
    this.#ringer = new Ringer(parts.screen, parts.audio);
    this.#directory = new Directory({
      screen: parts.screen,
      entered: this.#entered.promise,
      registry: () => this.#registry,
      ownName: () => this.#self.name,
      onUnknown: () => {
        if (options.call !== undefined) this.quit(EXIT.unknownPerson);
      },
    });
  }

  /**
   * Registers, serves the person until they leave, says goodbye to the peer and the registry.
   *
   * @returns The exit status, one of {@linkcode EXIT}.
   */
  async run(): Promise<number> {
    this.#readLines();
    const entered = await Promise.race([this.#enter(), this.#finished.promise]);
    const status = entered ?? await this.#serve();
    await this.#leave();
    return status === EXIT.done ? this.#outcome : status;
  }

  /** The exit status of a run without a failure of its own. */
  get #outcome(): number {
    if (this.#options.call !== undefined && !this.#called) return EXIT.givenUp;
    return this.#parts.audio.recordingFailed ? EXIT.recordingFailed : EXIT.done;
  }

  /** Ends the run as `sair` does, from a signal or anywhere else. Later calls change nothing. */
  quit(status: number = EXIT.done): void {
    this.#leaving = true;
    this.#lookedUp.clear();
    this.#finished.resolve(status);
  }

  /** Whether all sound devices were closed in time at the end of the run. */
  get soundClosed(): boolean {
    return this.#soundClosed;
  }

  #show(event: PhoneEvent): void {
    this.#parts.screen.show(event);
  }

  #traced(trace: Trace): void {
    const routine = this.#directory.isRoutine(trace);
    this.#show({ event: "message", ...trace, ...routine && { routine } });
  }

  /** Enters the room. @returns An exit status on failure. */
  async #enter(): Promise<number | undefined> {
    if (!await this.#parts.audio.check()) return EXIT.audioFailed;
    const { registries, password, tls, wait } = this.#options;
    const connected = await this.#parts.connect(registries, {
      signal: this.#end.signal,
      ...(wait && { onAwait: (reason: ConnectFailure) => this.#awaited(reason) }),
      ...(password === undefined ? {} : { password: new RoomPassword(password) }),
      ...(tls && { tls }),
      onTrace: (trace) => this.#traced(trace),
      onLost: () => this.#lost(),
      onBack: ({ nome, ip }) => this.#back(nome, ip),
      onNameTaken: () => this.#lostName("name_taken"),
      onRemoved: () => this.#lostName("removed"),
      network: this.#parts.network,
    });
    if (connected.kind !== "connected") return this.#unreachable(connected);
    this.#registry = connected.link;
    const ip = this.#options.ip ?? connected.link.localIp;
    const problem = this.#options.ip === undefined
      ? undefined
      : this.#problemOf(ip, isLoopback(connected.link.localIp));
    if (problem && problem.kind !== "link_local_address") {
      this.#show({
        event: "wrong_usage",
        problem: { kind: "bad_address", option: "--ip", value: ip, detail: problem },
      });
      return EXIT.wrongUsage;
    }
    try {
      this.#transport = this.#parts.openTransport(ip, this.#options.port, {
        onOutput: (output) => this.#fromTransport(output),
        onTrace: (trace, wire) => {
          this.#show({ event: "message", ...trace });
          this.#sharing.handleMessage(trace, wire);
        },
        onFlood: (datagrams) => this.#show({ event: "flooded", datagrams }),
        onPortTaken: (port) => this.#show({ event: "port_in_use", port }),
      });
      this.#self = { name: "", ip };
    } catch (error) {
      const { port } = this.#options;
      const inUse = error instanceof Deno.errors.AddrInUse;
      const detail = listenError(error, port);
      if (!inUse && detail.kind === "other") throw error;
      this.#show(inUse ? { event: "port_in_use", port } : { event: "port_unusable", port, detail });
      return EXIT.wrongUsage;
    }
    return await this.#register();
  }

  /** What is wrong with an address, seen from here. @param near See {@linkcode unreachable}. */
  #problemOf(ip: string, near: boolean, port = 1): AddressProblem | undefined {
    return unreachable({ ip, port }, this.#parts.network.addresses(), near);
  }

  /** Registers the name of the command line, or another one if a person can be asked. @returns An exit status on failure. */
  async #register(): Promise<number | undefined> {
    const status = await this.#tryName(this.#options.name);
    if (status !== "taken") return status;
    if (!this.#parts.screen.interactive) return EXIT.nameTaken;
    this.#asking = Promise.withResolvers();
    return await this.#asking.promise;
  }

  /** @returns Undefined once the name is registered, otherwise "taken" or an exit status. */
  async #tryName(name: string): Promise<number | "taken" | undefined> {
    const [registry, transport] = [this.#registry, this.#transport];
    if (!registry || !transport) return EXIT.registryUnreachable;
    const result = await registry.register(name, this.#options.ip, transport.port);
    if (this.#leaving) return EXIT.done;
    switch (result.kind) {
      case "confirmed": {
        const ip = this.#options.ip ?? registry.localIp;
        const openedFor = this.#self.ip;
        this.#self = { name: result.person.nome, ip };
        transport.name = this.#self.name;
        // Another registry may have answered than the one that the socket was opened for.
        if (ip !== openedFor) transport.follow(ip);
        this.#show({ event: "registered", name, ip, port: transport.port, ...this.#answering });
        this.#warnOf(ip);
        this.#shareTrace();
        this.#parts.screen.onNamesWanted(() => this.#directory.offerNames());
        this.#parts.screen.onPeopleWanted?.(() => this.#directory.offerPeople());
        this.#entered.resolve(registry);
        return undefined;
      }
      case "name_taken":
        this.#show({ event: "name_taken", name });
        return "taken";
      case "removed":
        this.#show({ event: "removed", name });
        return EXIT.nameTaken;
      case "password_needed":
      case "wrong_password":
        this.#show({ event: "password_refused", given: result.kind === "wrong_password" });
        break;
      default:
        return this.#unreachable(result);
    }
    return EXIT.registryUnreachable;
  }

  /** With `--wait`, the registry is not there yet. Meanwhile the person may leave. */
  #awaited(detail: ConnectFailure): void {
    // Leaving ends an attempt, which says nothing about the registry.
    if (this.#leaving) return;
    this.#show({ event: "registry_awaited", ...this.#registryPlace, detail });
    this.#postponed = this.#options.call;
    this.#awaiting.resolve();
  }

  #unreachable(detail: ConnectFailure): number {
    // The person has given up waiting.
    if (this.#leaving) return EXIT.done;
    if (detail.kind === "room_full") this.#show({ event: "registry_full" });
    else if (detail.kind === "registry_refused") {
      this.#show({ event: "registration_refused", reason: detail.reason, text: detail.text });
    } else this.#show({ event: "registry_unreachable", ...this.#registryPlace, detail });
    return EXIT.registryUnreachable;
  }

  /** The registry that answered last, or the first of the command line. */
  get #registryPlace(): RegistryPlace {
    const { host, port } = this.#registry?.place ?? this.#options.registries[0] ?? { host: "", port: 0 };
    return { host, port };
  }

  /** Which registry answered, if there was a choice. */
  get #answering(): { readonly registry?: AnsweringRegistry } {
    const { place, several } = this.#registry ?? {};
    return place && several ? { registry: { host: place.host, ip: place.ip, port: place.port } } : {};
  }

  /** Says who cannot call this phone at its address. */
  #warnOf(ip: string): void {
    // The person does not expect it unless the command line says so.
    if (isLoopback(ip) && this.#options.ip === undefined) this.#show({ event: "only_local", ip });
    if (!isLinkLocal(ip)) return;
    const networks = this.#parts.network.addresses().filter((own) => !isLoopback(own.ip));
    const interfaces = new Set(networks.map((own) => own.interface));
    if (interfaces.size > 1) this.#show({ event: "only_link_local", ip });
  }

  /** Begins to share copies of call messages, if the registry asks for them, and says so once for each registry. */
  #shareTrace(): void {
    if (!this.#options.shareTrace || !this.#sharing.begin()) return;
    const { host, port } = this.#registryPlace;
    const place = formatEndpoint({ ip: host, port });
    if (!this.#sharedWith.has(place)) this.#show({ event: "trace_shared", host, port });
    this.#sharedWith.add(place);
  }

  /** Takes the answer to the question for another name. */
  async #answerQuestion(line: string, asking: PromiseWithResolvers<number | undefined>): Promise<void> {
    const name = line.normalize("NFC").trim();
    if (name === "") return;
    if (leavesRoom(name)) return asking.resolve(EXIT.nameTaken);
    if (name.includes(REPLACEMENT)) return this.#show({ event: "not_utf8", text: name });
    if (!isName(name)) return this.#show({ event: "bad_name", name });
    const status = await this.#tryName(name);
    if (status === "taken") return;
    this.#asking = undefined;
    asking.resolve(status);
  }

  async #serve(): Promise<number> {
    this.#transport?.restDuring(this.#parts.audio.warmUp());
    if (this.#options.call !== undefined) this.call(this.#options.call);
    return await this.#finished.promise;
  }

  async #leave(): Promise<void> {
    this.#leaving = true;
    this.#ringer.stop();
    this.#end.abort();
    clearTimeout(this.#patience);
    await within(LEAVE_MS, Promise.all([this.#sayGoodbye(), this.#closeSound()]));
    if (this.#self.name !== "") this.#show({ event: "closed" });
  }

  async #sayGoodbye(): Promise<void> {
    await Promise.all([
      this.#transport?.[Symbol.asyncDispose](),
      // Without a registration nothing was asked.
      this.#self.name !== "" && within(LAST_ANSWERS_MS, Promise.allSettled(this.#waiting)),
    ]);
    this.#sharing.flush();
    await this.#registry?.close();
  }

  /** Waits for the end of the last call, which the goodbye to the peer begins. */
  async #closeSound(): Promise<void> {
    this.#soundClosed = false;
    await this.#ending;
    await this.#parts.audio.closed();
    this.#soundClosed = true;
  }

  /** The registry is away. Calls need none, and the registration comes back by itself. */
  #lost(): void {
    this.#sharing.stop();
    this.#show({ event: "registry_lost" });
    // A script must not wait for its call without end.
    if (this.#options.call === undefined || this.#transport?.current) return;
    this.#patience = setTimeout(() => {
      if (!this.#transport?.current) this.quit(this.#unreachable({ kind: "timeout" }));
    }, CALL_PATIENCE_MS);
  }

  async #back(name: string, ip: string): Promise<void> {
    clearTimeout(this.#patience);
    this.#show({ event: "registry_back", name, ...this.#answering });
    this.#shareTrace();
    this.#moved(ip);
    const postponed = this.#postponed;
    this.#postponed = undefined;
    if (postponed !== undefined) await this.call(postponed);
  }

  /** This phone is registered at an address, perhaps another one than before. */
  #moved(ip: string): void {
    const { name, ip: before } = this.#self;
    if (ip === before || !this.#transport) return;
    this.#self = { name, ip };
    this.#transport.follow(ip);
    this.#show({ event: "address_changed", name, ip, port: this.#transport.port, before });
    this.#warnOf(ip);
    this.#seekPeer();
    // An invitation without an answer named the address from before: the answer would go there.
    const { current } = this.#transport;
    if (current?.role !== "caller" || current.state !== "inviting" && current.state !== "proceeding") return;
    this.#transport.withdraw();
    // The callee's address may have changed with this one, as when a router starts again.
    this.call(current.peer.name);
  }

  /** Looks for the peer where it is registered now: if both addresses change at once, neither phone reaches the other. */
  async #seekPeer(): Promise<void> {
    const call = this.#transport?.current;
    if (!call?.keys) return;
    const found = await this.#registry?.lookUp(call.peer.name);
    if (found?.kind !== "found" || this.#transport?.current !== call) return;
    const { ip, porta } = found.person;
    if (!this.#problemOf(ip, this.#registry?.near ?? false, porta)) this.#transport.probe(ip);
  }

  /** Asks the registry whether an answer came from the callee, whose address has changed while it rang: it is repeated. */
  async #checkCallee(call: Call, from: Endpoint): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const found = await this.#registry?.lookUp(call.peer.name);
    this.#checking = false;
    if (found?.kind !== "found") return;
    const { ip, porta } = found.person;
    if (sameEndpoint({ ip, port: porta }, from)) this.#transport?.calleeAt(call, from);
  }

  /** Asks the registry who is in the room, to tell callers whom it knows from those who are made up. */
  async #tellRoom(askedAt: number): Promise<void> {
    const list = await this.#registry?.list();
    if (list?.kind === "people") this.#transport?.handleRoom(list.people, askedAt);
  }

  /**
   * Another phone came back under this name, or the registry's operator removed this one: nobody can find it any more, and it
   * ends after its call.
   */
  #lostName(event: "name_taken" | "removed"): void {
    this.#nameTaken = true;
    this.#show({ event, name: this.#self.name });
    if (!this.#transport?.current) this.quit(EXIT.nameTaken);
  }

  /**
   * Carries out typed lines until the input ends. A script's wait until the phone is registered, or waits for its registry;
   * a person's do not: they may want to leave.
   */
  async #readLines(): Promise<void> {
    const { screen } = this.#parts;
    const typedByPerson = screen.interactive || screen.endLeaves;
    if (!typedByPerson) await Promise.race([this.#entered.promise, this.#awaiting.promise]);
    for await (const line of screen.lines) {
      if (this.#leaving) continue;
      if (this.#asking) await this.#answerQuestion(line, this.#asking);
      else await this.#do(line);
    }
    // A person leaves with the end of the input. A script's may end while the phone stays.
    if (this.#asking) this.#asking.resolve(EXIT.nameTaken);
    else if (typedByPerson) this.quit();
  }

  /** Carries out a line. Settles at once, unless too many commands wait for the registry. */
  async #do(line: string): Promise<void> {
    const command = parseCommand(line);
    if (command.kind === "nothing") return;
    if (line.includes(REPLACEMENT)) this.#show({ event: "not_utf8", text: line });
    else if (command.kind === "name_missing") this.#show({ event: "name_missing", command: command.command });
    else if (command.kind === "unknown") {
      this.#show({ event: "unknown_command", text: command.text, similar: command.similar });
    } else {
      const done = runCommand(command, this);
      this.#waiting.add(done);
      done.finally(() => this.#waiting.delete(done));
      if (this.#waiting.size >= MOST_WAITING) await Promise.race(this.#waiting);
    }
  }

  accept(): void {
    if (this.#transport?.current?.state === "ringing") {
      this.#ringer.answered();
      this.#transport.accept();
    } else this.#show({ event: "nothing_to_answer" });
  }

  reject(): void {
    if (this.#transport?.current?.state === "ringing") this.#transport.hangUp();
    else this.#show({ event: "nothing_to_answer" });
  }

  hangUp(): void {
    if (this.#transport?.current) this.#transport.hangUp();
    else if (!this.#giveUpLookingUp()) this.#show({ event: "not_in_call" });
  }

  /** Gives up calls that are not made yet. @returns Whether there were any. */
  #giveUpLookingUp(): boolean {
    const names = [...this.#lookedUp].map(({ name }) => name);
    if (names.length === 0 && this.#postponed !== undefined) names.push(this.#postponed);
    this.#lookedUp.clear();
    this.#postponed = undefined;
    for (const name of names) this.#cancelled(name);
    return names.length > 0;
  }

  async lookUp(name: string): Promise<void> {
    if (!isName(name)) return this.#show({ event: "bad_name", name });
    await this.#directory.find(name, (person) => {
      if (person) this.#show({ event: "person", ...person });
    });
  }

  async list(): Promise<void> {
    await this.#directory.showPeople();
  }

  mute(muted?: boolean): void {
    const { audio } = this.#parts;
    audio.muted = muted ?? !audio.muted;
    this.#show({ event: "muted", muted: audio.muted });
  }

  help(): void {
    this.#show({ event: "help" });
  }

  async call(name: string): Promise<void> {
    if (nameKey(name) === nameKey(this.#self.name)) {
      this.#show({ event: "calling_oneself" });
      if (this.#options.call !== undefined) this.quit(EXIT.unknownPerson);
      return;
    }
    if (!isName(name)) return this.#show({ event: "bad_name", name });
    if (this.#occupied()) return;
    this.#postponed = this.#options.call === undefined ? undefined : name;
    const wish = { name };
    this.#lookedUp.add(wish);
    // The person may have given the call up.
    const wanted = () => this.#lookedUp.has(wish);
    await this.#directory.find(name, (person) => {
      if (!this.#lookedUp.delete(wish) || !person) return;
      this.#postponed = undefined;
      // An invitation may have come meanwhile.
      if (!this.#occupied()) this.#invite(person);
    }, wanted);
  }

  /** Invites a person, unless their address is no phone's or of the other version of IP. */
  #invite(found: PersonFields): void {
    const person = this.#onLink(found);
    const problem = this.#problemOf(found.ip, this.#registry?.near ?? false, found.port);
    const detail = problem?.kind === "link_local_address" && person.ip !== found.ip
      ? undefined
      : problem ?? this.#noWayBack(found.ip);
    if (detail || ipVersion(person.ip) !== ipVersion(this.#self.ip)) {
      if (detail) this.#show({ event: "unreachable", ...person, detail });
      else this.#show({ event: "other_ip_version", name: person.name, ip: person.ip });
      if (this.#options.call !== undefined) this.quit(EXIT.registryUnreachable);
      return;
    }
    this.#show({ event: "inviting", ...person });
    this.#ringer.start("out", person.name);
    this.#transport?.invite(this.#self, person);
  }

  /** Why no answer would come from an address: this phone's own one is good on this machine only. */
  #noWayBack(ip: string): AddressProblem | undefined {
    const own = this.#parts.network.addresses();
    const far = own.length > 0 && !isLoopback(ip) && !isOwnAddress(ip, own);
    return far && isLoopback(this.#self.ip) ? { kind: "own_loopback_address" } : undefined;
  }

  /** A registry that was named with its link (`fe80::1%eth1`) knows the people on that link. */
  #onLink(person: PersonFields): PersonFields {
    const zone = zoneOf(this.#registry?.place?.host ?? "");
    const { ip } = person;
    return zone !== "" && ipVersion(ip) === 6 && isLinkLocal(ip)
      ? { ...person, ip: inZone(ip, zone) }
      : person;
  }

  #occupied(): boolean {
    const current = this.#transport?.current;
    if (current) this.#show({ event: "already_in_call", name: current.peer.name });
    return current !== undefined;
  }

  #fromTransport(output: Exclude<CallManagerOutput, { kind: "send" | "forgotten" }>): void {
    switch (output.kind) {
      case "invitation":
        return this.#invited(output.call);
      case "busy_rejected":
        return this.#show({ event: "busy_rejected", name: output.name });
      case "unencrypted_rejected":
        return this.#show({ event: "unencrypted_rejected", name: output.name });
      case "misdirected_rejected":
        return this.#show({ event: "misdirected_rejected", name: output.name, wanted: output.wanted });
      case "answered_elsewhere":
        this.#checkCallee(output.call, output.from);
        return;
      case "room_wanted":
        this.#tellRoom(output.askedAt);
        return;
      case "crossed":
        this.#ringer.answered();
        return this.#show({ event: "invitations_crossed", name: output.call.peer.name });
      case "notice":
        return this.#noticed(output.call, output.notice);
      case "release":
        return;
    }
  }

  #invited({ peer }: Call): void {
    this.#directory.learn(peer.name);
    this.#show({ event: "invitation", ...peer });
    if (this.#options.answer === "ask") this.#ringer.start("in", peer.name);
    // After the other events of the same input.
    if (this.#options.answer === "accept") queueMicrotask(() => this.#transport?.accept());
    if (this.#options.answer === "reject") queueMicrotask(() => this.#transport?.hangUp());
  }

  #ring(notice: CallNotice["kind"]): void {
    switch (notice) {
      case "ringing":
        return this.#ringer.ringback();
      case "started":
        return this.#ringer.answered();
      case "rejected":
      case "no_answer":
        // With a call of the command line the program ends now.
        return this.#options.call === undefined ? this.#ringer.busy() : this.#ringer.stop();
      case "peer_silent":
      case "peer_back":
        return;
      default:
        return this.#ringer.stop();
    }
  }

  #noticed(call: Call, notice: CallNotice): void {
    const { name } = call.peer;
    this.#ring(notice.kind);
    switch (notice.kind) {
      case "ringing":
        return this.#show({ event: "ringing", name });
      case "started":
        return this.#started(call);
      case "rejected":
        this.#show({ event: "rejected", name, reason: notice.reason });
        return this.#over(REJECTED[notice.reason]);
      case "unreachable":
        this.#show({ event: "unreachable", ...call.peer, detail: notice.detail });
        return this.#over(EXIT.registryUnreachable);
      case "no_answer":
        this.#show({ event: "no_answer", name });
        return this.#over(EXIT.noAnswer);
      case "not_encrypted":
        this.#show({ event: "not_encrypted", name });
        return this.#over(EXIT.rejected);
      case "cancelled":
        return this.#cancelled(name);
      case "withdrawn":
        this.#show({ event: "invitation_withdrawn", name });
        return this.#over(EXIT.noAnswer);
      case "missed":
        return this.#show({ event: "invitation_missed", name });
      case "refused":
        return this.#show({ event: "invitation_refused", name });
      case "peer_silent":
        this.#seekPeer();
        return this.#show({ event: "peer_silent", name, seconds: notice.seconds });
      case "peer_back":
        return this.#show({ event: "peer_back", name });
      case "peer_moved":
        return this.#show({ event: "peer_moved", name, ...notice.to });
      case "ended":
        this.#ending = this.#ended(call, notice.end);
        return;
    }
  }

  #cancelled(name: string): void {
    this.#show({ event: "invitation_cancelled", name });
    this.#over(EXIT.givenUp);
  }

  /** Ends the run after a call if the command line asked for that call, or if the name is taken. */
  #over(status: number): void {
    if (this.#options.call !== undefined) this.quit(status);
    else if (this.#nameTaken) this.quit(EXIT.nameTaken);
  }

  #started(call: Call): void {
    this.#called = true;
    if (!this.#transport) return;
    const { audio, screen } = this.#parts;
    this.#session = new CallSession({
      call,
      transport: this.#transport,
      audio,
      screen,
      options: this.#options,
      onSample: (sample) =>
        this.#sharing.handleSample(call, this.#transport?.portOf(call) ?? 0, call.peer, sample),
    });
  }

  async #ended({ peer }: Call, end: CallEnd): Promise<void> {
    this.#called = true;
    const session = this.#session;
    this.#session = undefined;
    // An accepted call whose confirmation never came ends without a start.
    const figures = await session?.end() ?? NO_CALL;
    this.#show({ event: "call_ended", name: peer.name, end, ...figures });
    this.#over(end === "peer_lost" ? EXIT.callBroke : EXIT.done);
  }
}
