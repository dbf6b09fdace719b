/**
 * One call, from invitation to goodbye, without a socket, a clock or a timer: it is told what happened and when,
 * and says what to send, what to tell the person and when it wants to be woken.
 *
 * The one rule: after every input, drain the output and ask for {@linkcode Call.wakeAt} again.
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
 */

import type { Endpoint } from "../protocol/address.ts";
import { type Answer, type CallMessage, MEDIA, type RejectReason } from "../protocol/call_messages.ts";
import { type CallKeys, type Invitation, KeyExchange } from "./key_exchange.ts";
import type { EncryptionPolicy } from "./encryption_policy.ts";

/** An invitation as it came. */
export type InvitationMessage = CallMessage & { readonly tipo: "convite" };

/** Where a call stands. The first two are the caller's, the next three the callee's. */
export type CallState =
  /** The invitation is sent, nothing has come back. */
  | "inviting"
  /** The invitation is shown to the other person. */
  | "proceeding"
  /** The invitation is shown to this person. */
  | "ringing"
  /** This person accepted; the caller has not yet confirmed. */
  | "accepting"
  /** The invitation was rejected; the caller has not yet confirmed. */
  | "rejecting"
  /** Voice flows. */
  | "talking"
  /** Goodbye is said and not yet acknowledged. The person is already free for another call. */
  | "closing"
  /** Over. It is remembered for a while, to answer what comes late. */
  | "ended";

/** One end of a call: a person and where their phone takes this call's datagrams. */
export interface Party extends Endpoint {
  readonly name: string;
}

/** What a call tells its person. */
export type CallNotice =
  | { readonly kind: "ringing" }
  | { readonly kind: "started" }
  | { readonly kind: "rejected"; readonly reason: RejectReason }
  | { readonly kind: "no_answer" }
  /** The other phone does not encrypt, and this one takes no other calls: it gave the call up. */
  | { readonly kind: "not_encrypted" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "missed" }
  | { readonly kind: "refused" }
  | { readonly kind: "peer_silent"; readonly seconds: number }
  | { readonly kind: "peer_back" }
  | { readonly kind: "ended"; readonly end: "hung_up" | "peer_hung_up" | "peer_lost" };

/** What a call wants done. */
export type CallOutput =
  | { readonly kind: "send"; readonly message: CallMessage }
  | { readonly kind: "notice"; readonly notice: CallNotice };

/** First pause before a message is repeated; each further one is twice as long (as RFC 3261, section 17.1). */
export const FIRST_REPEAT_MS = 250;

/** Longest pause between repeats, so that on a lossy network there are enough tries before the patience ends. */
export const LONGEST_REPEAT_MS = 2_000;

/** How long an invitation, an answer or a goodbye is repeated to a phone that says nothing. */
export const PATIENCE_MS = 10_000;

/** How long an invitation is shown to the invited person. */
export const RING_MS = 30_000;

/** After how long without a packet the person is told that the other side is silent. */
export const PEER_SILENT_MS = 3_000;

/** After how long without a packet a call ends by itself. */
export const PEER_LOST_MS = 10_000;

/** How long an ended call is remembered, so that late packets of it are not taken for news. */
export const REMEMBER_MS = 60_000;

interface Repeat {
  /** Made anew each time: what proves it may have come in the meantime. */
  readonly message: () => CallMessage;
  readonly pauseMs: number;
  readonly at: number;
}

/** One call of one phone. */
export class Call {
  /** The call's name on the wire, `chamada`. */
  readonly id: string;
  /** The other person, and where this call's datagrams to them go. */
  readonly peer: Party;
  readonly role: "caller" | "callee";

