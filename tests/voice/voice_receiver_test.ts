import { assertEquals } from "@std/assert";
import type { VoiceDecoder } from "../../lib/codec/opus.ts";
import { REDUNDANT_PAYLOAD_TYPE } from "../../lib/rtp/red.ts";
import { encodeRtp, OPUS_PAYLOAD_TYPE } from "../../lib/rtp/rtp.ts";
import { VoiceReceiver } from "../../lib/voice/voice_receiver.ts";

const FRAME = 960;
const LAST = 12;

/** Frame `number` of 20 ms: the first byte says so (RFC 6716, section 3.1). */
const frame = (number: number) => Uint8Array.of(0xf8, number, number);

/** A block of a redundant packet: how much earlier, and its frame. */
type Block = [offset: number, bytes: Uint8Array, payloadType?: number];

/** The payload of RFC 2198, whatever its blocks. */
function redundant(blocks: readonly Block[], own: Uint8Array, ownType = OPUS_PAYLOAD_TYPE): Uint8Array {
  const headers = blocks.flatMap(([offset, { length }, type = OPUS_PAYLOAD_TYPE]) => {
    const fields = offset << 10 | length;
    return [0x80 | type, fields >> 16 & 0xff, fields >> 8 & 0xff, fields & 0xff];
  });
  return Uint8Array.from([...headers, ownType, ...blocks.flatMap(([, bytes]) => [...bytes]), ...own]);
}

/**
 * The frames that are decoded, of those up to {@linkcode LAST}, if 5 and 6 are lost and 7 comes with this payload. Packets
 * come 40 ms before their turn.
 */
function decoded(payload: Uint8Array): number[] {
  const numbers: number[] = [];
  const decoder: VoiceDecoder = {
    decode(packet) {
      numbers.push(packet[1]!);
      return new Int16Array(FRAME).fill(1000);
    },
    carriesCopy: () => false,
    recover: () => undefined,
    conceal: (samples) => new Int16Array(samples),
    [Symbol.dispose]: () => {},
  };
  const receiver = new VoiceReceiver(decoder);
  const send = (number: number, payloadType: number, payload: Uint8Array) =>
    receiver.handlePacket(
      20 * Math.max(0, number - 8),
      encodeRtp({
        payloadType,
        marker: false,
        sequenceNumber: 0xfffa + number & 0xffff,
        timestamp: FRAME * number,
        ssrc: 1,
        payload,
      }),
    );
  for (let number = 0; number <= LAST; number++) {
    if (number === 5 || number === 6) continue;
    if (number === 7) send(number, REDUNDANT_PAYLOAD_TYPE, payload);
    else send(number, OPUS_PAYLOAD_TYPE, frame(number));
  }
  const samples = new Int16Array(FRAME);
  for (let turn = 0; turn < 40; turn++) receiver.play(samples, 100 + 20 * turn);
  return numbers;
}

const REST = [8, 9, 10, 11, 12];
const [FIVE, SIX, SEVEN] = [frame(5), frame(6), frame(7)];
const SHORT = Uint8Array.of(0xf0, 6, 6); // 10 ms.

/** What comes of frames 5 to 7. */
const CASES: [name: string, payload: Uint8Array, decoded: number[]][] = [
  ["both copies", redundant([[1920, FIVE], [960, SIX]], SEVEN), [5, 6, 7]],
  ["one copy", redundant([[960, SIX]], SEVEN), [6, 7]],
  ["no copy", redundant([], SEVEN), [7]],
  ["more copies than announced", redundant([[2880, frame(4)], [1920, FIVE], [960, SIX]], SEVEN), [5, 6, 7]],
  ["the frame before the last only", redundant([[1920, FIVE]], SEVEN), [7]],
  ["a gap between copies", redundant([[2880, frame(4)], [960, SIX]], SEVEN), [6, 7]],
  ["a copy of a shorter frame, not directly before", redundant([[960, SHORT]], SEVEN), [7]],
  ["copies in the wrong order", redundant([[960, SIX], [1920, FIVE]], SEVEN), [7]],
  ["an offset of 0", redundant([[0, SEVEN]], SEVEN), [7]],
  ["the longest offset", redundant([[16383, FIVE], [960, SIX]], SEVEN), [6, 7]],
  ["an empty copy", redundant([[1920, FIVE], [960, new Uint8Array(0)]], SEVEN), [7]],
  ["an older copy that is empty", redundant([[1920, new Uint8Array(0)], [960, SIX]], SEVEN), [6, 7]],
  ["a copy of another payload type", redundant([[1920, FIVE, 13], [960, SIX]], SEVEN), [6, 7]],
  ["an empty frame", redundant([[1920, FIVE], [960, SIX]], new Uint8Array(0)), []],
  ["a frame of another payload type", redundant([[960, SIX]], SEVEN, 13), []],
  ["a block that is longer than the packet", redundant([[960, SIX]], new Uint8Array(0)).slice(0, -1), []],
  ["no frame", redundant([[960, SIX]], SEVEN).slice(0, 4), []],
  ["nothing", new Uint8Array(0), []],
];

for (const [name, payload, expected] of CASES) {
  Deno.test(`VoiceReceiver takes a packet of payload type 63 with ${name}`, () => {
    assertEquals(decoded(payload), [0, 1, 2, 3, 4, ...expected, ...REST]);
  });
}
