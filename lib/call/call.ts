/**
 * The state machine of one call, from invitation to goodbye. It does no I/O and reads no clock: it takes messages,
 * voice, commands and the time, and gives messages to send, notices for the person, and {@linkcode Call.wakeAt}.
 *
 * One rule: after every input, drain all output and read `wakeAt` again.
 *
 * ```text
 *           inviting ──tocando──▶ proceeding          ringing ──accept──▶ accepting
 *               │                     │                  │                    │
 *               └──────aceito─────────┤                  │ reject        confirmação
 *                                     ▼                  ▼                    ▼
 *                                  talking           rejecting             talking
 *                                     │                  │                    │
 *                                     └─────▶ closing ───┴──▶ ended ◀─────────┘
 *                                              the caller │ the callee
 * ```
 *
 * Its parts: `retransmission.ts`, `peer_liveness.ts` and, for keys and address validation, `call_security.ts`.
 */

import { type Endpoint, maybeSameHost, sameIp } from "../protocol/address.ts";
import { type Answer, type CallMessage, MEDIA, type RejectReason } from "../protocol/call_messages.ts";
import { nameKey } from "../protocol/name.ts";
import { CallSecurity } from "./call_security.ts";
import { crossingProof, provesCrossing } from "./crossing.ts";
import type { CallKeys, Side } from "./key_exchange.ts";
import type { SystemError } from "../util/system_error.ts";
import type { EncryptionPolicy } from "./encryption_policy.ts";
import { PEER_SILENT_MS, PeerLiveness } from "./peer_liveness.ts";
import { Retransmission } from "./retransmission.ts";

type Message<Type extends CallMessage["tipo"]> = CallMessage & { readonly tipo: Type };

/** An invitation as it came. */
export type InvitationMessage = Message<"convite">;

/** The states of a call; the first two are the caller's, the next three the callee's. */
export type CallState =
  /** Invited, no answer yet. */
  | "inviting"
  /** The callee's phone rings. */
  | "proceeding"
  /** This phone rings. */
  | "ringing"
  /** The person accepted; the caller has not confirmed yet. */
  | "accepting"
  /** The call was rejected; the caller has not confirmed yet. */
  | "rejecting"
  /** Voice flows. */
  | "talking"
  /** This phone said goodbye, without acknowledgement yet. The person is free for another call. */
  | "closing"
  /** Over. The call stays known for {@linkcode TIME_WAIT_MS}. */
  | "ended";

/** One end of a call: a person, and the address that takes this call's datagrams. */
export interface Party extends Endpoint {
  readonly name: string;
}

/** A notice for the person. */
export type CallNotice =
  | { readonly kind: "ringing" }
  | { readonly kind: "started" }
  | { readonly kind: "rejected"; readonly reason: RejectReason }
  | { readonly kind: "no_answer" }
  /** The system cannot send to the callee's address, so the invitation is given up. */
  | { readonly kind: "unreachable"; readonly detail: SystemError }
  /** This phone requires encryption and the callee's has none, so it gave the call up. */
  | { readonly kind: "not_encrypted" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "missed" }
  | { readonly kind: "refused" }
  | { readonly kind: "peer_silent"; readonly seconds: number }
  | { readonly kind: "peer_back" }
  /** The peer has another address, and the call goes on there. */
  | { readonly kind: "peer_moved"; readonly to: Endpoint }
  | { readonly kind: "ended"; readonly end: "hung_up" | "peer_hung_up" | "peer_lost" };

/** Output of a call. */
export type CallOutput =
  | { readonly kind: "send"; readonly message: CallMessage }
  | { readonly kind: "notice"; readonly notice: CallNotice };

/** An invitation, answer or goodbye without reply times out (as timers B, F and H of RFC 3261 do after 32 s). */
export const TRANSACTION_TIMEOUT_MS = 10_000;

/** An invitation rings for this time, then the phone rejects it. */
export const RINGING_TIMEOUT_MS = 30_000;

/** An ended call stays known, so that late messages are answered and a late invitation does not ring (as in TCP). */
export const TIME_WAIT_MS = 60_000;

/** One call of one phone. */
export class Call {
  /** `chamada` on the wire. */
  readonly id: string;
  readonly role: Side;

