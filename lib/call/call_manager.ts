/**
 * All calls of one phone: at most one active call, and those that are closing or in time-wait. Like {@linkcode Call} it
 * does no I/O and reads no clock.
 */

import { type Endpoint, maybeSameHost, networkOf, sameEndpoint, sameIp } from "../protocol/address.ts";
import { type CallMessage, MEDIA, type RejectReason } from "../protocol/call_messages.ts";
import { nameKey } from "../protocol/name.ts";
import type { SystemError } from "../util/system_error.ts";
import { Call, type CallNotice, type InvitationMessage, type Party } from "./call.ts";
import type { EncryptionPolicy } from "./encryption_policy.ts";
import { AmplificationLimit } from "./amplification_limit.ts";
import { WaitingInvitations } from "./crossing.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import { type Member, RoomMembers } from "./room_members.ts";
import { WaitingCallers } from "./waiting_callers.ts";

/** Most calls known at once; past it, the oldest ended or rejected ones are dropped before their time. */
export const MAX_KNOWN_CALLS = 256;

/**
 * Rejections of callers that have not validated their addresses of which the person is told, a second and at once: anybody can
 * make up any number of them.
 */
const TOLD_UNPROVED = { perSecond: 0.5, burst: 10 };

/** Output of a phone's calls. */
export type CallManagerOutput =
  /**
   * Send a message: from the caller's socket for this call, named by the call's `id`, or from the socket on the
   * registered port. With `call`, to that call's peer: at `to`, or where the peer is by now. With `leaveFrom`, from that
   * address of this machine.
   */
  | {
    readonly kind: "send";
    readonly socket: string | "registered";
    readonly to: Endpoint;
    readonly message: CallMessage;
    readonly call?: Call;
    readonly leaveFrom?: string | undefined;
  }
  | { readonly kind: "notice"; readonly call: Call; readonly notice: CallNotice }
  /** An invitation rings. */
  | { readonly kind: "invitation"; readonly call: Call }
  /** The phone rejected an invitation by itself, because the person is in another call. */
  | { readonly kind: "busy_rejected"; readonly name: string }
  /** The phone rejected an invitation by itself, because it offers no encryption and this phone requires it. */
  | { readonly kind: "unencrypted_rejected"; readonly name: string }
  /** The phone rejected an invitation by itself, because it is for a person of another name, `wanted`. */
  | { readonly kind: "misdirected_rejected"; readonly name: string; readonly wanted: string }
  /** Both phones invited each other; `call` is the one that remains. */
  | { readonly kind: "crossed"; readonly call: Call }
  /**
   * `aceito` came, and was ignored, from another address than the callee's: perhaps a listener's, or the callee's address has
   * changed while it rang. If the registry gives that address now, {@linkcode CallManager.calleeAt} takes the next repeat.
   */
  | { readonly kind: "answered_elsewhere"; readonly call: Call; readonly from: Endpoint }
  /**
   * It matters who is in the room and where: ask the registry, and give the list to {@linkcode CallManager.handleRoom} with this
   * time.
   */
  | { readonly kind: "room_wanted"; readonly askedAt: number }
  /** A call has ended: close its socket, if it has one. */
  | { readonly kind: "release"; readonly call: Call }
  /** An ended call is known no longer, and its keys are overwritten: overwrite what was derived from them. */
  | { readonly kind: "forgotten"; readonly call: Call };

/** Where a message came from. */
export interface Source extends Endpoint {
  /** The address of this machine that it came to, if known. */
  readonly arrivedAt?: string | undefined;
}

type Origin = Pick<Source, "ip" | "arrivedAt">;

