import { assert, assertEquals } from "@std/assert";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import type { PageEvent, PageMessage, Welcome } from "../../lib/web_phone/page_messages.ts";
import { ladderOf } from "../../pages/phone/own_ladder.ts";
import { after, afterLine, isCall, NOTHING, PLOTTED_MS, takesCommands } from "../../pages/phone/state.ts";

const WELCOME: Welcome = {
  type: "welcome",
  version: "1.0.0",
  language: "pt",
  page: "1",
  name: "maria",
  history: [],
  status: null,
  muted: false,
  people: [{ name: "joão", ip: "192.0.2.8", port: 6000 }],
  sound: {
    microphone: true,
    speaker: true,
    holder: "this",
    capture: false,
    play: false,
    processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  },
};

/** Before the phone is in the room. */
const ASKING: Welcome = { ...WELCOME, people: null };

const CALL: CallStatus = {
  name: "joão",
  seconds: 1,
  code: "12345",
  microphoneDb: -20,
  speakerDb: -30,
  muted: false,
  mos: 4.2,
  lossInPercent: 1,
  jitterInMs: 2,
  roundTripMs: 3,
};

let number = 0;
const told = (event: PhoneEvent): PageEvent => ({
  type: "event",
  number: ++number,
  time: "2026-11-30T12:00:00.125Z",
  event,
});
const run = (...messages: readonly [PageMessage, now?: number][]) =>
  messages.reduce((state, [message, now = 0]) => after(state, message, now), NOTHING);

Deno.test("the page asks for another name until the phone is in the room, also after it was loaded again", () => {
  const taken = told({ event: "name_taken", name: "maria" });
  const registered = told({ event: "registered", name: "ana", ip: "192.0.2.7", port: 6000 });
  assert(run([ASKING], [taken]).wantsName);
  assert(run([{ ...ASKING, history: [taken] }]).wantsName);
  const state = run([ASKING], [taken], [registered]);
  assertEquals([state.wantsName, state.welcome?.name], [false, "ana"]);
  assert(!run([{ ...ASKING, history: [taken, registered] }]).wantsName);
});

Deno.test("a phone that loses its name in the room asks nobody for another one: it ends", () => {
  const taken = told({ event: "name_taken", name: "maria" });
  const registered = told({ event: "registered", name: "maria", ip: "192.0.2.7", port: 6000 });
  assert(!run([ASKING], [registered], [taken]).wantsName);
  assert(!run([{ ...ASKING, history: [registered, taken] }]).wantsName);
  assert(!run([WELCOME], [taken]).wantsName, "its entrance is so long ago that nobody remembers it");
});

Deno.test("commands are taken while the line is open and the phone asks for no name", () => {
  const open = afterLine(run([WELCOME]), "open");
  assertEquals([run([WELCOME]), open].map(takesCommands), [false, true]);
  assert(!takesCommands({ ...open, wantsName: true }));
  assert(!takesCommands(afterLine(open, "connecting")));
});

Deno.test("a phone that ends has no call any more; one that does not answer may have", () => {
  const call = afterLine(run([WELCOME], [{ type: "status", status: CALL }]), "open");
  assertEquals(afterLine(call, "connecting").welcome?.status, CALL);
  const ended = afterLine({ ...call, trouble: "failed" }, "ended");
  assertEquals([ended.welcome?.status, ended.samples, ended.trouble], [null, [], undefined]);
});

Deno.test("a microphone that is heard is no trouble any more, but a loudspeaker may wait for a click", () => {
  const status = (change: Partial<CallStatus>): PageMessage => ({
    type: "status",
    status: { ...CALL, ...change },
  });
  const state = { ...run([WELCOME]), trouble: "failed" as const };
  assertEquals(after(state, status({}), 0).trouble, undefined);
  assertEquals(after(state, status({ microphoneDb: -100 }), 0).trouble, "failed");
  assertEquals(after(state, status({ muted: true }), 0).trouble, "failed");
  assertEquals(after({ ...state, trouble: "needs_click" }, status({}), 0).trouble, "needs_click");
});

Deno.test("what happens is said once: not what is told again, nor the address", () => {
  const event = (event: PhoneEvent): PageEvent => ({ ...told(event), text: event.event });
  const news = ["help", "closed", "not_in_call", "registry_lost"] as const;
  const state = run([{ ...WELCOME, history: [event({ event: "help" })] }]);
  assertEquals(state.said, []);
  const address = event({ event: "web_open", url: "http://127.0.0.1/#secret" });
  const invitation = event({ event: "invitation", name: "joão", ip: "192.0.2.8", port: 6000 });
  const more = [...news.map((name) => event({ event: name })), address, invitation]
    .reduce((state, message) => after(state, message, 0), state);
  assertEquals(more.said.map(({ text }) => text), news.slice(1));
});

Deno.test("quality is plotted once a second, from the beginning of each call", () => {
  const status = (seconds: number, now: number): [PageMessage, number] => [
    { type: "status", status: { ...CALL, seconds } },
    now,
  ];
  const calls = [status(1, 0), status(1, 200), status(2, 1000), status(3, 2100)] as const;
  assertEquals(run([WELCOME], ...calls).samples.map(({ at }) => at), [0, 1000, 2100]);
  const next = run([WELCOME], ...calls, [{ type: "status", status: null }, 3000], status(0, 9000));
  assertEquals(next.samples.map(({ at }) => at), [9000]);
  const long = run([WELCOME], ...calls, status(99, PLOTTED_MS + 1500));
  assertEquals(long.samples.map(({ at }) => at), [2100, PLOTTED_MS + 1500]);
});

Deno.test("an invitation is no call", () => {
  assert(!isCall({ ringing: "in", name: "joão", seconds: 1 }));
  assert(!isCall(null));
  assert(isCall(CALL));
});

Deno.test("the phone's own ladder names its peers, and counts retransmissions", () => {
  const invitation = JSON.stringify({
    tipo: "convite",
    chamada: "abc",
    nome: "ana",
    ip: "192.0.2.9",
    porta: 40001,
  });
  const ringing = JSON.stringify({ tipo: "tocando", chamada: "abc" });
  const peer = { ip: "192.0.2.9", port: 40001 };
  const message = (direction: "sent" | "received", text: string, other = peer): PageEvent =>
    told({ event: "message", direction, transport: "UDP", peer: other, text });
  const ladder = ladderOf([
    told({
      event: "message",
      direction: "sent",
      transport: "TCP",
      peer: { ip: "192.0.2.1", port: 5000 },
      text: '{"tipo":"lista"}',
    }),
    message("received", invitation),
    message("received", invitation),
    message("sent", ringing),
    message("sent", "?", { ip: "192.0.2.8", port: 6000 }),
  ], WELCOME);
  assertEquals(
    ladder.map(({ from, to }) => [from, to].map(({ registry, name }) => registry ? "registry" : name)),
    [
      ["maria", "registry"],
      ["ana", "maria"],
      ["ana", "maria"],
      ["maria", "ana"],
      ["maria", "joão"],
    ],
  );
  assertEquals(ladder.map(({ transmission, type }) => [transmission, type]), [
    [1, "lista"],
    [1, "convite"],
    [2, "convite"],
    [1, "tocando"],
    [1, ""],
  ]);
});
