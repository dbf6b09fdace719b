import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { compare } from "../../testing/audio/compare.ts";
import { JitterBuffer } from "../../lib/jitter_buffer/jitter_buffer.ts";
import { seededRandom } from "../../testing/netem/random.ts";
import {
  FakeDecoder,
  said,
  simulate,
  type Simulation,
  voicePacket,
} from "../../testing/jitter_buffer_simulation.ts";

Deno.test("JitterBuffer plays a clean stream whole, at most one frame late", () => {
  const { jitterBuffer, heard } = simulate({ seconds: 10 });
  const { played, ...others } = jitterBuffer.counts;
  assertGreater(played, 490);
  assertEquals({ ...others, accelerated: 0 }, {
    recovered: 0,
    lost: 0,
    late: 0,
    repeated: 0,
    reordered: 0,
    dropped: 0,
    concealedSamples: 0,
    accelerated: 0,
    slowedDown: 0,
  });
  assertLessOrEqual(jitterBuffer.delayMs, 20);
  const { correlation, delaySeconds } = compare(said(8), heard.subarray(2 * 48_000));
  assertGreater(correlation, 0.99);
  // The voice repeats every two seconds; the rest is 3 ms of network and the playout delay.
  assertLess(((delaySeconds % 2) + 2) % 2, 0.035);
});

for (const jitterMs of [30, 80]) {
  Deno.test(`JitterBuffer grows within a second when ${jitterMs} ms of jitter come, and is back within 10 s`, () => {
    const lateAt: Record<number, number> = {};
    let grownAt = Infinity;
    let backAt = Infinity;
    const { jitterBuffer } = simulate({
      seconds: 30,
      network: (time, random) => time >= 5_000 && time < 15_000 ? { delayMs: random() * jitterMs } : {},
      each: (time, jitterBuffer) => {
        if (time > 5_000 && jitterBuffer.delayMs > 0.8 * jitterMs) grownAt = Math.min(grownAt, time);
        if (time > 15_000 && jitterBuffer.delayMs <= 20) backAt = Math.min(backAt, time);
        for (const second of [6, 15]) if (time <= second * 1000) lateAt[second] = jitterBuffer.counts.late;
      },
    });
    assertLess(grownAt, 6_000);
    assertLess(backAt, 25_000);
    // While the delay is right, no more come late than it is meant to leave behind.
    assertLessOrEqual((lateAt[15]! - lateAt[6]!) / 450, 0.05);
    assertEquals(jitterBuffer.counts.dropped, 0);
  });
}

Deno.test("JitterBuffer recovers single losses from the next packet, when that carries FEC", () => {
  const lossy = (time: number) => ({ lost: time % 200 === 100 });
  const { jitterBuffer, heard } = simulate({ seconds: 10, network: lossy, fec: true });
  const { recovered, lost, concealedSamples } = jitterBuffer.counts;
  assertGreater(recovered, 45);
  assertEquals(lost, 0);
  assertLessOrEqual(concealedSamples, 960);
  assertGreater(compare(said(8), heard.subarray(2 * 48_000)).correlation, 0.99);
});

Deno.test("JitterBuffer conceals lost packets, keeps the time, and counts each once", () => {
  const random = seededRandom(5);
  let lostOnTheWay = 0;
  const { jitterBuffer } = simulate({
    seconds: 20,
    network: (time) => {
      const lost = random() < 0.2 && time > 100 && time < 19_900;
      if (lost) lostOnTheWay++;
      return { lost };
    },
  });
  const { lost, late, concealedSamples } = jitterBuffer.counts;
  assertEquals([lost, late], [lostOnTheWay, 0]);
  assertEquals(concealedSamples, lostOnTheWay * 960);
  assertLessOrEqual(jitterBuffer.delayMs, 20);
});

for (const driftPpm of [300, -300]) {
  Deno.test(`JitterBuffer stays at its delay for 30 minutes with clocks ${driftPpm} ppm apart`, () => {
    let worst = 0;
    const { jitterBuffer } = simulate({
      seconds: 1800,
      driftPpm,
      each: (time, jitterBuffer) => {
        if (time > 5_000) worst = Math.max(worst, Math.abs(jitterBuffer.delayMs - jitterBuffer.targetMs));
      },
    });
    assertLess(worst, 10);
    const { lost, late, dropped, concealedSamples, accelerated, slowedDown } = jitterBuffer.counts;
    assertEquals({ lost, late, dropped, concealedSamples }, {
      lost: 0,
      late: 0,
      dropped: 0,
      concealedSamples: 0,
    });
    assertGreater(accelerated + slowedDown, 20, "it was stretched instead");
  });
}