  #state: CallState;
  #output: CallOutput[] = [];
  #repeat: Repeat | undefined;
  /** When the present state ends by itself. */
  #deadline: number;
  #lastHeard = 0;
  #silent = false;
  /** A caller's invitation, without what it has to send back. */
  #invitation: InvitationMessage | undefined;
  /** A callee's answer, to be said again to a repeated invitation. */
  #answer: Answer | undefined;
  /** Where this phone offers encryption, and as callee the caller does. */
  #exchange: KeyExchange | undefined;
  #encryptionRequired = false;
  #keys: CallKeys | undefined;
  /** The other side's public key. */
  #peerKey: string | undefined;
  /** Whether something came that was enciphered with the keys. */
  #peerHasKeys = false;
  /** What the callee made up and the caller sends back, to show that it receives what is sent to its address. */
  #proof: string | undefined;
  #addressValidated = false;

  private constructor(id: string, role: Call["role"], peer: Party, state: CallState, deadline: number) {
    this.id = id;
    this.role = role;
    this.peer = peer;
    this.#state = state;
    this.#deadline = deadline;
  }

  /**
   * The caller's side of a new call.
   *
   * @param now Milliseconds on any clock that only goes forward, as everywhere here.
   * @param id A fresh name for the call.
   * @param self The caller, and where the answer shall go.
   * @param peer The invited person, as the registry knows them.
   */
  static invite(now: number, id: string, self: Party, peer: Party, policy: EncryptionPolicy): Call {
    const call = new Call(id, "caller", peer, "inviting", now + PATIENCE_MS);
    const invitation: Invitation = { chamada: id, nome: self.name, midia: MEDIA };
    if (policy.encryption !== "off") {
      call.#exchange = KeyExchange.offer(invitation, policy.newKeyPair());
      call.#encryptionRequired = policy.encryption === "required";
    }
    call.#invitation = {
      tipo: "convite",
      ...invitation,
      ip: self.ip,
      porta: self.port,
      ...(call.#exchange ? { compromisso: call.#exchange.commitment } : {}),
    };
    call.#sendUntilAnswered(now, () => call.#invite());
    return call;
  }

  /** The callee's side of an invitation that is shown to the person. */
  static ring(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const call = Call.#invited(now, invitation, policy);
    call.#send(call.#ringing());
    return call;
  }

  /** The callee's side of an invitation that is accepted without asking. */
  static acceptAtOnce(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const call = Call.#invited(now, invitation, policy);
    call.accept(now);
    return call;
  }

  /** The callee's side of an invitation that is rejected without asking. */
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

  /** A call that is known only by its goodbye, so that its invitation, should it come later, stays unheard. */
  static alreadyEnded(now: number, id: string, peer: Party): Call {
    const call = new Call(id, "callee", peer, "ringing", now);
    call.#end(now);
    return call;
  }

