import { SAMPLES_PER_MS } from "../../lib/dsp/pcm.ts";
import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { JitterBuffer } from "../../lib/jitter_buffer/jitter_buffer.ts";
import {
  patienceSamples,
  type PlaybackQueue,
  PlaybackScheduler,
} from "../../lib/voice/playback_scheduler.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import { FakeDecoder, type Fate, voicePacket } from "../../testing/jitter_buffer_simulation.ts";

const FRAME = 20 * SAMPLES_PER_MS;
/** A loudspeaker's full queue, and what it takes at a time. */
const FULL = FRAME + 16 * SAMPLES_PER_MS;
const BLOCK = 10 * SAMPLES_PER_MS;
/** Room beyond a full queue. */
const ROOM = 34 * SAMPLES_PER_MS;

/** A queue that is not dry. */
function queueThatWants(samples: number): PlaybackQueue {
  return { wanted: () => samples, roomSamples: 0, delaySamples: 1 };
}

/** The outcome of a call through a loudspeaker with a queue. */
interface Outcome {
  readonly jitterBuffer: JitterBuffer;
  /** Underruns after the start. */
  readonly gaps: number;
  /** Least and most in the queue before a packet, in the last second, in milliseconds. */
  readonly queuedMs: readonly [least: number, most: number];
  /** Received, but not in the queue at the end, in milliseconds. */
  readonly waitingMs: number;
}

interface Setup {
  readonly fec?: boolean;
  /** See {@linkcode JitterBuffer}; by default that of a call. */
  readonly leadSamples?: number;
  /** Room beyond a full queue. */
  readonly roomSamples?: number;
  /** When the loudspeaker takes the next block, after the one at `blockAt`, in milliseconds. */
  readonly nextBlock?: (blockAt: number) => number;
  /** When the phone runs what is due at a time, in milliseconds: later in a stall. */
  readonly awake?: (time: number) => number;
  /** Called after each step. */
  readonly each?: (now: number, jitterBuffer: JitterBuffer) => void;
}

/** Runs a call with packets every 20 ms. */
function run(
  seconds: number,
  fate: (frame: number, random: () => number) => Fate,
  {
    fec = false,
    leadSamples = patienceSamples(FRAME),
    roomSamples = ROOM,
    nextBlock = (blockAt) => blockAt + 10,
    awake = (time) => time,
    each,
  }: Setup = {},
): Outcome {
  const random = seededRandom(1);
  const jitterBuffer = new JitterBuffer(new FakeDecoder(), leadSamples);
  const feed = new PlaybackScheduler(jitterBuffer, FRAME);
  const packets: { frame: number; at: number }[] = [];
  for (let frame = 0; frame < 50 * seconds; frame++) {
    const { lost, delayMs = 0 } = fate(frame, random);
    if (!lost) packets.push({ frame, at: 20 * frame + 0.5 + random() + delayMs });
  }
  packets.sort((one, other) => one.at - other.at);
  let queued = 0;
  let blockAt = 5;
  let gaps = 0;
  const queuedMs: number[] = [];
  const queue: PlaybackQueue = {
    wanted: () => FULL - queued,
    roomSamples,
    get delaySamples() {
      return queued;
    },
  };
  const give = (samples: Int16Array) => {
    queued += samples.length;
    assertLessOrEqual(queued, FULL + roomSamples);
    assertEquals(feed.earlySamples, Math.max(0, queued - FULL));
  };
  for (let now = 0; now < 1000 * seconds;) {
    const packetAt = awake(packets[0]?.at ?? Infinity);
    now = Math.min(blockAt, awake(feed.wakeAt), packetAt);
    if (now === packetAt) {
      if (now > 1000 * (seconds - 1)) queuedMs.push(queued / SAMPLES_PER_MS);
      const { frame } = packets.shift()!;
      jitterBuffer.handlePacket(now, {
        sequenceNumber: frame,
        timestamp: frame * FRAME,
        payload: voicePacket(frame, fec),
      });
      give(feed.handlePacket(now, queue));
    } else if (now === blockAt) {
      // A gap while the delay is still being learned does not count.
      if (queued < BLOCK && now > 250) gaps++;
      queued = Math.max(0, queued - BLOCK);
      blockAt = nextBlock(blockAt);
    } else {
      const last = feed.wakeAt;
      give(feed.tick(now, queue));
      assertGreater(feed.wakeAt, last, "it does not turn in a circle");
    }
    each?.(now, jitterBuffer);
  }
  const waitingMs = jitterBuffer.readySamples(2_000 * SAMPLES_PER_MS) / SAMPLES_PER_MS;
  return { jitterBuffer, gaps, queuedMs: [Math.min(...queuedMs), Math.max(...queuedMs)], waitingMs };
}

Deno.test("PlaybackScheduler passes each packet on as it comes, and conceals nothing", () => {
  const { jitterBuffer, gaps, queuedMs } = run(10, () => ({}));
  assertEquals(gaps, 0);
  assertEquals(jitterBuffer.counts.concealedSamples, 0);
  assertLessOrEqual(queuedMs[1], 26, "no delay is left in the queue");
});

