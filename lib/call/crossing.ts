/**
 * Glare: two people invite each other at once. Anybody can send an invitation with somebody's name, so one that crosses this
 * phone's own proves that its sender has received that one: by `cruzamento`, a hash over both. Until it does, it waits.
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { CallMessage } from "../protocol/call_messages.ts";

/** An invitation that may cross and proves nothing for this time is a second caller's: the person is busy. */
export const CROSSING_PATIENCE_MS = 2_000;

/** Most invitations that wait for their proof. The oldest gives way: its sender repeats it. */
export const MAX_CROSSING = 8;

type InvitationMessage = CallMessage & { readonly tipo: "convite" };

/** What a proof covers of an invitation. */
type Invitation = Pick<InvitationMessage, "chamada" | "compromisso">;

/**
 * Proof that the sender of `own` has received `other`: SHA-256, 32 bytes in base64url. Only the invited phone, and a listener,
 * know the random `chamada` of `other`.
 */
export function crossingProof(own: Invitation, other: Invitation): string {
  const text = ["sala 1 cruzamento", own.chamada, other.chamada, other.compromisso ?? ""].join("\n");
  return createHash("sha256").update(text, "utf8").digest("base64url");
}

/** Whether an invitation proves that its sender has received `own`. */
export function provesCrossing(invitation: InvitationMessage, own: Invitation): boolean {
  const { cruzamento } = invitation;
  const proof = Buffer.from(crossingProof(invitation, own));
  return cruzamento?.length === proof.length && timingSafeEqual(Buffer.from(cruzamento), proof);
}

/** The invitations that may cross this phone's own. */
export class WaitingInvitations {
  readonly #waiting = new Map<string, { readonly invitation: InvitationMessage; readonly until: number }>();

  /** When {@linkcode WaitingInvitations.takeDue} has something; `Infinity` for never. */
  get dueAt(): number {
    for (const { until } of this.#waiting.values()) return until;
    return Infinity;
  }

  /** Adds an invitation, unless it waits already. */
  add(now: number, invitation: InvitationMessage): void {
    const { chamada } = invitation;
    if (this.#waiting.has(chamada)) return;
    this.#waiting.set(chamada, { invitation, until: now + CROSSING_PATIENCE_MS });
    if (this.#waiting.size > MAX_CROSSING) this.delete(this.#waiting.keys().next().value!);
  }

  /** Its sender has withdrawn or proved it. */
  delete(id: string): void {
    this.#waiting.delete(id);
  }

  /** Takes those that have waited long enough. */
  takeDue(now: number): readonly InvitationMessage[] {
    return this.#take(({ until }) => until <= now);
  }

  /** Takes all. */
  takeAll(): readonly InvitationMessage[] {
    return this.#take(() => true);
  }

  #take(which: (entry: { readonly until: number }) => boolean): readonly InvitationMessage[] {
    const taken = [...this.#waiting.values()].filter(which);
    for (const { invitation } of taken) this.delete(invitation.chamada);
    return taken.map(({ invitation }) => invitation);
  }
}