Deno.test("JitterBuffer keeps its delay, and the time, when a packet is late for once", () => {
  const delays: number[] = [];
  const { jitterBuffer, heard } = simulate({
    seconds: 10,
    network: (time) => time === 6_000 ? { delayMs: 12 } : {},
    each: (time, jitterBuffer) =>
      time === 5_900 || time === 6_200 ? delays.push(jitterBuffer.delayMs) : undefined,
  });
  const { concealedSamples, accelerated, slowedDown } = jitterBuffer.counts;
  assertGreater(concealedSamples, 0);
  assertLessOrEqual(concealedSamples, 480);
  assertEquals(accelerated + slowedDown, 0);
  assertLess(Math.abs(delays[1]! - delays[0]!), 1);
  assertGreater(compare(said(8), heard.subarray(2 * 48_000)).correlation, 0.9);
});

Deno.test("JitterBuffer keeps its delay, and the time, when packets are stalled for once", () => {
  const delays: number[] = [];
  const { jitterBuffer, heard } = simulate({
    seconds: 10,
    network: (time) => time >= 6_000 && time < 6_060 ? { delayMs: 6_060 - time } : {},
    each: (time, jitterBuffer) =>
      time === 5_900 || time === 6_200 ? delays.push(jitterBuffer.delayMs) : undefined,
  });
  const { concealedSamples, late, lost, accelerated, slowedDown } = jitterBuffer.counts;
  assertLessOrEqual(concealedSamples, 70 * 48);
  assert(late >= 2 && late <= 3, `${late} late`);
  assertEquals({ lost, accelerated, slowedDown }, { lost: 0, accelerated: 0, slowedDown: 0 });
  assertLess(Math.abs(delays[1]! - delays[0]!), 6);
  assertGreater(compare(said(8), heard.subarray(2 * 48_000)).correlation, 0.98);
});

Deno.test("JitterBuffer keeps its delay when a packet comes after its part of a longer gap was made up", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder(), 0, false);
  // The first ones are late, so that the others are early, and are waited with.
  const arrivals = Array.from({ length: 50 }, (_, frame) => [Math.max(100, 20 * frame), frame]);
  // Two are missing when their turn comes, at 500 and 520 ms, and one of those comes in time after all.
  arrivals[20] = [510, 20];
  arrivals[21] = [515, 21];
  arrivals.sort(([one], [other]) => one! - other!);
  const delays: number[] = [];
  for (let now = 0; now < 1_000; now += 5) {
    while (arrivals[0]?.[0]! <= now) {
      const [at, frame] = arrivals.shift()!;
      jitterBuffer.handlePacket(at!, {
        sequenceNumber: frame!,
        timestamp: frame! * 960,
        payload: voicePacket(frame!, false),
      });
    }
    jitterBuffer.play(new Int16Array(240), now);
    if (now === 490 || now === 600) delays.push(jitterBuffer.delayMs);
  }
  const { late, lost, concealedSamples } = jitterBuffer.counts;
  assertEquals({ late, lost, concealedSamples }, { late: 1, lost: 1, concealedSamples: 960 });
  assertAlmostEquals(delays[1]!, delays[0]!, 1);
});

Deno.test("JitterBuffer goes on after timestamps jump back", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  for (let frame = 0; frame < 100; frame++) {
    const now = 20 * frame;
    jitterBuffer.handlePacket(now, {
      sequenceNumber: frame,
      timestamp: 1e6 + (frame < 50 ? frame : frame - 30) * 960,
      payload: voicePacket(frame, false),
    });
    jitterBuffer.play(new Int16Array(960), now);
  }
  const { played, late } = jitterBuffer.counts;
  assertGreater(played, 90);
  assertLessOrEqual(late, 2);
});

Deno.test("JitterBuffer soon forgets how a loudspeaker starts", () => {
  // It takes 30 ms more at once, as if its clock were that much ahead, and then goes evenly.
  const waitingAfter = (seconds: number) => {
    const jitterBuffer = new JitterBuffer(new FakeDecoder());
    const samples = new Int16Array(960);
    for (let frame = 0; frame < 50 * seconds; frame++) {
      jitterBuffer.handlePacket(20 * frame, {
        sequenceNumber: frame,
        timestamp: 960 * frame,
        payload: voicePacket(frame, false),
      });
      jitterBuffer.play(samples, 20 * frame + 1, frame === 5 ? 30 * 48 : 0);
    }
    return jitterBuffer.readySamples(48_000) / 48;
  };
  assertLess(waitingAfter(2), 30);
});

