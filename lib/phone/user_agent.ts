/**
 * A phone as its person sees it: commands go in, events come out. Puts together the registry, the line, the
 * voice and the sound devices, and decides when the program ends and with which status.
 */

import { SAMPLES_PER_MS } from "../dsp/pcm.ts";
import type { AudioError, AudioSink, AudioSource } from "../../audio/audio_io.ts";
import type { DeviceNotice } from "../../audio/hotplug/device_supervisor.ts";
import { openNullSink, openSilence } from "../../audio/synthetic.ts";
import type { AudioDevices, SoundSide } from "../../audio/audio_devices.ts";
import { AudioProcessor } from "../../audio/processing/audio_processor.ts";
import { systemError } from "../util/system_error.ts";
import { within } from "../util/time_limit.ts";
import type { Call, CallNotice } from "../call/call.ts";
import { logKeys } from "../call/key_log.ts";
import { CallTransport } from "../transport/call_transport.ts";
import { randomPolicy } from "../call/encryption_policy.ts";
import type { CallManagerOutput } from "../call/call_manager.ts";
import { SILENCE_DB } from "../dsp/level.ts";
import { NO_VOICE, VoiceSession } from "../voice/voice_session.ts";
import { warmUp } from "../voice/warm_up.ts";
import { ipVersion, isLoopback } from "../protocol/address.ts";
import { isName, nameKey } from "../protocol/name.ts";
import { Registration } from "../registration/registration.ts";
import { RoomPassword } from "../protocol/password_challenge.ts";
import { parseCommand } from "./commands.ts";
import type { CallEnd, DeviceNames, PhoneEvent } from "../events/phone_events.ts";
import { type PersonFields, personFields } from "../events/fields.ts";
import type { PhoneOptions } from "./options.ts";
import type { Screen } from "./screen.ts";

/** What the program's exit status says. */
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
} as const;

/** Sound to warm up with: what a device hears cannot wait, what a file holds can. */
const WARM_UP_SECONDS = { device: 10, file: 1 };

/**
 * How long leaving, or the next call, waits for sound devices and recordings to be closed: a sound server that hangs
 * never does it.
 */
const CLOSING_MS = 2_000;
/** How long a phone that is to call somebody waits for a registry that it lost, in milliseconds. */
const CALL_PATIENCE_MS = 10_000;

/** How often the live line of a call is drawn anew. */
const STATUS_INTERVAL_MS = 200;

/** Most names that Tab completes: who calls under ever new ones must not fill the memory. */
const MOST_NAMES = 500;

/** The call that the person is in, from `call_started` to `call_ended`. */
interface Conversation {
  readonly call: Call;
  readonly startedAt: number;
  voice: VoiceSession | undefined;
  processor: AudioProcessor | undefined;
  /** Settles when its sound is there: what is being opened cannot be closed before. */
  opening: Promise<void>;
  readonly timers: ReturnType<typeof setTimeout>[];
}

/** One run of the phone. */
export class UserAgent {
  readonly #options: PhoneOptions;
  readonly #screen: Screen;
  readonly #devices: AudioDevices;
  readonly #finished = Promise.withResolvers<number>();
  #registry: Registration | undefined;
  #line: CallTransport | undefined;
  #self = { name: "", ip: "" };
  #conversation: Conversation | undefined;
  /** Microphones of earlier calls that are not closed yet: the next call waits for them. */
  #closing: Promise<void> = Promise.resolve();
  /** The end of the last call: settles when its recording is complete and its figures are shown. */
  #ending: Promise<void> = Promise.resolve();
  #muted = false;
  #soundClosed = true;
  /** Whether somebody else has the name by now. */
  #nameTaken = false;
  /** The call of the command line, while it could not be made because the registry was away. */
  #postponed: string | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  readonly #names = new Set<string>();

  /**
   * @param options The command line.
   * @param screen Where events are shown and commands come from; the owner closes it.
   * @param desk Where microphones and loudspeakers come from; the owner closes it.
   */
  constructor(options: PhoneOptions, screen: Screen, audioDevices: AudioDevices) {
    this.#options = options;
    this.#screen = screen;
    this.#devices = audioDevices;
    audioDevices.listen({
      lost: (devices, detail) => this.#show({ event: "audio_lost", ...namesOf(devices), detail }),
      back: (devices) => {
        this.#conversation?.processor?.devicesChanged();
        this.#show({ event: "audio_back", ...namesOf(devices) });
      },
    });
  }

