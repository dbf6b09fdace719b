/** JitterBuffer, whatever comes when: any number, any timestamp, at any time. The codec is a made-up one. */

import { assert, assertEquals } from "@std/assert";
import type { VoiceDecoder } from "../../../lib/codec/opus.ts";
import { JitterBuffer } from "../../../lib/jitter_buffer/jitter_buffer.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** What stands in a buffer that nobody has filled. The made-up codec is never as loud. */
const UNTOUCHED = 32_123;

/** Most that a loudspeaker asks for at once, in samples. */
const LONGEST_REQUEST = 9_600;

/** The longest packet of Opus, 120 ms. */
const LONGEST_PACKET = 5_760;

/** Room for rounding beyond the 400 ms that may gather, one packet and one correction. */
const LONGEST_DELAY_MS = 800;

/** Payloads say themselves how long they last, in steps of 2.5 ms. */
class MadeUpDecoder implements VoiceDecoder {
  readonly #samples = Int16Array.from({ length: LONGEST_PACKET }, (_, index) => 9_000 * Math.sin(index / 20));

  decode(packet: Uint8Array): Int16Array | undefined {
    const length = 120 * ((packet[0] ?? 0) % 49);
    return length === 0 ? undefined : this.#samples.subarray(0, length);
  }

  carriesCopy(packet: Uint8Array): boolean {
    return packet.length % 2 === 0;
  }

  recover(packet: Uint8Array, samples: number): Int16Array | undefined {
    return this.carriesCopy(packet) ? this.#samples.subarray(0, samples) : undefined;
  }

  conceal(samples: number): Int16Array {
    return this.#samples.subarray(0, Math.min(samples, LONGEST_PACKET));
  }

  [Symbol.dispose](): void {}
}

/** A decoder for targets that have another one's packets. */
export function madeUpDecoder(): VoiceDecoder {
  return new MadeUpDecoder();
}

const buffer = new Int16Array(LONGEST_REQUEST);

/**
 * Asks for samples and checks that all of them are filled.
 *
 * @param samples How many.
 */
export function playAndCheck(play: (samples: Int16Array) => void, samples: number): void {
  const wanted = buffer.subarray(0, samples).fill(UNTOUCHED);
  play(wanted);
  assert(!wanted.includes(UNTOUCHED), "not all is filled");
}

/** As {@linkcode playAndCheck}, and what a playout says of itself must make sense. */
export function checkPlayout(jitterBuffer: JitterBuffer): void {
  for (const [name, count] of Object.entries(jitterBuffer.counts)) {
    assert(Number.isSafeInteger(count) && (count >= 0 || name === "lost"), `${name} is ${count}`);
  }
  assert(Number.isFinite(jitterBuffer.delayMs) && Number.isFinite(jitterBuffer.targetMs));
}

const STEADY = [0, 20, 9, 1, 20, 9, 1, 0, 20, 9, 1, 20, 9, 1];

/** Each step is a byte for what happens, and what that needs. */
export const jitterBuffer: FuzzTarget = {
  name: "jitter_buffer",
  seeds: [
    Uint8Array.from([...STEADY, ...STEADY, ...STEADY, ...STEADY]),
    // Two in the wrong order, the second one lost, a long wait.
    Uint8Array.from([2, 2, 8, 8, 2, 0, 8, 8, 9, 1, 9, 1, 3, 200, 8, 8, 9, 3, 9, 30, 9, 30, ...STEADY]),
    // Far ahead, then from before the first.
    Uint8Array.from([0, 8, 9, 2, 127, 8, 9, 4, 1, 8, 8, 9, 1, 9, 1, 9, 1, 9, 20]),
    // Another stream.
    Uint8Array.from([...STEADY, 5, 1, 200, 8, 8, ...STEADY, 7, ...STEADY]),
  ],
  maxBytes: 300,
  run(input) {
    const reader = new ByteReader(input);
    using decoder = new MadeUpDecoder();
    const jitterBuffer = new JitterBuffer(decoder);
    let number = 70_000;
    let timestamp = 1_000_000;
    let now = 1_000;
    let events = 0;
    while (!reader.ended) {
      events++;
      const step = reader.below(12);
      if (step <= 6) {
        // The next packet, one before or behind it, or one from somewhere else.
        const at = step === 1 ? 1 : step === 2 ? reader.byte() : step === 4 ? -reader.byte() : 0;
        if (step === 3) timestamp += 16 * reader.byte();
        if (step === 5) number += 251 * reader.uint(1);
        if (step === 5) timestamp = Math.max(0, timestamp + 4801 * (reader.byte() - 128));
        if (step === 6) timestamp = 2 ** 33 - timestamp;
        const payload = reader.take(1 + reader.below(3));
        if (payload.length > 0) {
          jitterBuffer.handlePacket(now, {
            sequenceNumber: number + at,
            timestamp: Math.max(0, timestamp + 960 * at),
            payload,
          });
        }
        if (step === 0) {
          number++;
          timestamp += 960;
        }
      } else if (step === 7) {
        jitterBuffer.restart();
      } else if (step === 8) {
        now += reader.byte();
      } else {
        // From one sample to as much as is ever asked for.
        const samples = step === 11 ? 1 + reader.uint(2) % LONGEST_REQUEST : 480 * (1 + reader.below(4));
        now += samples / 48;
        playAndCheck((wanted) => jitterBuffer.play(wanted, now), samples);
      }
      checkPlayout(jitterBuffer);
    }
    // Whatever was before, a stream that is in order is heard in the end, and at no great delay. Before its first packet
    // there may be as much silence as a loudspeaker had stood still, up to 400 ms.
    for (let packet = 0; packet < 30; packet++, now += 20) {
      jitterBuffer.handlePacket(now, {
        sequenceNumber: number + 300 + packet,
        timestamp: timestamp + 960 * (300 + packet),
        payload: Uint8Array.of(8, 0, 0),
      });
      playAndCheck((wanted) => jitterBuffer.play(wanted, now), 960);
    }
    assert(Math.abs(jitterBuffer.delayMs) <= LONGEST_DELAY_MS, `a delay of ${jitterBuffer.delayMs} ms`);
    const { counts } = jitterBuffer;
    assertEquals(counts.played > 0, true, "something is heard");
    const words = [
      counts.recovered,
      counts.late,
      counts.repeated,
      counts.reordered,
      counts.dropped,
      counts.accelerated,
    ];
    return { events, came: words.map((count) => Math.min(count, 2)).join("") };
  },
};
