/**
 * What a phone has to share with its registry's panel, until the connection to the registry takes it. Does no I/O and reads no
 * clock: it takes messages, figures and the time, and {@linkcode TraceBatcher.drain} gives lines.
 */

import { type Endpoint, inZone } from "../protocol/address.ts";
import { TokenBucket } from "../util/token_bucket.ts";
import { redactCallMessage } from "./redact.ts";
import {
  copyFields,
  MAX_AGE_MS,
  MAX_COPY_BYTES,
  MAX_TRACE_LINE_BYTES,
  type MessageCopy,
  type SampleCopy,
  sampleFields,
} from "./trace_line.ts";

/** Time from the first thing to share until a line with it is due, in milliseconds. */
const GATHER_MS = 250;

/**
 * Copies a second, and at once: of the current call, which has 20 messages at most in an ordinary minute, and of all others. Who
 * floods a phone with forged invitations must not fill its connection to the registry.
 */
const CURRENT = { perSecond: 20, burst: 100 };
const OTHERS = { perSecond: 5, burst: 30 };

/** Most bytes that wait, while the connection to the registry takes nothing; the registry's limits allow about 16 KiB/s. */
const MAX_WAITING_BYTES = 32 * 1024;

/** The age that takes most characters, in milliseconds. */
const LONGEST_AGE_MS = MAX_AGE_MS - 0.1;

/** Bytes of a line around what it holds. */
const ENVELOPE_BYTES = 100;

/** A call message that was sent or received. */
export interface TracedMessage {
  readonly direction: "sent" | "received";
  readonly ownPort: number;
  readonly other: Endpoint;
  /** Length of the datagram. */
  readonly bytes: number;
  /** As on the wire. */
  readonly text: string;
  /** Whether it belongs to the phone's current call. */
  readonly current: boolean;
}

type Waiting =
  | { readonly at: number; readonly bytes: number; readonly message: Omit<MessageCopy, "ageMs"> }
  | { readonly at: number; readonly bytes: number; readonly sample: Omit<SampleCopy, "ageMs"> };

const encoder = new TextEncoder();

/** Gathers copies for a registry. One for each registration: what was before it is nobody's business. */
export class TraceBatcher {
  readonly #current = new TokenBucket(CURRENT.perSecond, CURRENT.burst);
  readonly #others = new TokenBucket(OTHERS.perSecond, OTHERS.burst);
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #leftOut = 0;
  /** The first line says only that this phone shares. */
  #dueAt = -Infinity;

  /** When {@linkcode TraceBatcher.drain} has a line to give; `Infinity` while there is nothing. */
  get wakeAt(): number {
    return this.#dueAt;
  }

  /** Copies that were left out since the last line. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** A message was sent or received. One that is no call message is not shared. */
  handleMessage(now: number, { direction, ownPort, other, bytes, text, current }: TracedMessage): void {
    // Before it is hashed: a flood must not cost more than it has to.
    if (!(current ? this.#current : this.#others).tryTake(now)) return this.handleLeftOut(now, 1);
    const redacted = redactCallMessage(text);
    if (!redacted) return;
    const message = { ...redacted, direction, ownPort, other: withoutZone(other), bytes };
    const size = sizeOf(copyFields({ ...message, ageMs: LONGEST_AGE_MS }));
    if (size > MAX_COPY_BYTES + ENVELOPE_BYTES) return this.handleLeftOut(now, 1);
    this.#add(now, { at: now, bytes: size, message });
  }

  /** Figures of the current call. */
  handleSample(now: number, sample: Omit<SampleCopy, "ageMs">): void {
    const own = { ...sample, other: withoutZone(sample.other) };
    this.#add(now, { at: now, bytes: sizeOf(sampleFields({ ...own, ageMs: LONGEST_AGE_MS })), sample: own });
  }

  /** Somebody else has left messages out. */
  handleLeftOut(now: number, count: number): void {
    if (count === 0) return;
    this.#leftOut += count;
    this.#dueAt = Math.min(this.#dueAt, now + GATHER_MS);
  }

  /** The next line, without its line feed, at most {@linkcode MAX_TRACE_LINE_BYTES}. Undefined if there is nothing to say. */
  drain(now: number): string | undefined {
    if (this.#dueAt === Infinity) return undefined;
    const old = this.#waiting.findIndex(({ at }) => at >= now - MAX_AGE_MS);
    this.#drop(old < 0 ? this.#waiting.length : old);
    const taken = this.#take();
    const ageMs = (at: number) => Math.round(10 * (now - at)) / 10;
    const messages = taken.flatMap((item) =>
      "message" in item ? [copyFields({ ...item.message, ageMs: ageMs(item.at) })] : []
    );
    const samples = taken.flatMap((item) =>
      "sample" in item ? [sampleFields({ ...item.sample, ageMs: ageMs(item.at) })] : []
    );
    const line = JSON.stringify({
      tipo: "rastro",
      ...(messages.length > 0 && { mensagens: messages }),
      ...(samples.length > 0 && { medidas: samples }),
      ...(this.#leftOut > 0 && { omitidas: this.#leftOut }),
    });
    this.#leftOut = 0;
    this.#dueAt = this.#waiting.length > 0 ? now : Infinity;
    return line;
  }

  #add(now: number, item: Waiting): void {
    this.#waiting.push(item);
    this.#waitingBytes += item.bytes;
    this.#dueAt = Math.min(this.#dueAt, now + GATHER_MS);
    // The latest are worth most: whoever looks at the panel sees what happens now.
    let excess = 0;
    for (let bytes = this.#waitingBytes; bytes > MAX_WAITING_BYTES; excess++) {
      bytes -= this.#waiting[excess]!.bytes;
    }
    this.#drop(excess);
  }

  /** Leaves out the oldest. */
  #drop(count: number): void {
    for (const { bytes } of this.#waiting.splice(0, count)) this.#waitingBytes -= bytes;
    this.#leftOut += count;
  }

  /** What fits into a line. */
  #take(): Waiting[] {
    let room = MAX_TRACE_LINE_BYTES - ENVELOPE_BYTES;
    let count = 0;
    // A comma each.
    for (; count < this.#waiting.length && this.#waiting[count]!.bytes + 1 <= room; count++) {
      room -= this.#waiting[count]!.bytes + 1;
    }
    const taken = this.#waiting.splice(0, count);
    for (const { bytes } of taken) this.#waitingBytes -= bytes;
    return taken;
  }
}

/** An address without the link, which another machine does not know. */
function withoutZone({ ip, port }: Endpoint): Endpoint {
  return { ip: inZone(ip, ""), port };
}

function sizeOf(fields: unknown): number {
  return encoder.encode(JSON.stringify(fields)).length;
}
