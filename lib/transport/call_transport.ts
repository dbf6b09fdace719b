/** The sockets and timers of a phone's calls: carries out the decisions of the {@linkcode CallManager}. */

import type { Clock } from "../util/clock.ts";
import {
  canonicalIp,
  type Endpoint,
  inZone,
  ipVersion,
  isLinkLocal,
  isLoopback,
  isOwnAddress,
  sameEndpoint,
  unreachable,
  zoneOf,
} from "../protocol/address.ts";
import {
  type CallMessage,
  encodeCallMessage,
  newCallId,
  parseCallMessage,
} from "../protocol/call_messages.ts";
import { encodePathProbe, parsePathProbe, type PathProbe } from "../rtp/path_probe.ts";
import { isRtcp } from "../rtp/rtp.ts";
import type { HostAddress } from "../util/host_addresses.ts";
import type { SystemError } from "../util/system_error.ts";
import type { Trace } from "../protocol/trace.ts";
import type { AesGcm } from "../srtp/aes_gcm.ts";
import { SrtpReceiver, SrtpSender } from "../srtp/context.ts";
import type { Call, Party } from "../call/call.ts";
import { CHALLENGE_BYTES, PeerPaths } from "../call/peer_paths.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import { DatagramDemux, mentions } from "./datagram_demux.ts";
import { FloodShield, type ShieldedPeer } from "./flood_shield.ts";
import type { UdpDriver, UdpSocket } from "./udp_socket.ts";
import type { EncryptionPolicy } from "../call/encryption_policy.ts";
import type { Member } from "../call/room_members.ts";
import { CallManager, type CallManagerOutput, type Source } from "../call/call_manager.ts";

/** What calls tell their owner. None of the functions may throw. */
export interface CallTransportEvents {
  /** News for the person, or the end of a call. */
  onOutput(output: Exclude<CallManagerOutput, { kind: "send" | "forgotten" }>): void;
  /** A signalling message that was sent or received. Only a part of a flood is traced. */
  onTrace(trace: Trace, wire: WireTrace): void;
  /** The number of datagrams ignored in the last 10 s or more, if that is a flood. */
  onFlood(datagrams: number): void;
  /** Another program took the port while the socket was opened again for the other version of IP. */
  onPortTaken?(port: number): void;
}

/** What else there is to know of a traced message. */
export interface WireTrace {
  /** This phone's own port. */
  readonly ownPort: number;
  /** Length of the datagram. */
  readonly bytes: number;
  /** Whether it names the current call. */
  readonly current: boolean;
  /** Messages that were not traced since the last one that was. */
  readonly omitted: number;
}

/** The end of a call's voice: a {@linkcode VoiceSession} is one. */
export interface VoicePort {
  /** Takes an RTP or RTCP packet of the other phone. The bytes are the port's to keep. */
  handleDatagram(datagram: Uint8Array<ArrayBuffer>): void;
}

/** Time that a closing phone waits for its goodbye to be acknowledged. */
const FAREWELL_MS = 1_000;

/** Errors of the system that will not go away while an invitation is repeated. */
const LASTING: ReadonlySet<SystemError["kind"]> = new Set([
  "network_unreachable",
  "host_unreachable",
  "permission_denied",
  "not_capable",
  "address_not_available",
  "ip_version_not_available",
]);

/** Messages of other calls than the current one that are traced, a second and at once. */
const TRACES = { perSecond: 40, burst: 120 };

/**
 * Bytes that voice leaves of what an unvalidated address may get, for a goodbye and its acknowledgement. Older phones do not
 * answer challenges.
 */
const SIGNALLING_RESERVE_BYTES = 300;

/** What a call with keys has: SRTP of both directions, and the peer's addresses. */
interface KeyedCall {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
  readonly paths: PeerPaths;
  /** SSRC of this phone's challenges and responses. */
  readonly ssrc: number;
}

