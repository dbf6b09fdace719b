import { assert, assertEquals } from "@std/assert";
import { EchoDelayEstimator } from "../../../audio/processing/echo_delay_estimator.ts";
import { blocks, hear, roomResponse, speech } from "../../../testing/audio/room.ts";
import { noise, seededRandom } from "../../../testing/audio/signals.ts";

const SECONDS = 4;
const FAR = speech(["fala.wav", "resposta.wav"], SECONDS);
const LOUDSPEAKER = Int16Array.from(FAR, (sample) => Math.round(32767 * sample));

/** Every delay found, in samples. */
function search(microphone: Int16Array, random?: () => number): number[] {
  const delay = new EchoDelayEstimator();
  const found = [];
  let [played, captured] = [0, 0];
  for (const kind of blocks(microphone.length, { blockSamples: 480, ...(random && { random }) })) {
    if (kind === "play") {
      delay.played(LOUDSPEAKER.subarray(played, played += 480));
      continue;
    }
    const offset = delay.captured(microphone.subarray(captured, captured += 480));
    if (offset !== undefined) found.push(-offset);
  }
  return found;
}

for (const delayMs of [5, 20, 80, 200, 350, 480]) {
  for (const random of [undefined, seededRandom(9)]) {
    Deno.test(`EchoDelayEstimator finds an echo of ${delayMs} ms in blocks ${random ? "in bursts" : "one by one"}`, () => {
      const delaySamples = delayMs * 48;
      const { microphone } = hear({ far: FAR, response: roomResponse({ seed: 7 }), delaySamples });
      const found = search(microphone, random);
      assert(found.length > 5, `found ${found.length} times`);
      for (const samples of found) {
        assert(Math.abs(samples - delaySamples) <= 24, `${samples} for ${delaySamples}`);
      }
    });
  }
}

Deno.test("EchoDelayEstimator finds the delay beside a voice", () => {
  const near = speech(["resposta.wav", "fala.wav"], SECONDS);
  const { microphone } = hear({ far: FAR, near, response: roomResponse({ seed: 7 }), delaySamples: 3840 });
  const found = search(microphone);
  assert(found.length > 3 && found.every((samples) => Math.abs(samples - 3840) <= 24), found.join(" "));
});

Deno.test("EchoDelayEstimator finds nothing where there is no echo", () => {
  const voice = Int16Array.from(speech(["resposta.wav", "fala.wav"], SECONDS), (sample) => 32767 * sample);
  assertEquals(search(voice), []);
  assertEquals(search(Int16Array.from(noise(FAR.length, 2), (sample) => 32767 * sample)), []);
  assertEquals(search(new Int16Array(FAR.length)), []);
});