/** The calls of one phone. */
export class CallManager {
  /** This person's registered name; while it is undefined, invitations for anybody ring. */
  name: string | undefined;
  readonly #policy: EncryptionPolicy;
  readonly #amplification = new AmplificationLimit();
  readonly #calls = new Map<string, Call>();
  /** Invitations that may cross the one of the current call. */
  readonly #crossing = new WaitingInvitations();
  /** Callers who may take the place of an invitation that rings unproved. */
  readonly #waiting = new WaitingCallers();
  readonly #members = new RoomMembers();
  readonly #toldUnproved = new TokenBucket(TOLD_UNPROVED.perSecond, TOLD_UNPROVED.burst);
  /** Calls whose latest answer the amplification limit has held back. */
  readonly #held = new WeakSet<Call>();
  /** Calls to whose unvalidated address something was sent. */
  readonly #answered = new WeakSet<Call>();
  /** Calls of invitations that came from another address than they name. */
  readonly #fromElsewhere = new WeakSet<Call>();
  /** Where peers send from: callers who have proved that they receive at the address that they named; callees. */
  readonly #sources = new WeakMap<Call, Endpoint>();
  /** Where invitations came to, of this machine's addresses. */
  readonly #arrivals = new WeakMap<Call, string>();
  readonly #released = new WeakSet<Call>();
  #current: Call | undefined;
  #output: CallManagerOutput[] = [];

  constructor(policy: EncryptionPolicy) {
    this.#policy = policy;
  }

  /** The active call, if there is one. */
  get current(): Call | undefined {
    return this.#current?.active ? this.#current : undefined;
  }

