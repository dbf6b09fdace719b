import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Fft } from "../../lib/dsp/fft.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { toInt16 } from "../../lib/dsp/pcm.ts";
import { parseWav } from "../../audio/file/wav_reader.ts";
import {
  LONGEST_LAG,
  SHORTEST_INPUT,
  SHORTEST_LAG,
  TimeStretcher,
} from "../../lib/jitter_buffer/time_stretch.ts";
import { noise, sine, speechLike } from "../../testing/audio/signals.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const RATE = 48_000;
/** Samples in 20 ms, in 10 ms and in 1 ms. */
const [FRAME, HALF_FRAME, MS] = [960, 480, 48];
/** Decoded sound that waits, in the loops below: 40 ms. */
const WAITING = 2 * FRAME;

type Samples = Int16Array<ArrayBuffer>;

function pcm(sound: Float32Array): Samples {
  const samples = new Int16Array(sound.length);
  toInt16(sound, samples);
  return samples;
}

/** One sound after another. */
function join(...parts: Int16Array[]): Samples {
  const joined = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}

/** A voice: pulses of the throat at a pitch in Hz, each of which makes three formants ring. */
function voice(pitch: number, seconds: number, peak = 0.4): Float32Array<ArrayBuffer> {
  const sound = new Float32Array(Math.round(seconds * RATE));
  for (let pulse = 0; pulse / pitch < seconds; pulse++) {
    const start = pulse * RATE / pitch;
    for (let i = Math.ceil(start); i < Math.min(sound.length, start + 0.03 * RATE); i++) {
      const time = (i - start) / RATE;
      const ringing = Math.sin(2 * Math.PI * 600 * time) + 0.5 * Math.sin(2 * Math.PI * 1400 * time) +
        0.2 * Math.sin(2 * Math.PI * 2600 * time);
      sound[i]! += peak * Math.exp(-400 * time) * ringing;
    }
  }
  return sound;
}

const HEARD = pcm(voice(120, 1));

/** A stretcher that has heard somebody speak, and a pause with some background noise. */
function listener(background = 0.0005): TimeStretcher {
  const stretcher = new TimeStretcher();
  stretcher.observe(HEARD);
  stretcher.observe(pcm(noise(RATE, 9, background)));
  return stretcher;
}

interface Fed {
  readonly out: Samples;
  /** How many times something was cut out or put in. */
  readonly changes: number;
  /** How far the length was ever from what it should have been, in samples. */
  readonly furthest: number;
}

/**
 * Plays a sound faster or slower through a queue of decoded sound, in steps of 20 ms.
 *
 * @param excess How much longer it is to become: 0.1 is 10 % longer, -0.1 shorter; Infinity as much as it can be.
 * @param urgency The urgency when it is that many samples behind.
 */
function feed(sound: Int16Array, excess: number, urgency: (behind: number) => number): Fed {
  const stretcher = new TimeStretcher();
  const out: Int16Array[] = [];
  let [queue, owed, changes, furthest] = [new Int16Array(), 0, 0, 0];
  for (let start = 0; start + FRAME <= sound.length; start += FRAME) {
    const frame = sound.subarray(start, start + FRAME);
    stretcher.observe(frame);
    queue = join(queue, frame);
    owed += Math.abs(excess) * FRAME;
    const most = Math.min(owed, LONGEST_LAG);
    if (queue.length >= WAITING && most >= 1) {
      const result = new Int16Array(queue.length + LONGEST_LAG);
      const change = excess < 0
        ? -stretcher.accelerate(queue, result, most, urgency(owed))
        : stretcher.slowDown(queue, result, most, urgency(owed));
      if (change !== 0) queue = result.slice(0, queue.length + change);
      owed -= Math.abs(change);
      changes += Math.abs(Math.sign(change));
    }
    furthest = Math.max(furthest, owed);
    while (queue.length > WAITING - FRAME) {
      const played = Math.min(FRAME, queue.length - (WAITING - FRAME));
      out.push(queue.subarray(0, played));
      queue = queue.slice(played);
    }
  }
  return { out: join(...out, queue), changes, furthest };
}

