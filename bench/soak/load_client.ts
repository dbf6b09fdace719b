/**
 * A phone without microphone or loudspeaker that comes into the room, asks, calls, is called and leaves, over and over:
 * the project's own client and calls over real sockets, many of them in one process.
 */

import { encodeRtp, OPUS_PAYLOAD_TYPE, parseRtp } from "../../lib/rtp/rtp.ts";
import type { Call } from "../../lib/call/call.ts";
import { CallTransport } from "../../lib/transport/call_transport.ts";
import { LinuxUdp } from "../../lib/transport/linux_udp.ts";
import { runtimeUdp } from "../../lib/transport/runtime_udp.ts";
import { chooseAesGcm } from "../../lib/srtp/aes_gcm.ts";
import { randomPolicy } from "../../lib/call/encryption_policy.ts";
import type { CallManagerOutput } from "../../lib/call/call_manager.ts";
import { Registration } from "../../lib/registration/registration.ts";
import type { CallLedger } from "./call_ledger.ts";
import { pause } from "../measure/pause.ts";
import { exponential, type Random } from "../../testing/netem/random.ts";
import { RequestLedger } from "./request_ledger.ts";
import { LOOPBACK } from "../../testing/netem/relay.ts";

/** Mean pause between two things that a visitor does: 200 of them then do some 40 things a second, calls included. */
const IDLE_MS = 4000;

/** What they do, by its share. */
const LOOK_UP = 0.35;
const LIST = 0.1;
const CALL = 0.35;

/** A person decides about an invitation within this time, and says no to this share. */
const DECISION_MS = 1000;
const REFUSED = 0.2;

/** A caller gives up this share of the calls within this time, answered or not. */
const GIVEN_UP = 0.1;
const GIVE_UP_MS = 600;

/** Either person hangs up after a time in this range. */
const TALK_MS = [500, 4000] as const;

/** From one packet of voice to the next: enough to show that somebody is there. */
const VOICE_MS = 250;
const VOICE = Uint8Array.of(0xf8, 0xff, 0xfe);
const CLOCK_HZ = 48_000;

/** How long somebody waits who was not let in, before trying again. */
const KNOCK_MS = 500;

/** How long somebody stays away. */
const AWAY_MS = 1000;

/** One set of sockets and libraries for all of them: what each phone has of its own is not measured here. */
const SYSTEM = {
  udp: LinuxUdp.load() ?? runtimeUdp,
  cipher: chooseAesGcm(),
  policy: randomPolicy("preferred"),
};

/** What visitors share: who answers at which port, who is calling, and the account of all calls. */
export interface LoadClients {
  readonly calls: CallLedger;
  readonly lines: Map<number, CallTransport>;
  /** The call that somebody makes, by the caller's name. */
  readonly calling: Map<string, string>;
  readonly names: readonly string[];
}

/** What a visitor has seen of voice. */
export interface VoiceCounts {
  sent: number;
  heard: number;
  doubled: number;
}

/** One visitor, from the first time that it comes to the last that it leaves. */
export class LoadClient {
  readonly requests = new RequestLedger();
  readonly voice: VoiceCounts = { sent: 0, heard: 0, doubled: 0 };
  /** When a connection was lost, in milliseconds since 1970. */
  readonly lostAt: number[] = [];
  readonly name: string;
  readonly #registryPort: number;
  readonly #shared: LoadClients;
  readonly #random: Random;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #line: CallTransport | undefined;
  #link: Registration | undefined;
  #leaving = false;
  #callOver = Promise.withResolvers<void>();
  /** Sequence numbers of the present call's voice. */
  readonly #heard = new Set<number>();
  #talking: ReturnType<typeof setInterval> | undefined;

  constructor(name: string, registryPort: number, shared: LoadClients, random: Random) {
    this.name = name;
    this.#registryPort = registryPort;
    this.#shared = shared;
    this.#random = random;
  }

