import { assertEquals } from "@std/assert";
import { packetSamples } from "../../lib/codec/opus.ts";
import { LONGEST_PACKET_SAMPLES, wasmLibopus } from "../../lib/codec/libopus.ts";

Deno.test("packetSamples() agrees with libopus on the first bytes of every packet", async () => {
  const decoder = await wasmLibopus.createDecoder();
  const decoded = (packet: Uint8Array): number => {
    try {
      return decoder.decode(packet).length;
    } catch {
      return 0; // It is no Opus packet.
    }
  };
  for (let toc = 0; toc < 256; toc++) {
    for (const frames of (toc & 3) === 3 ? [1, 2, 3, 6, 12, 48, 49, 63] : [0]) {
      // Frames of no bytes are valid: they are lost ones.
      const packet = (toc & 3) === 2 || (toc & 3) === 3 ? Uint8Array.of(toc, frames) : Uint8Array.of(toc);
      assertEquals(packetSamples(packet), decoded(packet), `${packet}`);
    }
  }
  decoder.free();
  assertEquals(packetSamples(new Uint8Array(0)), 0);
  assertEquals(packetSamples(Uint8Array.of(3)), 0);
  assertEquals(packetSamples(Uint8Array.of(0x1b, 2)), LONGEST_PACKET_SAMPLES);
});
