import { EVERYTHING } from "../../testing/everything.ts";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { compare, compareInPieces } from "../../testing/audio/compare.ts";
import { levelDb, SILENCE_DB } from "../../lib/dsp/level.ts";
import { type Libopus, systemLibopus, wasmLibopus } from "../../lib/codec/libopus.ts";
import { FRAME_SAMPLES, openDecoder, openEncoder } from "../../lib/codec/opus.ts";
import { parseRedundant } from "../../lib/rtp/red.ts";
import { encodeRtp, parseRtp } from "../../lib/rtp/rtp.ts";
import { VoiceReceiver } from "../../lib/voice/voice_receiver.ts";
import { VoiceSender } from "../../lib/voice/voice_sender.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const LIBRARIES: Readonly<Record<string, Libopus | undefined>> = {
  "the system's libopus": systemLibopus(),
  "libopus in WebAssembly": wasmLibopus,
};

/** A test for each installed libopus, or for the first: they are told apart in `tests/codec`. */
function testCodec(name: string, fn: (library: Libopus) => Promise<void>): void {
  const first = Object.values(LIBRARIES).find((library) => library);
  for (const [whose, library] of Object.entries(LIBRARIES)) {
    const ignore = !library || !EVERYTHING && library !== first;
    Deno.test({ name: `${name}, with ${whose}`, ignore, fn: () => fn(library!) });
  }
}

/** Two seconds that sound like a voice to a codec: a gliding tone with overtones, in syllables. */
function voice(): Int16Array<ArrayBuffer> {
  return Int16Array.from({ length: 96_000 }, (_, index) => {
    const time = index / 48_000;
    const pitch = 140 + 30 * Math.sin(2 * Math.PI * 1.3 * time);
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3 * time)) ** 0.5;
    let sum = 0;
    for (let overtone = 1; overtone <= 12; overtone++) {
      sum += Math.sin(2 * Math.PI * pitch * overtone * time) / overtone;
    }
    return 6000 * syllable * sum;
  });
}

/** Sends samples through encoder, made-up network and decoder, frame by frame. */
async function carry(
  library: Libopus,
  samples: Int16Array<ArrayBuffer>,
  network: (datagrams: Uint8Array<ArrayBuffer>[]) => Uint8Array<ArrayBuffer>[],
): Promise<{ heard: Int16Array<ArrayBuffer>; receiver: VoiceReceiver }> {
  using encoder = await openEncoder(FRAME_SAMPLES, library);
  using decoder = await openDecoder(library);
  const sender = new VoiceSender(encoder);
  const receiver = new VoiceReceiver(decoder, FRAME_SAMPLES);
  const heard = new Int16Array(samples.length);
  for (let start = 0; start < samples.length; start += FRAME_SAMPLES) {
    const now = start / 48;
    const datagram = sender.packet(samples.subarray(start, start + FRAME_SAMPLES));
    for (const arrived of network(datagram ? [datagram] : [])) receiver.handlePacket(now, arrived);
    receiver.play(heard.subarray(start, start + FRAME_SAMPLES), now);
  }
  return { heard, receiver };
}

testCodec("VoiceSender and VoiceReceiver carry a voice", async (library) => {
  const said = voice();
  const { heard, receiver } = await carry(library, said, (datagrams) => datagrams);
  const { correlation, levelDb } = compareInPieces(said, heard);
  assertGreater(correlation, 0.95);
  assertLess(Math.abs(levelDb), 1);
  assertEquals({ ...receiver.jitterBuffer.counts, played: 0 }, {
    played: 0,
    lost: 0,
    late: 0,
    repeated: 0,
    reordered: 0,
    dropped: 0,
    recovered: 0,
    concealedSamples: 0,
    accelerated: receiver.jitterBuffer.counts.accelerated,
    slowedDown: receiver.jitterBuffer.counts.slowedDown,
  });
});

testCodec("VoiceReceiver conceals what is lost and keeps the time", async (library) => {
  const said = voice();
  const random = seededRandom(3);
  const { heard, receiver } = await carry(
    library,
    said,
    (datagrams) => datagrams.filter(() => random() > 0.05),
  );
  const { played, lost } = receiver.jitterBuffer.counts;
  assertGreater(lost, 0);
  assertEquals(played + lost, said.length / FRAME_SAMPLES);
  assertGreater(compare(said, heard).correlation, 0.8);
});

testCodec(
  "VoiceReceiver plays silence before the first packet, and fades out after the last",
  async (library) => {
    using encoder = await openEncoder(FRAME_SAMPLES, library);
    using decoder = await openDecoder(library);
    const sender = new VoiceSender(encoder);
    const receiver = new VoiceReceiver(decoder, FRAME_SAMPLES);
    const frame = new Int16Array(FRAME_SAMPLES);
    let now = 0;
    receiver.play(frame, now);
    assertEquals(levelDb(frame), SILENCE_DB);
    now += 20;
    const said = voice();
    for (let start = 0; start < 5760; start += FRAME_SAMPLES, now += 20) { // Within its first syllable.
      receiver.handlePacket(now, sender.packet(said.subarray(start, start + FRAME_SAMPLES))!);
      receiver.play(frame, now);
    }
    assertGreater(levelDb(frame), -40);
    for (let count = 0; count < 30; count++, now += 20) receiver.play(frame, now);
    assertEquals(levelDb(frame), SILENCE_DB);
  },
);