const calm = () => 0;

/** The largest bend of the wave, which a click makes larger. */
function largestBend(samples: Int16Array): number {
  let largest = 0;
  for (let i = 2; i < samples.length; i++) {
    largest = Math.max(largest, Math.abs(samples[i]! - 2 * samples[i - 1]! + samples[i - 2]!));
  }
  return largest;
}

/** Frequency of a tone by the time between its first and its last rise through zero. */
function frequencyOf(samples: Int16Array): number {
  const rises: number[] = [];
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    if (before < 0 && after >= 0) rises.push(i - after / (after - before));
  }
  return RATE * (rises.length - 1) / (rises.at(-1)! - rises[0]!);
}

/** Places of the pulses of {@linkcode voice}: where it first goes above half its peak, well after the last one. */
function pulsesOf(samples: Int16Array, pitch: number): number[] {
  const half = samples.reduce((peak, sample) => Math.max(peak, sample), 0) / 2;
  const pulses: number[] = [];
  for (let i = 0; i < samples.length; i++) {
    if (samples[i]! > half && i - (pulses.at(-1) ?? -Infinity) > 0.8 * RATE / pitch) pulses.push(i);
  }
  return pulses;
}

function power(samples: Int16Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}

/** Mean power of a sound from one frequency to another, in Hz, for each pair of neighbours in a list. */
function powersBetween(samples: Int16Array, edges: readonly number[]): number[] {
  const length = 2 ** Math.ceil(Math.log2(samples.length));
  const fft = new Fft(length);
  const [real, imaginary] = [new Float64Array(fft.bins), new Float64Array(fft.bins)];
  const signal = new Float64Array(length);
  signal.set(samples);
  fft.forward(signal, real, imaginary);
  return edges.slice(1).map((upper, band) => {
    let sum = 0;
    const end = Math.min(length / 2, Math.ceil(upper * length / RATE));
    for (let k = Math.ceil(edges[band]! * length / RATE); k < end; k++) {
      sum += real[k]! ** 2 + imaginary[k]! ** 2;
    }
    return sum / length / samples.length;
  });
}

function decibels(ratio: number): number {
  return 10 * Math.log10(ratio);
}

for (const hertz of [100, 187, 440, 1000, 3100]) {
  for (const excess of [-Infinity, -0.1, 0.1, Infinity]) {
    const speed = excess < 0 ? "shorter" : "longer";
    const much = Math.abs(excess) === Infinity ? "as much as it can be" : "10 %";
    Deno.test(`TimeStretcher keeps the pitch of ${hertz} Hz and makes no click, ${much} ${speed}`, () => {
      const tone = pcm(sine(hertz, RATE, 1.5));
      const { out, changes } = feed(tone, excess, calm);
      assert(changes >= 10, `${changes} changes`);
      assert(Math.abs(out.length - tone.length) > 0.08 * tone.length, `${out.length} samples`);
      assertAlmostEquals(frequencyOf(out), hertz, 0.005 * hertz);
      assert(largestBend(out) <= 1.2 * largestBend(tone), `${largestBend(out)}, ${largestBend(tone)}`);
    });
  }
}

for (const pitch of [75, 98, 131, 220, 290]) {
  for (const excess of [-Infinity, -0.1, 0.1, Infinity]) {
    const speed = excess < 0 ? "out" : "in";
    const much = Math.abs(excess) === Infinity ? "as many as it can" : "10 %";
    Deno.test(`TimeStretcher takes whole periods ${speed} of a voice of ${pitch} Hz, ${much}`, () => {
      const original = pcm(voice(pitch, 1.5));
      const { out, changes } = feed(original, excess, calm);
      assert(changes >= 5, `${changes} changes`);
      const pulses = pulsesOf(out, pitch);
      for (let i = 1; i < pulses.length; i++) {
        assertAlmostEquals(pulses[i]! - pulses[i - 1]!, RATE / pitch, 2.01, `after ${pulses[i]! / RATE} s`);
      }
      const measured = RATE * (pulses.length - 1) / (pulses.at(-1)! - pulses[0]!);
      assertAlmostEquals(measured, pitch, 0.005 * pitch);
      assert(largestBend(out) <= 1.2 * largestBend(original));
    });
  }
}

