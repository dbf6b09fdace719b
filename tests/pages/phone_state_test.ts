import { assert, assertEquals } from "@std/assert";
import type { CallStatus, PhoneEvent } from "../../lib/events/phone_events.ts";
import type { PageEvent, PageMessage, Welcome } from "../../lib/web_phone/page_messages.ts";
import { ladderOf } from "../../pages/phone/own_ladder.ts";
import { after, isCall, NOTHING, PLOTTED_MS } from "../../pages/phone/state.ts";

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
  assert(run([WELCOME], [taken]).wantsName);
  assert(run([{ ...WELCOME, history: [taken] }]).wantsName);
  const state = run([WELCOME], [taken], [registered]);
  assertEquals([state.wantsName, state.welcome?.name], [false, "ana"]);
  assert(!run([{ ...WELCOME, history: [taken, registered] }]).wantsName);
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
