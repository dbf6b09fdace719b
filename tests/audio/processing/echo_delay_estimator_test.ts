import { assert, assertEquals } from "@std/assert";
import { EchoDelayEstimator } from "../../../audio/processing/echo_delay_estimator.ts";
import { blocks, hear, roomResponse, speech } from "../../../testing/audio/room.ts";
import { noise } from "../../../testing/audio/signals.ts";
import { seededRandom } from "../../../testing/netem/random.ts";

const SECONDS = 4;
const FAR = speech(["fala.wav", "resposta.wav"], SECONDS);
const RESPONSE = roomResponse({ seed: 7 });
const LOUDSPEAKER = Int16Array.from(FAR, (sample) => Math.round(32767 * sample));

/** All estimates, in samples. */
function search(microphone: Int16Array, random?: () => number): number[] {
  const estimator = new EchoDelayEstimator();
  const found = [];
  let [played, captured] = [0, 0];
  for (const kind of blocks(microphone.length, { blockSamples: 480, ...(random && { random }) })) {
    if (kind === "play") {
      estimator.render(LOUDSPEAKER.subarray(played, played += 480));
      continue;
    }
    const offset = estimator.capture(microphone.subarray(captured, captured += 480));
    if (offset !== undefined) found.push(-offset);
  }
  return found;
}

for (const delayMs of [5, 20, 80, 200, 350, 480]) {
  for (const random of [undefined, seededRandom(9)]) {
    Deno.test(`EchoDelayEstimator finds an echo after ${delayMs} ms with blocks ${random ? "in bursts" : "in turn"}`, () => {
      const delaySamples = delayMs * 48;
      const { microphone } = hear({ far: FAR, response: RESPONSE, delaySamples });
      const found = search(microphone, random);
      assert(found.length > 5, `found ${found.length} times`);
      for (const samples of found) {
        assert(Math.abs(samples - delaySamples) <= 24, `${samples} for ${delaySamples}`);
      }
    });
  }
}

Deno.test("EchoDelayEstimator finds the delay during double talk", () => {
  const near = speech(["resposta.wav", "fala.wav"], SECONDS);
  const { microphone } = hear({ far: FAR, near, response: RESPONSE, delaySamples: 3840 });
  const found = search(microphone);
  assert(found.length > 3 && found.every((samples) => Math.abs(samples - 3840) <= 24), found.join(" "));
});

Deno.test("EchoDelayEstimator finds nothing without echo", () => {
  const voice = Int16Array.from(speech(["resposta.wav", "fala.wav"], SECONDS), (sample) => 32767 * sample);
  assertEquals(search(voice), []);
  assertEquals(search(Int16Array.from(noise(FAR.length, 2), (sample) => 32767 * sample)), []);
  assertEquals(search(new Int16Array(FAR.length)), []);
});