/** The parts that a phone's calls use. */
export interface CallTransportOptions {
  /** Opens the sockets. */
  readonly udp: UdpDriver;
  /** Enciphers the voice. */
  readonly cipher: AesGcm;
  /** How the calls are encrypted. */
  readonly policy: EncryptionPolicy;
  /** This host's addresses, to tell which invitations name an address that no phone has; unless given, not known. */
  readonly addresses?: () => readonly HostAddress[];
}

/** The UDP side of a phone: the socket on its registered port, and one more for each call that it makes. */
export class CallTransport implements AsyncDisposable {
  readonly #options: CallTransportOptions;
  readonly #events: CallTransportEvents;
  readonly #callManager: CallManager;
  #registered: UdpSocket;
  /** Version of IP that the registered socket has, and the one that it should have. */
  #version: 4 | 6;
  #wantedVersion: 4 | 6;
  #reopening = false;
  readonly #ownSockets = new Map<string, UdpSocket>();
  readonly #demux = new DatagramDemux();
  readonly #traces = new TokenBucket(TRACES.perSecond, TRACES.burst);
  /** Messages not traced since the last one that was. */
  #untraced = 0;
  readonly #floodShield = new FloodShield();
  readonly #keyedCalls = new WeakMap<Call, KeyedCall>();
  readonly #voicePorts = new WeakMap<Call, VoicePort>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #onQuiet: (() => void) | undefined;

  private constructor(
    version: 4 | 6,
    port: number,
    options: CallTransportOptions,
    events: CallTransportEvents,
  ) {
    this.#options = options;
    this.#callManager = new CallManager(options.policy);
    this.#events = events;
    this.#version = this.#wantedVersion = version;
    this.#registered = this.#openSocket(version, port, "registered");
  }

  /**
   * Starts to listen for invitations.
   *
   * @param ip This phone's own address. Only its version counts: the socket listens on all interfaces.
   * @param port UDP port, or 0 for any free one.
   * @throws {Deno.errors.AddrInUse} If another program has the port.
   */
  static open(
    ip: string,
    port: number,
    options: CallTransportOptions,
    events: CallTransportEvents,
  ): CallTransport {
    return new CallTransport(versionOf(ip), port, options, events);
  }

  /** The port that invitations come to. */
  get port(): number {
    return this.#registered.port;
  }

  /** This person's registered name: from then on invitations for others are rejected. */
  set name(name: string) {
    this.#callManager.name = name;
  }

  /**
   * Follows this phone's own address: listens for invitations on its version of IP, as soon as no call needs the socket.
   */
  follow(ip: string): void {
    this.#wantedVersion = versionOf(ip);
    this.#reopen();
  }

  /** The clock for a call's voice: timers of this one cost least beside the sockets. */
  get clock(): Clock {
    return this.#options.udp.clock;
  }

  /** Gives the event loop priority over calls during work that needs many of its turns. */
  restDuring(work: Promise<unknown>): void {
    this.#options.udp.restDuring(work);
  }