  static #invited(now: number, invitation: InvitationMessage, policy: EncryptionPolicy): Call {
    const { chamada, nome, ip, porta, compromisso } = invitation;
    const call = new Call(chamada, "callee", { name: nome, ip, port: porta }, "ringing", now + RING_MS);
    call.#proof = policy.newProof();
    if (compromisso !== undefined && policy.encryption !== "off") {
      call.#exchange = KeyExchange.answer(invitation, compromisso, policy.newKeyPair());
    }
    return call;
  }

  get state(): CallState {
    return this.#state;
  }

  /** Whether the person is occupied with this call: no other may ring or be made. */
  get occupies(): boolean {
    return this.#state !== "rejecting" && this.#state !== "closing" && this.#state !== "ended";
  }

  /** What the call is encrypted with, if it is. They are there before `started` is told, and never change. */
  get keys(): CallKeys | undefined {
    return this.#keys;
  }

  /**
   * Whether something came back from the other side's address that only a receiver of our datagrams there can know. A
   * caller has that address from the registry; a callee has it from nobody but the invitation.
   */
  get addressValidated(): boolean {
    return this.role === "caller" || this.#addressValidated;
  }

  /** When {@linkcode Call.tick} wants to be called, in the callers' milliseconds. */
  get wakeAt(): number {
    const silentAt = this.#state === "talking" && !this.#silent ? this.#lastHeard + PEER_SILENT_MS : Infinity;
    return Math.min(this.#currentDeadline(), this.#repeat?.at ?? Infinity, silentAt);
  }

  /** Whether an ended call need not be remembered any longer. */
  forgettable(now: number): boolean {
    return this.#state === "ended" && now >= this.#deadline;
  }

  /** Takes out what there is to do. */
  drain(): CallOutput[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /**
   * A message of this call came.
   *
   * @param fromPeer Whether it came from where this call's datagrams go to.
   */
  handleMessage(now: number, message: CallMessage, fromPeer: boolean): void {
    // With keys only voice is a sign of life: a message could have been recorded and sent again.
    if (!this.#keys) this.#alive(now);
    this.#takeProof(message);
    switch (message.tipo) {
      case "convite":
        return this.#repeatedInvitation();
      case "tocando":
        return this.#ringingThere(now, message);
      case "resposta_ao_convite":
        return message.resposta === "aceito"
          ? this.#accepted(now, message.chave, message.prova !== undefined)
          : this.#rejected(now, message.motivo);
      case "confirmação":
        return this.#confirmed(now, message, fromPeer);
      case "encerrar_ligação":
        return this.#goodbye(now, message);
      case "ligação_encerrada":
        if (this.#keys && !this.#keys.verifyMac(message.tipo, message.selo)) return;
        if (this.#state === "closing") this.#end(now);
        return;
    }
  }

  /** A voice packet of this call came from the other phone; where the call has keys, an authentic one. */
  handleVoice(now: number): void {
    this.#peerHasKeys = this.#keys !== undefined;
    // The callee has the confirmation, or it would not speak.
    if (this.#state === "talking") this.#repeat = undefined;
    this.#alive(now);
  }

  /** The person accepts. Changes nothing unless the call is ringing here. */
  accept(now: number): void {
    if (this.#state !== "ringing") return;
    this.#enter("accepting", now + PATIENCE_MS);
    this.#sendAnswer(now, { resposta: "aceito" });
  }

  /** The person rejects, or hangs up: withdraws, refuses or ends, whichever the call's state makes of it. */
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

  /** Gives the call up for another with the same person, without a word to this one. */
  withdraw(now: number): void {
    if (this.#state === "inviting" || this.#state === "proceeding") this.#close(now);
  }

  /** Time has passed. Does what is due; nothing when it is called early. */
  tick(now: number): void {
    if (now >= this.#currentDeadline()) return this.#expire(now);
    if (this.#state === "talking" && !this.#silent && now >= this.#lastHeard + PEER_SILENT_MS) {
      this.#silent = true;
      this.#notice({ kind: "peer_silent", seconds: PEER_SILENT_MS / 1000 });
    }
    const repeat = this.#repeat;
    if (repeat && now >= repeat.at) {
      const pauseMs = Math.min(2 * repeat.pauseMs, LONGEST_REPEAT_MS);
      this.#repeat = { message: repeat.message, pauseMs, at: now + pauseMs };
      this.#send(repeat.message());
    }
  }

  #alive(now: number): void {
    this.#lastHeard = now;
    if (!this.#silent) return;
    this.#silent = false;
    this.#notice({ kind: "peer_back" });
  }

  #currentDeadline(): number {
    if (this.#state === "talking") return this.#lastHeard + PEER_LOST_MS;
    // Forgetting an ended call is its owner's business and nothing to wake up for.
    return this.#state === "ended" ? Infinity : this.#deadline;
  }

  #expire(now: number): void {
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        this.#notice({ kind: "no_answer" });
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

  /** A caller remembers what it has to send back; a callee looks whether it came back. */
  #takeProof(message: CallMessage): void {
    if (!("prova" in message)) return;
    if (this.role === "caller") this.#proof = message.prova;
    else if (message.prova === this.#proof) this.#addressValidated = true;
  }

  #repeatedInvitation(): void {
    if (this.role === "caller") return;
    if (this.#state === "ringing") {
      this.#send(this.#ringing());
    } else if (this.#answer && (this.#state === "accepting" || this.#answer.resposta === "rejeitado")) {
      this.#send(this.#say(this.#answer));
    }
  }

  #ringingThere(now: number, { prova }: CallMessage & { readonly tipo: "tocando" }): void {
    if (this.#state === "inviting") {
      this.#enter("proceeding", now + RING_MS + PATIENCE_MS);
      this.#notice({ kind: "ringing" });
      // The callee wants to know that its datagrams arrive where the invitation says.
      if (prova !== undefined) this.#sendUntilAnswered(now, () => this.#invite());
    } else if (this.#state === "proceeding" && prova === undefined) {
      this.#repeat = undefined;
    }
  }

  /**
   * @param key The callee's public key.
   * @param unanswered Whether the callee does not know yet that its datagrams arrive. Then it may not repeat them often.
   */
  #accepted(now: number, key: string | undefined, amplification: boolean): void {
    if (this.role === "callee") return;
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        if (this.#exchange && key !== undefined) {
          this.#keys = this.#exchange.complete(key);
          if (!this.#keys) return; // No answer at all: only somebody in between would send such a key.
          this.#peerKey = key;
        } else if (this.#encryptionRequired) {
          this.#notice({ kind: "not_encrypted" });
          return this.#close(now);
        }
        if (!amplification) this.#send(this.#confirmation());
        this.#start(now);
        if (amplification) this.#sendUntilAnswered(now, () => this.#confirmation());
        return;
      case "talking": // The confirmation was lost.
        if (key === this.#peerKey) this.#send(this.#confirmation());
        return;
      case "ended": // The answer came after the caller gave up.
        return this.#send(this.#farewell());
    }
  }

  #rejected(now: number, reason: RejectReason): void {
    if (this.role === "callee" || this.#state === "talking" || this.#keys) return;
    this.#send(this.#confirmation());
    if (this.#state === "inviting" || this.#state === "proceeding") {
      this.#notice({ kind: "rejected", reason });
      this.#end(now);
    } else if (this.#state === "closing") {
      this.#end(now);
    }
  }

  #confirmed(
    now: number,
    message: CallMessage & { readonly tipo: "confirmação" },
    fromPeer: boolean,
  ): void {
    if (this.role === "caller") return;
    if (this.#state === "rejecting") return this.#end(now);
    if (this.#answer?.resposta !== "aceito") return;
    if (this.#keys && !this.#keys.verifyMac(message.tipo, message.selo)) return;
    const newKeys = !this.#keys && this.#exchange !== undefined;
    if (newKeys && !this.#learnKeys(message)) return;
    // Without keys: a caller that knows nothing of proofs has at least to write from the address that it named.
    if (!this.#exchange && this.#state === "accepting" && fromPeer) this.#addressValidated = true;
    if (!this.addressValidated) return;
    if (this.#state === "accepting") {
      this.#start(now);
    } else if (this.#state === "closing" && newKeys) {
      // Now the goodbye can be such that the caller believes it.
      this.#sendUntilAnswered(now, () => this.#farewell());
    } else if (this.#state === "ended") {
      // The caller believes in a call that this side gave up.
      this.#send(this.#farewell());
    }
  }

  /** The caller's key came. Whether it is the promised one, and the caller has computed the same keys. */
  #learnKeys(
    { tipo, chave, selo }: CallMessage & { readonly chave?: string; readonly selo?: string },
  ): boolean {
    if (!this.#exchange || chave === undefined) return false;
    const keys = this.#exchange.complete(chave);
    if (!keys?.verifyMac(tipo, selo)) return false;
    this.#keys = keys;
    this.#peerKey = chave;
    this.#addressValidated = true;
    return true;
  }

  #goodbye(now: number, message: CallMessage & { readonly tipo: "encerrar_ligação" }): void {
    if (!this.#believes(message)) {
      // The callee hung up before it had the keys. With them, it can say so in a way that is believed.
      if (this.role === "caller" && this.#state === "talking" && !this.#peerHasKeys) {
        this.#send(this.#confirmation());
      }
      return;
    }
    this.#send({ tipo: "ligação_encerrada", chamada: this.id, ...this.#macOf("ligação_encerrada") });
    switch (this.#state) {
      case "inviting": // A callee rejects rather than says goodbye; either way it does not want to talk.
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

  /** Whether a goodbye is the other phone's: by its seal, or before there are keys by the key that was promised. */
  #believes(message: CallMessage & { readonly tipo: "encerrar_ligação" }): boolean {
    if (this.#keys) return this.#keys.verifyMac(message.tipo, message.selo);
    if (this.role === "caller" || !this.#exchange) return true;
    if (message.selo !== undefined) return this.#learnKeys(message);
    return message.chave !== undefined && this.#exchange.opens(message.chave);
  }

  #start(now: number): void {
    this.#enter("talking", Infinity);
    this.#lastHeard = now;
    this.#notice({ kind: "started" });
  }

  #reject(now: number, reason: RejectReason): void {
    this.#enter("rejecting", now + PATIENCE_MS);
    this.#sendAnswer(now, { resposta: "rejeitado", motivo: reason });
  }

  #close(now: number): void {
    this.#enter("closing", now + PATIENCE_MS);
    this.#sendUntilAnswered(now, () => this.#farewell());
  }

  #end(now: number): void {
    this.#enter("ended", now + REMEMBER_MS);
  }

  #enter(state: CallState, deadline: number): void {
    this.#state = state;
    this.#deadline = deadline;
    this.#repeat = undefined;
    this.#silent = false;
  }

  #sendAnswer(now: number, answer: Answer): void {
    this.#answer = answer;
    this.#sendUntilAnswered(now, () => this.#say(answer));
  }

  #sendUntilAnswered(now: number, message: () => CallMessage): void {
    this.#send(message());
    this.#repeat = { message, pauseMs: FIRST_REPEAT_MS, at: now + FIRST_REPEAT_MS };
  }

  #invite(): CallMessage {
    return { ...this.#invitation as InvitationMessage, ...this.#proofToSendBack() };
  }

  #ringing(): CallMessage {
    return { tipo: "tocando", chamada: this.id, ...this.#proofToGive() };
  }

  #say(answer: Answer): CallMessage {
    return {
      tipo: "resposta_ao_convite",
      chamada: this.id,
      ...answer,
      ...(answer.resposta === "aceito" ? this.#keyToShow() : {}),
      ...this.#proofToGive(),
    };
  }

  #confirmation(): CallMessage {
    return {
      tipo: "confirmação",
      chamada: this.id,
      ...(this.#keys ? this.#keyToShow() : {}),
      ...this.#macOf("confirmação"),
      ...this.#proofToSendBack(),
    };
  }

  /** A caller's goodbye shows its key, also when there are no keys yet: nobody else can, and nobody needs it now. */
  #farewell(): CallMessage {
    return {
      tipo: "encerrar_ligação",
      chamada: this.id,
      ...(this.role === "caller" ? this.#keyToShow() : {}),
      ...this.#macOf("encerrar_ligação"),
    };
  }

  #keyToShow(): { readonly chave?: string } {
    return this.#exchange ? { chave: this.#exchange.publicKey } : {};
  }

  #macOf(tipo: CallMessage["tipo"]): { readonly selo?: string } {
    return this.#keys ? { selo: this.#keys.mac(tipo) } : {};
  }

  #proofToGive(): { readonly prova?: string } {
    return this.#proof === undefined || this.#addressValidated ? {} : { prova: this.#proof };
  }

  #proofToSendBack(): { readonly prova?: string } {
    return this.#proof === undefined ? {} : { prova: this.#proof };
  }

  #send(message: CallMessage): void {
    this.#output.push({ kind: "send", message });
  }

  #notice(notice: CallNotice): void {
    this.#output.push({ kind: "notice", notice });
  }
}