Deno.test("JitterBuffer soon forgets how a stream began", () => {
  const { jitterBuffer: { delayMs, targetMs, counts } } = simulate({
    seconds: 3.6,
    network: (time, random) => time < 1_000 ? { delayMs: 60 + 40 * random() } : {},
  });
  assertLess(targetMs, 5);
  assertGreater(counts.accelerated, 2);
  assertGreater(delayMs - targetMs, 5, "with a reserve for packets that are a little late");
});

Deno.test("JitterBuffer goes on waiting for packets that are late now and then", () => {
  for (let seed = 1; seed <= 5; seed++) {
    let accelerated = 0;
    const { jitterBuffer } = simulate({
      seconds: 60,
      network: (_, random) => ({ delayMs: random() < 0.02 ? 19 : 0 }),
      each: (time, { counts }) => {
        if (time < 10_000) accelerated = counts.accelerated;
      },
      seed,
    });
    assertLessOrEqual(jitterBuffer.counts.accelerated - accelerated, 1, `seed ${seed}`);
  }
});

Deno.test("JitterBuffer comes back from a long delay in pauses, and half-way in speech", () => {
  const excessMs = ([
    { steady: true },
    {},
    { quiet: (time) => time >= 6_000 },
    { silent: (time) => time >= 6_000 },
  ] satisfies Partial<Simulation>[]).map((voice) => {
    const { jitterBuffer } = simulate({
      seconds: 20,
      network: (time, random) => ({ delayMs: (time < 6_000 ? 120 : 40) * random() }),
      ...voice,
    });
    return jitterBuffer.delayMs - jitterBuffer.targetMs;
  });
  assertGreater(excessMs[0]!, 40);
  assertLess(excessMs[0]!, 85);
  for (const pausing of excessMs.slice(1)) assertLess(pausing, 16);
});

Deno.test("JitterBuffer waits for recurring peaks of delay", () => {
  let lateBefore = 0;
  const { jitterBuffer } = simulate({
    seconds: 40,
    // Every three seconds all packets of 120 ms come at once.
    network: (time) => time % 3000 < 120 && time > 1000 ? { delayMs: 120 - time % 3000 } : {},
    each: (time, jitterBuffer) => {
      if (time < 12_000) lateBefore = jitterBuffer.counts.late + jitterBuffer.counts.concealedSamples;
    },
  });
  assertEquals(jitterBuffer.counts.late + jitterBuffer.counts.concealedSamples - lateBefore, 0);
});

Deno.test("JitterBuffer goes on waiting for packets that others overtake now and then", () => {
  for (let seed = 1; seed <= 5; seed++) {
    let least = Infinity;
    simulate({
      seconds: 60,
      network: (_, random) => ({ delayMs: random() < 0.02 ? 50 : 0 }),
      each: (time, { targetMs }) => {
        if (time > 15_000) least = Math.min(least, targetMs);
      },
      seed,
    });
    assertGreater(least, 45, `seed ${seed}`);
  }
});

/** The longest delay that is aimed at on a network, once that is known. */
function longestTargetMs(network: NonNullable<Simulation["network"]>): number {
  let longest = 0;
  simulate({
    seconds: 20,
    network,
    each: (time, { targetMs }) => {
      if (time > 5_000) longest = Math.max(longest, targetMs);
    },
  });
  return longest;
}

Deno.test("JitterBuffer takes no packet for a peak that is hardly later than the target", () => {
  const longest = longestTargetMs((time, random) => ({
    delayMs: time > 8_000 && time % 2_000 === 0 ? 94 : 80 * random(),
  }));
  assertLess(longest, 85);
});

Deno.test("JitterBuffer takes a late packet for an outlier where many overtake each other", () => {
  assertLess(longestTargetMs((time, random) => ({ delayMs: time === 12_000 ? 75 : 32 * random() })), 45);
});

Deno.test("JitterBuffer takes packets that come at once for an outlier, in any order", () => {
  // All packets of 70 ms come together, in an order of their own.
  const longest = longestTargetMs((time, random) => ({
    delayMs: time >= 8_000 && time < 8_070 ? 8_070 - time + random() : 30 * random(),
  }));
  assertLess(longest, 45);
});