  /** When {@linkcode CallManager.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    let at = Math.min(this.#crossing.dueAt, this.#waiting.dueAt, this.#members.askAt);
    for (const call of this.#calls.values()) at = Math.min(at, call.wakeAt, call.forgetAt);
    return at;
  }

  /** Whether all calls have ended, so that the phone can exit. */
  get idle(): boolean {
    for (const call of this.#calls.values()) if (call.state !== "ended") return false;
    return true;
  }

  /** Number of known calls, ended ones included. */
  get size(): number {
    return this.#calls.size;
  }

  /** Takes all output, in order. */
  drain(): CallManagerOutput[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /**
   * Invites a person. There must be no active call.
   *
   * @param id A random call identifier.
   * @param self This person, and the address of the socket opened for this call.
   * @param peer The callee, from the registry.
   */
  invite(now: number, id: string, self: Party, peer: Party): Call {
    const call = Call.invite(now, id, self, peer, this.#policy);
    this.#add(now, call);
    this.#current = call;
    this.#collect(now, call);
    return call;
  }

  /**
   * Takes a signalling message.
   *
   * @param from Its source address.
   * @param socket The socket that it came to: a call's own, by the call's `id`, or the one on the registered port.
   */
  handleMessage(now: number, message: CallMessage, from: Source, socket: string | "registered"): void {
    const call = this.#calls.get(message.chamada);
    if (call) {
      // Hosts with several addresses may name one and send from another.
      const isSource = call.awaitsAnswer
        ? from.port === call.peer.port && maybeSameHost(from.ip, call.peer.ip)
        : call.echoesToken(message);
      if (isSource) this.#sources.set(call, from);
      const source = this.#sources.get(call);
      const fromPeer = sameEndpoint(from, call.peer) || source !== undefined && sameEndpoint(from, source);
      if (!fromPeer && call.awaitsAnswer && "resposta" in message && message.resposta === "aceito") {
        this.#output.push({ kind: "answered_elsewhere", call, from });
      }
      call.handleMessage(now, message, fromPeer);
      this.#collect(now, call, from);
      if (call.role === "callee" && call.addressValidated) this.#validated(now, call);
      this.#settleWaiting(now);
    } else if (message.tipo === "convite") {
      this.#handleInvitation(now, message, from);
    } else if (message.tipo === "encerrar_ligação") {
      // A goodbye of an unknown call is acknowledged, so that its sender stops retransmitting.
      const { chamada } = message;
      this.#crossing.delete(chamada);
      this.#reply(now, socket, from, { tipo: "ligação_encerrada", chamada }, from.arrivedAt);
      this.#add(now, Call.alreadyEnded(now, chamada, { name: "", ...from }));
    }
    this.#askForRoom(now);
  }

  /**
   * The address of this machine that a call's datagrams leave from, if it has to be a certain one: the caller waits for those of
   * the address that it has invited. With keys, the peer takes them from everywhere.
   */
  leavesFrom(call: Call): string | undefined {
    return call.keys ? undefined : this.#arrivals.get(call);
  }

  /** The address that the peer of a call sends from, if that is known; perhaps the one that it is sent to. */
  sourceOf(call: Call): Endpoint | undefined {
    return this.#sources.get(call);
  }

  /** The system could not send a message of a call. */
  handleSendFailure(now: number, id: string, detail: SystemError): void {
    const call = this.#calls.get(id);
    if (!call) return;
    call.handleSendFailure(now, detail);
    this.#collect(now, call);
  }

  /** Takes note of a voice packet or report of a call. */
  handleVoice(now: number, call: Call): void {
    call.handleVoice(now);
    this.#collect(now, call);
  }

  /** Takes the people in the room, by the registry. @param askedAt As in the output that asked for them. */
  handleRoom(now: number, members: readonly Member[], askedAt: number): void {
    this.#members.handleList(members, askedAt);
    for (const call of this.#calls.values()) if (this.#isMember(call)) this.#repeatHeld(now, call);
    this.#settleWaiting(now);
  }

  /** The callee, who has not answered yet, has another address now, by the registry. */
  calleeAt(call: Call, to: Endpoint): void {
    if (call.awaitsAnswer) call.calleeAt(to);
  }

  /** The peer of a call with keys is at another address now: its packets have shown that. */
  movePeer(now: number, call: Call, to: Endpoint): void {
    call.movePeer(to);
    this.#collect(now, call);
  }

  /** The person accepts the ringing invitation. */
  accept(now: number): void {
    this.#withActive(now, (call) => call.accept(now));
  }

  /** The person refuses, withdraws or hangs up the active call. */
  hangUp(now: number): void {
    this.#withActive(now, (call) => call.hangUp(now));
  }

  /** Withdraws this phone's invitation that has no answer yet, if there is one, without a notice. */
  withdraw(now: number): void {
    this.#withActive(now, (call) => call.withdraw(now));
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    for (const call of this.#calls.values()) {
      if (call.wakeAt <= now) {
        call.tick(now);
        this.#collect(now, call);
      }
    }
    for (const invitation of this.#crossing.takeDue(now)) this.#rejectAsBusy(now, invitation);
    for (const call of this.#waiting.due(now)) this.#rejectWaiting(now, call);
    this.#settleWaiting(now);
    this.#askForRoom(now);
    this.#expire(now);
  }

  #askForRoom(now: number): void {
    if (this.#members.takeQuestion(now)) this.#output.push({ kind: "room_wanted", askedAt: now });
  }

  /** Drops the count of an address, and sends what it has held back, as far as the next count allows. */
  #validated(now: number, { peer, peerKey }: Call): void {
    this.#amplification.validated(peer, peerKey);
    const network = networkOf(peer.ip);
    for (const call of this.#calls.values()) {
      if (networkOf(call.peer.ip) === network) this.#repeatHeld(now, call);
    }
  }

  #repeatHeld(now: number, call: Call): void {
    if (!this.#held.has(call)) return;
    call.repeatAnswer();
    this.#collect(now, call);
  }

  #withActive(now: number, action: (call: Call) => void): void {
    const call = this.current;
    if (!call) return;
    action(call);
    this.#collect(now, call);
    this.#settleWaiting(now);
  }

  /** Lets a caller who waits ring, if the person is free, or the invitation that rings may be forged or repeated. */
  #settleWaiting(now: number): void {
    const callers = this.#waiting.all;
    if (callers.length === 0) return;
    const { current } = this;
    const mayRing = (call: Call) =>
      !current || current.unproved
        ? "yes"
        : isRepeated(current, call.peerKey)
        ? this.#isSame(current, call)
        : "no";
    for (const call of callers) if (mayRing(call) === "no") this.#rejectWaiting(now, call);
    // Phones of an older protocol prove nothing; they ring when nobody else does.
    const next =
      callers.find((call) => this.#waiting.has(call) && call.addressValidated && mayRing(call) === "yes") ??
        (current ? undefined : callers[0]);
    if (!next) return;
    if (current) {
      // Of the same name, it is the same person, who has another address or has started the phone again.
      const repeated = isRepeated(current, next.peerKey);
      current.giveWay(now, repeated ? "sem_resposta" : "ocupado");
      this.#collect(now, current);
      if (!repeated) this.#tell(now, current, { kind: "busy_rejected", name: current.peer.name });
    }
    this.#waiting.delete(next);
    this.#current = next;
    this.#output.push({ kind: "invitation", call: next });
    this.#settleWaiting(now);
  }

  /**
   * Whether an invitation of the same name is that of the person who rings: its phone started again, or has another address by
   * the registry. Anybody may use the name.
   */
  #isSame(current: Call, call: Call): "yes" | "no" | "unknown" {
    if (!call.addressValidated) return "unknown";
    if (sameIp(current.peer.ip, call.peer.ip) || this.#isMember(call)) return "yes";
    if (this.#members.isSince(this.#waiting.since(call))) return "no";
    this.#members.want();
    return "unknown";
  }

  /** Whether the caller has the name and the address of a person in the room, by the latest list. */
  #isMember(call: Call): boolean {
    return this.#members.has(call.peerKey, call.peer.ip);
  }

  #rejectWaiting(now: number, call: Call): void {
    this.#waiting.delete(call);
    call.rejectAsBusy(now);
    if (!this.#collect(now, call)) return;
    this.#tell(now, call, { kind: "busy_rejected", name: call.peer.name });
  }

  /** Tells the person of a rejected call, unless there are too many that may be made up. */
  #tell(now: number, call: Call | undefined, output: CallManagerOutput): void {
    if (call?.addressValidated || this.#toldUnproved.tryTake(now)) this.#output.push(output);
  }

  #handleInvitation(now: number, invitation: InvitationMessage, from: Source): void {
    const { nome, midia, destino, compromisso } = invitation;
    const current = this.current;
    const reject = (reason: RejectReason): boolean => this.#reject(now, invitation, from, reason);
    if (destino !== undefined && this.name !== undefined && nameKey(destino) !== nameKey(this.name)) {
      if (reject("outra_pessoa")) {
        this.#tell(now, undefined, { kind: "misdirected_rejected", name: nome, wanted: destino });
      }
    } else if (midia !== MEDIA) {
      reject("recusado");
    } else if (compromisso === undefined && this.#policy.encryption === "required") {
      // Where the amplification limit stops the answer, the person need not know either.
      if (reject("sem_cifra")) this.#tell(now, undefined, { kind: "unencrypted_rejected", name: nome });
    } else if (!current) {
      const call = Call.ring(now, invitation, this.#policy);
      this.#output.push({ kind: "invitation", call });
      this.#current = call;
      this.#answer(now, call, from);
    } else if (current.unproved || isRepeated(current, nameKey(nome))) {
      const newToken = () => this.#waiting.tokenOf(invitation, this.#policy.newToken);
      const call = Call.ring(now, invitation, { ...this.#policy, newToken });
      const forgotten = this.#waiting.add(now, call);
      if (forgotten) this.#forget(forgotten);
      this.#answer(now, call, from);
      this.#settleWaiting(now);
    } else if (current.mayBeCrossedBy(invitation, from)) {
      this.#handleCrossing(now, current, invitation, from);
    } else {
      this.#rejectAsBusy(now, invitation, from);
    }
  }

  /** Glare: both phones keep the invitation with the smaller identifier, so both keep the same one. */
  #handleCrossing(now: number, current: Call, invitation: InvitationMessage, { arrivedAt }: Source): void {
    const { chamada, nome, ip, porta } = invitation;
    current.proveCrossing(invitation);
    this.#collect(now, current);
    if (!current.isCrossedBy(invitation)) return this.#crossing.add(now, invitation);
    this.#crossing.delete(chamada);
    if (current.id < chamada) {
      // The peer withdraws its own invitation; known as ended, a retransmission of it does not ring.
      this.#add(now, Call.alreadyEnded(now, chamada, { name: nome, ip, port: porta }));
      this.#output.push({ kind: "crossed", call: current });
    } else {
      current.withdraw(now);
      this.#collect(now, current);
      const call = Call.acceptAtOnce(now, invitation, this.#policy);
      this.#output.push({ kind: "crossed", call });
      this.#current = call;
      this.#answer(now, call, { ip, arrivedAt });
    }
  }

  /**
   * The call that invitations may cross has its answer, or is over. If the callee has answered, it has withdrawn its own; if
   * not, it repeats it, and it rings.
   */
  #endCrossing(now: number, call: Call): void {
    for (const { chamada, nome, ip, porta } of this.#crossing.takeAll()) {
      if (call.state !== "talking") continue;
      this.#add(now, Call.alreadyEnded(now, chamada, { name: nome, ip, port: porta }));
    }
  }

  #rejectAsBusy(
    now: number,
    invitation: InvitationMessage,
    from: Origin = invitation,
  ): void {
    if (!this.#reject(now, invitation, from, "ocupado")) return;
    this.#tell(now, undefined, { kind: "busy_rejected", name: invitation.nome });
  }

  /** @returns See {@linkcode CallManager.#collect}. */
  #reject(
    now: number,
    invitation: InvitationMessage,
    from: Origin,
    reason: RejectReason,
  ): boolean {
    return this.#answer(now, Call.rejectAtOnce(now, invitation, this.#policy, reason), from);
  }

  /** Adds the call of a new invitation. @returns See {@linkcode CallManager.#collect}. */
  #answer(now: number, call: Call, from: Origin = call.peer): boolean {
    if (!sameIp(from.ip, call.peer.ip)) this.#fromElsewhere.add(call);
    if (from.arrivedAt !== undefined) this.#arrivals.set(call, from.arrivedAt);
    this.#add(now, call);
    return this.#collect(now, call);
  }

  #add(now: number, call: Call): void {
    this.#expire(now);
    this.#calls.set(call.id, call);
    for (const old of this.#calls.values()) {
      if (this.#calls.size <= MAX_KNOWN_CALLS) break;
      if (old.state === "ended" || old.state === "rejecting") this.#forget(old);
    }
  }

  #expire(now: number): void {
    for (const call of this.#calls.values()) if (call.forgetAt <= now) this.#forget(call);
  }

  #forget(call: Call): void {
    this.#calls.delete(call.id);
    if (this.#current === call) this.#current = undefined;
    call.wipe();
    this.#output.push({ kind: "forgotten", call });
  }

  /** Sends a reply where the message came from, which is not the call's address. */
  #reply(
    now: number,
    socket: string | "registered",
    to: Endpoint,
    message: CallMessage,
    leaveFrom: string | undefined,
  ): void {
    if (this.#amplification.take(now, to)) {
      this.#output.push({ kind: "send", socket, to, message, leaveFrom });
    }
  }

  #maySend(now: number, call: Call): boolean {
    const back = !this.#fromElsewhere.has(call);
    if (call.addressValidated) return true;
    const member = back && this.#isMember(call);
    const may = this.#amplification.take(now, call.peer, back) ||
      member && this.#amplification.takeForMember(now, call.peerKey);
    if (may) this.#answered.add(call);
    // Others have used up what there is for its address.
    else if (back && !member && !this.#answered.has(call)) this.#members.want();
    return may;
  }

  /**
   * Passes on the output of a call.
   *
   * @param from The source of the message that it responds to, if any.
   * @returns Whether the amplification limit let all its messages pass.
   */
  #collect(now: number, call: Call, from: Endpoint = call.peer): boolean {
    const socket = call.role === "caller" ? call.id : "registered";
    let allSent = true;
    if (call === this.#current && call.role === "caller" && !call.awaitsAnswer) this.#endCrossing(now, call);
    for (const output of call.drain()) {
      if (output.kind === "notice") {
        if (this.#waiting.has(call)) continue;
        this.#output.push({ kind: "notice", call, notice: output.notice });
      } else if (this.#maySend(now, call)) {
        this.#held.delete(call);
        const { message } = output;
        this.#output.push({
          kind: "send",
          socket,
          to: call.peer,
          message,
          call,
          leaveFrom: this.leavesFrom(call),
        });
      } else {
        allSent = false;
        this.#held.add(call);
      }
      // A peer whose address has changed since its last voice says goodbye from another one, and a callee's may change while
      // it rings.
      if (
        output.kind === "send" && !sameEndpoint(from, call.peer) &&
        (call.role === "caller" || output.message.tipo === "ligação_encerrada")
      ) this.#reply(now, socket, from, output.message, this.leavesFrom(call));
    }
    if (call.state === "ended" && !this.#released.has(call)) {
      this.#released.add(call);
      this.#output.push({ kind: "release", call });
    }
    return allSent;
  }
}

/** Whether an invitation comes from the very person whose earlier one rings. */
function isRepeated(current: Call, callersKey: string): boolean {
  return current.state === "ringing" && current.peerKey === callersKey;
}
