import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertThrows } from "@std/assert";
import { oneIn } from "../../testing/everything.ts";
import { keepInput, readCorpus } from "./corpus.ts";
import { fuzz } from "./driver.ts";
import { deep, endless, sound, throwing } from "./planted_bugs.ts";
import { guidedFuzz, watchedFuzz } from "./watched_fuzz.ts";

const PLANTED = new URL("planted_bugs.ts", import.meta.url).href;

Deno.test("fuzz() finds a planted bug, once, and makes its input short", async () => {
  const { findings } = await fuzz(throwing, { seed: 2, events: 20_000 });
  assertEquals(findings.length, 1);
  const { input, error } = findings[0]!;
  assertEquals(error.name, "RangeError");
  assertThrows(() => throwing.run(input), RangeError);
  // The name need not be there for it.
  assertLess(
    new TextDecoder().decode(input).length,
    '{"tipo":"registro","nome":"maria","porta":6000}'.length,
  );
});

Deno.test("fuzz() finds the same from the same seed", async () => {
  const [first, second] = [
    await fuzz(throwing, { seed: 5, events: 5_000 }),
    await fuzz(throwing, { seed: 5, events: 5_000 }),
  ];
  assertEquals(first?.findings[0]?.input, second?.findings[0]?.input);
  assertEquals(first?.inputs, second?.inputs);
});

Deno.test("fuzz() stops after as many steps as it was told, and finds nothing where there is nothing", async () => {
  const { inputs, events, findings } = await fuzz(sound, { seed: 1, events: 1000 });
  assertEquals({ inputs, events, findings }, { inputs: 500, events: 1000, findings: [] });
});

Deno.test("fuzz() stops when its time is over", async () => {
  const { inputs } = await fuzz(sound, { seed: 1, events: Infinity, seconds: 0 });
  assertEquals(inputs, 0);
});

Deno.test("fuzz() gives a target what was kept of it, too", async () => {
  const given: string[] = [];
  const kept = [Uint8Array.of(7, 7, 7)];
  await fuzz(sound, { seed: 1, events: 4, kept, onInput: (input) => given.push(String(input)) });
  assertEquals(given, ["97,98,99", "7,7,7"]);
});

Deno.test("watchedFuzz() finds an input at which a target never ends", async () => {
  const order = {
    module: PLANTED,
    target: endless.name,
    guided: true,
    seed: 1,
    events: 100_000,
    stuckMs: 100,
  };
  const { findings } = await watchedFuzz(order);
  assertEquals(findings.map(({ report }) => report), ["It never ends."]);
  const [first, second] = findings[0]!.input;
  assert(first !== undefined && first === second, "the input at which it is stuck");
});

/** Guided, each of the seeds 1 to 8 needs 25,000 to 231,000 inputs; unguided, none of three is enough with a million. */
const DEEP_INPUTS = 100_000;

for (const seed of oneIn(3, [3, 1, 2])) {
  Deno.test(`watchedFuzz() finds a bug behind three comparisons only with coverage: seed ${seed}`, async () => {
    const order = { module: PLANTED, target: deep.name, seed, events: DEEP_INPUTS, enough: 1 };
    const guided = await watchedFuzz({ ...order, guided: true });
    assert(guided.guided, "this runtime has coverage");
    assertEquals(guided.findings.length, 1);
    assertThrows(() => deep.run(guided.findings[0]!.input), RangeError);
    assertEquals(guided.reaching?.length, 3, "the seed, and an input for each comparison but the last");
    const unguided = await watchedFuzz({ ...order, guided: false });
    assertEquals([unguided.inputs, unguided.findings], [DEEP_INPUTS, []]);
  });
}

Deno.test("watchedFuzz() makes the same inputs from the same seed with coverage, too", async () => {
  const order = { module: PLANTED, target: deep.name, guided: true, seed: 7, events: DEEP_INPUTS, enough: 1 };
  const [first, second] = [await watchedFuzz(order), await watchedFuzz(order)];
  assertEquals({ ...first, seconds: 0 }, { ...second, seconds: 0 });
});

Deno.test("guidedFuzz() goes on without coverage from the inputs that reached new blocks", async () => {
  const order = { module: PLANTED, target: deep.name, seed: 7, events: 400_000, seconds: 600, enough: 1 };
  const first = await watchedFuzz({ ...order, guided: true, events: 40_000 });
  assertEquals([first.reaching?.length, first.findings], [3, []], "not yet found");
  const { findings, inputs } = await guidedFuzz(order);
  assertEquals(findings.length, 1);
  assertLess(inputs, order.events);
});

Deno.test("watchedFuzz() finds on its thread what fuzz() finds", async () => {
  const order = { seed: 3, events: 3_000 };
  const { inputs, findings } = await watchedFuzz({
    ...order,
    module: PLANTED,
    target: throwing.name,
    guided: false,
  });
  const here = await fuzz(throwing, order);
  assertEquals(inputs, here.inputs);
  assertEquals(findings.map(({ input }) => input), here.findings.map(({ input }) => input));
  assertGreaterOrEqual(findings.length, 1);
});

Deno.test("what is found is kept as a file, once, and read again in order", async () => {
  const path = await Deno.makeTempDir({ prefix: "sala-corpus-" });
  const folder = new URL(`file://${path}/`);
  try {
    assertEquals(readCorpus("throwing", folder), []);
    const { findings: [finding] } = await fuzz(throwing, { seed: 2, events: 20_000 });
    const file = await keepInput("throwing", finding!.input, folder);
    assertEquals(await keepInput("throwing", finding!.input, folder), file);
    await keepInput("throwing", Uint8Array.of(1), folder);
    const kept = readCorpus("throwing", folder);
    assertEquals(kept.length, 2);
    assertEquals(kept.map(({ file }) => file), kept.map(({ file }) => file).toSorted());
    const again = kept.find((entry) => file.pathname.endsWith(entry.file));
    assertThrows(() => throwing.run(again!.input), RangeError);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
