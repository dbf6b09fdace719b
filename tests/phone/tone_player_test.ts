import { assert, assertEquals } from "@std/assert";
import { AudioError, type AudioSink } from "../../audio/audio_io.ts";
import { TonePlayer } from "../../lib/phone/tone_player.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { settle } from "./fakes.ts";

/** A loudspeaker that wants 10 ms at each look. */
function loudspeaker() {
  const played: number[] = [];
  let closed = false;
  const sink: AudioSink = {
    name: "test",
    delaySamples: 0,
    roomSamples: 0,
    wanted: () => 480,
    write: (samples) => {
      assert(!closed);
      played.push(Math.max(...samples.map(Math.abs)));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => {
      closed = true;
      return Promise.resolve();
    },
  };
  return { sink, played, isClosed: () => closed };
}

async function playing(kind: "ring" | "ringback" | "busy" = "ring") {
  const speaker = loudspeaker();
  const clock = new FakeClock("by advance");
  let opened = 0;
  const player = new TonePlayer(() => {
    opened++;
    return Promise.resolve(speaker.sink);
  }, clock);
  player.play(kind);
  await settle();
  return { player, clock, opened: () => opened, ...speaker };
}

Deno.test("TonePlayer plays until it is hushed, and silence from then on", async () => {
  const { player, clock, played } = await playing();
  clock.advanceAtOnce(50);
  assert(played.every((peak) => peak > 1000), String(played));
  player.hush();
  const count = played.length;
  clock.advanceAtOnce(50);
  assert(played.slice(count + 1).every((peak) => peak === 0));
  assert(played.length > count + 2, "so that the loudspeaker does not run dry");
});

Deno.test("TonePlayer gives its open loudspeaker to the call, and writes nothing more", async () => {
  const { player, clock, sink, played, isClosed, opened } = await playing();
  assert(player.holdsSink);
  assertEquals(await player.take(), sink);
  const count = played.length;
  clock.advanceAtOnce(100);
  await player.close();
  assertEquals([played.length, isClosed(), opened()], [count, false, 1]);
  assertEquals(player.take(), undefined);
});

Deno.test("TonePlayer changes tones without opening the loudspeaker again, and closes it at the end", async () => {
  const { player, clock, isClosed, opened } = await playing();
  player.play("busy");
  clock.advanceAtOnce(50);
  await player.close();
  assertEquals([opened(), isClosed(), player.holdsSink], [1, true, false]);
});

Deno.test("TonePlayer that is closed or taken while the loudspeaker opens plays nothing", async () => {
  for (const taken of [false, true]) {
    const { sink, played, isClosed } = loudspeaker();
    const opening = Promise.withResolvers<AudioSink>();
    const player = new TonePlayer(() => opening.promise, new FakeClock("by advance"));
    player.play("ring");
    const end = taken ? player.take() : player.close();
    opening.resolve(sink);
    await end;
    await settle();
    assertEquals([played, isClosed()], [[], !taken]);
  }
});

Deno.test("TonePlayer takes a loudspeaker that does not open for silence", async () => {
  const error = new AudioError("device_failed", "test", { kind: "not_responding" });
  const player = new TonePlayer(() => Promise.reject(error));
  player.play("ring");
  await settle();
  player.hush();
  assertEquals(player.take(), undefined, "the call opens its own");
  player.play("busy");
  await player.close();
});
