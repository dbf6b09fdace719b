import type { CallStatus } from "../../lib/events/phone_events.ts";
import { assert, assertEquals } from "@std/assert";
import type { CallKeys } from "../../lib/call/key_exchange.ts";
import { CallSession } from "../../lib/phone/call_session.ts";
import type { PhoneOptions } from "../../lib/phone/options.ts";
import { temporaryFile } from "../../testing/temporary.ts";
import { callOf, FakeAudio, FakeScreen, FakeTransport, MARIA, settle } from "./fakes.ts";

const MASTER = { key: new Uint8Array(16), salt: new Uint8Array(12) };
const KEYS = { code: "12345", outgoing: MASTER, incoming: MASTER } as CallKeys;

function start(options: Partial<PhoneOptions> = {}, audio = new FakeAudio()) {
  const [screen, transport] = [new FakeScreen(), new FakeTransport()];
  const call = callOf("talking", { keys: KEYS });
  transport.current = call;
  const settings = { hangUpAfter: undefined, logKeys: undefined, ...options };
  const session = new CallSession({ call, transport, audio, screen, options: settings });
  return { session, screen, transport, audio, call };
}

Deno.test("CallSession shows the call at once, and connects the voice with the transport", async () => {
  const { session, screen, transport, audio } = start();
  assertEquals(screen.events, [{ event: "call_started", ...MARIA, code: "12345" }]);
  await settle();
  transport.voicePort!.handleDatagram(Uint8Array.of(1));
  assertEquals(audio.handled, [Uint8Array.of(1)]);
  audio.send(Uint8Array.of(2));
  assertEquals(transport.sent, [Uint8Array.of(2)]);
  await session.end();
});

Deno.test("CallSession says that the microphone is muted since before the call", async () => {
  const audio = new FakeAudio();
  audio.muted = true;
  const { session, screen } = start({}, audio);
  assertEquals(screen.shown, ["call_started", "muted"]);
  await session.end();
});

Deno.test("CallSession keeps the live line up to date until its end", async () => {
  const { session, screen, audio } = start();
  while (screen.statuses.length === 0) await settle();
  audio.muted = true;
  const { length } = screen.statuses;
  while (screen.statuses.length === length) await settle();
  const status = screen.statuses.at(-1) as CallStatus;
  assertEquals([status.name, status.code, status.muted], [MARIA.name, "12345", true]);
  assertEquals([status.microphoneDb, status.framesSent], [-20, 7]);
  await session.end();
  assertEquals(screen.statuses.at(-1), undefined);
});

Deno.test("CallSession shows nothing more after its end, though a timer that was cleared still fires", async () => {
  const { setInterval, clearInterval } = globalThis;
  const started: (() => void)[] = [];
  try {
    globalThis.setInterval = ((callback: () => void) =>
      started.push(callback)) as unknown as typeof setInterval;
    globalThis.clearInterval = () => {};
    const { session, screen } = start();
    started.forEach((callback) => callback());
    assertEquals(screen.statuses.length, 1);
    await session.end();
    started.forEach((callback) => callback());
    assertEquals(screen.statuses.slice(1), [undefined]);
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval });
  }
});

Deno.test("CallSession hangs up after the time of the command line, if its call is still the current one", async () => {
  const hung = start({ hangUpAfter: 0.001 });
  while (hung.transport.log.length === 0) await settle();
  assertEquals(hung.transport.log, ["hang up"]);
  await hung.session.end();
  const other = start({ hangUpAfter: 0.001 });
  other.transport.current = callOf();
  // The live line's timer is set after, and to a later time.
  while (other.screen.statuses.length === 0) await settle();
  assertEquals(other.transport.log, []);
  await other.session.end();
});

Deno.test("CallSession hangs up at the end of the microphone's file if the command line says so", async () => {
  const [hung, other] = [start({ hangUpAfter: "file" }), start()];
  await settle();
  for (const { audio } of [hung, other]) {
    audio.sourceEnded();
    // The file failed as well.
    audio.sourceEnded();
  }
  while (hung.transport.log.length === 0) await settle();
  assertEquals([hung.transport.log, other.transport.log], [["hang up"], []]);
  for (const { session } of [hung, other]) await session.end();
});

Deno.test("CallSession that ends before its file does not hang up the next call", async () => {
  const { session, transport, audio } = start({ hangUpAfter: "file" });
  await settle();
  audio.sourceEnded();
  // A timer that is left over fails the test.
  await session.end();
  assertEquals(transport.log, []);
});

Deno.test("CallSession.end() waits until devices are open, closes them and returns the figures", async () => {
  const audio = new FakeAudio();
  const opening = Promise.withResolvers<void>();
  audio.opening = opening.promise;
  const { session } = start({}, audio);
  const ending = session.end();
  await settle();
  assertEquals(audio.log, ["opening"]);
  opening.resolve();
  const { framesSent, seconds } = await ending;
  assertEquals(audio.log, ["opening", "open", "close"]);
  assertEquals(framesSent, 7);
  assert(seconds >= 0);
});

Deno.test("CallSession writes the keys down, or says that it cannot", async () => {
  await using file = await temporaryFile();
  const { path } = file;
  const written = start({ logKeys: path });
  assertEquals((await Deno.readTextFile(path)).split("\n").length, 3);
  const failed = start({ logKeys: "/none/keys" });
  assertEquals(written.screen.shown, ["call_started"]);
  assertEquals(failed.screen.shown, ["call_started", "key_log_failed"]);
  for (const { session } of [written, failed]) await session.end();
});
