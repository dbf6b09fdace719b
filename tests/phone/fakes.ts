/** Fakes of a phone's parts, which record what the phone does with them. */

import type { Call } from "../../lib/call/call.ts";
import type { PersonFields } from "../../lib/events/fields.ts";
import type { LiveStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import type { Screen } from "../../lib/phone/screen.ts";
import type { PhoneOptions } from "../../lib/phone/options.ts";
import type { PhoneRegistry, PhoneTransport, UserAgentParts } from "../../lib/phone/user_agent.ts";
import type { HostAddress } from "../../lib/util/host_addresses.ts";
import type { RegistrationOptions } from "../../lib/registration/registration.ts";
import type { LookUpResult, RegisterResult } from "../../lib/registration/registry_client.ts";
import type { CallTransportEvents, VoicePort } from "../../lib/transport/call_transport.ts";
import { NO_VOICE, type VoiceSession } from "../../lib/voice/voice_session.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { pause } from "../../lib/util/pause.ts";

export const OPTIONS: PhoneOptions = {
  registries: [{ host: "registry.example", port: 5000 }],
  name: "João",
  port: 6000,
  wait: false,
  call: undefined,
  answer: "ask",
  ring: "tone",
  hangUpAfter: undefined,
  ip: "192.0.2.1",
  encryption: "preferred",
  logKeys: undefined,
  shareTrace: true,
  voice: {
    frameMs: 20,
    errorCorrection: true,
    redundancy: true,
    stretching: true,
    echoCancel: false,
    noiseReduction: false,
    gain: false,
  },
};

export const MARIA = { name: "Maria", ip: "192.0.2.2", port: 6001 };

/** A call with Maria, with only the fields that a phone reads. */
export function callOf(state: Call["state"] = "talking", fields: Partial<Call> = {}): Call {
  return {
    id: "AAAAAAAAAAAAAAAAAAAAAA",
    role: "caller",
    peer: MARIA,
    keys: undefined,
    state,
    ...fields,
  } as Call;
}

/** Runs the callbacks of settled promises. */
export async function settle(): Promise<void> {
  await pause(0);
}

/** A screen on which a test types. */
export class FakeScreen implements Screen {
  readonly events: PhoneEvent[] = [];
  readonly statuses: (LiveStatus | undefined)[] = [];
  /** The answers to Tab. */
  readonly offered: (readonly string[])[] = [];
  readonly broken: Promise<void> = new Promise(() => {});
  readonly #typed: string[] = [];
  #more = Promise.withResolvers<void>();
  #ended = false;

  constructor(readonly interactive = false, readonly endLeaves = interactive) {}

  /** The names of the events, but for the message trace. */
  get shown(): string[] {
    return this.events.map(({ event }) => event).filter((event) => event !== "message");
  }

  /** Types lines. Settles when the phone has read the last one and run all that needs no wait. */
  async type(...lines: readonly string[]): Promise<void> {
    this.#typed.push(...lines);
    this.#more.resolve();
    await settle();
  }

  async endInput(): Promise<void> {
    this.#ended = true;
    this.#more.resolve();
    await settle();
  }

  readonly lines: AsyncIterable<string> = this.#read();

  async *#read(): AsyncGenerator<string> {
    for (;;) {
      const line = this.#typed.shift();
      if (line !== undefined) yield line;
      else if (this.#ended) return;
      else {
        await this.#more.promise;
        this.#more = Promise.withResolvers();
      }
    }
  }

  show(event: PhoneEvent): void {
    this.events.push(event);
  }

  status(status: LiveStatus | undefined): void {
    this.statuses.push(status);
  }

  names(names: readonly string[]): void {
    this.offered.push(names);
  }

  /** Presses Tab on a name. */
  wantNames = (): void => {};

  onNamesWanted(listener: () => void): void {
    this.wantNames = listener;
  }

  /** The answers to {@linkcode FakeScreen.wantPeople}. */
  readonly lists: (readonly PersonFields[])[] = [];

  people(people: readonly PersonFields[]): void {
    this.lists.push(people);
  }

  /** Asks who is in the room. */
  wantPeople = (): void => {};

  onPeopleWanted(listener: () => void): void {
    this.wantPeople = listener;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A registry that answers as a test says. */
export class FakeRegistry implements PhoneRegistry {
  readonly localIp: string = "192.0.2.1";
  near = false;
  place = { host: "registry.example", ip: "192.0.2.9", port: 5000 };
  several = false;
  readonly log: string[] = [];
  /** The lines of copies. */
  readonly traceLines: string[] = [];
  wantsTrace = false;
  readyForTrace = true;
  options: RegistrationOptions = {};
  /** Settles when the registry answers: registrations, look-ups and lists. */
  answering: Promise<unknown> = Promise.resolve();
  listing: Promise<unknown> = Promise.resolve();
  /** The result of each attempt to register; the last one counts for all further ones. */
  registered: ("confirmed" | Exclude<RegisterResult, { kind: "confirmed" }>)[] = ["confirmed"];
  /** Who is in the room. */
  people = ["Ana"];
  found: LookUpResult = {
    kind: "found",
    person: { nome: MARIA.name, ip: MARIA.ip, porta: MARIA.port },
  };

  async register(nome: string, ip = this.localIp, porta = 0): Promise<RegisterResult> {
    this.log.push(`register ${nome} ${ip} ${porta}`);
    const result = this.registered.length > 1 ? this.registered.shift()! : this.registered[0]!;
    await this.answering;
    return result === "confirmed" ? { kind: "confirmed", person: { nome, ip, porta } } : result;
  }

  async lookUp(name: string): Promise<LookUpResult> {
    this.log.push(`look up ${name}`);
    await this.answering;
    return this.found;
  }

  async list(): ReturnType<PhoneRegistry["list"]> {
    this.log.push("list");
    await Promise.all([this.answering, this.listing]);
    return { kind: "people", people: this.people.map((nome) => ({ nome, ip: "192.0.2.3", porta: 6000 })) };
  }

  sendTrace(line: string): void {
    this.log.push("trace");
    this.traceLines.push(line);
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }
}

/** Sockets that reach nobody. */
export class FakeTransport implements PhoneTransport {
  readonly port = 6000;
  name = "";
  /** Whom the last invitation was from. */
  self: { readonly name: string; readonly ip: string } | undefined;
  readonly clock = new FakeClock("by advance");
  readonly log: string[] = [];
  readonly sent: Uint8Array[] = [];
  voicePort: VoicePort | undefined;
  current: Call | undefined;

  follow(ip: string): void {
    this.log.push(`follow ${ip}`);
  }

  restDuring(work: Promise<unknown>): void {
    this.log.push("rest");
    work.then(() => this.log.push("rested"));
  }

  invite(self: { readonly name: string; readonly ip: string }, peer: { readonly name: string }): void {
    this.self = self;
    this.log.push(`invite ${peer.name}`);
    this.current = callOf("inviting");
  }

  withdraw(): void {
    this.log.push("withdraw");
    this.current = undefined;
  }

  probe(ip: string): void {
    this.log.push(`probe ${ip}`);
  }

  calleeAt(_call: unknown, { ip }: { readonly ip: string }): void {
    this.log.push(`callee at ${ip}`);
  }

  handleRoom(members: readonly { readonly nome: string }[], askedAt: number): void {
    this.log.push(`room ${members.map(({ nome }) => nome)} at ${askedAt}`);
  }

  portOf(): number {
    return 40001;
  }

  accept(): void {
    this.log.push("accept");
  }

  hangUp(): void {
    this.log.push("hang up");
  }

  openVoice(_call: Call, port: VoicePort): void {
    this.voicePort = port;
  }

  voiceSender(): (datagram: Uint8Array) => void {
    return (datagram) => this.sent.push(datagram);
  }

  /** Settles when the peer has acknowledged the goodbye. */
  closing: Promise<void> = Promise.resolve();

  async [Symbol.asyncDispose](): Promise<void> {
    this.log.push("close");
    await this.closing;
  }
}

/** Sound that nobody hears. */
export class FakeAudio {
  readonly log: string[] = [];
  /** What was done with tones. */
  readonly tones: string[] = [];
  works = true;
  muted = false;
  recordingFailed = false;
  /** Settles when devices may open. */
  opening: Promise<void> = Promise.resolve();
  /** Settles when all devices are closed. */
  closing: Promise<void> = Promise.resolve();
  readonly handled: Uint8Array[] = [];
  send: (datagram: Uint8Array<ArrayBuffer>) => void = () => {};
  /** Ends the microphone's file. */
  sourceEnded = (): void => {};

  check(): Promise<boolean> {
    this.log.push("check");
    return Promise.resolve(this.works);
  }

  warmUp(): Promise<void> {
    this.log.push("warm up");
    return Promise.resolve();
  }

  async open(
    _clock: unknown,
    send: (datagram: Uint8Array<ArrayBuffer>) => void,
    sourceEnded: () => void = () => {},
  ): Promise<VoiceSession> {
    this.sourceEnded = sourceEnded;
    this.log.push("opening");
    await this.opening;
    this.log.push("open");
    this.send = send;
    return {
      handleDatagram: (datagram: Uint8Array) => this.handled.push(datagram),
      figures: { ...NO_VOICE, framesSent: 7 },
      reception: { expected: 0, lost: 0 },
      levels: { microphoneDb: -20, speakerDb: -30 },
    } as unknown as VoiceSession;
  }

  playTone(kind: string): void {
    this.tones.push(kind);
  }

  hushTone(): void {
    this.tones.push("hush");
  }

  closeTone(): void {
    this.tones.push("close");
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }

  closed(): Promise<void> {
    return this.closing;
  }
}

/** All fakes. */
export interface Fakes {
  readonly screen: FakeScreen;
  readonly registry: FakeRegistry;
  readonly transport: FakeTransport;
  readonly audio: FakeAudio;
  readonly parts: UserAgentParts;
  /** Makes the transport report an event. */
  readonly tell: CallTransportEvents["onOutput"];
  /** Makes it report a message. */
  readonly trace: CallTransportEvents["onTrace"];
}

/** Connects all fakes. */
export function fakeParts(
  interactive = false,
  addresses: readonly HostAddress[] = [],
  endLeaves = interactive,
): Fakes {
  const [screen, registry, transport] = [
    new FakeScreen(interactive, endLeaves),
    new FakeRegistry(),
    new FakeTransport(),
  ];
  const audio = new FakeAudio();
  let events: CallTransportEvents | undefined;
  const parts: UserAgentParts = {
    screen,
    audio,
    connect: (_places, options) => {
      registry.options = options;
      return Promise.resolve({ kind: "connected", link: registry });
    },
    openTransport: (_ip, _port, given) => {
      events = given;
      return transport;
    },
    network: {
      addresses: () => addresses,
      watch: () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
    },
  };
  const tell: CallTransportEvents["onOutput"] = (output) => events!.onOutput(output);
  const trace: CallTransportEvents["onTrace"] = (...message) => events!.onTrace(...message);
  return { screen, registry, transport, audio, parts, tell, trace };
}
