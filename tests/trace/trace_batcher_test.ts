import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { callHash } from "../../lib/trace/redact.ts";
import { TraceBatcher, type TracedMessage } from "../../lib/trace/trace_batcher.ts";
import { MAX_TRACE_LINE_BYTES, parseTraceLine, type TraceLine } from "../../lib/trace/trace_line.ts";
import { holds } from "../../testing/property.ts";

const CALL = "q3mZ0b1c2d3e4f5g6h7i8w";
const OTHER = { ip: "192.168.0.121", port: 6050 };

function message(fields: object = {}, more: Partial<TracedMessage> = {}): TracedMessage {
  const text = JSON.stringify({ tipo: "tocando", chamada: CALL, ...fields });
  return {
    ...{ direction: "received", ownPort: 40001, other: OTHER, bytes: text.length, text, current: true },
    ...more,
  };
}

const SAMPLE = { call: callHash(CALL), ownPort: 40001, other: OTHER, lossPercent: 1.5, jitterMs: 2.25 };

/** All lines that there are at a time. */
function linesOf(batcher: TraceBatcher, now: number): TraceLine[] {
  const lines: TraceLine[] = [];
  for (let line = batcher.drain(now); line !== undefined; line = batcher.drain(now)) {
    assert(new TextEncoder().encode(line).length <= MAX_TRACE_LINE_BYTES, line);
    lines.push(parseTraceLine(line)!);
  }
  return lines;
}

Deno.test("TraceBatcher says first that it shares, then gathers what there is for 250 ms", () => {
  const batcher = new TraceBatcher();
  assertEquals(batcher.wakeAt, -Infinity);
  assertEquals(batcher.drain(1000), '{"tipo":"rastro"}');
  assertEquals([batcher.wakeAt, batcher.drain(2000)], [Infinity, undefined]);
  batcher.handleMessage(2000, message());
  batcher.handleMessage(2100.04, message({}, { direction: "sent", ownPort: 6000 }));
  batcher.handleSample(2200, { ...SAMPLE, roundTripMs: 3, mos: 4.4 });
  assertEquals(batcher.wakeAt, 2250);
  const { messages, samples, leftOut } = parseTraceLine(batcher.drain(2260)!)!;
  assertEquals(messages.map(({ direction, ageMs, ownPort }) => [direction, ageMs, ownPort]), [
    ["received", 260, 40001],
    ["sent", 160, 6000],
  ]);
  assertEquals(samples, [{ ...SAMPLE, ageMs: 60, roundTripMs: 3, mos: 4.4 }]);
  assertEquals([leftOut, batcher.wakeAt], [0, Infinity]);
});

Deno.test("TraceBatcher leaves the link out of addresses, and what is no call message", () => {
  const batcher = new TraceBatcher();
  batcher.drain(0);
  batcher.handleMessage(0, message({}, { text: "not JSON" }));
  assertEquals(batcher.wakeAt, Infinity);
  batcher.handleMessage(0, message({}, { other: { ip: "fe80::2%eth1", port: 6000 } }));
  assertEquals(linesOf(batcher, 250)[0]!.messages[0]!.other, { ip: "fe80::2", port: 6000 });
});

Deno.test("TraceBatcher limits copies of forged invitations, counts the rest, and keeps those of the current call", () => {
  const batcher = new TraceBatcher();
  batcher.drain(0);
  for (let index = 0; index < 1000; index++) {
    batcher.handleMessage(index, message({ chamada: `forged-invitation-${index}` }, { current: false }));
    if (index % 100 === 0) batcher.handleMessage(index, message({ selo: String(index) }));
  }
  batcher.handleLeftOut(1000, 7);
  const lines = linesOf(batcher, 1000);
  const messages = lines.flatMap(({ messages }) => messages);
  const own = messages.filter(({ call }) => call === callHash(CALL));
  assertEquals(own.length, 10);
  assertLess(messages.length, 60);
  const leftOut = lines.reduce((sum, line) => sum + line.leftOut, 0);
  assertEquals(leftOut, 1000 + 10 + 7 - messages.length);
});

Deno.test("TraceBatcher keeps the latest while the registry takes nothing, and nothing older than a minute", () => {
  const batcher = new TraceBatcher();
  batcher.drain(0);
  for (let index = 0; index < 600; index++) {
    batcher.handleMessage(100 * index, message({ nome: `${index}`.padEnd(100) }));
  }
  const lines = linesOf(batcher, 60_000);
  const kept = lines.flatMap(({ messages }) => messages);
  assertEquals(kept.at(-1)!.fields.nome, "599".padEnd(100));
  assertGreater(kept.length, 50);
  assertLess(kept.length, 200);
  assertEquals(lines.reduce((sum, { leftOut }) => sum + leftOut, 0), 600 - kept.length);
  batcher.handleMessage(60_000, message());
  assertEquals(linesOf(batcher, 120_001), [{ messages: [], samples: [], leftOut: 1 }]);
});

Deno.test("TraceBatcher loses no copy that fits, whatever the messages, and no line is too long", () => {
  const field = fc.string({ unit: "binary", maxLength: 300 });
  const any = fc.array(fc.record({ nome: field, motivo: field, novo: field }, { requiredKeys: [] }), {
    maxLength: 20,
  });
  holds(fc.property(any, (all) => {
    const batcher = new TraceBatcher();
    for (const fields of all) batcher.handleMessage(0, message(fields));
    const lines = linesOf(batcher, 1);
    const kept = lines.flatMap(({ messages }) => messages);
    const leftOut = lines.reduce((sum, line) => sum + line.leftOut, 0);
    assertEquals(kept.length + leftOut, all.length);
  }));
});
