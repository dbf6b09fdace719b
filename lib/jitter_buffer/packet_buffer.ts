/**
 * Packets that wait for their turn, by sequence number: a ring, in which each slot says whose it is. The redundant copy of
 * a frame takes its slot until the packet itself comes.
 */

/** Slots, a power of 2. A sequence number this far from the next one starts a new stream. */
export const CAPACITY = 128;

/** A frame of voice with its place in the stream. */
export interface VoicePacket {
  /** Extended, so that it never goes back to 0. */
  readonly sequenceNumber: number;
  /** When its first sample was taken: samples, extended. */
  readonly timestamp: number;
  /** Kept until it is played. */
  readonly payload: Uint8Array;
}

/** A packet that was taken out. */
export interface BufferedPacket extends VoicePacket {
  /** Whether it is the copy that a later packet carried. */
  readonly redundant: boolean;
}

/** What a packet was that did not simply come next. */
export type Irregularity = "reordered" | "repeated" | "late";

/** One stream's packets. */
export class PacketBuffer {
  readonly #payloads = new Array<Uint8Array | undefined>(CAPACITY).fill(undefined);
  /** The sequence number that last took the slot, also after it was played. */
  readonly #numbers = new Float64Array(CAPACITY).fill(-1);
  readonly #timestamps = new Float64Array(CAPACITY);
  readonly #redundant = new Uint8Array(CAPACITY);
  #next = 0;
  #newest = 0;
  #size = 0;

  /** Sequence number of the packet to be decoded next. */
  get next(): number {
    return this.#next;
  }

  /** The highest sequence number so far. */
  get newest(): number {
    return this.#newest;
  }

  /** Packets that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether a packet, or its copy, waits. */
  has(sequenceNumber: number): boolean {
    const slot = slotOf(sequenceNumber);
    return this.#payloads[slot] !== undefined && this.#numbers[slot] === sequenceNumber;
  }

  /** The first packet that waits. Only where there is one. */
  get first(): number {
    let sequenceNumber = this.#next;
    while (!this.has(sequenceNumber)) sequenceNumber++;
    return sequenceNumber;
  }

  /** The timestamp of a packet that waits, in samples. */
  timestampOf(sequenceNumber: number): number {
    return this.#timestamps[slotOf(sequenceNumber)]!;
  }

  /** The payload of a packet that waits. */
  payloadOf(sequenceNumber: number): Uint8Array {
    return this.#payloads[slotOf(sequenceNumber)]!;
  }

  /** Begins a stream at a sequence number. */
  start(sequenceNumber: number): void {
    this.#next = sequenceNumber;
    this.#newest = sequenceNumber;
  }

  /** Begins it earlier, where the first packets came in the wrong order and nothing is decoded yet. */
  startEarlier(sequenceNumber: number): void {
    this.#next = sequenceNumber;
  }

  /** Whether a packet before all others would not take the slot of one that waits. */
  hasRoomFor(sequenceNumber: number): boolean {
    return this.#newest - sequenceNumber < CAPACITY;
  }

  /**
   * Takes a packet.
   *
   * @param end The timestamp up to which sound is decoded.
   * @returns What was irregular about it.
   */
  insert(packet: VoicePacket, end: number): Irregularity | undefined {
    const { sequenceNumber, timestamp } = packet;
    const slot = slotOf(sequenceNumber);
    if (this.#numbers[slot] === sequenceNumber) return this.#cameAgain(slot);
    const late = this.#isOver(sequenceNumber, timestamp, end);
    // A packet that waits keeps its slot.
    if (late && this.#payloads[slot]) return "late";
    const reordered = sequenceNumber < this.#newest;
    if (!late) this.#store(packet, false);
    this.#numbers[slot] = sequenceNumber;
    this.#newest = Math.max(this.#newest, sequenceNumber);
    return late ? "late" : reordered ? "reordered" : undefined;
  }

  /**
   * Takes the copy of a packet that came with a later one, after that one.
   *
   * @param end The timestamp up to which sound is decoded.
   */
  insertRedundant(packet: VoicePacket, end: number): void {
    const { sequenceNumber, timestamp, payload } = packet;
    const slot = slotOf(sequenceNumber);
    const fits = sequenceNumber < this.#newest && this.hasRoomFor(sequenceNumber);
    const known = this.#numbers[slot] === sequenceNumber;
    if (!fits || known || payload.length === 0 || this.#isOver(sequenceNumber, timestamp, end)) return;
    this.#store(packet, true);
    this.#numbers[slot] = sequenceNumber;
  }

  /** Takes a packet out that waits. The one after it is next. */
  take(sequenceNumber: number): BufferedPacket {
    const slot = slotOf(sequenceNumber);
    const payload = this.#payloads[slot]!;
    this.#payloads[slot] = undefined;
    this.#size--;
    this.#next = sequenceNumber + 1;
    return {
      sequenceNumber,
      timestamp: this.#timestamps[slot]!,
      payload,
      redundant: this.#redundant[slot] === 1,
    };
  }

  /**
   * Waits no longer for packets before one that waits.
   *
   * @returns How many.
   */
  giveUpBefore(sequenceNumber: number): number {
    const missing = Math.max(0, sequenceNumber - this.#next);
    this.#next += missing;
    return missing;
  }

  /**
   * Drops the oldest packets.
   *
   * @param kept How many remain, at least one. The newest must be there.
   * @returns How many were dropped.
   */
  dropOldest(kept: number): number {
    let first = this.#newest;
    for (let remaining = 1; remaining < kept && first > this.#next; first--) {
      if (this.has(first - 1)) remaining++;
    }
    let dropped = 0;
    for (; this.#next < first; this.#next++) {
      if (!this.has(this.#next)) continue;
      this.#payloads[slotOf(this.#next)] = undefined;
      dropped++;
    }
    this.#size -= dropped;
    return dropped;
  }

  /** Forgets everything. */
  reset(): void {
    this.#payloads.fill(undefined);
    this.#numbers.fill(-1);
    this.#size = 0;
  }

  /** Whether a packet's turn is over, or began in a gap before a later one that was concealed in part. */
  #isOver(sequenceNumber: number, timestamp: number, end: number): boolean {
    return sequenceNumber < this.#next || (sequenceNumber < this.#newest && timestamp < end);
  }

  #store({ sequenceNumber, timestamp, payload }: VoicePacket, redundant: boolean): void {
    const slot = slotOf(sequenceNumber);
    this.#payloads[slot] = payload;
    this.#timestamps[slot] = timestamp;
    this.#redundant[slot] = Number(redundant);
    this.#size++;
  }

  /** A packet came whose slot it, or its copy, has or had already. */
  #cameAgain(slot: number): Irregularity {
    const redundant = this.#redundant[slot] === 1;
    this.#redundant[slot] = 0;
    return !redundant ? "repeated" : this.#payloads[slot] ? "reordered" : "late";
  }
}

function slotOf(sequenceNumber: number): number {
  return sequenceNumber & (CAPACITY - 1);
}