for (const fec of [false, true]) {
  const how = fec ? "recovers" : "conceals";
  Deno.test(`PlaybackScheduler ${how} single lost packets without an underrun`, () => {
    // From the first ones the jitter buffer learns to wait for FEC.
    for (const [leadSamples, lessons] of [[FRAME, 2], [patienceSamples(FRAME), 3]] as const) {
      const { jitterBuffer, gaps } = run(10, (frame) => ({ lost: frame % 10 === 7 }), {
        fec,
        leadSamples,
      });
      const { lost, recovered, late, concealedSamples } = jitterBuffer.counts;
      assertEquals({ gaps, late, all: lost + recovered }, { gaps: 0, late: 0, all: 50 });
      assertLessOrEqual(concealedSamples, lost * FRAME + lessons * BLOCK);
      if (fec) assertGreater(recovered, 45);
    }
  });
}

Deno.test("PlaybackScheduler prevents underruns on any network", () => {
  for (const [lossProbability, jitterMs] of [[0.2, 0], [0, 80], [0.1, 30], [0.5, 200]] as const) {
    const { jitterBuffer, gaps } = run(20, (_, random) => ({
      lost: random() < lossProbability,
      delayMs: random() * jitterMs,
    }));
    assertEquals(gaps, 0, `${lossProbability} lost, ${jitterMs} ms`);
    const { played, lost, late } = jitterBuffer.counts;
    assertGreater(played + lost + late, 950);
  }
});

Deno.test("PlaybackScheduler conceals no more than a block for a packet that is a little late", () => {
  const { jitterBuffer, gaps } = run(10, (frame) => ({ delayMs: frame === 300 ? 8 : 0 }));
  assertEquals(gaps, 0);
  assertLessOrEqual(jitterBuffer.counts.concealedSamples, BLOCK);
  assertEquals(jitterBuffer.counts.late, 0);
});

Deno.test("PlaybackScheduler leaves no delay behind after an outage", () => {
  for (const outage of [5, 20, 100]) {
    const { jitterBuffer, gaps, queuedMs } = run(
      20,
      (frame) => ({ lost: frame >= 200 && frame < 200 + outage }),
    );
    assertEquals(gaps, 0);
    assertLessOrEqual(queuedMs[1], 26);
    assertLess(jitterBuffer.delayMs, 20);
  }
});

Deno.test("PlaybackScheduler restarts after a stall of the loudspeaker", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder(), patienceSamples(FRAME));
  const feed = new PlaybackScheduler(jitterBuffer, FRAME);
  // It takes nothing for a second, in which a second of sound comes.
  for (let frame = 0; frame < 100; frame++) {
    const now = 20 * frame;
    jitterBuffer.handlePacket(now, {
      sequenceNumber: frame,
      timestamp: frame * FRAME,
      payload: voicePacket(frame, false),
    });
    feed.handlePacket(now, queueThatWants(frame > 10 && frame < 60 ? 0 : FRAME));
  }
  assertLess(jitterBuffer.delayMs, 30);
});

/** Ways to stop for a loudspeaker, three times in twenty seconds: the time of its next block. */
const STOPS: Record<string, (blockAt: number) => number> = {
  "for 60 ms": (blockAt) => blockAt + (blockAt % 5_000 < 10 ? 60 : 10),
  "for 300 ms": (blockAt) => blockAt + (blockAt % 5_000 < 10 ? 300 : 10),
  "for 1.2 s": (blockAt) => blockAt + (blockAt % 5_000 < 10 ? 1_200 : 10),
  "almost, for a second": (blockAt) => blockAt + (blockAt % 5_000 < 1_000 ? 90 : 10),
};

for (const [how, nextBlock] of Object.entries(STOPS)) {
  Deno.test(`PlaybackScheduler leaves no delay behind when the loudspeaker stops ${how} three times`, () => {
    const { jitterBuffer, queuedMs, waitingMs } = run(19, () => ({}), { nextBlock });
    assertLessOrEqual(queuedMs[1], 26);
    assertLess(waitingMs, 25);
    assertGreater(jitterBuffer.delayMs, -1);
    assertLess(jitterBuffer.delayMs, 25);
  });
}

/** A phone that is stalled after three seconds, and after six, for `forMs` each time. */
function stalls(forMs: number): (time: number) => number {
  return (time) => time % 3_000 < forMs && time > 3_000 && time < 9_000 ? time - time % 3_000 + forMs : time;
}

Deno.test("PlaybackScheduler measures an underrun, and adds no delay to it", () => {
  const STALL_MS = 58;
  let longest = 0;
  const { jitterBuffer } = run(30, () => ({}), {
    awake: stalls(STALL_MS),
    each: (now, jitterBuffer) => {
      if (now > 1_000) longest = Math.max(longest, jitterBuffer.delayMs);
    },
  });
  assertLess(longest, STALL_MS + 35, "speech tolerates 30 ms");
  assertEquals(jitterBuffer.counts.concealedSamples, 0);
});