Deno.test("TimeStretcher makes no click in made-up speech of several speakers", () => {
  for (const seed of [1, 2, 3]) {
    const original = pcm(speechLike(3, RATE, seed));
    for (const excess of [-0.15, 0.15]) {
      const { out, changes } = feed(original, excess, calm);
      assert(changes >= 10, `${changes} changes`);
      assert(largestBend(out) <= 1.2 * largestBend(original), `speaker ${seed}, ${excess}`);
    }
  }
});

const RECORDING = (() => {
  const path = new URL("../../demo/fala.wav", import.meta.url);
  const { samples, sampleRate } = parseWav(Deno.readFileSync(path));
  return pcm(resample(samples, sampleRate, RATE));
})();

for (const percent of [-20, -10, -5, 5, 10, 20]) {
  Deno.test(`TimeStretcher keeps the sound of recorded speech made ${Math.abs(percent)} % ${percent < 0 ? "shorter" : "longer"}`, () => {
    // The longer it is behind, the more urgent: all is accepted when 60 ms are due.
    const { out, furthest } = feed(RECORDING, percent / 100, (behind) => behind / (60 * MS));
    assert(furthest <= 40 * MS, `${furthest / MS} ms behind`);
    // What was due at the end, and the part of a frame that was not fed.
    assertAlmostEquals(out.length, RECORDING.length * (1 + percent / 100), 40 * MS + FRAME);

    const thirdOctaves = Array.from({ length: 19 }, (_, band) => 100 * 2 ** ((band - 0.5) / 3));
    const [before, after] = [powersBetween(RECORDING, thirdOctaves), powersBetween(out, thirdOctaves)];
    before.forEach((reference, band) => {
      const change = decibels(after[band]! / reference);
      assert(Math.abs(change) <= 1, `${change} dB from ${thirdOctaves[band]} Hz on`);
    });
    // The recording ends at 8 kHz. A click is heard above.
    const [clicks] = powersBetween(out, [9000, 24_000]);
    assert(decibels(clicks! / power(out)) < -65, `${decibels(clicks! / power(out))} dB`);
    assert(largestBend(out) <= 1.2 * largestBend(RECORDING));
  });
}

const CONNECTED: [name: string, sound: Samples, urgency: number][] = [
  ["voice", pcm(voice(110, 0.04)), 0],
  ["a shortest input", pcm(voice(220, 0.04)).slice(0, SHORTEST_INPUT), 1],
  ["noise", pcm(noise(WAITING, 4, 0.3)), 1],
  ["an onset", join(new Int16Array(FRAME), pcm(noise(FRAME, 5, 0.9))), 1],
  ["loud noise that must not wrap", pcm(noise(WAITING, 6, 1)), 1],
  ["a pause", pcm(noise(WAITING, 7, 0.0005)), 0],
  ["three frames", pcm(voice(90, 0.06)), 0],
  ["more than is searched", pcm(voice(130, 0.12)), 0],
];

for (const [name, input, urgency] of CONNECTED) {
  Deno.test(`TimeStretcher leaves the ends as they are: ${name}`, () => {
    for (const direction of ["accelerate", "slowDown"] as const) {
      const out = new Int16Array(input.length + LONGEST_LAG).fill(12345);
      const change = listener()[direction](input, out, LONGEST_LAG, urgency);
      assert(change >= SHORTEST_LAG && change <= LONGEST_LAG, `${direction}: ${change}`);
      const length = direction === "accelerate" ? input.length - change : input.length + change;
      assertEquals(out.slice(0, MS), input.slice(0, MS));
      assertEquals(out.slice(length - MS, length), input.slice(-MS));
      assert(out.subarray(length).every((sample) => sample === 12345), "wrote beyond the result");
      // Nowhere louder than what it was made of, but for unlike waves that happen to add up.
      const peak = (samples: Int16Array) => samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0);
      assert(peak(out.subarray(0, length)) <= 1.42 * peak(input));
    }
  });
}

