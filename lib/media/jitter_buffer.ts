/**
 * Holds packets back for a fixed time, so that late ones can still take their place. It reads no clock: time
 * passes for it by being asked for frames.
 */

/** What there is to play next. */
export type Playable =
  /** A packet, in its turn. */
  | { readonly kind: "packet"; readonly payload: Uint8Array }
  /** The packet that was due has not come and later ones have: to be concealed. */
  | { readonly kind: "lost" }
  /** Nothing has come: to be concealed for a while. */
  | { readonly kind: "starved" }
  /** Nothing has come yet, or for long: silence. */
  | { readonly kind: "idle" };

/** What became of the packets, each counted once for what it was. */
export interface JitterBufferCounts {
  readonly played: number;
  /** Never came, or came late: concealed. */
  readonly lost: number;
  /** Came after their turn. */
  readonly late: number;
  /** Came twice. */
  readonly repeated: number;
  /** Came before one that was sent earlier, and in time. */
  readonly reordered: number;
  /** Let go of because too many had gathered. */
  readonly dropped: number;
}

/** Packets that are held before the first is played. Two frames of 20 ms ride out the jitter of a quiet LAN. */
export const PLAYOUT_DELAY_PACKETS = 2;

/** Packets beyond the delay that may gather before the oldest is let go: a delay that has grown must come back. */
export const SPARE_PACKETS = 3;

/** Requests in vain after which the stream counts as paused and is waited for anew. */
const STARVED_LIMIT = 10;

/** Further from the last one than this, a sequence number is a new start and not a late packet. */
const RESTART_DISTANCE = 1000;

/** Packets of one stream in the order of their sequence numbers. */
export class JitterBuffer {
  readonly #packets = new Map<number, Uint8Array>();
  readonly #counts = { played: 0, lost: 0, late: 0, repeated: 0, reordered: 0, dropped: 0 };
  /** The number that is to be played next; what is before it comes too late. */
  #next = -Infinity;
  #playing = false;
  #newest = -Infinity;
  /** Last ones played, to tell repeated packets from late ones. */
  readonly #played = new Set<number>();
  #waited = 0;
  #starved = 0;

  get counts(): JitterBufferCounts {
    return this.#counts;
  }

  /** Packets in store. */
  get depth(): number {
    return this.#packets.size;
  }

  /**
   * Takes a packet.
   *
   * @param sequence Its extended sequence number.
   * @param payload Its bytes, kept until they are played.
   */
  push(sequence: number, payload: Uint8Array): void {
    if (Math.abs(sequence - this.#newest) > RESTART_DISTANCE) this.restart();
    if (this.#packets.has(sequence) || this.#played.has(sequence)) {
      this.#counts.repeated++;
    } else if (sequence < this.#next) {
      this.#counts.late++;
    } else {
      if (sequence < this.#newest) this.#counts.reordered++;
      this.#packets.set(sequence, payload);
    }
    this.#newest = Math.max(this.#newest, sequence);
  }

  /** Forgets the stream, because another begins. The counts go on. */
  restart(): void {
    this.#packets.clear();
    this.#played.clear();
    this.#next = -Infinity;
    this.#newest = -Infinity;
    this.#pause();
  }

  /** What is to be played next. To be called once for the time of each packet. */
  pop(): Playable {
    if (!this.#playing && !this.#begin()) return { kind: "idle" };
    this.#letGo();
    if (this.#packets.size === 0) return this.#starve();
    let next = this.#next;
    // Time that passed while starved is time that the missing packets would have taken.
    while (this.#starved > 0 && !this.#packets.has(next)) {
      this.#starved--;
      this.#counts.lost++;
      next++;
    }
    this.#starved = 0;
    this.#next = next + 1;
    const payload = this.#packets.get(next);
    if (!payload) {
      this.#counts.lost++;
      return { kind: "lost" };
    }
    this.#take(next);
    this.#counts.played++;
    return { kind: "packet", payload };
  }

  #begin(): boolean {
    if (this.#packets.size === 0) return false;
    this.#waited++;
    if (this.#packets.size < PLAYOUT_DELAY_PACKETS && this.#waited <= PLAYOUT_DELAY_PACKETS) return false;
    this.#next = Math.min(...this.#packets.keys());
    this.#playing = true;
    return true;
  }

  #starve(): Playable {
    this.#starved++;
    if (this.#starved <= STARVED_LIMIT) return { kind: "starved" };
    this.#pause();
    return { kind: "idle" };
  }

  #letGo(): void {
    while (this.#packets.size > PLAYOUT_DELAY_PACKETS + SPARE_PACKETS) {
      const oldest = Math.min(...this.#packets.keys());
      this.#take(oldest);
      this.#counts.dropped++;
      this.#next = oldest + 1;
    }
  }

  #take(sequence: number): void {
    this.#packets.delete(sequence);
    this.#played.add(sequence);
    if (this.#played.size > RESTART_DISTANCE) {
      this.#played.delete(this.#played.values().next().value as number);
    }
  }

  #pause(): void {
    this.#playing = false;
    this.#waited = 0;
    this.#starved = 0;
  }
}
