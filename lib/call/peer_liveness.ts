/** Tells whether the peer of a call still sends. */

/** Without a packet for this time, the person learns that the peer is silent. */
export const PEER_SILENT_MS = 3_000;

/** Without a packet for this time, the call ends. */
export const PEER_LOST_MS = 10_000;

/** The liveness of one peer while a call is up. */
export class PeerLiveness {
  #lastPacketAt = 0;
  #silent = false;

  /** When the peer becomes silent; `Infinity` while it is. */
  get silentAt(): number {
    return this.#silent ? Infinity : this.#lastPacketAt + PEER_SILENT_MS;
  }

  /** When the peer counts as lost. */
  get lostAt(): number {
    return this.#lastPacketAt + PEER_LOST_MS;
  }

  /** A packet came. @returns Whether it ends a silence. */
  handlePacket(now: number): boolean {
    const wasSilent = this.#silent;
    this.#lastPacketAt = now;
    this.#silent = false;
    return wasSilent;
  }

  /** @returns Whether the peer has become silent; true once for each silence. */
  tick(now: number): boolean {
    if (now < this.silentAt) return false;
    this.#silent = true;
    return true;
  }
}
