import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_DATAGRAM_BYTES } from "../../lib/protocol/call_messages.ts";
import { openEncoder, type VoiceEncoder } from "../../lib/codec/opus.ts";
import { parseRedundant, REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { parseRtp } from "../../lib/rtp/rtp.ts";
import { TAG_BYTES } from "../../lib/srtp/aes_gcm.ts";
import { VoiceSender } from "../../lib/voice/voice_sender.ts";

/** Longest Opus frame (RFC 6716, section 3.2.1): an encoder at any bit rate. */
const LONGEST_FRAME_BYTES = 1_275;

/** An encoder whose frames have these lengths. */
function encoderOf(lengths: readonly number[]): VoiceEncoder {
  let next = 0;
  return {
    encode: () => new Uint8Array(lengths[next++]!).fill(next),
    expectLoss: () => Promise.resolve(),
    allowSilence: () => {},
    [Symbol.dispose]: () => {},
  };
}

/** Frames of a datagram, the redundant ones first. */
function framesOf(datagram: Uint8Array): Uint8Array[] {
  const packet = parseRtp(datagram);
  assert(packet);
  if (packet.payloadType !== REDUNDANT_PAYLOAD_TYPE) return [packet.payload];
  const parsed = parseRedundant(packet.payload);
  assert(parsed);
  return [...parsed.redundant.map(({ payload }) => payload), parsed.payload];
}

const loud = () => Int16Array.from({ length: 960 }, (_, at) => at % 2 === 0 ? 30_000 : -30_000);

Deno.test("VoiceSender carries fewer redundant frames rather than exceed what every receiver takes", () => {
  const most = MAX_DATAGRAM_BYTES - TAG_BYTES - 12;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 3, max: Math.min(most, LONGEST_FRAME_BYTES) }), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.integer({ min: 0, max: 2 }),
      (lengths, redundancy) => {
        const sender = new VoiceSender(encoderOf(lengths));
        sender.redundancy = redundancy;
        lengths.forEach((length, at) => {
          const datagram = sender.packet(loud());
          assert(datagram);
          assert(datagram.length + TAG_BYTES <= MAX_DATAGRAM_BYTES, `${datagram.length} bytes`);
          const frames = framesOf(datagram);
          assertEquals(frames.at(-1)?.length, length);
          // Never fewer than fit: the next older one would be too long.
          const older = frames.length <= Math.min(redundancy, at) ? lengths[at - frames.length] : undefined;
          const room = MAX_DATAGRAM_BYTES - TAG_BYTES - datagram.length - (frames.length === 1 ? 1 : 0);
          assert(older === undefined || older > 1023 || 4 + older > room, `${older} fit into ${room}`);
        });
      },
    ),
  );
});

for (const frameMs of [10, 20]) {
  for (const fec of [true, false]) {
    Deno.test(`loud noise fits into datagrams, frames of ${frameMs} ms ${fec ? "with" : "without"} FEC`, async () => {
      const frame = new Int16Array(48 * frameMs);
      using encoder = await openEncoder(frame.length);
      const sender = new VoiceSender(encoder);
      let seed = 1;
      for (const loss of [0, 0.01, 0.06, 0.2, 1]) {
        if (fec) await encoder.expectLoss(loss);
        for (const redundancy of [0, 1, 2]) {
          sender.redundancy = redundancy;
          for (let count = 0; count < 10; count++) {
            for (let at = 0; at < frame.length; at++) {
              seed = Math.imul(seed, 1_664_525) + 1_013_904_223 | 0;
              frame[at] = seed >> 16;
            }
            const bytes = (sender.packet(frame)?.length ?? 0) + TAG_BYTES;
            assert(bytes <= MAX_DATAGRAM_BYTES, `${bytes} bytes, loss ${loss}, redundancy ${redundancy}`);
          }
        }
      }
    });
  }
}
