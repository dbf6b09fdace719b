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
  readonly message: CallMessage;
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
  /** A callee's answer, to be said again to a repeated invitation. */
  #answer: Answer | undefined;

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
  static invite(now: number, id: string, self: Party, peer: Party): Call {
    const call = new Call(id, "caller", peer, "inviting", now + PATIENCE_MS);
    call.#sendUntilAnswered(now, {
      tipo: "convite",
      chamada: id,
      nome: self.name,
      ip: self.ip,
      porta: self.port,
      midia: MEDIA,
    });
    return call;
  }

  /** The callee's side of an invitation that is shown to the person. */
  static ring(now: number, id: string, peer: Party): Call {
    const call = new Call(id, "callee", peer, "ringing", now + RING_MS);
    call.#send({ tipo: "tocando", chamada: id });
    return call;
  }

  /** The callee's side of an invitation that is accepted without asking. */
  static acceptAtOnce(now: number, id: string, peer: Party): Call {
    const call = new Call(id, "callee", peer, "ringing", now + RING_MS);
    call.accept(now);
    return call;
  }

  /** The callee's side of an invitation that is rejected without asking. */
  static rejectAtOnce(now: number, id: string, peer: Party, reason: RejectReason): Call {
    const call = new Call(id, "callee", peer, "ringing", now + RING_MS);
    call.#reject(now, reason);
    return call;
  }

  /** A call that is known only by its goodbye, so that its invitation, should it come later, stays unheard. */
  static alreadyEnded(now: number, id: string, peer: Party): Call {
    const call = new Call(id, "callee", peer, "ringing", now);
    call.#end(now);
    return call;
  }

  get state(): CallState {
    return this.#state;
  }

  /** Whether the person is occupied with this call: no other may ring or be made. */
  get occupies(): boolean {
    return this.#state !== "rejecting" && this.#state !== "closing" && this.#state !== "ended";
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

  /** A message of this call came from the other phone. */
  receive(now: number, message: CallMessage): void {
    this.heard(now);
    switch (message.tipo) {
      case "convite":
        return this.#repeatedInvitation();
      case "tocando":
        return this.#ringingThere(now);
      case "resposta_ao_convite":
        return message.resposta === "aceito" ? this.#accepted(now) : this.#rejected(now, message.motivo);
      case "confirmação":
        return this.#confirmed(now);
      case "encerrar_ligação":
        return this.#goodbye(now);
      case "ligação_encerrada":
        if (this.#state === "closing") this.#end(now);
        return;
    }
  }

  /** A voice packet of this call came from the other phone. */
  heard(now: number): void {
    this.#lastHeard = now;
    if (!this.#silent) return;
    this.#silent = false;
    this.#notice({ kind: "peer_back" });
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
      this.#send(repeat.message);
    }
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

  #repeatedInvitation(): void {
    if (this.role === "caller") return;
    if (this.#state === "ringing") {
      this.#send({ tipo: "tocando", chamada: this.id });
    } else if (this.#state === "accepting" || this.#answer?.resposta === "rejeitado") {
      this.#say(this.#answer);
    }
  }

  #ringingThere(now: number): void {
    if (this.#state !== "inviting") return;
    this.#enter("proceeding", now + RING_MS + PATIENCE_MS);
    this.#notice({ kind: "ringing" });
  }

  #accepted(now: number): void {
    if (this.role === "callee") return;
    switch (this.#state) {
      case "inviting":
      case "proceeding":
        this.#send({ tipo: "confirmação", chamada: this.id });
        return this.#start(now);
      case "talking": // The confirmation was lost.
        return this.#send({ tipo: "confirmação", chamada: this.id });
      case "ended": // The answer came after the caller gave up.
        return this.#send({ tipo: "encerrar_ligação", chamada: this.id });
    }
  }

  #rejected(now: number, reason: RejectReason): void {
    if (this.role === "callee" || this.#state === "talking") return;
    this.#send({ tipo: "confirmação", chamada: this.id });
    if (this.#state === "inviting" || this.#state === "proceeding") {
      this.#notice({ kind: "rejected", reason });
      this.#end(now);
    } else if (this.#state === "closing") {
      this.#end(now);
    }
  }

  #confirmed(now: number): void {
    if (this.role === "caller") return;
    if (this.#state === "accepting") {
      this.#start(now);
    } else if (this.#state === "rejecting") {
      this.#end(now);
    } else if (this.#state === "ended" && this.#answer?.resposta === "aceito") {
      // The caller believes in a call that this side gave up.
      this.#send({ tipo: "encerrar_ligação", chamada: this.id });
    }
  }

  #goodbye(now: number): void {
    this.#send({ tipo: "ligação_encerrada", chamada: this.id });
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
    this.#sendUntilAnswered(now, { tipo: "encerrar_ligação", chamada: this.id });
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
    this.#sendUntilAnswered(now, { tipo: "resposta_ao_convite", chamada: this.id, ...answer });
  }

  #say(answer: Answer | undefined): void {
    if (answer) this.#send({ tipo: "resposta_ao_convite", chamada: this.id, ...answer });
  }

  #sendUntilAnswered(now: number, message: CallMessage): void {
    this.#send(message);
    this.#repeat = { message, pauseMs: FIRST_REPEAT_MS, at: now + FIRST_REPEAT_MS };
  }

  #send(message: CallMessage): void {
    this.#output.push({ kind: "send", message });
  }

  #notice(notice: CallNotice): void {
    this.#output.push({ kind: "notice", notice });
  }
}