  /** The current call, if any. */
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
    const socket = this.#openSocket(versionOf(self.ip), 0, id);
    this.#ownSockets.set(id, socket);
    this.#callManager.invite(performance.now(), id, { ...self, port: socket.port }, peer);
    this.#drain();
  }

  /** Withdraws this phone's invitation that has no answer yet, if there is one. No notice tells of it. */
  withdraw(): void {
    this.#callManager.withdraw(performance.now());
    this.#drain();
  }

  /**
   * Looks for the current call's peer, if the call has keys, at an address where it may be now: an authentic packet from this
   * phone shows it where to answer, and its answer shows where it is.
   */
  probe(ip: string): void {
    const call = this.current;
    if (call?.state !== "talking") return;
    const token = crypto.getRandomValues(new BigUint64Array(1))[0]!;
    this.#sendProbe(call, { kind: "challenge", token }, [{ ip, port: call.peer.port }]);
  }

  /** The callee, who has not answered yet, has this address now: answers are taken from there. */
  calleeAt(call: Call, to: Endpoint): void {
    this.#callManager.calleeAt(call, to);
  }

  /** The people in the room. @param askedAt As in the output that asked for them. */
  handleRoom(members: readonly Member[], askedAt: number): void {
    this.#callManager.handleRoom(performance.now(), members, askedAt);
    this.#drain();
  }

  /** Accepts the invitation that rings. */
  accept(): void {
    this.#callManager.accept(performance.now());
    this.#drain();
  }

  /** Refuses, withdraws or hangs up, by the current call's state. */
  hangUp(): void {
    this.#callManager.hangUp(performance.now());
    this.#drain();
  }

  /** Hands a call's voice packets to `port` from now on. Those from before are lost. */
  openVoice(call: Call, port: VoicePort): void {
    this.#voicePorts.set(call, port);
  }

  /** @returns Sends a voice packet of a call. A packet that cannot be sent is lost, as on any network. */
  voiceSender(call: Call): (datagram: Uint8Array<ArrayBuffer>) => void {
    const socket = this.#socketOf(call);
    const keyed = this.#keyedCall(call);
    if (!keyed) {
      const leaveFrom = this.#callManager.leavesFrom(call);
      return (datagram) => socket?.send(datagram, call.peer, undefined, leaveFrom);
    }
    const { sender, paths } = keyed;
    return (datagram) => {
      const sealed = sender.protect(datagram);
      const to = paths.destinations(performance.now(), sealed.length, SIGNALLING_RESERVE_BYTES);
      for (const each of to) socket?.send(sealed, each);
    };
  }

  /** This phone's own UDP port in a call; 0 if its socket is closed. */
  portOf(call: Call): number {
    return this.#socketOf(call)?.port ?? 0;
  }

  /** Hangs up, waits up to 1 s for the acknowledgement, and closes all sockets. */
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
    await Promise.all([this.#registered, ...this.#ownSockets.values()].map((socket) => socket.close()));
  }

  async #reopen(): Promise<void> {
    const version = this.#wantedVersion;
    if (this.#reopening || this.#closed || this.#version === version || !this.#callManager.idle) return;
    this.#reopening = true;
    const { port } = this.#registered;
    await this.#registered.close();
    this.#reopening = false;
    if (this.#closed) return;
    try {
      this.#registered = this.#openSocket(version, port, "registered");
      this.#version = version;
    } catch {
      this.#events.onPortTaken?.(port);
    }
  }

  #openSocket(version: 4 | 6, port: number, name: string | "registered"): UdpSocket {
    return this.#options.udp.open(version, port, (datagram, sender, arrivedAt) => {
      if (!this.#closed) this.#received(datagram, sender, name, arrivedAt);
    });
  }

  /** The socket of a call's voice; none once a call that this phone made is over. */
  #socketOf(call: Call): UdpSocket | undefined {
    return call.role === "caller" ? this.#ownSockets.get(call.id) : this.#registered;
  }

  /**
   * Sorts datagrams. Most of a flood ends here, so nothing is copied, decoded or compared without need.
   *
   * @param datagram Valid until it returns.
   */
  #received(
    datagram: Uint8Array,
    sender: Endpoint,
    socket: string | "registered",
    arrivedAt: string | undefined,
  ): void {
    const now = performance.now();
    const { current } = this.#callManager;
    const kind = this.#demux.judge(now, datagram, current, sender.ip);
    const taken = kind === "voice"
      ? this.#voiceReceived(now, current, datagram, sender, socket)
      : kind === "signalling" && this.#messageReceived(now, datagram, { ...sender, arrivedAt }, socket);
    if (taken) return;
    const flood = this.#demux.ignored(now);
    if (flood !== undefined) this.#events.onFlood(flood);
    if (this.#demux.flooded && current?.state === "talking") this.#raiseShield(current);
  }

  #raiseShield(call: Call): void {
    const socket = this.#socketOf(call);
    if (socket) this.#floodShield.raise(call, socket, this.#shielded(call));
  }

  #shielded(call: Call): ShieldedPeer {
    const keyed = this.#keyedCall(call);
    if (keyed) return { endpoints: keyed.paths.endpoints, streams: keyed.receiver.streams };
    const endpoints = [call.peer, this.#callManager.sourceOf(call)].filter((sender) => sender !== undefined);
    return { endpoints, streams: [] };
  }

  /** @returns Whether it was a message. */
  #messageReceived(
    now: number,
    datagram: Uint8Array,
    sender: Source,
    socket: string | "registered",
  ): boolean {
    const from = { ...sender, ip: canonicalIp(sender.ip) };
    this.#trace("received", from, datagram, socket);
    const parsed = parseCallMessage(datagram);
    if (!("message" in parsed) || !this.#answerable(parsed.message, from)) return false;
    this.#callManager.handleMessage(now, onLinkOf(from, parsed.message), from, socket);
    this.#drain();
    return true;
  }

  /** Whether an answer to a message goes to a phone: an invitation may name any address. */
  #answerable(message: CallMessage, from: Endpoint): boolean {
    if (message.tipo !== "convite") return true;
    const { ip, porta } = message;
    if (this.#version === 4 && ipVersion(ip) !== 4) return false;
    const own = this.#options.addresses?.() ?? [];
    const near = isLoopback(from.ip) || isOwnAddress(from.ip, own);
    const problem = unreachable({ ip, port: porta }, own, near);
    // Which network a link-local address is on shows where the invitation came from.
    return problem === undefined || problem.kind === "link_local_address";
  }

  /** @returns Whether it was voice of the current call. */
  #voiceReceived(
    now: number,
    call: Call | undefined,
    datagram: Uint8Array,
    sender: Endpoint,
    socket: string | "registered",
  ): boolean {
    if (call?.state !== "talking" || (call.role === "caller" ? call.id : "registered") !== socket) {
      return false;
    }
    const keyed = this.#keyedCall(call);
    const packet = keyed
      ? this.#decrypted(now, call, keyed, datagram, sender)
      : this.#plain(call, datagram, sender);
    if (!packet) return false;
    this.#callManager.handleVoice(now, call);
    // Only the notice that the peer is back needs the timer: setting it for each packet would waste time.
    if (this.#carryOutAll()) this.#drain();
    const probe = keyed && isRtcp(packet) ? parsePathProbe(packet) : undefined;
    if (probe) this.#handleProbe(now, call, keyed!, probe);
    this.#voicePorts.get(call)?.handleDatagram(packet);
    return true;
  }

  /** @returns A voice packet of a call without keys; undefined if it is from elsewhere than the peer's addresses. */
  #plain(call: Call, datagram: Uint8Array, sender: Endpoint): Uint8Array<ArrayBuffer> | undefined {
    const source = this.#callManager.sourceOf(call);
    const known = sameEndpoint(sender, call.peer) || source !== undefined && sameEndpoint(sender, source);
    return known ? datagram.slice() as Uint8Array<ArrayBuffer> : undefined;
  }

  /** @returns A voice packet of a call with keys; undefined if it is not authentic or came before. */
  #decrypted(
    now: number,
    call: Call,
    { paths, receiver }: KeyedCall,
    datagram: Uint8Array,
    sender: Endpoint,
  ): Uint8Array<ArrayBuffer> | undefined {
    const source = paths.handleSource(now, sender);
    if (source === "unknown" && !this.#demux.mayTry(now, receiver.knows(datagram))) return undefined;
    const newest = receiver.isNewest(datagram);
    const packet = receiver.unprotect(datagram);
    if (!packet) return undefined;
    paths.handlePacket(now, source === "unknown" ? canonical(sender) : sender, datagram.length, newest);
    if (source === "unknown") this.#floodShield.follow(call, this.#shielded(call));
    for (const output of paths.drain()) {
      if (output.kind === "moved") this.#callManager.movePeer(now, call, output.to);
      else this.#sendProbe(call, { kind: "challenge", token: output.token }, [output.to]);
    }
    return packet;
  }

  #handleProbe(now: number, call: Call, { paths }: KeyedCall, { kind, token }: PathProbe): void {
    if (kind === "response") paths.handleResponse(token);
    else this.#sendProbe(call, { kind: "response", token }, paths.destinations(now, CHALLENGE_BYTES));
  }

  #sendProbe(call: Call, probe: PathProbe, to: readonly Endpoint[]): void {
    const keyed = this.#keyedCall(call);
    const sealed = keyed?.sender.protect(encodePathProbe(keyed.ssrc, probe));
    if (sealed) { for (const each of to) this.#socketOf(call)?.send(sealed, each); }
  }

  /** @returns Undefined for a call without keys. */
  #keyedCall(call: Call): KeyedCall | undefined {
    const known = this.#keyedCalls.get(call);
    if (known || !call.keys) return known;
    const { outgoing, incoming } = call.keys;
    const { cipher } = this.#options;
    const keyed = {
      sender: new SrtpSender(outgoing, cipher),
      receiver: new SrtpReceiver(incoming, cipher),
      paths: new PeerPaths(call.peer),
      ssrc: crypto.getRandomValues(new Uint32Array(1))[0]!,
    };
    this.#keyedCalls.set(call, keyed);
    return keyed;
  }

  /** Carries out all decisions. @returns Whether there were any. */
  #carryOutAll(): boolean {
    let any = false;
    for (let outputs = this.#callManager.drain(); outputs.length > 0; outputs = this.#callManager.drain()) {
      for (const output of outputs) this.#carryOut(output);
      any = true;
    }
    return any;
  }

  /** Carries out all decisions, and sets the timer. */
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
      const { chamada, tipo } = output.message;
      const failed = (detail: SystemError) => this.#sendFailed(chamada, detail);
      const paths = output.call && this.#keyedCall(output.call)?.paths;
      for (const to of paths?.destinations(performance.now(), datagram.length) ?? [output.to]) {
        this.#trace("sent", to, datagram, output.socket);
        socket.send(datagram, to, tipo === "convite" ? failed : undefined, output.leaveFrom);
      }
      return;
    }
    if (output.kind === "release") {
      const socket = this.#ownSockets.get(output.call.id);
      this.#ownSockets.delete(output.call.id);
      socket?.close();
      this.#reopen();
    }
    if (output.kind === "forgotten") {
      const keyed = this.#keyedCalls.get(output.call);
      keyed?.sender.wipe();
      keyed?.receiver.wipe();
      return;
    }
    this.#events.onOutput(output);
  }

  #sendFailed(id: string, detail: SystemError): void {
    if (!LASTING.has(detail.kind)) return;
    // Not amid the output that the message was part of.
    queueMicrotask(() => {
      this.#callManager.handleSendFailure(performance.now(), id, detail);
      this.#drain();
    });
  }

  #trace(
    direction: Trace["direction"],
    { ip, port }: Endpoint,
    datagram: Uint8Array,
    socket: string | "registered",
  ): void {
    const call = this.#callManager.current;
    const current = call !== undefined && mentions(datagram, call.id);
    if (!current && !this.#traces.tryTake(performance.now())) {
      this.#untraced++;
      return;
    }
    const own = socket === "registered" ? this.#registered : this.#ownSockets.get(socket);
    const omitted = this.#untraced;
    this.#untraced = 0;
    const text = new TextDecoder().decode(datagram);
    this.#events.onTrace(
      { direction, transport: "UDP", peer: { ip, port }, text },
      { ownPort: own?.port ?? 0, bytes: datagram.length, current, omitted },
    );
  }
}

/** A message whose link-local address is on the link that it came by: only the receiver can tell (RFC 4007, section 6). */
function onLinkOf(from: Endpoint, message: CallMessage): CallMessage {
  const zone = zoneOf(from.ip);
  if (zone === "" || message.tipo !== "convite") return message;
  const { ip } = message;
  return ipVersion(ip) === 6 && isLinkLocal(ip) ? { ...message, ip: inZone(ip, zone) } : message;
}

function canonical({ ip, port }: Endpoint): Endpoint {
  return { ip: canonicalIp(ip), port };
}

function versionOf(ip: string): 4 | 6 {
  return ipVersion(ip) === 6 ? 6 : 4;
}