Deno.test("JitterBuffer takes packets after its own stall for an outlier", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const push = (frame: number, at: number) =>
    jitterBuffer.handlePacket(at, {
      sequenceNumber: frame,
      timestamp: frame * 960,
      payload: voicePacket(frame, false),
    });
  let now = 0;
  for (let frame = 0; frame < 600; frame++, now += 20) {
    push(frame, now);
    jitterBuffer.play(new Int16Array(960), now);
  }
  // 12 s have gone by, and 60 ms in which nothing is done. One is overtaken, but for less.
  now += 60;
  push(600, now);
  push(602, now);
  push(601, now + 6);
  assertLess(jitterBuffer.targetMs, 20);
});

Deno.test("JitterBuffer drops the oldest packets past 400 ms, and comes back", () => {
  let most = 0;
  const { jitterBuffer } = simulate({
    seconds: 30,
    // Everything of one second comes at its end.
    network: (time) => time >= 5_000 && time < 6_000 ? { delayMs: 6_000 - time } : {},
    each: (time, jitterBuffer) => {
      if (time > 6_100) most = Math.max(most, jitterBuffer.delayMs);
    },
  });
  assertLessOrEqual(most, 420);
  assertGreater(jitterBuffer.counts.dropped + jitterBuffer.counts.late, 20);
  assertLessOrEqual(jitterBuffer.delayMs, 20);
});

Deno.test("JitterBuffer loses nothing after an outage of a second, and adds hardly any delay", () => {
  const BURST_MS = 80;
  let droppedInOutage = 0;
  const { jitterBuffer } = simulate({
    seconds: 40,
    // Everything of one second comes at its end, and from then on four packets at a time.
    network: (time) => ({
      delayMs: time < 5_000 ? 0 : time < 6_000 ? 6_000 - time : BURST_MS - 20 - time % BURST_MS,
    }),
    each: (time, jitterBuffer) => {
      if (time < 6_100) droppedInOutage = jitterBuffer.counts.dropped;
    },
  });
  assertGreater(droppedInOutage, 20);
  assertEquals(jitterBuffer.counts.dropped, droppedInOutage);
  // The last of four packets is not late, the first one 60 ms: twice that is tolerated.
  assertLess(jitterBuffer.delayMs, 2 * (BURST_MS - 20));
});

Deno.test("JitterBuffer resumes a stream after an outage, without its delay", () => {
  for (const outageMs of [100, 400, 3_000]) {
    const { jitterBuffer } = simulate({
      seconds: 12,
      network: (time) => ({ lost: time >= 5_000 && time < 5_000 + outageMs }),
    });
    assertLessOrEqual(jitterBuffer.delayMs, 20, `${outageMs} ms`);
    assertEquals(jitterBuffer.counts.late, 0);
  }
});

Deno.test("JitterBuffer counts late, duplicate and reordered packets", () => {
  const rows: [string, (time: number) => { delayMs?: number; twice?: boolean }, string, number][] = [
    ["repeated", (time) => ({ twice: time === 5_000 }), "repeated", 1],
    ["late", (time) => time === 5_000 ? { delayMs: 90 } : {}, "late", 1],
  ];
  for (const [name, network, count, expected] of rows) {
    const { jitterBuffer } = simulate({ seconds: 8, network });
    assertEquals(jitterBuffer.counts[count as "late"], expected, name);
  }
  // With a delay that waits for them, packets that were overtaken are only reordered.
  const { jitterBuffer } = simulate({
    seconds: 8,
    network: (time) => ({ delayMs: time % 100 === 0 ? 45 : 0 }),
  });
  assertGreater(jitterBuffer.counts.reordered, 70);
  assertLess(jitterBuffer.counts.late, 10);
});

Deno.test("JitterBuffer takes DTX for silence, not for loss", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const block = new Int16Array(480);
  let number = 1000;
  for (let time = 0; time < 10_000; time += 10) {
    // Voice for a second, then for a second only a sign of silence every 400 ms, numbered without a gap.
    const speaking = time % 2000 < 1000;
    if (speaking ? time % 20 === 0 : time % 400 === 200) {
      jitterBuffer.handlePacket(time, {
        sequenceNumber: number++,
        timestamp: 48 * time,
        payload: speaking ? Uint8Array.of(0, 0, 0, 7) : Uint8Array.of(0),
      });
    }
    jitterBuffer.play(block, time);
  }
  const { lost, late, concealedSamples } = jitterBuffer.counts;
  assertEquals([lost, late], [0, 0]);
  assertLessOrEqual(jitterBuffer.delayMs, 20);
  // Up to its first sign, and up to the sound that the fake packets of silence do not hold, silence is missing sound.
  assertLess(concealedSamples / 48, 5 * 300);
});

