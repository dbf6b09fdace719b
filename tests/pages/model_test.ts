import { assert, assertEquals } from "@std/assert";
import type { Batch, Snapshot } from "../../lib/panel/feed.ts";
import { type LadderMessage, lifelineKey } from "../../lib/trace/ladder.ts";
import { countUntil, FilteredMessages, MAX_MESSAGES, RoomModel } from "../../pages/panel/model.ts";
import { Store } from "../../pages/panel/store.ts";
import { explain, kindOf, labelOf } from "../../pages/shared/explain.ts";
import { lifelinesOf } from "../../pages/shared/lifelines.ts";
import { placeOf } from "../../pages/shared/order.ts";
import { JOAO, LADDER, ladderMessage, MARIA, REGISTRY } from "../trace/samples.ts";

const SNAPSHOT: Snapshot = {
  now: 5000,
  version: "1.0",
  registry: REGISTRY,
  people: [],
  messages: LADDER,
  samples: [],
};

const batch = (...messages: LadderMessage[]): Batch => ({ now: 1, messages, fates: [], samples: [] });
const numbers = (messages: readonly LadderMessage[]): number[] => messages.map(({ number }) => number);

Deno.test("the model takes a snapshot, batches and fates that become known", () => {
  const model = new RoomModel();
  model.begin(SNAPSHOT, 4000);
  assertEquals(model.clockOffset, 1000);
  model.add({ ...batch(ladderMessage(6, { fate: "unknown" })), fates: [{ number: 5, fate: "lost" }] }, 0);
  model.add({ ...batch(), fates: [{ number: 6, fate: "received" }, { number: 99, fate: "lost" }] }, 0);
  assertEquals(numbers(model.messages), [1, 2, 3, 4, 5, 6]);
  assertEquals(model.messages.slice(4).map(({ fate }) => fate), ["lost", "received"]);
});

Deno.test("the model forgets the oldest messages, and still finds the others by their numbers", () => {
  const model = new RoomModel();
  model.begin({ ...SNAPSHOT, messages: [] }, 0);
  const count = MAX_MESSAGES + 1001;
  model.add(batch(...Array.from({ length: count }, (_, i) => ladderMessage(i + 1, {}))), 0);
  assertEquals([model.messages.length, model.messages[0]?.number], [MAX_MESSAGES, 1002]);
  model.add({ ...batch(), fates: [{ number: count, fate: "lost" }] }, 0);
  assertEquals(model.messages.at(-1)?.fate, "lost");
});

Deno.test("a filter finds a person's and a call's messages, with what has become of them", () => {
  const model = new RoomModel();
  model.begin(SNAPSHOT, 0);
  const filtered = new FilteredMessages(model);
  assertEquals(numbers(filtered.get({ person: "maria" })), [1, 2, 3, 4, 5]);
  assertEquals(numbers(filtered.get({ call: "Ab3" })), [3, 4, 5]);
  const call = { call: "Ab3" };
  const found = filtered.get(call);
  assert(filtered.get(call) === found);
  model.add({
    ...batch(ladderMessage(6, { call: "Ab3" }), ladderMessage(7, {})),
    fates: [{ number: 5, fate: "lost" }],
  }, 0);
  assertEquals(filtered.get(call).map(({ number, fate }) => [number, fate]).slice(2), [
    [5, "lost"],
    [6, "received"],
  ]);
  assertEquals(filtered.get({}).length, 7);
});

Deno.test("a time counts the messages until it", () => {
  const [first, , third] = LADDER as [LadderMessage, LadderMessage, LadderMessage];
  assertEquals(countUntil(LADDER, first.at - 1), 0);
  assertEquals(countUntil(LADDER, first.at), 1);
  assertEquals(countUntil(LADDER, third.at + 1), 3);
  assertEquals(countUntil(LADDER, Infinity), 5);
});

Deno.test("lifelines stay where they are; a phone's ports are one lifeline", () => {
  const maria = { ...MARIA, port: 40_000 };
  const first = lifelinesOf(LADDER.slice(2), [], 2);
  assertEquals(first.map(lifelineKey), ["name maria", "name joão; end"]);
  const turned = [
    ladderMessage(9, { from: JOAO, to: maria }),
    ladderMessage(10, { from: JOAO, to: REGISTRY }),
  ];
  assertEquals(lifelinesOf(turned, first, 9).map(lifelineKey), ["registry", "name maria", "name joão; end"]);
});

