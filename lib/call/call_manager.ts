/**
 * All calls of one phone: at most one that its person is occupied with, and those that only say their goodbyes
 * or are remembered. Like {@linkcode Call} it opens no socket and reads no clock.
 */

import { type Endpoint, sameEndpoint } from "../protocol/address.ts";
import { type CallMessage, MEDIA } from "../protocol/call_messages.ts";
import { nameKey } from "../protocol/name.ts";
import { Call, type CallNotice, type InvitationMessage, type Party } from "./call.ts";
import type { EncryptionPolicy } from "./encryption_policy.ts";
import { AmplificationLimit } from "./amplification_limit.ts";

/** Most calls that are remembered at once; past it the oldest that are over are forgotten early. */
export const MAX_REMEMBERED = 256;

/** What a phone's calls want done. */
export type CallManagerOutput =
  /**
   * Send a message. The inviting side has a socket of its own for each call, named by the call; all else goes
   * out from the socket on the registered port.
   */
  | {
    readonly kind: "send";
    readonly socket: string | "registered";
    readonly to: Endpoint;
    readonly message: CallMessage;
  }
  | { readonly kind: "notice"; readonly call: Call; readonly notice: CallNotice }
  /** An invitation is to be shown to the person. */
  | { readonly kind: "invitation"; readonly call: Call }
  /** An invitation was rejected without asking, because the person is occupied. */
  | { readonly kind: "busy_rejected"; readonly name: string }
  /** An invitation was rejected without asking, because it offers no encryption and this phone requires it. */
  | { readonly kind: "unencrypted_rejected"; readonly name: string }
  /** Both invited each other; the one call that is left is `call`. */
  | { readonly kind: "crossed"; readonly call: Call }
  /** A call is over: its socket, if it has one, can be closed. */
  | { readonly kind: "release"; readonly call: Call };

/** The calls of one phone. */
export class CallManager {
  readonly #policy: EncryptionPolicy;
  readonly #amplification = new AmplificationLimit();
  readonly #calls = new Map<string, Call>();
  readonly #released = new WeakSet<Call>();
  #current: Call | undefined;
  #output: CallManagerOutput[] = [];

  /** @param protection How its calls are protected. */
  constructor(policy: EncryptionPolicy) {
    this.#policy = policy;
  }

  /** The call that the person is occupied with, if any. */
  get current(): Call | undefined {
    return this.#current?.occupies ? this.#current : undefined;
  }