Deno.test("TimeStretcher.accelerate() gives the same when it writes over its input", () => {
  for (const [name, input, urgency] of CONNECTED) {
    const out = new Int16Array(input.length);
    const removed = listener().accelerate(input, out, LONGEST_LAG, urgency);
    const both = input.slice();
    assertEquals(listener().accelerate(both, both, LONGEST_LAG, urgency), removed, name);
    assertEquals(both.slice(0, input.length - removed), out.slice(0, input.length - removed), name);
  }
});

/** A consonant such as a t: noise that begins at once and dies away. */
function plosive(seconds: number): Samples {
  return pcm(noise(Math.round(seconds * RATE), 8, 0.5).map((value, i) => value * Math.exp(-i / (5 * MS))));
}

/** A voice that sets in within a few periods while its pitch rises. */
function onset(): Samples {
  let phase = 0;
  return pcm(Float32Array.from({ length: FRAME }, (_, i) => {
    phase += 2 * Math.PI * (80 + 100 * i / FRAME) / RATE;
    return 0.5 * (i / FRAME) ** 3 * (Math.sin(phase) + Math.sin(2 * phase + 1) + Math.sin(3 * phase + 2));
  }));
}

/** Peak of noise as much below the voice that was heard as an f is, 19 dB. */
const soft = 0.02;

/** Voice with noise 6 dB below it: a correlation of 0.8. */
function hoarse(): Samples {
  const breath = noise(WAITING, 6, 0.11);
  return pcm(voice(140, 0.04).map((value, i) => value + breath[i]!));
}

const WILLING: [name: string, input: Samples, most: number, urgency: number, changes: boolean][] = [
  ["steady voice at urgency 0", pcm(voice(140, 0.04)), LONGEST_LAG, 0, true],
  ["steady voice of 20 ms", pcm(voice(140, 0.02)), LONGEST_LAG, 0, true],
  ["a hoarse voice at urgency 0", hoarse(), LONGEST_LAG, 0, false],
  ["a hoarse voice at urgency 0.5", hoarse(), LONGEST_LAG, 0.5, true],
  ["an onset at urgency 0", onset(), LONGEST_LAG, 0, false],
  ["an onset at urgency 1", onset(), LONGEST_LAG, 1, true],
  ["a plosive at urgency 0", join(new Int16Array(FRAME / 4), plosive(0.015)), LONGEST_LAG, 0, false],
  ["a plosive at urgency 0.5", join(new Int16Array(FRAME / 4), plosive(0.015)), LONGEST_LAG, 0.5, false],
  ["a plosive at urgency 1", join(new Int16Array(FRAME / 4), plosive(0.015)), LONGEST_LAG, 1, true],
  ["loud noise at urgency 0", pcm(noise(WAITING, 2)), LONGEST_LAG, 0, false],
  ["loud noise at urgency 0.5", pcm(noise(WAITING, 2)), LONGEST_LAG, 0.5, false],
  ["loud noise at urgency 1", pcm(noise(WAITING, 2)), LONGEST_LAG, 1, true],
  ["a soft fricative at urgency 0", pcm(noise(WAITING, 2, soft)), LONGEST_LAG, 0, false],
  ["a soft fricative at urgency 0.8", pcm(noise(WAITING, 2, soft)), LONGEST_LAG, 0.8, true],
  ["voice when less than a period may go", pcm(voice(140, 0.04)), SHORTEST_LAG - 1, 1, false],
  ["voice when the next period may not go", pcm(voice(140, 0.04)), 300, 0, false],
  [
    "voice that comes after 60 ms of noise",
    join(pcm(noise(3 * FRAME, 3)), pcm(voice(140, 0.04))),
    LONGEST_LAG,
    0,
    false,
  ],
  ["10 ms of voice", pcm(voice(300, 0.01)), LONGEST_LAG, 1, false],
  ["one sample less than it needs", pcm(voice(300, 0.02)).slice(0, SHORTEST_INPUT - 1), 720, 1, false],
  ["nothing", new Int16Array(), LONGEST_LAG, 1, false],
  ["silence when nothing may go", new Int16Array(WAITING), 0, 1, false],
  ["silence when less than nothing may go", new Int16Array(WAITING), -5, 1, false],
];