/** A phone that is stalled once, after eight seconds. */
function stallsOnce(forMs: number): (time: number) => number {
  return (time) => time >= 8_000 && time < 8_000 + forMs ? 8_000 + forMs : time;
}

for (const jitterMs of [0, 60]) {
  Deno.test(`PlaybackScheduler comes back after a single stall of the phone, with ${jitterMs} ms of jitter`, () => {
    const delays: number[] = [];
    const targets: number[] = [];
    run(12, (_, random) => ({ delayMs: jitterMs * random() }), {
      awake: stallsOnce(95),
      each: (now, { delayMs, targetMs }) => {
        const index = now < 7_990 ? 0 : now < 8_500 ? 1 : now < 10_500 ? 2 : 3;
        delays[index] = index === 1 ? Math.max(delays[1] ?? 0, delayMs) : delayMs;
        targets[index] = targetMs;
      },
    });
    assertGreater(delays[1]!, delays[0]! + 15, "the loudspeaker ran dry");
    assertLess(delays[2]!, delays[0]! + 9 + 3 / 8 * jitterMs, "what pauses tolerate");
    assertLess(targets[2]!, targets[0]! + 5, "nor is it waited for");
  });
}

Deno.test("PlaybackScheduler keeps its delay after a stall when the network got worse meanwhile", () => {
  const worse = (frame: number, random: () => number) => ({ delayMs: (frame < 400 ? 60 : 130) * random() });
  const { jitterBuffer } = run(10.5, worse, { awake: stallsOnce(95) });
  assertLessOrEqual(jitterBuffer.counts.accelerated, 3);
});

Deno.test("PlaybackScheduler keeps samples held back for late packets in the queue, which then bridges a longer stall", () => {
  // Every half second the phone does nothing for 24 ms, and what comes meanwhile is late.
  const awake = (time: number) => time % 500 < 24 && time > 500 ? time - time % 500 + 24 : time;
  const late = (frame: number) => ({ delayMs: frame % 10 === 3 ? 20 : 0 });
  const without = run(30, late, { awake, roomSamples: 0 });
  const withRoom = run(30, late, { awake });
  assertGreater(without.gaps, 5);
  assertLessOrEqual(withRoom.gaps, 1, "before it is known how late packets are");
  assertLess(withRoom.jitterBuffer.delayMs, without.jitterBuffer.delayMs + 2, "by less than a block");
  assertGreater(withRoom.queuedMs[0], without.queuedMs[0]);
});

Deno.test("PlaybackScheduler fills the queue up with ready samples when packets are late", () => {
  // Four packets at a time, and a phone that does things every 27 ms only.
  const bunched = (frame: number) => ({ delayMs: 60 - 20 * (frame % 4) });
  const { jitterBuffer, gaps } = run(20, bunched, { awake: (time) => Math.ceil(time / 27) * 27 });
  assertEquals(gaps, 0);
  assertLess(jitterBuffer.delayMs, 110);
});

Deno.test("PlaybackScheduler conceals little when the loudspeaker's blocks move against the packets", () => {
  // 0.1 ms a second, as of two clocks: all the way round in 100 s, and twice.
  for (const drift of [1e-4, -1e-4]) {
    const { jitterBuffer, gaps } = run(200, () => ({}), {
      nextBlock: (blockAt) => blockAt + 10 * (1 + drift),
    });
    assertEquals(gaps, 0);
    assertLessOrEqual(jitterBuffer.counts.concealedSamples, 2 * BLOCK);
    assertLess(jitterBuffer.delayMs, 20);
  }
});

Deno.test("PlaybackScheduler prevents underruns in pauses, also with late timers", () => {
  const random = seededRandom(2);
  const feed = new PlaybackScheduler(new JitterBuffer(new FakeDecoder(), patienceSamples(FRAME)), FRAME);
  // As PulseAudio's virtual cards do, which take a little more than 10 ms for 10 ms.
  const taken = BLOCK + 2;
  let queued = 0;
  let calls = 0;
  let serveAt = 0;
  for (let blockAt = 5; blockAt < 60_000; blockAt += 10.04) {
    for (; serveAt < blockAt; serveAt = Math.ceil(feed.wakeAt) + 6 * random()) {
      queued += feed.tick(serveAt, queueThatWants(FULL - queued)).length;
      assertLessOrEqual(queued, FULL);
      calls++;
    }
    assertGreaterOrEqual(queued, taken, `after ${blockAt} ms`);
    queued -= taken;
  }
  assertLess(calls, 60 * 50, "no more often than in speech");
});

Deno.test("PlaybackScheduler gives no more than the queue lacks, and 200 ms at once", () => {
  const feed = new PlaybackScheduler(new JitterBuffer(new FakeDecoder(), FRAME), FRAME);
  assertEquals(feed.tick(0, queueThatWants(0)).length, 0);
  assertEquals(feed.wakeAt, 26);
  assertEquals(feed.tick(10, queueThatWants(100)).length, 0);
  assertLessOrEqual(feed.tick(20, queueThatWants(1e6)).length, 9600);
});