  /** When {@linkcode CallManager.tick} wants to be called. */
  get wakeAt(): number {
    let at = Infinity;
    for (const call of this.#calls.values()) at = Math.min(at, call.wakeAt);
    return at;
  }

  /** Whether every goodbye has been acknowledged or given up. */
  get quiet(): boolean {
    for (const call of this.#calls.values()) if (call.state !== "ended") return false;
    return true;
  }

  /** How many calls are known, ended ones included. */
  get remembered(): number {
    return this.#calls.size;
  }

  /** Takes out what there is to do. */
  drain(): CallManagerOutput[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /**
   * Invites somebody. There must be no current call.
   *
   * @param id A fresh name for the call.
   * @param self This person, and the socket that was opened for this call.
   * @param peer The invited person, as the registry knows them.
   */
  invite(now: number, id: string, self: Party, peer: Party): Call {
    const call = Call.invite(now, id, self, peer, this.#policy);
    this.#add(now, call);
    this.#current = call;
    this.#collect(now, call);
    return call;
  }

  /**
   * A signalling message came in.
   *
   * @param from Where it came from.
   * @param socket On which socket: a call's own, or the one on the registered port.
   */
  handleMessage(now: number, message: CallMessage, from: Endpoint, socket: string | "registered"): void {
    const call = this.#calls.get(message.chamada);
    if (call) {
      call.handleMessage(now, message, sameEndpoint(from, call.peer));
      if (call.addressValidated) this.#amplification.validated(call.peer);
      this.#collect(now, call);
    } else if (message.tipo === "convite") {
      this.#invited(now, message);
    } else if (message.tipo === "encerrar_ligação") {
      // Whoever says goodbye wants to hear that it arrived, also from a phone that never heard of the call.
      const { chamada } = message;
      if (this.#amplification.take(now, from)) {
        this.#output.push({
          kind: "send",
          socket,
          to: from,
          message: { tipo: "ligação_encerrada", chamada },
        });
      }
      this.#add(now, Call.alreadyEnded(now, chamada, { name: "", ...from }));
    }
  }

  /** A voice packet of a call came in. */
  handleVoice(now: number, call: Call): void {
    call.handleVoice(now);
    this.#collect(now, call);
  }

  /** The person accepts the invitation that rings. */
  accept(now: number): void {
    this.#do(now, (call) => call.accept(now));
  }

  /** The person refuses, withdraws or hangs up. */
  hangUp(now: number): void {
    this.#do(now, (call) => call.hangUp(now));
  }

  /** Time has passed. */
  tick(now: number): void {
    for (const call of this.#calls.values()) {
      if (call.wakeAt <= now) {
        call.tick(now);
        this.#collect(now, call);
      }
    }
    this.#forget(now);
  }

  #do(now: number, action: (call: Call) => void): void {
    const call = this.current;
    if (!call) return;
    action(call);
    this.#collect(now, call);
  }

  #invited(now: number, invitation: InvitationMessage): void {
    const { chamada, nome, ip, porta, midia, compromisso } = invitation;
    const current = this.current;
    const reject = (reason: "ocupado" | "recusado" | "sem_cifra"): boolean =>
      this.#answer(now, Call.rejectAtOnce(now, invitation, this.#policy, reason));
    if (midia !== MEDIA) {
      reject("recusado");
    } else if (compromisso === undefined && this.#policy.encryption === "required") {
      // Who cannot be answered hears nothing, and then there is nothing to tell the person either.
      if (reject("sem_cifra")) this.#output.push({ kind: "unencrypted_rejected", name: nome });
    } else if (!current) {
      const call = Call.ring(now, invitation, this.#policy);
      this.#output.push({ kind: "invitation", call });
      this.#current = call;
      this.#answer(now, call);
    } else if (this.#crosses(current, nome)) {
      // Both phones keep the invitation with the smaller name, so both keep the same one.
      if (current.id < chamada) {
        // The other phone will drop its own. Should its invitation come again, it changes nothing.
        this.#add(now, Call.alreadyEnded(now, chamada, { name: nome, ip, port: porta }));
        this.#output.push({ kind: "crossed", call: current });
        return;
      }
      current.withdraw(now);
      this.#collect(now, current);
      const call = Call.acceptAtOnce(now, invitation, this.#policy);
      this.#output.push({ kind: "crossed", call });
      this.#current = call;
      this.#answer(now, call);
    } else if (reject("ocupado")) {
      this.#output.push({ kind: "busy_rejected", name: nome });
    }
  }

  #crosses(current: Call, name: string): boolean {
    return (current.state === "inviting" || current.state === "proceeding") &&
      nameKey(current.peer.name) === nameKey(name);
  }

  /** Takes in a call that was made by an invitation. @returns Whether what it says may be sent. */
  #answer(now: number, call: Call): boolean {
    this.#add(now, call);
    return this.#collect(now, call);
  }

  #add(now: number, call: Call): void {
    this.#forget(now);
    this.#calls.set(call.id, call);
    for (const old of this.#calls.values()) {
      if (this.#calls.size <= MAX_REMEMBERED) break;
      if (old.state === "ended" || old.state === "rejecting") this.#calls.delete(old.id);
    }
  }

  #forget(now: number): void {
    for (const call of this.#calls.values()) if (call.forgettable(now)) this.#calls.delete(call.id);
  }

  /** Takes over what a call wants done. @returns Whether all that it wants sent may be sent. */
  #collect(now: number, call: Call): boolean {
    const socket = call.role === "caller" ? call.id : "registered";
    let sent = true;
    for (const output of call.drain()) {
      if (output.kind === "notice") {
        this.#output.push({ kind: "notice", call, notice: output.notice });
      } else if (call.addressValidated || this.#amplification.take(now, call.peer)) {
        this.#output.push({ kind: "send", socket, to: call.peer, message: output.message });
      } else {
        sent = false;
      }
    }
    if (call.state === "ended" && !this.#released.has(call)) {
      this.#released.add(call);
      this.#output.push({ kind: "release", call });
    }
    return sent;
  }
}
