/**
 * The binary messages of `/sound`, both ways: little-endian.
 *
 * ```text
 *   page → phone   0 played    u32  samples taken out of the page's queue so far, modulo 2^32
 *                  4 received  u32  samples that came into it so far, likewise
 *                  8 output    u16  playback latency beyond the queue, in samples
 *                 10 input     u16  capture latency, in samples
 *                 12 samples   i16… captured; none if the page only reports
 *
 *   phone → page   0 samples   i16… to play
 * ```
 *
 * Samples are mono, 48 kHz. The phone knows how long the page's queue is from what it sent and what was played.
 */

/** Bytes before a report's samples. */
export const REPORT_BYTES = 12;

/** Most samples of a message, 200 ms. */
export const MAX_FRAME_SAMPLES = 9600;

/** What a page tells with every message of sound. */
export interface SoundReport {
  readonly played: number;
  readonly received: number;
  readonly outputLatency: number;
  readonly inputLatency: number;
  /** Captured samples, which belong to the message. */
  readonly samples: Int16Array<ArrayBuffer>;
}

/** Parses a message of a page. @returns Undefined if it is none. */
export function parseSoundReport(message: ArrayBuffer): SoundReport | undefined {
  const length = message.byteLength - REPORT_BYTES;
  if (length < 0 || length % 2 !== 0 || length > 2 * MAX_FRAME_SAMPLES) return undefined;
  const head = new DataView(message);
  return {
    played: head.getUint32(0, true),
    received: head.getUint32(4, true),
    outputLatency: head.getUint16(8, true),
    inputLatency: head.getUint16(10, true),
    samples: new Int16Array(message, REPORT_BYTES),
  };
}

/** Makes a message of a page. Numbers beyond the fields' range wrap around, or are the largest. */
export function encodeSoundReport(
  { played, received, outputLatency, inputLatency, samples }: SoundReport,
): ArrayBuffer {
  const message = new ArrayBuffer(REPORT_BYTES + 2 * samples.length);
  const head = new DataView(message);
  head.setUint32(0, played, true);
  head.setUint32(4, received, true);
  head.setUint16(8, Math.min(outputLatency, 0xffff), true);
  head.setUint16(10, Math.min(inputLatency, 0xffff), true);
  new Int16Array(message, REPORT_BYTES).set(samples);
  return message;
}
