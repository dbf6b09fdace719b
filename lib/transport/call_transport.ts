/** The sockets and the clock of a phone's calls: carries out what the {@linkcode CallManager} decides. */

import { type Clock, systemClock } from "../util/clock.ts";
import { canonicalIp, type Endpoint, ipVersion, sameEndpoint } from "../protocol/address.ts";
import {
  encodeCallMessage,
  MAX_DATAGRAM_BYTES,
  newCallId,
  parseCallMessage,
} from "../protocol/call_messages.ts";
import type { Trace } from "../protocol/trace.ts";
import { SrtpReceiver, SrtpSender } from "../srtp/context.ts";
import type { Call, Party } from "../call/call.ts";
import { PollLoop } from "./poll_loop.ts";
import { DatagramDemux } from "./datagram_demux.ts";
import { FloodShield } from "./flood_shield.ts";
import { LinuxUdpSocket } from "./linux_udp.ts";
import type { EncryptionPolicy } from "../call/encryption_policy.ts";
import { CallManager, type CallManagerOutput } from "../call/call_manager.ts";

/** What calls tell their owner. None of the functions may throw. */
export interface CallTransportEvents {
  /** Something for the person, or a call that is over. */
  onOutput(output: Exclude<CallManagerOutput, { kind: "send" }>): void;
  /** A signalling message on its way. Of a flood of them only some are traced. */
  onTrace(trace: Trace): void;
  /** So many datagrams in the last seconds meant nothing to this phone: somebody floods it. */
  onFlood(datagrams: number): void;
}

/** The end of a call's voice: a {@linkcode VoiceSession} is one. */
export interface VoicePort {
  /** Takes an RTP or RTCP packet of the other phone. The bytes are the port's to keep. */
  handleDatagram(datagram: Uint8Array<ArrayBuffer>): void;
}

/** How long a closing phone waits for the other side to acknowledge its goodbye. */
const FAREWELL_MS = 1_500;

/** Room for one byte more than is allowed, to tell a datagram that is too large. */
const RECEIVE_BYTES = MAX_DATAGRAM_BYTES + 1;

/**
 * Room for what has come and was not yet received, where the system gives it: 80 ms of 50,000 datagrams a second, which
 * fill the usual 208 KiB in 5 ms. The system counts some 1000 bytes for a small one.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Both directions of a call's voice, enciphered. */
interface VoiceCipher {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
}

/** The UDP side of a phone: the socket on its registered port, and one more for each call that it makes. */
export class CallTransport implements AsyncDisposable {
  readonly #events: CallTransportEvents;
  readonly #callManager: CallManager;
  readonly #registered: Deno.DatagramConn;
  readonly #ownSockets = new Map<string, Deno.DatagramConn>();
  /** Where a call's signalling really comes from; another address than declared on hosts that have several. */
  readonly #sources = new WeakMap<Call, Endpoint>();
  readonly #demux = new DatagramDemux();
  /** The sockets as the system knows them, where it lets us do more with them. */
  readonly #systems = new WeakMap<Deno.DatagramConn, LinuxUdpSocket>();
  /** Receives in place of the event loop while there is voice, where the system lets us. */
  readonly #loop = new PollLoop(RECEIVE_BYTES);
  readonly #floodShield = new FloodShield();
  /** What goes between a call with keys and the network. */
  readonly #ciphers = new WeakMap<Call, VoiceCipher>();
  readonly #voicePorts = new WeakMap<Call, VoicePort>();
  readonly #listening = new Set<Promise<void>>();
  readonly #lastSent = new WeakMap<Deno.DatagramConn, Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #onQuiet: (() => void) | undefined;

  private constructor(registered: Deno.DatagramConn, policy: EncryptionPolicy, events: CallTransportEvents) {
    this.#registered = registered;
    this.#callManager = new CallManager(policy);
    this.#events = events;
    this.#listen(registered, "registered");
  }

  /**
   * Starts to listen for invitations.
   *
   * @param ip This phone's own address; of it only the version counts, all interfaces are listened on.
   * @param port UDP port, or 0 for any free one.
   * @param protection How its calls are protected.
   * @throws {Deno.errors.AddrInUse} When another program has the port.
   */
  static open(
    ip: string,
    port: number,
    policy: EncryptionPolicy,
    events: CallTransportEvents,
  ): CallTransport {
    return new CallTransport(listenDatagram(ip, port), policy, events);
  }

