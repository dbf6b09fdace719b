import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { encodeRedundant, parseRedundant } from "../../lib/rtp/red.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import { holds } from "../../testing/property.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

/** Two redundant frames, 1920 and 960 samples earlier, and the frame itself. */
const BYTES = hex("ef 1e0002  ef 0f0001  6f  aabb cc ddeeff");

Deno.test("encodeRedundant() has the layout of RFC 2198", () => {
  const redundant = [
    { timestampOffset: 1920, payload: hex("aabb") },
    { timestampOffset: 960, payload: hex("cc") },
  ];
  assertEquals(encodeRedundant({ redundant, payload: hex("ddeeff") }), BYTES);
  assertEquals(encodeRedundant({ redundant: [], payload: hex("dd") }), hex("6f dd"));
});

const READ: Record<string, [bytes: string, redundant: [number, string][] | undefined, payload?: string]> = {
  "a frame alone": ["6f dd", [], "dd"],
  "one redundant frame": ["ef0f0002 6f aabb dd", [[960, "aabb"]], "dd"],
  "an empty redundant frame": ["ef0f0000 6f dd", [[960, ""]], "dd"],
  "an empty frame": ["ef0f0001 6f aa", [[960, "aa"]], ""],
  "nothing": ["", undefined],
  "no last header": ["ef0f0001", undefined],
  "half a header": ["ef0f", undefined],
  "a redundant frame that is longer than the packet": ["ef0f0003 6f aabb", undefined],
  "a frame of another codec": ["ef0f0001 00 aabb", undefined],
  "a redundant frame of another codec": ["800f0001 6f aabb", [], "bb"],
  "one of another codec before one of Opus": ["801e0001 ef0f0001 6f aabbcc", [[960, "bb"]], "cc"],
  "one of Opus before one of another codec": ["ef1e0001 800f0001 6f aabbcc", [], "cc"],
};

for (const [name, [bytes, redundant, payload]] of Object.entries(READ)) {
  Deno.test(`parseRedundant(): ${name}`, () => {
    const parsed = parseRedundant(hex(bytes));
    assertEquals(parsed?.redundant.map((frame) => [frame.timestampOffset, frame.payload.toHex()]), redundant);
    assertEquals(parsed?.payload.toHex(), payload);
  });
}

Deno.test("parseRedundant() reverses encodeRedundant() for any payload", () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  const frame = fc.record({ timestampOffset: fc.nat(16383), payload: bytes(1023) });
  const payload = fc.record({ redundant: fc.array(frame, { maxLength: 4 }), payload: bytes(1500) });
  holds(fc.property(payload, (payload) => assertEquals(parseRedundant(encodeRedundant(payload)), payload)));
});

Deno.test("parseRedundant() never throws, whatever the bytes", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: random() * 30 }, () => random() < 0.3 ? 0xef : random() * 256);
    const parsed = parseRedundant(bytes);
    if (!parsed) continue;
    const length = parsed.redundant.reduce((sum, frame) => sum + frame.payload.length + 4, 1);
    assert(length + parsed.payload.length === bytes.length);
  }
});