  /**
   * Registers, serves the person until they leave, says goodbye to the peer and the registry.
   *
   * @returns The exit status, one of {@linkcode EXIT}.
   */
  async run(): Promise<number> {
    const entered = await Promise.race([this.#enter(), this.#finished.promise]);
    const status = entered ?? await this.#serve();
    await this.#leave();
    return status;
  }

  /** Ends the run as `sair` does, from a signal or anywhere else. Later calls change nothing. */
  quit(status: number = EXIT.done): void {
    this.#finished.resolve(status);
  }

  /** Whether all sound devices are closed after the run. One that hangs must not be waited for. */
  get soundClosed(): boolean {
    return this.#soundClosed;
  }

  #show(event: PhoneEvent): void {
    this.#screen.show(event);
  }

  /** Everything until the phone is in the room. Returns an exit status where that cannot be. */
  async #enter(): Promise<number | undefined> {
    for (const { side, error, asked } of await this.#devices.check()) {
      this.#audioFailed(side, error, asked);
      if (asked) return EXIT.audioFailed;
    }
    const { host, registryPort } = this.#options;
    const { password, tls } = this.#options;
    const connected = await Registration.connect(host, registryPort, {
      ...(password === undefined ? {} : { password: new RoomPassword(password) }),
      ...(tls && { tls }),
      onTrace: (trace) => this.#show({ event: "message", ...trace }),
      onLost: () => this.#lost(),
      onBack: ({ nome }) => this.#back(nome),
      onNameTaken: () => this.#lostName(),
    });
    if (connected.kind !== "connected") {
      this.#show({ event: "registry_unreachable", host, port: registryPort, detail: connected });
      return EXIT.registryUnreachable;
    }
    this.#registry = connected.link;
    const ip = this.#options.ip ?? connected.link.localIp;
    try {
      this.#line = CallTransport.open(ip, this.#options.port, randomPolicy(this.#options.encryption), {
        onOutput: (output) => this.#fromLine(output),
        onVoice: (call, datagram) => {
          if (this.#conversation?.call === call) this.#conversation.voice?.handleDatagram(datagram);
        },
        onTrace: (trace) => this.#show({ event: "message", ...trace }),
        onFlood: (datagrams) => this.#show({ event: "flooded", datagrams }),
      });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      this.#show({ event: "port_in_use", port: this.#options.port });
      return EXIT.wrongUsage;
    }
    return await this.#register(connected.link, ip, this.#line.port);
  }

  async #register(registry: Registration, ip: string, port: number): Promise<number | undefined> {
    const typed = this.#screen.lines[Symbol.asyncIterator]();
    for (let name = this.#options.name;;) {
      const result = await registry.register(name, ip, port);
      if (result.kind === "confirmed") {
        this.#self = { name: result.person.nome, ip };
        this.#show({ event: "registered", name, ip, port });
        // Where it was not asked for, it may be a surprise.
        if (isLoopback(ip) && this.#options.ip === undefined) this.#show({ event: "only_local", ip });
        this.#obey(typed);
        return undefined;
      }
      if (result.kind === "lost") {
        const { host, registryPort } = this.#options;
        this.#show({ event: "registry_unreachable", host, port: registryPort, detail: result });
        return EXIT.registryUnreachable;
      }
      if (result.kind === "room_full") {
        this.#show({ event: "registry_full" });
        return EXIT.registryUnreachable;
      }
      if (result.kind === "password_needed" || result.kind === "wrong_password") {
        this.#show({ event: "password_refused", given: result.kind === "wrong_password" });
        return EXIT.registryUnreachable;
      }
      if (result.kind === "registry_refused") {
        this.#show({ event: "registration_refused", reason: result.reason, text: result.text });
        return EXIT.registryUnreachable;
      }
      this.#show({ event: "name_taken", name });
      const another = this.#screen.interactive ? await this.#askName(typed) : undefined;
      if (another === undefined) return EXIT.nameTaken;
      name = another;
    }
  }

  async #askName(typed: AsyncIterator<string>): Promise<string | undefined> {
    for (;;) {
      const next = await Promise.race([typed.next(), this.#finished.promise]);
      if (typeof next === "number" || next.done) return undefined;
      const name = next.value.normalize("NFC").trim();
      if (isName(name)) return name;
      if (name !== "") this.#show({ event: "bad_name", name });
    }
  }

  async #serve(): Promise<number> {
    const processor = this.#openProcessor();
    this.#line?.restDuring(warmUp(processor ? WARM_UP_SECONDS.device : WARM_UP_SECONDS.file, processor));
    if (this.#options.call !== undefined) await this.#call(this.#options.call);
    return await this.#finished.promise;
  }

  async #leave(): Promise<void> {
    await this.#line?.[Symbol.asyncDispose]();
    this.#soundClosed = await this.#closeSound();
    clearTimeout(this.#patience);
    await this.#registry?.close();
    if (this.#self.name !== "") this.#show({ event: "closed" });
  }

  #closeSound(): Promise<boolean> {
    const close = async (): Promise<void> => {
      await this.#ending;
      await this.#closing;
      await this.#devices.settled();
    };
    return within(CLOSING_MS, close());
  }

  /** The registry is away. Calls need none, and the link sees to the return. */
  #lost(): void {
    this.#show({ event: "registry_lost" });
    // A script that waits for a call is not to wait for ever.
    if (this.#options.call === undefined || this.#line?.current) return;
    this.#patience = setTimeout(() => {
      if (!this.#line?.current) this.quit(EXIT.registryUnreachable);
    }, CALL_PATIENCE_MS);
  }

  async #back(name: string): Promise<void> {
    clearTimeout(this.#patience);
    this.#show({ event: "registry_back", name });
    const postponed = this.#postponed;
    this.#postponed = undefined;
    if (postponed !== undefined) await this.#call(postponed);
  }

  /** Somebody else came back under this name. A phone that nobody can find is of no use after its call. */
  #lostName(): void {
    this.#nameTaken = true;
    this.#show({ event: "name_taken", name: this.#self.name });
    if (!this.#line?.current) this.quit(EXIT.nameTaken);
  }

  /** Does what the person types, one command after the other, until the input ends. */
  async #obey(typed: AsyncIterator<string>): Promise<void> {
    for (let next = await typed.next(); !next.done; next = await typed.next()) {
      await this.#command(next.value);
    }
    // On a terminal the end of the input is the person leaving. A script's input may end while the phone stays.
    if (this.#screen.interactive) this.quit();
  }

  async #command(text: string): Promise<void> {
    const command = parseCommand(text);
    const current = this.#line?.current;
    switch (command.kind) {
      case "call":
        return await this.#call(command.name);
      case "accept":
        if (current?.state === "ringing") this.#line?.accept();
        else this.#show({ event: "nothing_to_answer" });
        return;
      case "reject":
        if (current?.state === "ringing") this.#line?.hangUp();
        else this.#show({ event: "nothing_to_answer" });
        return;
      case "hang_up":
        if (current) this.#line?.hangUp();
        else this.#show({ event: "not_in_call" });
        return;
      case "look_up": {
        const person = await this.#lookUp(command.name);
        if (person) this.#show({ event: "person", ...person });
        return;
      }
      case "list":
        return await this.#list();
      case "mute":
        this.#muted = !this.#muted;
        if (this.#conversation?.voice) this.#conversation.voice.muted = this.#muted;
        this.#show({ event: "muted", muted: this.#muted });
        return;
      case "help":
        return this.#show({ event: "help" });
      case "quit":
        return this.quit();
      case "name_missing":
        return this.#show({ event: "name_missing", command: command.command });
      case "unknown":
        return this.#show({ event: "unknown_command", text: command.text });
      case "nothing":
        return;
    }
  }

  async #list(): Promise<void> {
    const result = await this.#registry?.list();
    if (result?.kind === "people") {
      for (const { nome } of result.people) this.#learn(nome);
      this.#show({ event: "people", people: result.people.map(personFields) });
    } else if (result?.kind === "registry_refused") {
      this.#show({ event: "failed", detail: result });
    } else {
      this.#show({ event: "registry_away" });
    }
  }

  /** Asks the registry where somebody is. Says so where they are nowhere. */
  async #lookUp(name: string): Promise<PersonFields | undefined> {
    if (!isName(name)) {
      this.#show({ event: "bad_name", name });
      return undefined;
    }
    const result = await this.#registry?.lookUp(name);
    if (result?.kind === "found") {
      const person = personFields(result.person);
      this.#learn(person.name);
      return person;
    }
    if (result?.kind === "unknown") {
      this.#show({ event: "unknown_person", name });
      if (this.#options.call !== undefined) this.quit(EXIT.unknownPerson);
    } else if (result?.kind === "registry_refused") {
      this.#show({ event: "failed", detail: result });
    } else {
      this.#show({ event: "registry_away" });
    }
    return undefined;
  }

  #learn(name: string): void {
    if (nameKey(name) === nameKey(this.#self.name) || this.#names.has(name)) return;
    this.#names.add(name);
    const [oldest] = this.#names;
    if (this.#names.size > MOST_NAMES && oldest !== undefined) this.#names.delete(oldest);
    this.#screen.names([...this.#names]);
  }

  async #call(name: string): Promise<void> {
    if (nameKey(name) === nameKey(this.#self.name)) {
      this.#show({ event: "calling_oneself" });
      if (this.#options.call !== undefined) this.quit(EXIT.unknownPerson);
      return;
    }
    if (this.#occupied()) return;
    this.#postponed = this.#options.call === undefined ? undefined : name;
    const person = await this.#lookUp(name);
    if (person) this.#postponed = undefined;
    // Somebody may have called while the registry was asked.
    if (!person || this.#occupied()) return;
    if (ipVersion(person.ip) !== ipVersion(this.#self.ip)) {
      this.#show({ event: "other_ip_version", name: person.name, ip: person.ip });
      if (this.#options.call !== undefined) this.quit(EXIT.noAnswer);
      return;
    }
    this.#show({ event: "inviting", ...person });
    this.#line?.invite(this.#self, person);
  }

  #occupied(): boolean {
    const current = this.#line?.current;
    if (current) this.#show({ event: "already_in_call", name: current.peer.name });
    return current !== undefined;
  }

  #fromLine(output: Exclude<CallManagerOutput, { kind: "send" }>): void {
    switch (output.kind) {
      case "invitation":
        return this.#invited(output.call);
      case "busy_rejected":
        return this.#show({ event: "busy_rejected", name: output.name });
      case "unencrypted_rejected":
        return this.#show({ event: "unencrypted_rejected", name: output.name });
      case "crossed":
        return this.#show({ event: "invitations_crossed", name: output.call.peer.name });
      case "notice":
        return this.#noticed(output.call, output.notice);
      case "release":
        return;
    }
  }

  #invited({ peer }: Call): void {
    this.#learn(peer.name);
    this.#show({ event: "invitation", ...peer });
    // In the next turn: the line must first have told all it has to tell.
    if (this.#options.answer === "accept") queueMicrotask(() => this.#line?.accept());
    if (this.#options.answer === "reject") queueMicrotask(() => this.#line?.hangUp());
  }

  #noticed(call: Call, notice: CallNotice): void {
    const { name } = call.peer;
    switch (notice.kind) {
      case "ringing":
        return this.#show({ event: "ringing", name });
      case "started":
        return this.#startVoice(call);
      case "rejected":
        this.#show({ event: "rejected", name, reason: notice.reason });
        return this.#over(EXIT.rejected);
      case "no_answer":
        this.#show({ event: "no_answer", name });
        return this.#over(EXIT.noAnswer);
      case "not_encrypted":
        this.#show({ event: "not_encrypted", name });
        return this.#over(EXIT.rejected);
      case "cancelled":
        this.#show({ event: "invitation_cancelled", name });
        return this.#over(EXIT.done);
      case "withdrawn":
        this.#show({ event: "invitation_withdrawn", name });
        return this.#over(EXIT.noAnswer);
      case "missed":
        return this.#show({ event: "invitation_missed", name });
      case "refused":
        return this.#show({ event: "invitation_refused", name });
      case "peer_silent":
        return this.#show({ event: "peer_silent", name, seconds: notice.seconds });
      case "peer_back":
        return this.#show({ event: "peer_back", name });
      case "ended":
        this.#ending = this.#callEnded(call, notice.end);
        return;
    }
  }

  /** A call is over: so is the run, where it was made for that call, or where the name is gone. */
  #over(status: number): void {
    if (this.#options.call !== undefined) this.quit(status);
    else if (this.#nameTaken) this.quit(EXIT.nameTaken);
  }

  #startVoice(call: Call): void {
    this.#show({ event: "call_started", ...call.peer, code: call.keys?.code ?? null });
    this.#logKeys(call);
    if (this.#muted) this.#show({ event: "muted", muted: true });
    const conversation: Conversation = {
      call,
      startedAt: performance.now(),
      voice: undefined,
      processor: undefined,
      opening: Promise.resolve(),
      timers: [],
    };
    this.#conversation = conversation;
    const { hangUpAfter } = this.#options;
    if (hangUpAfter !== undefined) {
      conversation.timers.push(setTimeout(() => {
        if (this.#line?.current === call) this.#line.hangUp();
      }, hangUpAfter * 1000));
    }
    conversation.timers.push(setInterval(() => this.#showStatus(conversation), STATUS_INTERVAL_MS));
    conversation.opening = this.#openVoice(conversation);
  }

  async #openVoice(conversation: Conversation): Promise<void> {
    await within(CLOSING_MS, this.#closing);
    const { frameMs, errorCorrection, redundancy, stretching } = this.#options.voice;
    const frameSamples = frameMs * SAMPLES_PER_MS;
    const [source, sink] = await Promise.all([this.#openSource(frameSamples), this.#openSink(frameSamples)]);
    conversation.processor = this.#openProcessor();
    const voice = await VoiceSession.start({
      source,
      sink,
      frameSamples,
      errorCorrection,
      redundancy,
      stretching,
      processor: conversation.processor,
      clock: this.#line?.clock,
      send: (datagram) => this.#line?.sendVoice(conversation.call, datagram),
      replaceSource: (error) => this.#silentMicrophone(error),
      replaceSink: (error) => this.#muteSpeaker(error),
    });
    voice.muted = this.#muted;
    conversation.voice = voice;
  }

  #showStatus({ call, startedAt, voice }: Conversation): void {
    const { microphoneDb, speakerDb } = voice?.levels ?? { microphoneDb: SILENCE_DB, speakerDb: SILENCE_DB };
    const seconds = secondsSince(startedAt);
    const { name } = call.peer;
    const code = call.keys?.code ?? null;
    this.#screen.status({
      name,
      seconds,
      code,
      microphoneDb,
      speakerDb,
      muted: this.#muted,
      ...voice?.figures,
    });
  }

  /** Writes down a call's keys where that was asked for. */
  #logKeys({ id, role, keys }: Call): void {
    const { logKeys: path } = this.#options;
    if (path === undefined || !keys) return;
    try {
      logKeys(path, id, role, keys);
    } catch (error) {
      this.#show({ event: "key_log_failed", path, detail: systemError(error) });
    }
  }

  async #callEnded(call: Call, end: CallEnd): Promise<void> {
    const conversation = this.#conversation;
    const seconds = conversation ? secondsSince(conversation.startedAt) : 0;
    await this.#endVoice();
    const figures = conversation?.voice?.figures ?? NO_VOICE;
    this.#show({ event: "call_ended", name: call.peer.name, end, seconds, ...figures });
    this.#over(EXIT.done);
  }

  /** Stops the voice of the present call. Settles when what was heard is played or on disk. */
  async #endVoice(): Promise<void> {
    const conversation = this.#conversation;
    if (!conversation) return;
    this.#conversation = undefined;
    for (const timer of conversation.timers) clearTimeout(timer);
    this.#screen.status(undefined);
    // A call may be over while its devices are being opened: its recording shall be whole all the same.
    await conversation.opening;
    if (conversation.voice) await this.#stop(conversation.voice);
  }

  async #stop(voice: VoiceSession): Promise<void> {
    await voice.stop();
    const earlier = this.#closing;
    this.#closing = voice.closed().then(() => earlier);
  }

  /** Files and tones are sent as they are. */
  #openProcessor(): AudioProcessor | undefined {
    const { echoCancel, noiseReduction, gain } = this.#options.voice;
    const anything = echoCancel || noiseReduction || gain;
    return anything && this.#devices.hasMicrophone
      ? new AudioProcessor({ echoCancel, noiseReduction, gain })
      : undefined;
  }

  async #openSource(frameSamples: number): Promise<AudioSource> {
    try {
      return await this.#devices.openSource(frameSamples);
    } catch (error) {
      return this.#silentMicrophone(error as AudioError);
    }
  }

  async #openSink(frameSamples: number): Promise<AudioSink> {
    try {
      return await this.#devices.openSink(frameSamples);
    } catch (error) {
      return this.#muteSpeaker(error as AudioError);
    }
  }

  #silentMicrophone(error: AudioError): AudioSource {
    this.#audioFailed("microphone", error, false);
    return openSilence();
  }

  #muteSpeaker(error: AudioError): AudioSink {
    this.#audioFailed("speaker", error, false);
    return openNullSink();
  }

  #audioFailed(side: SoundSide, error: AudioError, asked: boolean): void {
    const { code, subject, detail } = error;
    this.#show({ event: "audio_failed", side, code, subject, detail, asked });
  }
}

/** Both devices may be one, as a sound server's. */
function namesOf(devices: readonly DeviceNotice[]): DeviceNames {
  const [first] = devices;
  const side = devices.length === 1 && first ? first.side : "both";
  return { side, names: [...new Set(devices.map(({ name }) => name))] };
}

/** To the millisecond. */
function secondsSince(startMs: number): number {
  return Math.round(performance.now() - startMs) / 1000;
}