  /** The port that invitations come to. */
  get port(): number {
    return (this.#registered.addr as Deno.NetAddr).port;
  }

  /** The clock for a call's voice: with its timers, the least work is done for what comes and goes. */
  get clock(): Clock {
    const sockets = [this.#registered, ...this.#ownSockets.values()];
    return sockets.every((socket) => this.#systems.has(socket)) ? this.#loop : systemClock;
  }

  /** Has calls wait for some work that needs many turns of the event loop, rather than it for them. */
  restDuring(work: Promise<unknown>): void {
    this.#loop.restDuring(work);
  }

  /** The call that the person is occupied with, if any. */
  get current(): Call | undefined {
    return this.#callManager.current;
  }

  /**
   * Invites somebody, from a socket of its own. There must be no current call.
   *
   * @param self This person's name and address.
   * @param peer The invited person, as the registry knows them, of the same IP version.
   */
  invite(self: { readonly name: string; readonly ip: string }, peer: Party): void {
    const id = newCallId();
    const socket = listenDatagram(self.ip, 0);
    this.#ownSockets.set(id, socket);
    this.#listen(socket, id);
    const { port } = socket.addr as Deno.NetAddr;
    this.#callManager.invite(performance.now(), id, { ...self, port }, peer);
    this.#drain();
  }

  /** Accepts the invitation that rings. */
  accept(): void {
    this.#callManager.accept(performance.now());
    this.#drain();
  }

  /** Refuses, withdraws or hangs up, whichever the current call's state makes of it. */
  hangUp(): void {
    this.#callManager.hangUp(performance.now());
    this.#drain();
  }

  /** Hands a call's voice packets to `port` from now on. Those from before are lost. */
  openVoice(call: Call, port: VoicePort): void {
    this.#voicePorts.set(call, port);
  }

  /** Sends a voice packet of a call. A packet that cannot be sent is lost, as on any network. */
  sendVoice(call: Call, datagram: Uint8Array<ArrayBuffer>): void {
    const socket = call.role === "caller" ? this.#ownSockets.get(call.id) : this.#registered;
    const sent = this.#cipherOf(call)?.sender.protect(datagram) ?? datagram;
    if (socket) this.#sendTo(socket, call.peer, sent);
  }

  /** Hangs up, waits a moment for the other side to hear it, and closes all sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.hangUp();
    if (!this.#callManager.idle) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onQuiet = resolve;
      const timer = setTimeout(resolve, FAREWELL_MS);
      await promise;
      clearTimeout(timer);
    }
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#floodShield.lower();
    for (const socket of [this.#registered, ...this.#ownSockets.values()]) this.#closeSocket(socket);
    await Promise.all(this.#listening);
  }

  #listen(socket: Deno.DatagramConn, name: string | "registered"): void {
    const system = LinuxUdpSocket.boundTo((socket.addr as Deno.NetAddr).port);
    if (system) {
      system.enlargeReceiveBuffer(RECEIVE_BUFFER_BYTES);
      this.#systems.set(socket, system);
      this.#loop.watch(system, (datagram, address) => {
        try {
          if (this.#isOpen(socket, name)) this.#received(datagram, address, name);
        } catch {
          // What fails at a datagram fails at that one alone.
        }
      });
    }
    const listening = this.#receiveFrom(socket, name).finally(() => this.#listening.delete(listening));
    this.#listening.add(listening);
  }

  async #receiveFrom(socket: Deno.DatagramConn, name: string | "registered"): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    while (this.#isOpen(socket, name)) {
      if (this.#systems.has(socket)) await this.#loop.idle;
      if (!this.#isOpen(socket, name)) return;
      try {
        const [datagram, address] = await socket.receive(buffer);
        if (this.#isOpen(socket, name)) this.#received(datagram, address as Deno.NetAddr, name);
      } catch {
        if (!this.#isOpen(socket, name)) return;
        // Some systems report here that an earlier datagram did not arrive. Let others have a turn, then go on.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  }

  #isOpen(socket: Deno.DatagramConn, name: string | "registered"): boolean {
    return !this.#closed && (name === "registered" || this.#ownSockets.get(name) === socket);
  }

  /**
   * Sorts what comes in. Most of a flood ends here, so nothing is copied, decoded or compared that need not be.
   *
   * @param datagram A view into the buffer that the next one will be received into.
   */
  #received(datagram: Uint8Array, address: Deno.NetAddr, socket: string | "registered"): void {
    const now = performance.now();
    const { current } = this.#callManager;
    const kind = this.#demux.judge(now, datagram, current?.id);
    const taken = kind === "voice"
      ? this.#voiceReceived(now, current, datagram, address, socket)
      : kind === "signalling" && this.#messageReceived(now, datagram, address, socket);
    if (taken) return;
    const flood = this.#demux.ignored(now);
    if (flood !== undefined) this.#events.onFlood(flood);
    if (this.#demux.flooded && current?.state === "talking") this.#raiseShield(current);
  }

  #raiseShield(call: Call): void {
    const socket = call.role === "caller" ? this.#ownSockets.get(call.id) : this.#registered;
    const system = socket && this.#systems.get(socket);
    const places = [call.peer, this.#sources.get(call)].filter((place) => place !== undefined);
    if (system) this.#floodShield.raise(call, system, places);
  }

  /** @returns Whether it was a message. */
  #messageReceived(
    now: number,
    datagram: Uint8Array,
    address: Deno.NetAddr,
    socket: string | "registered",
  ): boolean {
    const from = { ip: canonicalIp(address.hostname), port: address.port };
    this.#trace("received", from, datagram);
    const parsed = parseCallMessage(datagram);
    if (!("message" in parsed)) return false;
    this.#callManager.handleMessage(now, parsed.message, from, socket);
    const { current } = this.#callManager;
    // Where the call has keys, its voice shows by itself whose it is, and a message could be anybody's.
    if (current?.id === parsed.message.chamada && !current.keys) this.#sources.set(current, from);
    this.#drain();
    return true;
  }

  /** @returns Whether it was voice of the call that the person is in. */
  #voiceReceived(
    now: number,
    call: Call | undefined,
    datagram: Uint8Array,
    address: Deno.NetAddr,
    socket: string | "registered",
  ): boolean {
    if (call?.state !== "talking" || (call.role === "caller" ? call.id : "registered") !== socket) {
      return false;
    }
    const source = this.#sources.get(call);
    const known = isFrom(address, call.peer) || source !== undefined && isFrom(address, source);
    const cipher = this.#cipherOf(call);
    if (!known && !(cipher && this.#demux.mayTry(now))) return false;
    const packet = cipher ? cipher.receiver.unprotect(datagram) : datagram.slice() as Uint8Array<ArrayBuffer>;
    if (!packet) return false;
    if (!known) this.#sources.set(call, { ip: canonicalIp(address.hostname), port: address.port });
    this.#callManager.handleVoice(now, call);
    // Hardly ever: that the other side is back. Setting the timer for each packet would be a waste.
    if (this.#carryOutAll()) this.#drain();
    this.#voicePorts.get(call)?.handleDatagram(packet);
    return true;
  }

  /** What a call's voice is enciphered with; nothing where the call has no keys. */
  #cipherOf(call: Call): VoiceCipher | undefined {
    const known = this.#ciphers.get(call);
    if (known || !call.keys) return known;
    const { outgoing, incoming } = call.keys;
    const cipher = { sender: new SrtpSender(outgoing), receiver: new SrtpReceiver(incoming) };
    this.#ciphers.set(call, cipher);
    return cipher;
  }

  /** Does what there is to do, and says whether there was anything. */
  #carryOutAll(): boolean {
    let any = false;
    for (let outputs = this.#callManager.drain(); outputs.length > 0; outputs = this.#callManager.drain()) {
      for (const output of outputs) this.#carryOut(output);
      any = true;
    }
    return any;
  }

  /** Does what there is to do and sets the timer for what comes next. */
  #drain(): void {
    this.#carryOutAll();
    this.#floodShield.update();
    if (this.#callManager.idle) this.#onQuiet?.();
    clearTimeout(this.#timer);
    const { wakeAt } = this.#callManager;
    if (this.#closed || wakeAt === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#callManager.tick(performance.now());
      this.#drain();
    }, Math.max(0, Math.ceil(wakeAt - performance.now())));
  }

  #carryOut(output: CallManagerOutput): void {
    if (output.kind === "send") {
      const socket = output.socket === "registered" ? this.#registered : this.#ownSockets.get(output.socket);
      if (!socket || this.#closed) return;
      const datagram = encodeCallMessage(output.message);
      this.#trace("sent", output.to, datagram);
      this.#sendTo(socket, output.to, datagram);
      return;
    }
    if (output.kind === "release") {
      const socket = this.#ownSockets.get(output.call.id);
      this.#ownSockets.delete(output.call.id);
      if (socket) this.#closeSocket(socket);
    }
    this.#events.onOutput(output);
  }

  #sendTo(socket: Deno.DatagramConn, to: Endpoint, datagram: Uint8Array<ArrayBuffer>): void {
    const sent = socket.send(datagram, { transport: "udp", hostname: to.ip, port: to.port }).then(
      () => {},
      () => {
        // Unreachable for now: the message is repeated, a voice packet is lost.
      },
    );
    this.#lastSent.set(socket, sent);
  }

  /** Closes a socket once it has sent what it was given. */
  async #closeSocket(socket: Deno.DatagramConn): Promise<void> {
    await this.#lastSent.get(socket);
    const system = this.#systems.get(socket);
    if (system) {
      this.#loop.unwatch(system);
      system[Symbol.dispose]();
    }
    socket.close();
  }

  #trace(direction: Trace["direction"], { ip, port }: Endpoint, datagram: Uint8Array): void {
    const peer = { ip, port };
    this.#events.onTrace({ direction, transport: "UDP", peer, text: new TextDecoder().decode(datagram) });
  }
}

/** Whether a datagram is from some endpoint. The texts are alike as a rule; only else are they brought into one form. */
function isFrom({ hostname, port }: Deno.NetAddr, endpoint: Endpoint): boolean {
  return port === endpoint.port &&
    (hostname === endpoint.ip || sameEndpoint({ ip: hostname, port }, endpoint));
}

function listenDatagram(ip: string, port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: ipVersion(ip) === 6 ? "::" : "0.0.0.0", port });
}