testCodec("VoiceReceiver fills requests of any length, from packets of any length", async (library) => {
  using decoder = await openDecoder(library);
  const receiver = new VoiceReceiver(decoder);
  // Packets of one byte: silence of 2.5, 20 and 60 ms (RFC 6716, section 3.1: configurations 16, 19 and 3).
  for (let sequenceNumber = 0; sequenceNumber < 6; sequenceNumber++) {
    const payload = Uint8Array.of([0x80, 0x98, 0x18][sequenceNumber % 3]!);
    receiver.handlePacket(
      0,
      encodeRtp({ payloadType: 111, marker: false, sequenceNumber, timestamp: 0, ssrc: 1, payload }),
    );
  }
  for (const length of [1, 479, 480, 481, 959, 0, 2000]) {
    const part = new Int16Array(length).fill(12345);
    receiver.play(part, 0);
    assert(part.every((sample) => sample !== 12345), `all ${length} are filled`);
  }
});

testCodec("VoiceReceiver follows a stream that starts anew", async (library) => {
  using encoder = await openEncoder(FRAME_SAMPLES, library);
  using decoder = await openDecoder(library);
  const receiver = new VoiceReceiver(decoder);
  const said = voice();
  const frame = new Int16Array(FRAME_SAMPLES);
  let now = 0;
  for (const start of [Uint32Array.of(1, 100, 0), Uint32Array.of(2, 90, 0)]) {
    const sender = new VoiceSender(encoder, start);
    for (let count = 0; count < 5; count++, now += 20) {
      receiver.handlePacket(
        now,
        sender.packet(said.subarray(count * FRAME_SAMPLES, (count + 1) * FRAME_SAMPLES))!,
      );
      receiver.play(frame, now);
    }
  }
  assertEquals(receiver.jitterBuffer.counts.late, 0);
  assertGreater(receiver.jitterBuffer.counts.played, 6);
});