for (const [name, input, most, urgency, changes] of WILLING) {
  Deno.test(`TimeStretcher ${changes ? "changes" : "leaves alone"} ${name}`, () => {
    for (const direction of ["accelerate", "slowDown"] as const) {
      const out = new Int16Array(input.length + LONGEST_LAG).fill(12345);
      const change = listener()[direction](input, out, most, urgency);
      assertEquals(change > 0, changes, `${direction}: ${change}`);
      assert(change > 0 || out.every((sample) => sample === 12345), "wrote although nothing changed");
    }
  });
}

Deno.test("TimeStretcher neither loses nor doubles a short consonant between two silences", () => {
  const stretcher = listener();
  for (let start = 0; start <= FRAME - 5 * MS; start += MS) {
    const input = new Int16Array(FRAME);
    input.set(plosive(0.005), start);
    const energy = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0);
    for (const direction of ["accelerate", "slowDown"] as const) {
      const out = new Int16Array(FRAME + LONGEST_LAG);
      stretcher[direction](input, out, LONGEST_LAG, 0);
      // When nothing was possible nothing was written.
      if (energy(out) > 0) {
        assertAlmostEquals(energy(out) / energy(input), 1, 0.1, `${direction} at ${start}`);
      }
    }
  }
});

Deno.test("TimeStretcher puts the seam where the sound is most similar", () => {
  // A voice with a soft click in it, which must be heard once.
  for (const click of [150, 250, 700, 800]) {
    const input = pcm(voice(300, 0.02));
    pcm(noise(20, 2, 0.1)).forEach((value, i) => input[click + i]! += value);
    for (const direction of ["accelerate", "slowDown"] as const) {
      const out = new Int16Array(FRAME + LONGEST_LAG);
      const change = listener()[direction](input, out, 200, 1);
      assertEquals(change, RATE / 300);
      const isAt = (place: number) => input.subarray(click, click + 20).every((s, i) => out[place + i] === s);
      const later = direction === "accelerate" ? click - change : click + change;
      assert(isAt(click) !== isAt(later), `${direction} with a click at ${click}`);
    }
  }
});

Deno.test("TimeStretcher holds a seam that would be too loud at full scale", () => {
  const random = seededRandom(4);
  const input = Int16Array.from({ length: WAITING }, () => random() < 0.5 ? 0 : 32767);
  const out = new Int16Array(WAITING);
  assert(new TimeStretcher().accelerate(input, out, LONGEST_LAG, 1) > 0);
  assert(out.every((sample) => sample >= 0), "wrapped around");
});

Deno.test("TimeStretcher knows a pause after the first word of a call", () => {
  const input = join(pcm(voice(120, 0.02)), pcm(noise(FRAME, 3, 0.003)));
  const out = new Int16Array(WAITING);
  assertEquals(new TimeStretcher().accelerate(input, out, 300, 0), 300);
  assertEquals(out.subarray(0, FRAME), input.subarray(0, FRAME));
});

Deno.test("TimeStretcher changes silence by any amount", () => {
  const input = new Int16Array(WAITING);
  for (const most of [1, 2, 47, 100, 333, 720, 960, 1584]) {
    const out = new Int16Array(input.length + most).fill(1);
    assertEquals(new TimeStretcher().accelerate(input, out, most, 0), most);
    assert(out.subarray(0, input.length - most).every((sample) => sample === 0));
    assertEquals(new TimeStretcher().slowDown(input, out.fill(1), most, 0), most);
    assert(out.every((sample) => sample === 0));
  }
  // The ends and the seam stay, and a fraction of a sample cannot go.
  assertEquals(
    new TimeStretcher().accelerate(input, new Int16Array(WAITING), 5000, 0),
    1920 - 2 * MS - 5 * MS,
  );
  assertEquals(new TimeStretcher().accelerate(input, new Int16Array(WAITING), 99.9, 0), 99);
});