Deno.test("lifelines that no message needs stay while there is room", () => {
  const others = ["ana", "bia"].map((name) => ({ ...MARIA, name }));
  const names = (room: number): string[] =>
    lifelinesOf(LADDER.slice(2), [...others, MARIA], room).map(lifelineKey);
  assertEquals(names(9), ["name ana", "name bia", "name maria", "name joão; end"]);
  assertEquals(names(3), ["name ana", "name maria", "name joão; end"]);
  assertEquals(names(1), ["name maria", "name joão; end"]);
});

Deno.test("a copy that comes late stands where it belongs, and its fate is found there", () => {
  const model = new RoomModel();
  model.begin(SNAPSHOT, 0);
  const [first] = LADDER as [LadderMessage];
  model.add(batch(ladderMessage(6, { at: first.at + 1 })), 0);
  model.add({ ...batch(), fates: [{ number: 6, fate: "lost" }] }, 0);
  assertEquals(model.messages.map(({ number, fate }) => [number, fate]).slice(0, 3), [
    [1, "received"],
    [6, "lost"],
    [2, "received"],
  ]);
  assertEquals(model.find(6)?.fate, "lost");
});

Deno.test("the model follows the registry's clock when this machine's is set", () => {
  const model = new RoomModel();
  model.begin({ ...SNAPSHOT, now: 5000 }, 4000);
  const day = 86_400_000;
  model.add({ ...batch(), now: 6000 }, 5300);
  assertEquals(model.clockOffset, 1000, "a batch that was on its way for long");
  model.add({ ...batch(), now: 7000 }, 6000 - day);
  assertEquals(model.clockOffset, 1000 + day);
});

Deno.test("late copies stand where they belong, however many others there are", () => {
  const model = new RoomModel();
  model.begin({ ...SNAPSHOT, messages: [] }, 0);
  const order = [5, 1, 9, 3, 7, 7, 2];
  model.add(batch(...order.map((at, index) => ladderMessage(index + 1, { at }))), 0);
  assertEquals(model.messages.map(({ at }) => at), order.toSorted((a, b) => a - b));
  const late = model.find(4)!;
  assertEquals(placeOf(model.messages, late), 2);
  assertEquals(placeOf(model.messages, { ...late, number: 99 }), 3);
});

Deno.test("another run of the registry has other messages of the same numbers: nothing of the former is chosen", () => {
  const store = new Store("en");
  store.begin(SNAPSHOT, 0);
  store.select(3);
  store.begin(SNAPSHOT, 0);
  assertEquals(store.selection?.number, 3, "the same run");
  store.pause((LADDER[0] as LadderMessage).at);
  const later = LADDER.map((message) => ({ ...message, at: message.at + 60_000 }));
  store.begin({ ...SNAPSHOT, messages: later }, 0);
  assertEquals([store.selected, store.time, store.count], [undefined, undefined, 5]);
});

Deno.test("messages of ill will are explained as others are", () => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  for (const type of ["constructor", "__proto__", "toString", "hasOwnProperty", "\ud800", "\u202e", ""]) {
    const text = `{"tipo":${JSON.stringify(type)},"${
      type || "x"
    }":1,"constructor":{},"nome":7,"deep":${deep}}`;
    const message = ladderMessage(1, { type, text });
    assertEquals(kindOf(message), "other", type);
    assert(labelOf(message).isWellFormed() && !labelOf(message).includes("\u202e"));
    const { says, fields } = explain(message, "en");
    assertEquals(says, undefined);
    const rows = new Map(fields.map(({ name, value, says }) => [name, [value, says]]));
    assertEquals(rows.get("constructor")?.[1], undefined);
    assertEquals(rows.get("deep"), ["…", undefined]);
  }
  for (const text of ["null", "[]", "7", '"x"', "{", deep, "é".repeat(70_000)]) {
    for (const type of ["convite", "erro", "resposta_ao_convite"]) {
      const message = ladderMessage(1, { type, text });
      kindOf(message);
      assertEquals(labelOf(message), type);
      explain(message, "pt");
    }
  }
  assert(labelOf(ladderMessage(1, { type: "x".repeat(60_000) })).length < 100);
  assertEquals(labelOf(ladderMessage(1, { type: " \u3000" })), "?");
});

Deno.test("a phone's own lifeline stands beside the registry, whoever calls", () => {
  const names = (own: typeof MARIA | typeof JOAO) => lifelinesOf(LADDER, [], 9, own).map(lifelineKey);
  assertEquals(names(MARIA).slice(0, 2), ["registry", lifelineKey(MARIA)]);
  assertEquals(names(JOAO).slice(0, 2), ["registry", lifelineKey(JOAO)]);
});