testCodec("VoiceReceiver takes any bytes without failing", async (library) => {
  using decoder = await openDecoder(library);
  using encoder = await openEncoder(FRAME_SAMPLES, library);
  const receiver = new VoiceReceiver(decoder);
  const sender = new VoiceSender(encoder);
  const random = seededRandom(9);
  const frame = new Int16Array(FRAME_SAMPLES);
  const honest = sender.packet(voice().subarray(0, FRAME_SAMPLES))!;
  for (let round = 0, now = 0; round < 5_000; round++, now += 10) {
    const bytes = random() < 0.5
      ? honest.slice(0, 1 + random() * honest.length)
      : Uint8Array.from({ length: random() * 80 }, () => random() * 256);
    for (let change = 0; change < 3; change++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    if (bytes.length > 1) {
      bytes[0] = 0x80;
      bytes[1] = 111;
    }
    receiver.handlePacket(now, bytes);
    if (round % 2) receiver.play(frame, now);
  }
});

testCodec(
  "VoiceSender numbers its packets by RFC 3550, and begins in the lower half by RFC 3711",
  async (library) => {
    using encoder = await openEncoder(FRAME_SAMPLES, library);
    const sender = new VoiceSender(encoder, Uint32Array.of(7, 65535, 0xffffffff - 959));
    const frame = new Int16Array(FRAME_SAMPLES);
    const packets = [0, 1].map(() => parseRtp(sender.packet(frame)!));
    assertEquals(
      packets.map((packet) => [packet?.ssrc, packet?.sequenceNumber, packet?.timestamp, packet?.marker]),
      [
        [7, 32767, 0xffffffff - 959, true],
        [7, 32768, 0, false],
      ],
    );
    assertEquals(sender.sent, 2);
  },
);

Deno.test("levelDb() measures against full scale", () => {
  assertEquals(levelDb(new Int16Array(10)), SILENCE_DB);
  assertEquals(Math.round(levelDb(new Int16Array(10).fill(-32768))), 0);
  assertEquals(Math.round(levelDb(new Int16Array(10).fill(3277))), -20);
  assertEquals(levelDb(new Int16Array(0)), SILENCE_DB);
});

testCodec("VoiceSender stops sending in lasting silence, and says so first", async (library) => {
  using encoder = await openEncoder(FRAME_SAMPLES, library);
  using decoder = await openDecoder(library);
  const sender = new VoiceSender(encoder);
  const receiver = new VoiceReceiver(decoder);
  const said = voice();
  const silence = new Int16Array(FRAME_SAMPLES);
  const heard = new Int16Array(FRAME_SAMPLES);
  let sent = 0;
  for (let frame = 0; frame < 1150; frame++) {
    const start = (frame % 100) * FRAME_SAMPLES;
    const quiet = frame >= 100 && frame < 1050;
    const datagram = sender.packet(quiet ? silence : said.subarray(start, start + FRAME_SAMPLES));
    if (datagram) receiver.handlePacket(frame * 20, datagram);
    if (datagram && frame >= 520 && frame < 1050) sent++;
    receiver.play(heard, frame * 20);
    if (frame === 1000) assertLess(levelDb(heard), -60);
  }
  // One sign of life every 400 ms, in 10.6 s.
  assertGreater(sent, 24);
  assertLess(sent, 29);
  const { lost, late, concealedSamples } = receiver.jitterBuffer.counts;
  assertEquals({ lost, late, concealedSamples }, { lost: 0, late: 0, concealedSamples: 0 });
  assertLess(receiver.jitterBuffer.delayMs, 25);
});

testCodec(
  "VoiceEncoder adds FEC when it expects losses, and the receiver recovers lost frames from it",
  async (library) => {
    const said = voice();
    for (const expected of [0, 0.1]) {
      using encoder = await openEncoder(FRAME_SAMPLES, library);
      using decoder = await openDecoder(library);
      await encoder.expectLoss(expected);
      const sender = new VoiceSender(encoder);
      const receiver = new VoiceReceiver(decoder);
      const heard = new Int16Array(FRAME_SAMPLES);
      for (let frame = 0; frame < 500; frame++) {
        const start = (frame % 100) * FRAME_SAMPLES;
        const datagram = sender.packet(said.subarray(start, start + FRAME_SAMPLES));
        if (datagram && frame % 10 !== 5) receiver.handlePacket(frame * 20, datagram);
        receiver.play(heard, frame * 20);
      }
      const { recovered } = receiver.jitterBuffer.counts;
      // Silence carries no FEC.
      if (expected > 0) assertGreater(recovered, 15);
      else assertEquals(recovered, 0);
    }
  },
);

testCodec(
  "VoiceSender sends redundant frames, and VoiceReceiver plays them in place of lost ones",
  async (library) => {
    const said = voice();
    // Each 10 packets end with `burst` lost ones.
    for (const [redundancy, burst] of [[1, 1], [2, 2], [2, 3]] as const) {
      using encoder = await openEncoder(FRAME_SAMPLES, library);
      // As in a call with these losses: three frames of the encoder without FEC do not fit into a datagram.
      await encoder.expectLoss(burst / 10);
      using decoder = await openDecoder(library);
      const sender = new VoiceSender(encoder);
      sender.redundancy = redundancy;
      const receiver = new VoiceReceiver(decoder, FRAME_SAMPLES);
      const heard = new Int16Array(FRAME_SAMPLES);
      for (let frame = 0; frame < 500; frame++) {
        const start = (frame % 100) * FRAME_SAMPLES;
        const datagram = sender.packet(said.subarray(start, start + FRAME_SAMPLES))!;
        if (frame % 10 < 10 - burst) receiver.handlePacket(frame * 20, datagram);
        receiver.play(heard, frame * 20);
      }
      const { recovered, lost, late, repeated, reordered } = receiver.jitterBuffer.counts;
      // In the first bursts the jitter buffer learns to wait for redundant frames.
      assertGreater(recovered, 46 * redundancy);
      assertLess(lost, 4 * burst + 49 * (burst - redundancy));
      assertEquals({ late, repeated, reordered }, { late: 0, repeated: 0, reordered: 0 });
    }
  },
);

testCodec(
  "VoiceSender sends no redundant frames from before a pause in sending, and none at redundancy 0",
  async (library) => {
    using encoder = await openEncoder(FRAME_SAMPLES, library);
    await encoder.expectLoss(0.1);
    const sender = new VoiceSender(encoder);
    sender.redundancy = 2;
    const said = voice();
    const offsetsOf = (samples: Int16Array, muted = false) => {
      const datagram = sender.packet(samples, muted);
      const { payloadType, payload } = datagram
        ? parseRtp(datagram)!
        : { payloadType: 0, payload: undefined };
      return payloadType === 63
        ? parseRedundant(payload!)!.redundant.map(({ timestampOffset }) => timestampOffset)
        : [];
    };
    const frame = (index: number) => said.subarray(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES);
    assertEquals([0, 1, 2, 3].map((index) => offsetsOf(frame(index))), [[], [960], [1920, 960], [1920, 960]]);
    for (let silent = 0; silent < 50; silent++) offsetsOf(new Int16Array(FRAME_SAMPLES), true);
    assertEquals([4, 5, 6].map((index) => offsetsOf(frame(index))), [[], [960], [1920, 960]]);
    sender.redundancy = 1;
    assertEquals([7, 8].map((index) => offsetsOf(frame(index))), [[960], [960]]);
    sender.redundancy = 0;
    assertEquals([9, 10].map((index) => offsetsOf(frame(index))), [[], []]);
    sender.redundancy = 2;
    assertEquals([11, 12].map((index) => offsetsOf(frame(index))), [[], [960]], "and begins anew");
  },
);
