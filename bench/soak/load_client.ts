/**
 * A load client: a phone without sound devices that joins the room, asks, calls, answers calls and leaves, over and over.
 * It uses the project's own registry client and calls over real sockets; many of them run in one process.
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
import { pause } from "../../lib/util/pause.ts";
import { exponential, type Random } from "../../testing/netem/random.ts";
import { RequestLedger } from "./request_ledger.ts";
import { LOOPBACK } from "../../testing/netem/relay.ts";

/** Mean pause between two actions of a client: 200 clients do about 40 actions a second, with calls. */
const IDLE_MS = 4000;

/** Shares of the actions. The rest is leaving and coming back. */
const LOOK_UP = 0.35;
const LIST = 0.1;
const CALL = 0.35;

/** Longest time until an invitation is decided, and the share refused. */
const DECISION_MS = 1000;
const REFUSED = 0.2;

/** Share of calls that the caller gives up, and the longest time until then. */
const GIVEN_UP = 0.1;
const GIVE_UP_MS = 600;

/** Range of the time after which either side hangs up. */
const TALK_MS = [500, 4000] as const;

/** Interval of voice packets: enough for the call not to count as silent. */
const VOICE_MS = 250;
const VOICE = Uint8Array.of(0xf8, 0xff, 0xfe);
const CLOCK_HZ = 48_000;

/** Shortest pause before another attempt to join. */
const KNOCK_MS = 500;

/** Longest absence. */
const AWAY_MS = 1000;

/** One set of sockets and libraries for all of them: what each phone has of its own is not measured here. */
const SYSTEM = {
  udp: LinuxUdp.load() ?? runtimeUdp,
  cipher: chooseAesGcm(),
  policy: randomPolicy("preferred"),
};

/** What the clients share. */
export interface LoadClients {
  readonly calls: CallLedger;
  /** Transports by port. */
  readonly lines: Map<number, CallTransport>;
  /** The name of the outgoing call, by caller. */
  readonly calling: Map<string, string>;
  readonly names: readonly string[];
}

/** Counts of voice packets. */
export interface VoiceCounts {
  sent: number;
  heard: number;
  doubled: number;
}

/** One load client, over all its visits. */
export class LoadClient {
  readonly requests = new RequestLedger();
  readonly voice: VoiceCounts = { sent: 0, heard: 0, doubled: 0 };
  /** When connections to the registry were lost, in Unix milliseconds. */
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
  /** Sequence numbers received in the current call. */
  readonly #heard = new Set<number>();
  #talking: ReturnType<typeof setInterval> | undefined;

  constructor(name: string, registryPort: number, shared: LoadClients, random: Random) {
    this.name = name;
    this.#registryPort = registryPort;
    this.#shared = shared;
    this.#random = random;
  }

  /** Joins the room. Retries until `stop` fires, since the registry may be away. */
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

  /** Acts at random until `stop` fires. */
  async stay(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(IDLE_MS * exponential(this.#random), stop);
      if (!stop.aborted && !this.#line?.current) await this.#act(stop);
    }
  }

  /** Leaves after the current call, if any. It may join again. */
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
    const result = await Registration.connect([{ host: LOOPBACK, port: this.#registryPort }], {
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

  async #act(stop: AbortSignal): Promise<void> {
    const choice = this.#random();
    if (choice < LOOK_UP) await this.#link?.lookUp(this.#randomName());
    else if (choice < LOOK_UP + LIST) await this.#link?.list();
    else if (choice < LOOK_UP + LIST + CALL) await this.#call(this.#randomName());
    else {
      await this.leave();
      await pause(AWAY_MS * this.#random());
      await this.join(stop);
    }
  }

  #randomName(): string {
    const others = this.#shared.names.filter((name) => name !== this.name);
    return others[Math.floor(this.#random() * others.length)]!;
  }

  async #call(name: string): Promise<void> {
    const found = await this.#link?.lookUp(name);
    const line = this.#line;
    // A call may have come in meanwhile.
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
        // The other's invitation is kept; this client's own is dropped.
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
    // A client that leaves refuses at once.
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