  /** Comes into the room, which may be closed for a while; tries until it is told to stop. */
  async join(stop: AbortSignal): Promise<void> {
    this.#leaving = false;
    const line = CallTransport.open(LOOPBACK, 0, SYSTEM, {
      onOutput: (output) => this.#onOutput(output),
      onTrace: () => {},
      onFlood: () => {},
    });
    this.#line = line;
    this.#shared.lines.set(line.port, line);
    while (!await this.#register(line.port) && !stop.aborted) {
      await pause(KNOCK_MS * (1 + this.#random()), stop);
    }
  }

  /** Does this and that until it is told to stop. */
  async stay(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(IDLE_MS * exponential(this.#random), stop);
      if (!stop.aborted && !this.#line?.current) await this.#doSomething(stop);
    }
  }

  /** Leaves for good, or to come back, after the call that it may be in. */
  async leave(): Promise<void> {
    while (this.#line?.current) await this.#callOver.promise;
    this.#leaving = true;
    await this.#link?.close();
    this.#link = undefined;
    this.requests.connectionEnded(Date.now());
    const line = this.#line;
    await line?.[Symbol.asyncDispose]();
    if (line) this.#shared.lines.delete(line.port);
    clearInterval(this.#talking);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #register(port: number): Promise<boolean> {
    const result = await Registration.connect(LOOPBACK, this.#registryPort, {
      onTrace: (trace) => this.requests.take(Date.now(), trace),
      onLost: () => {
        this.lostAt.push(Date.now());
        this.requests.connectionEnded(Date.now());
      },
      random: this.#random,
    });
    if (result.kind !== "connected") return false;
    const { kind } = await result.link.register(this.name, LOOPBACK, port);
    if (kind === "confirmed") this.#link = result.link;
    else await result.link.close();
    return kind === "confirmed";
  }

  async #doSomething(stop: AbortSignal): Promise<void> {
    const choice = this.#random();
    if (choice < LOOK_UP) await this.#link?.lookUp(this.#somebody());
    else if (choice < LOOK_UP + LIST) await this.#link?.list();
    else if (choice < LOOK_UP + LIST + CALL) await this.#call(this.#somebody());
    else {
      await this.leave();
      await pause(AWAY_MS * this.#random());
      await this.join(stop);
    }
  }

  #somebody(): string {
    const others = this.#shared.names.filter((name) => name !== this.name);
    return others[Math.floor(this.#random() * others.length)]!;
  }

  async #call(name: string): Promise<void> {
    const found = await this.#link?.lookUp(name);
    const line = this.#line;
    // Somebody may have called in the meantime.
    if (found?.kind !== "found" || !line || line.current) return;
    const { ip, porta, nome } = found.person;
    const called = this.#shared.lines.get(porta);
    line.invite({ name: this.name, ip: LOOPBACK }, { name: nome, ip, port: porta });
    const call = line.current!;
    this.#shared.calling.set(this.name, call.id);
    if (this.#random() < GIVEN_UP) {
      this.#later(GIVE_UP_MS * this.#random(), () => {
        if (line.current === call && call.state !== "talking") line.hangUp();
      });
    }
    while (line.current) await this.#callOver.promise;
    if (!called || this.#shared.lines.get(porta) !== called) this.#shared.calls.calleeGone(call.id);
  }

  #onOutput(output: Exclude<CallManagerOutput, { kind: "send" }>): void {
    const { calls, calling } = this.#shared;
    switch (output.kind) {
      case "invitation":
        calls.told(output.call.id, "callee", "invitation");
        return this.#decide(output.call);
      case "busy_rejected": {
        const call = calling.get(output.name);
        if (call !== undefined) calls.told(call, "callee", "busy");
        return;
      }
      case "crossed":
        if (output.call.role === "caller") return;
        // The other's invitation stands for both, and this one's own is dropped.
        calls.told(output.call.id, "callee", "invitation");
        calls.told(calling.get(this.name)!, "caller", "crossed");
        return;
      case "notice": {
        const { call, notice } = output;
        const what = notice.kind === "rejected"
          ? notice.reason
          : notice.kind === "ended"
          ? notice.end
          : notice.kind;
        calls.told(call.id, call.role, what);
        if (notice.kind === "started") this.#talk(call);
        if (!this.#line?.current) this.#over();
        return;
      }
    }
  }

  #decide(call: Call): void {
    const yes = this.#random() >= REFUSED;
    // Whoever is on the way out has no time.
    if (this.#leaving) {
      queueMicrotask(() => this.#line?.hangUp());
      return;
    }
    this.#later(DECISION_MS * this.#random(), () => {
      if (this.#line?.current !== call || call.state !== "ringing") return;
      if (yes) this.#line.accept();
      else this.#line.hangUp();
    });
  }

  #talk(call: Call): void {
    const line = this.#line!;
    this.#heard.clear();
    line.openVoice(call, { handleDatagram: (packet) => this.#onVoice(packet) });
    const send = line.voiceSender(call);
    let sequenceNumber = 0;
    clearInterval(this.#talking);
    this.#talking = setInterval(() => {
      this.voice.sent++;
      send(
        encodeRtp({
          payloadType: OPUS_PAYLOAD_TYPE,
          marker: sequenceNumber === 0,
          sequenceNumber,
          timestamp: sequenceNumber++ * CLOCK_HZ * VOICE_MS / 1000,
          ssrc: 1,
          payload: VOICE,
        }),
      );
    }, VOICE_MS);
    const [least, most] = TALK_MS;
    this.#later(least + (most - least) * this.#random(), () => {
      if (line.current === call) line.hangUp();
    });
  }

  #onVoice(packet: Uint8Array<ArrayBuffer>): void {
    const number = parseRtp(packet)?.sequenceNumber;
    if (number === undefined) return;
    this.voice.heard++;
    if (this.#heard.has(number)) this.voice.doubled++;
    this.#heard.add(number);
  }

  #over(): void {
    clearInterval(this.#talking);
    const over = this.#callOver;
    this.#callOver = Promise.withResolvers<void>();
    over.resolve();
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}
