/**
 * All calls of one phone: at most one that its person is occupied with, and those that only say their goodbyes
 * or are remembered. Like {@linkcode Call} it opens no socket and reads no clock.
 */

import type { Endpoint } from "../protocol/address.ts";
import { type CallMessage, MEDIA } from "../protocol/call_messages.ts";
import { nameKey } from "../protocol/name.ts";
import { Call, type CallNotice, type Party } from "./call.ts";

/** Most calls that are remembered at once; past it the oldest that are over are forgotten early. */
export const MAX_REMEMBERED = 256;

/** What a phone's calls want done. */
export type SwitchboardOutput =
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
  /** Both invited each other; the one call that is left is `call`. */
  | { readonly kind: "crossed"; readonly call: Call }
  /** A call is over: its socket, if it has one, can be closed. */
  | { readonly kind: "release"; readonly call: Call };

/** The calls of one phone. */
export class Switchboard {
  readonly #calls = new Map<string, Call>();
  readonly #released = new WeakSet<Call>();
  #current: Call | undefined;
  #output: SwitchboardOutput[] = [];

  /** The call that the person is occupied with, if any. */
  get current(): Call | undefined {
    return this.#current?.occupies ? this.#current : undefined;
  }

  /** When {@linkcode Switchboard.tick} wants to be called. */
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
  drain(): SwitchboardOutput[] {
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
    const call = Call.invite(now, id, self, peer);
    this.#add(now, call);
    this.#current = call;
    this.#collect(call);
    return call;
  }

  /**
   * A signalling message came in.
   *
   * @param from Where it came from.
   * @param socket On which socket: a call's own, or the one on the registered port.
   */
  receive(now: number, message: CallMessage, from: Endpoint, socket: string | "registered"): void {
    const call = this.#calls.get(message.chamada);
    if (call) {
      call.receive(now, message);
      this.#collect(call);
    } else if (message.tipo === "convite") {
      this.#invited(now, message);
    } else if (message.tipo === "encerrar_ligação") {
      // Whoever says goodbye wants to hear that it arrived, also from a phone that never heard of the call.
      const { chamada } = message;
      this.#output.push({ kind: "send", socket, to: from, message: { tipo: "ligação_encerrada", chamada } });
      this.#add(now, Call.alreadyEnded(now, chamada, { name: "", ...from }));
    }
  }

  /** A voice packet of a call came in. */
  heard(now: number, call: Call): void {
    call.heard(now);
    this.#collect(call);
  }

  /** The person accepts the invitation that rings. */
  accept(now: number): void {
    this.#do((call) => call.accept(now));
  }

  /** The person refuses, withdraws or hangs up. */
  hangUp(now: number): void {
    this.#do((call) => call.hangUp(now));
  }

  /** Time has passed. */
  tick(now: number): void {
    for (const call of this.#calls.values()) {
      if (call.wakeAt <= now) {
        call.tick(now);
        this.#collect(call);
      }
    }
    this.#forget(now);
  }

  #do(action: (call: Call) => void): void {
    const call = this.current;
    if (!call) return;
    action(call);
    this.#collect(call);
  }

  #invited(now: number, { chamada, nome, ip, porta, midia }: CallMessage & { tipo: "convite" }): void {
    const peer = { name: nome, ip, port: porta };
    const current = this.current;
    if (midia !== MEDIA) {
      this.#answer(now, Call.rejectAtOnce(now, chamada, peer, "recusado"));
    } else if (!current) {
      const call = Call.ring(now, chamada, peer);
      this.#output.push({ kind: "invitation", call });
      this.#current = call;
      this.#answer(now, call);
    } else if (this.#crosses(current, nome)) {
      // Both phones keep the invitation with the smaller name, so both keep the same one.
      if (current.id < chamada) {
        // The other phone will drop its own. Should its invitation come again, it changes nothing.
        this.#add(now, Call.alreadyEnded(now, chamada, peer));
        this.#output.push({ kind: "crossed", call: current });
        return;
      }
      current.withdraw(now);
      this.#collect(current);
      const call = Call.acceptAtOnce(now, chamada, peer);
      this.#output.push({ kind: "crossed", call });
      this.#current = call;
      this.#answer(now, call);
    } else {
      this.#output.push({ kind: "busy_rejected", name: nome });
      this.#answer(now, Call.rejectAtOnce(now, chamada, peer, "ocupado"));
    }
  }

  #crosses(current: Call, name: string): boolean {
    return (current.state === "inviting" || current.state === "proceeding") &&
      nameKey(current.peer.name) === nameKey(name);
  }

  #answer(now: number, call: Call): void {
    this.#add(now, call);
    this.#collect(call);
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

  #collect(call: Call): void {
    const socket = call.role === "caller" ? call.id : "registered";
    for (const output of call.drain()) {
      this.#output.push(
        output.kind === "send"
          ? { kind: "send", socket, to: call.peer, message: output.message }
          : { kind: "notice", call, notice: output.notice },
      );
    }
    if (call.state === "ended" && !this.#released.has(call)) {
      this.#released.add(call);
      this.#output.push({ kind: "release", call });
    }
  }
}