Deno.test("JitterBuffer starts again where the sequence numbers do, and at restart()", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const block = new Int16Array(480);
  for (const [start, timestamp] of [[1000, 0], [900_000, 5e8], [3, 17]] as const) {
    for (let packet = 0; packet < 20; packet++) {
      jitterBuffer.handlePacket(20 * packet, {
        sequenceNumber: start + packet,
        timestamp: timestamp + packet * 960,
        payload: Uint8Array.of(0, 0, 0, packet),
      });
      jitterBuffer.play(block, 20 * packet);
      jitterBuffer.play(block, 20 * packet + 10);
    }
  }
  jitterBuffer.restart();
  assertEquals([jitterBuffer.counts.late, jitterBuffer.counts.lost], [0, 0]);
  assertGreater(jitterBuffer.counts.played, 54);
  jitterBuffer.play(block, 400);
  assert(block.every((sample) => sample === 0));
});

Deno.test("JitterBuffer fills every request and counts every packet once, for any packets", () => {
  const random = seededRandom(11);
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const block = new Int16Array(1000);
  let pushed = 0;
  for (let time = 0; time < 30_000; time++) {
    for (let burst = random() * 2.4; burst >= 1; burst--, pushed++) {
      const frame = Math.floor(time / 2 + (random() - 0.7) * 30);
      const odd = random() < 0.02 ? (random() - 0.5) * 1e6 : 0;
      const payload = random() < 0.9 ? Uint8Array.of(0, 0, 0, frame) : new Uint8Array(1 + random() * 3);
      jitterBuffer.handlePacket(time, {
        sequenceNumber: 1e5 + frame + Math.floor(odd),
        timestamp: 960 * frame + Math.floor(random() < 0.05 ? 1e7 * random() : 0),
        payload,
      });
    }
    const part = block.subarray(0, random() < 0.9 ? 480 : random() * 1000);
    part.fill(1);
    jitterBuffer.play(part, time);
  }
  const { played, late, repeated, dropped } = jitterBuffer.counts;
  assertLessOrEqual(played + late + repeated + dropped, pushed);
  assertGreater(played, 1000);
});

Deno.test("JitterBuffer keeps a packet from far ahead when one from before the beginning would take its place", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder());
  const samples = new Int16Array(960);
  const packet = Uint8Array.of(0, 0, 0, 1);
  // The first, the furthest that there is room for, and one that there would be no room for any more.
  for (const ahead of [0, 127, -1]) {
    jitterBuffer.handlePacket(0, {
      sequenceNumber: 1000 + ahead,
      timestamp: 1e6 + 960 * ahead,
      payload: packet,
    });
  }
  for (let now = 0; now < 4000; now += 20) jitterBuffer.play(samples, now);
  assertEquals(jitterBuffer.counts.played, 2);
  assertEquals(jitterBuffer.counts.late, 1);
});

Deno.test("JitterBuffer plays redundant frames in place of missing packets, and counts the packets correctly", () => {
  const jitterBuffer = new JitterBuffer(new FakeDecoder(), 960, false);
  const block = new Int16Array(960);
  const copy = (frame: number) =>
    jitterBuffer.handleRedundant({
      sequenceNumber: frame,
      timestamp: 960 * frame,
      payload: voicePacket(frame, false),
    });
  for (let frame = 0; frame < 40; frame++) {
    const lost = frame === 10 || frame === 20 || frame === 30;
    if (!lost) {
      jitterBuffer.handlePacket(20 * frame, {
        sequenceNumber: frame,
        timestamp: 960 * frame,
        payload: voicePacket(frame, false),
      }, 1);
    }
    if (!lost) copy(frame - 1);
    // Overtaken by its copy, and still in time; and come after its copy was heard.
    if (frame === 21) {
      jitterBuffer.handlePacket(20 * frame, {
        sequenceNumber: 20,
        timestamp: 960 * 20,
        payload: voicePacket(20, false),
      });
    }
    if (frame === 35) {
      jitterBuffer.handlePacket(20 * frame, {
        sequenceNumber: 30,
        timestamp: 960 * 30,
        payload: voicePacket(30, false),
      });
    }
    // So the loudspeaker is always a frame behind what has come.
    if (frame > 0) jitterBuffer.play(block, 20 * frame);
  }
  const { recovered, reordered, late, repeated, lost } = jitterBuffer.counts;
  assertEquals({ recovered, reordered, late, repeated, lost }, {
    recovered: 2,
    reordered: 1,
    late: 1,
    repeated: 0,
    lost: 0,
  });
});
