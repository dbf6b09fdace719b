/** Gives every target the inputs that once broke it, and mutants from a fixed seed. */

import { moreOrLess } from "../../testing/everything.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./driver.ts";
import { TARGETS } from "./targets.ts";

const SEED = 1;

/** A moment for each target; `make fuzz` goes on to a million. */
const EVENTS = moreOrLess(5_000, 2_000);

for (const target of TARGETS) {
  Deno.test(`${target.name} keeps its promises whatever comes in`, async () => {
    for (const { file, input } of readCorpus(target.name)) {
      try {
        target.run(input);
      } catch (cause) {
        throw new Error(`It breaks at tests/fuzz/corpus/${target.name}/${file} again`, { cause });
      }
    }
    const { findings: [finding] } = await fuzz(target, { seed: SEED, events: EVENTS });
    if (finding) {
      throw new Error(`It breaks at ${JSON.stringify(Array.from(finding.input))}`, { cause: finding.error });
    }
  });
}
