/** Every target with the inputs that once broke it, and with some thousand others that are the same each time. */

import { readCorpus } from "./corpus.ts";
import { fuzz } from "./driver.ts";
import { TARGETS } from "./targets.ts";

const SEED = 1;

/** Enough to find what is easy to find, in a fraction of a second each. `make fuzz` goes further. */
const EVENTS = 5_000;

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