Deno.test("TimeStretcher cuts 10 ms of a pause only when the pause has begun before", () => {
  const out = new Int16Array(HALF_FRAME);
  const input = pcm(noise(HALF_FRAME, 3, 0.0005));
  assertEquals(listener().accelerate(input, out, 100, 0), 100);
  const stretcher = listener();
  stretcher.observe(pcm(voice(100, 0.05)));
  stretcher.observe(input);
  assertEquals(stretcher.accelerate(input, out, 100, 0), 0);
});

Deno.test("TimeStretcher takes steady noise well below the voice for a pause, and keeps its level", () => {
  const background = 0.008;
  const stretcher = listener(background);
  let [seams, inputs] = [0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const input = pcm(noise(WAITING, seed, background));
    stretcher.observe(input);
    const out = new Int16Array(WAITING + FRAME);
    assertEquals(stretcher.accelerate(input, out, 600, 0), 600);
    assertAlmostEquals(decibels(power(out.subarray(0, WAITING - 600)) / power(input)), 0, 1);
    assertEquals(stretcher.slowDown(input, out, 600, 0), 600);
    assertAlmostEquals(decibels(power(out.subarray(0, WAITING + 600)) / power(input)), 0, 1);
    // With all that can go gone, the seam is all there is between the ends.
    const rest = out.subarray(MS, WAITING - stretcher.accelerate(input, out, WAITING, 0) - MS);
    assertEquals(rest.length, 5 * MS);
    seams += power(rest);
    inputs += power(input);
  }
  assertAlmostEquals(decibels(seams / inputs), 0, 0.5);
});

Deno.test("TimeStretcher.reset() forgets how loud the voice was", () => {
  const input = pcm(noise(WAITING, 2, 0.003));
  const out = new Int16Array(WAITING);
  const stretcher = listener();
  assert(stretcher.accelerate(input, out, 100, 0) > 0);
  stretcher.reset();
  assertEquals(stretcher.accelerate(input, out, 100, 0), 0);
  assertEquals(new TimeStretcher().accelerate(input, out, 100, 0), 0);
});

Deno.test("TimeStretcher stays within its bounds for any samples", () => {
  const random = seededRandom(77);
  const stretcher = new TimeStretcher();
  for (let round = 0; round < 300; round++) {
    const length = Math.floor(random() * 3500);
    const loudness = 10 ** (-4 * random());
    const pieces = random() < 0.5
      ? noise(length, round + 1, loudness)
      : speechLike(length / RATE, RATE, round + 1);
    const input = pcm(pieces);
    if (random() < 0.5) stretcher.observe(input);
    const most = Math.floor(random() * 1500);
    const urgency = random() * 1.5 - 0.25;
    const out = new Int16Array(input.length + most);
    const removed = stretcher.accelerate(input, out, most, urgency);
    assert(removed >= 0 && removed <= most && (removed === 0 || removed < input.length));
    if (removed > 0) assertEquals(out[input.length - removed - 1], input.at(-1));
    const added = stretcher.slowDown(input, out, most, urgency);
    assertEquals(added, removed);
    if (added > 0) assertEquals(out[input.length + added - 1], input.at(-1));
  }
});

Deno.test("TimeStretcher.slowDown() adds no more than the output has room for", () => {
  const input = new Int16Array(WAITING);
  assertEquals(new TimeStretcher().slowDown(input, new Int16Array(WAITING + 9), 500, 0), 9);
  assertEquals(new TimeStretcher().slowDown(input, new Int16Array(WAITING), 500, 0), 0);
});

Deno.test("TimeStretcher says when the output is shorter than the input", () => {
  const input = new Int16Array(WAITING);
  const out = new Int16Array(WAITING - 1);
  assertThrows(() => new TimeStretcher().accelerate(input, out, 10, 0), RangeError, "Cannot accelerate");
  assertThrows(() => new TimeStretcher().slowDown(input, out, 10, 0), RangeError, "Cannot slow down");
});
