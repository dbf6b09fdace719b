/** Voice as it comes from the network: datagrams in any order, broken and forged ones among them. */

import { assert } from "@std/assert";
import { encodeRtp } from "../../../lib/rtp/rtp.ts";
import { VoiceReceiver } from "../../../lib/voice/voice_receiver.ts";
import { ByteReader } from "../byte_reader.ts";
import type { FuzzTarget } from "../fuzz_target.ts";
import { checkPlayout, madeUpDecoder, playAndCheck } from "./jitter_buffer.ts";

/** A step: milliseconds that pass, samples in units of 10 ms that are asked for, bytes of the datagram, the datagram. */
function step(milliseconds: number, blocks: number, datagram: Uint8Array): number[] {
  return [milliseconds, blocks, datagram.length, ...datagram];
}

function voice(sequenceNumber: number, timestamp: number, ssrc = 1): Uint8Array {
  const payload = Uint8Array.of(8, 1, 2);
  return encodeRtp({ payloadType: 111, marker: false, sequenceNumber, timestamp, ssrc, payload });
}

/** Steps of a length and a datagram each. */
export const voiceReceiver: FuzzTarget = {
  name: "voice_receiver",
  seeds: [
    [65534, 65535, 0, 1, 2, 3].map((number, index) =>
      step(20, 2, voice(number, 2 ** 32 - 1920 + 960 * index))
    ),
    [1, 3, 2, 2, 6, 5].map((number) => step(10, 1, voice(number, 960 * number))),
    [1, 2, 1, 2, 3].map((number, index) => step(20, 2, voice(number, 960 * number, index % 2))),
  ].map((steps) => Uint8Array.from(steps.flat())),
  maxBytes: 600,
  run(input) {
    const reader = new ByteReader(input);
    using decoder = madeUpDecoder();
    const receiver = new VoiceReceiver(decoder);
    let now = 1000;
    let events = 0;
    let taken = 0;
    while (!reader.ended) {
      events++;
      now += reader.byte();
      const samples = 480 * reader.below(20);
      const datagram = reader.take(reader.byte());
      if (receiver.handlePacket(now, datagram)) taken++;
      playAndCheck((wanted) => receiver.play(wanted, now), samples);
      checkPlayout(receiver.jitterBuffer);
      const { lossFraction, jitterMs, received, expected } = receiver.statistics;
      assert(lossFraction >= 0 && lossFraction <= 1, `a loss of ${lossFraction}`);
      assert(jitterMs >= 0 && jitterMs <= 5000, `a jitter of ${jitterMs} ms`);
      assert(received <= expected, "received more than was sent");
    }
    const { late, repeated, reordered } = receiver.jitterBuffer.counts;
    return { events, came: [taken, late, repeated, reordered].map((count) => Math.min(3, count)).join("") };
  },
};