  readonly #security: CallSecurity;
  readonly #retransmission = new Retransmission();
  readonly #liveness = new PeerLiveness();
  #peer: Party;
  #peerKey: string | undefined;
  #state: CallState;
  /** When the present state times out; in `talking` that depends on the peer's packets instead. */
  #deadline: number;
  #output: CallOutput[] = [];
  /** The caller's invitation, without the token that it may have to echo. */
  #invitation: InvitationMessage | undefined;
  /** The callee's answer, repeated for each retransmission of the invitation. */
  #answer: Answer | undefined;
  /** The proof that the peer's invitation came, while both invite each other. */
  #crossingProof: string | undefined;
  /** Whether a packet came that the peer encrypted, so that it must have the keys. */
  #peerHasKeys = false;

  private constructor(
    id: string,
    peer: Party,
    security: CallSecurity,
    role: Side,
    state: CallState,
    deadline: number,
  ) {
    this.id = id;
    this.role = role;
    this.#peer = peer;
    this.#security = security;
    this.#state = state;
    this.#deadline = deadline;
  }

  /**
   * The caller's side of a new call.
   *
   * @param now Milliseconds of a monotonic clock, here and in all other methods.
   * @param id A random call identifier.
   * @param self The caller, and the address for answers and voice.
   * @param peer The callee, from the registry.
   */
  static invite(now: number, id: string, self: Party, peer: Party, policy: EncryptionPolicy): Call {
    const invitation = { chamada: id, nome: self.name, midia: MEDIA };
    const security = CallSecurity.offer(invitation, policy);
    const call = new Call(id, peer, security, "caller", "inviting", now + TRANSACTION_TIMEOUT_MS);
    const { commitment } = security;
    call.#invitation = {
      tipo: "convite",
      ...invitation,
      ip: self.ip,
      porta: self.port,
      destino: peer.name,
      ...(commitment === undefined ? {} : { compromisso: commitment }),
    };
    call.#sendUntilAnswered(now, () => call.#buildInvitation());
    return call;
  }

  /** The callee's side of an invitation that rings. */
  static ring(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const call = Call.#invited(now, invitation, policy);
    call.#send(call.#buildRinging());
    return call;
  }

  /** The callee's side of an invitation that the phone accepts by itself. */
  static acceptAtOnce(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const call = Call.#invited(now, invitation, policy);
    call.accept(now);
    return call;
  }

  /** The callee's side of an invitation that the phone rejects by itself. */
  static rejectAtOnce(
    now: number,
    invitation: InvitationMessage,
    policy: EncryptionPolicy,
    reason: RejectReason,
  ): Call {
    const call = Call.#invited(now, invitation, { ...policy, encryption: "off" });
    call.#reject(now, reason);
    return call;
  }

  /** A call known only by its goodbye: should its invitation come later, it does not ring. */
  static alreadyEnded(now: number, id: string, peer: Party): Call {
    const call = new Call(id, peer, new CallSecurity("callee"), "callee", "ringing", now);
    call.#end(now);
    return call;
  }

  static #invited(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const { chamada, nome, ip, porta } = invitation;
    const caller = { name: nome, ip, port: porta };
    const security = CallSecurity.answer(invitation, policy);
    security.handleToken(invitation);
    return new Call(chamada, caller, security, "callee", "ringing", now + RINGING_TIMEOUT_MS);
  }

  /** The other person, and the address that this call's datagrams go to. */
  get peer(): Party {
    return this.#peer;
  }

  /** The key of the other person's name. */
  get peerKey(): string {
    return this.#peerKey ??= nameKey(this.#peer.name);
  }

  get state(): CallState {
    return this.#state;
  }

  /** Whether the person is busy with this call: no other one may ring or be made. */
  get active(): boolean {
    return this.#state !== "rejecting" && this.#state !== "closing" && this.#state !== "ended";
  }

  /** The keys of an encrypted call: present from the notice `started` on, and then never changed. */
  get keys(): CallKeys | undefined {
    return this.#security.keys;
  }

  /** See {@linkcode CallSecurity.addressValidated}. */
  get addressValidated(): boolean {
    return this.#security.addressValidated;
  }

  /** When {@linkcode Call.tick} wants to be called; `Infinity` for never. */
  get wakeAt(): number {
    const silentAt = this.#state === "talking" ? this.#liveness.silentAt : Infinity;
    return Math.min(this.#timeoutAt, this.#retransmission.wakeAt, silentAt);
  }

  /** When an ended call is past {@linkcode TIME_WAIT_MS}; `Infinity` before it has ended. */
  get forgetAt(): number {
    return this.#state === "ended" ? this.#deadline : Infinity;
  }

  /** Overwrites the keys of a call that need not be known any more. */
  wipe(): void {
    this.keys?.wipe();
  }

  /** Whether an invitation rings or was accepted whose address nobody has validated: it may be forged. */
  get unproved(): boolean {
    return (this.#state === "ringing" || this.#state === "accepting") && !this.addressValidated;
  }

  /** Whether this phone has invited and has no answer yet. */
  get awaitsAnswer(): boolean {
    return this.#state === "inviting" || this.#state === "proceeding";
  }

  /** Takes all output, in order. */
  drain(): CallOutput[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /**
   * Takes a message of this call.
   *
   * @param fromPeer Whether its source is {@linkcode Call.peer}, or another address of that host that it has proved.
   */
  handleMessage(now: number, message: CallMessage, fromPeer: boolean): void {
    // A listener without the callee's address must not answer in the callee's place. A rejection counts from anywhere, as from
    // a host with several addresses.
    const rejection = message.tipo === "resposta_ao_convite" && message.resposta === "rejeitado";
    if (this.awaitsAnswer && !fromPeer && !rejection) return;
    // In an encrypted call only voice shows that the peer lives: an attacker can replay messages.
    // Without encryption an attacker could send them from anywhere, to keep voice flowing to somebody else.
    if (!this.keys && fromPeer) this.#markAlive(now);
    if (this.role === "callee" || fromPeer) this.#security.handleToken(message);
    switch (message.tipo) {
      case "convite":
        return this.#handleInvitation();
      case "tocando":
        return this.#handleRinging(now, message);
      case "resposta_ao_convite":
        return message.resposta === "aceito"
          ? this.#handleAccepted(now, message.chave)
          : this.#handleRejected(now, message.motivo);
      case "confirmação":
        return this.#handleConfirmation(now, message, fromPeer);
      case "encerrar_ligação":
        return this.#handleGoodbye(now, message);
      case "ligação_encerrada":
        if (this.#state === "closing" && this.#security.verifyGoodbyeAck(message)) this.#end(now);
        return;
    }
  }

  /** At the callee: whether a message of this call echoes the token that this phone sent to the peer's address. */
  echoesToken(message: CallMessage): boolean {
    return this.#security.echoesToken(message);
  }

  /** Sends the answer again that the amplification limit has held back. */
  repeatAnswer(): void {
    this.#handleInvitation();
  }

  /** Takes note of a voice packet or report of this call; of an authentic one, if the call is encrypted. */
  handleVoice(now: number): void {
    this.#peerHasKeys = this.keys !== undefined;
    // The callee sends voice only after the confirmation.
    if (this.#state === "talking") this.#retransmission.stop();
    this.#markAlive(now);
  }

  /** The peer is at another address now. */
  movePeer(to: Endpoint): void {
    this.#peer = { ...this.#peer, ...to };
    this.#notice({ kind: "peer_moved", to });
  }

  /** The callee's address has changed before its answer. The person is not told, since the call begins with it. */
  calleeAt(to: Endpoint): void {
    this.#peer = { ...this.#peer, ip: to.ip, port: to.port };
  }

  /** The person accepts. Changes nothing in other states than `ringing`. */
  accept(now: number): void {
    if (this.#state !== "ringing") return;
    this.#enter("accepting", now + TRANSACTION_TIMEOUT_MS);
    this.#sendAnswer(now, { resposta: "aceito" });
  }

  /** The person withdraws, refuses or ends the call, depending on its state. */
  hangUp(now: number): void {
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        this.#notice({ kind: "cancelled" });
        return this.#close(now);
      case "ringing":
        this.#notice({ kind: "refused" });
        return this.#reject(now, "recusado");
      case "accepting":
      case "talking":
        this.#notice({ kind: "ended", end: "hung_up" });
        return this.#close(now);
    }
  }

  /**
   * Whether an invitation may be from the very person whom this phone is inviting: it has the name and, as source and as
   * `ip`, the address that the registry gave. {@linkcode Call.isCrossedBy} tells whether it is.
   */
  mayBeCrossedBy({ nome, ip }: InvitationMessage, from: Endpoint): boolean {
    return this.awaitsAnswer && this.peerKey === nameKey(nome) &&
      sameIp(this.#peer.ip, ip) && maybeSameHost(this.#peer.ip, from.ip);
  }

  /** Whether an invitation proves that its sender has received this phone's. */
  isCrossedBy(invitation: InvitationMessage): boolean {
    return this.#invitation !== undefined && provesCrossing(invitation, this.#invitation);
  }

  /** Shows the peer that its invitation has come: sends this phone's again, with the proof. */
  proveCrossing(invitation: InvitationMessage): void {
    if (!this.#invitation || !this.awaitsAnswer) return;
    this.#crossingProof = crossingProof(this.#invitation, invitation);
    this.#send(this.#buildInvitation());
  }

  /** Withdraws an invitation in favour of another one, the peer's or this phone's, without a notice. */
  withdraw(now: number): void {
    if (this.awaitsAnswer) this.#close(now);
  }

  /** The person is busy with another call: rejects an invitation that rings without the person's knowledge. */
  rejectAsBusy(now: number): void {
    if (this.#state === "ringing") this.#reject(now, "ocupado");
  }

  /**
   * Leaves the person to another caller.
   *
   * @param reason For the caller, who may still be there.
   */
  giveWay(now: number, reason: RejectReason): void {
    this.#notice({ kind: "withdrawn" });
    if (this.#state === "ringing") this.#reject(now, reason);
    else this.#close(now);
  }

  /**
   * The system could not send a message. Only an invitation without any answer ends by that: a call that goes on outlasts
   * the loss of a route for a moment.
   */
  handleSendFailure(now: number, detail: SystemError): void {
    if (this.#state !== "inviting") return;
    this.#notice({ kind: "unreachable", detail });
    this.#end(now);
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    if (now >= this.#timeoutAt) return this.#handleTimeout(now);
    if (this.#state === "talking" && this.#liveness.tick(now)) {
      this.#notice({ kind: "peer_silent", seconds: PEER_SILENT_MS / 1000 });
    }
    const message = this.#retransmission.tick(now);
    if (message) this.#send(message);
  }

  #markAlive(now: number): void {
    if (this.#liveness.handlePacket(now) && this.#state === "talking") this.#notice({ kind: "peer_back" });
  }

  get #timeoutAt(): number {
    if (this.#state === "talking") return this.#liveness.lostAt;
    // The call manager forgets an ended call.
    return this.#state === "ended" ? Infinity : this.#deadline;
  }

  #handleTimeout(now: number): void {
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        // A phone that invites this one, and cannot tell that the invitations cross, answers nothing.
        this.#notice(
          this.#crossingProof === undefined ? { kind: "no_answer" } : { kind: "rejected", reason: "ocupado" },
        );
        return this.#close(now);
      case "ringing":
        this.#notice({ kind: "missed" });
        return this.#reject(now, "sem_resposta");
      case "accepting":
        this.#notice({ kind: "withdrawn" });
        return this.#close(now);
      case "talking":
        this.#notice({ kind: "ended", end: "peer_lost" });
        return this.#close(now);
      case "rejecting":
      case "closing":
        return this.#end(now);
    }
  }

  /** A retransmitted invitation: the callee's response was lost. */
  #handleInvitation(): void {
    if (this.role === "caller") return;
    if (this.#state === "ringing") {
      this.#send(this.#buildRinging());
    } else if (this.#answer && (this.#state === "accepting" || this.#answer.resposta === "rejeitado")) {
      this.#send(this.#buildAnswer(this.#answer));
    }
  }

  #handleRinging(now: number, { prova }: Message<"tocando">): void {
    if (this.#state === "inviting") {
      this.#enter("proceeding", now + RINGING_TIMEOUT_MS + TRANSACTION_TIMEOUT_MS);
      this.#notice({ kind: "ringing" });
      // Echo the token: the callee validates the address that the invitation names.
      if (prova !== undefined) this.#sendUntilAnswered(now, () => this.#buildInvitation());
    } else if (this.#state === "proceeding" && prova === undefined) {
      this.#retransmission.stop();
    }
  }

  /** @param publicKey The callee's. */
  #handleAccepted(now: number, publicKey: string | undefined): void {
    if (this.role === "callee") return;
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        switch (this.#security.handleAccepted(publicKey)) {
          case "invalid_key":
            return;
          case "unencrypted_refused":
            this.#notice({ kind: "not_encrypted" });
            return this.#close(now);
        }
        this.#start(now);
        this.#sendUntilAnswered(now, () => this.#buildConfirmation());
        return;
      case "talking": // The confirmation was lost.
        if (this.#security.isAcceptedKey(publicKey)) this.#send(this.#buildConfirmation());
        return;
      case "ended": // The answer came after this phone gave up.
        return this.#send(this.#buildGoodbye());
    }
  }

  #handleRejected(now: number, reason: RejectReason): void {
    if (this.role === "callee" || this.#state === "talking" || this.keys) return;
    this.#send(this.#buildConfirmation());
    if (this.awaitsAnswer) {
      this.#notice({ kind: "rejected", reason });
      this.#end(now);
    } else if (this.#state === "closing") {
      this.#end(now);
    }
  }

  #handleConfirmation(now: number, message: Message<"confirmação">, fromPeer: boolean): void {
    if (this.role === "caller") return;
    if (this.#state === "rejecting") return this.#end(now);
    if (this.#answer?.resposta !== "aceito") return;
    const hadKeys = this.keys !== undefined;
    const sourceValidates = this.#state === "accepting" && fromPeer;
    if (!this.#security.handleConfirmation(message, sourceValidates)) return;
    if (this.#state === "accepting") {
      this.#start(now);
    } else if (this.#state === "closing" && !hadKeys && this.keys) {
      // With the new keys the goodbye carries a MAC, and the caller takes it.
      this.#sendUntilAnswered(now, () => this.#buildGoodbye());
    } else if (this.#state === "ended" && (this.keys || fromPeer || this.echoesToken(message))) {
      // The caller takes the call for established; this phone has ended it. (Without keys, from elsewhere, it may be somebody
      // who has others flooded.)
      this.#send(this.#buildGoodbye());
    }
  }

  #handleGoodbye(now: number, message: Message<"encerrar_ligação">): void {
    if (!this.#security.handleGoodbye(message)) {
      // The callee hung up before it had keys. The confirmation gives it them, and then its goodbye can have a MAC.
      if (this.role === "caller" && this.#state === "talking" && !this.#peerHasKeys) {
        this.#send(this.#buildConfirmation());
      }
      return;
    }
    this.#send({
      tipo: "ligação_encerrada",
      chamada: this.id,
      ...this.#security.macField("ligação_encerrada"),
    });
    switch (this.#state) {
      case "inviting": // From a callee that does not reject, which comes to the same.
      case "proceeding":
        this.#notice({ kind: "rejected", reason: "recusado" });
        break;
      case "ringing":
      case "accepting":
        this.#notice({ kind: "withdrawn" });
        break;
      case "talking":
        this.#notice({ kind: "ended", end: "peer_hung_up" });
        break;
      case "ended":
        return;
    }
    this.#end(now);
  }

  #start(now: number): void {
    this.#enter("talking", Infinity);
    this.#liveness.handlePacket(now);
    this.#notice({ kind: "started" });
  }

  #reject(now: number, reason: RejectReason): void {
    this.#enter("rejecting", now + TRANSACTION_TIMEOUT_MS);
    this.#sendAnswer(now, { resposta: "rejeitado", motivo: reason });
  }

  #close(now: number): void {
    this.#enter("closing", now + TRANSACTION_TIMEOUT_MS);
    this.#sendUntilAnswered(now, () => this.#buildGoodbye());
  }

  #end(now: number): void {
    this.#enter("ended", now + TIME_WAIT_MS);
  }

  #enter(state: CallState, deadline: number): void {
    this.#state = state;
    this.#deadline = deadline;
    this.#retransmission.stop();
  }

  #sendAnswer(now: number, answer: Answer): void {
    this.#answer = answer;
    this.#sendUntilAnswered(now, () => this.#buildAnswer(answer));
  }

  #sendUntilAnswered(now: number, message: () => CallMessage): void {
    this.#send(this.#retransmission.start(now, message));
  }

  #buildInvitation(): CallMessage {
    return {
      ...this.#invitation as InvitationMessage,
      ...(this.#crossingProof === undefined ? {} : { cruzamento: this.#crossingProof }),
      ...this.#security.tokenToEcho(),
    };
  }

  #buildRinging(): CallMessage {
    return { tipo: "tocando", chamada: this.id, ...this.#security.tokenToIssue() };
  }

  #buildAnswer(answer: Answer): CallMessage {
    return {
      tipo: "resposta_ao_convite",
      chamada: this.id,
      ...answer,
      ...(answer.resposta === "aceito" ? this.#security.keyField() : {}),
      ...this.#security.tokenToIssue(),
    };
  }

  #buildConfirmation(): CallMessage {
    return {
      tipo: "confirmação",
      chamada: this.id,
      ...(this.keys ? this.#security.keyField() : {}),
      ...this.#security.macField("confirmação"),
      ...this.#security.tokenToEcho(),
    };
  }

  /** The caller's goodbye reveals its public key even before there are keys: the key opens the commitment. */
  #buildGoodbye(): CallMessage {
    return {
      tipo: "encerrar_ligação",
      chamada: this.id,
      ...(this.role === "caller" ? this.#security.keyField() : {}),
      ...this.#security.macField("encerrar_ligação"),
    };
  }

  #send(message: CallMessage): void {
    this.#output.push({ kind: "send", message });
  }

  #notice(notice: CallNotice): void {
    this.#output.push({ kind: "notice", notice });
  }
}
