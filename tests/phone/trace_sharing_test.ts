import { assert, assertEquals } from "@std/assert";
import type { PhoneOptions } from "../../lib/phone/options.ts";
import { EXIT, UserAgent } from "../../lib/phone/user_agent.ts";
import { callHash } from "../../lib/trace/redact.ts";
import { parseTraceLine } from "../../lib/trace/trace_line.ts";
import { callOf, fakeParts, MARIA, OPTIONS, settle } from "./fakes.ts";

const CALL = callOf().id;

/** A phone at a registry that asks for copies. */
async function start(options: Partial<PhoneOptions> = {}, wantsTrace = true) {
  const fakes = fakeParts();
  fakes.registry.wantsTrace = wantsTrace;
  const phone = new UserAgent({ ...OPTIONS, ...options }, fakes.parts);
  const status = phone.run();
  await settle();
  const say = (tipo = "tocando", chamada: string = CALL): void =>
    fakes.trace(
      { direction: "sent", transport: "UDP", peer: MARIA, text: JSON.stringify({ tipo, chamada }) },
      { ownPort: 40001, bytes: 60, current: true, omitted: 2 },
    );
  /** The types of all copies so far. */
  const shared = () =>
    fakes.registry.traceLines.flatMap((line) => parseTraceLine(line)!.messages).map(({ type }) => type);
  return { ...fakes, phone, status, say, shared };
}

Deno.test("UserAgent says that the registry gets copies, and sends them", async () => {
  const { phone, status, screen, registry, say } = await start();
  assertEquals(screen.shown, ["registered", "trace_shared"]);
  assertEquals(registry.traceLines, ['{"tipo":"rastro"}']);
  say();
  while (registry.traceLines.length < 2) await settle();
  const { messages, leftOut } = parseTraceLine(registry.traceLines[1]!)!;
  const { type, call, direction, ownPort, other, bytes } = messages[0]!;
  assertEquals([type, call, direction, ownPort, bytes, leftOut], [
    ...["tocando", callHash(CALL), "sent", 40001, 60, 2],
  ]);
  assertEquals(other, { ip: MARIA.ip, port: MARIA.port });
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent sends its last copies before its goodbye to the registry", async () => {
  const { phone, status, registry, say, shared } = await start();
  say("ligação_encerrada");
  phone.quit();
  await status;
  assertEquals(shared(), ["ligação_encerrada"]);
  assertEquals(registry.log.slice(-2), ["trace", "close"]);
});

Deno.test("UserAgent sends no copies with --no-trace-sharing, nor to a registry that does not ask", async () => {
  for (const [options, wants] of [[{ shareTrace: false }, true], [{}, false]] as const) {
    const { phone, status, screen, registry, say } = await start(options, wants);
    say();
    phone.quit();
    await status;
    assertEquals(registry.traceLines, []);
    assertEquals(screen.shown, ["registered", "closed"]);
  }
});

Deno.test("UserAgent begins again after a loss, shares nothing from before, and says so once", async () => {
  const { phone, status, screen, registry, say, shared } = await start();
  say("antes");
  registry.options.onLost!();
  say("entretanto");
  registry.options.onBack!({ nome: "João", ip: OPTIONS.ip!, porta: 6000 });
  await settle();
  assertEquals(registry.traceLines.at(-1), '{"tipo":"rastro"}');
  say("depois");
  phone.quit();
  await status;
  assertEquals(shared(), ["depois"]);
  assertEquals(screen.shown.filter((event) => event === "trace_shared").length, 1);
});

Deno.test("UserAgent says again that another registry gets copies, and stops at one that does not ask", async () => {
  const { phone, status, screen, registry, say, shared } = await start();
  const back = (place: string, wants: boolean): void => {
    registry.options.onLost!();
    registry.place = { ...registry.place, host: place };
    registry.wantsTrace = wants;
    registry.options.onBack!({ nome: "João", ip: OPTIONS.ip!, porta: 6000 });
  };
  back("other.example", false);
  say("sem_painel");
  back("third.example", true);
  await settle();
  phone.quit();
  await status;
  assertEquals(shared(), []);
  assertEquals(
    screen.events.filter(({ event }) => event === "trace_shared"),
    ["registry.example", "third.example"].map((host) => ({
      event: "trace_shared" as const,
      host,
      port: 5000,
    })),
  );
});

Deno.test("UserAgent keeps its copies while the connection to the registry is busy, and dates them when they go", async () => {
  const { phone, status, registry, say } = await start();
  registry.readyForTrace = false;
  say();
  const before = performance.now();
  while (performance.now() < before + 300) await settle();
  assertEquals(registry.traceLines.length, 1);
  registry.readyForTrace = true;
  while (registry.traceLines.length < 2) await settle();
  assert(parseTraceLine(registry.traceLines[1]!)!.messages[0]!.ageMs >= 300);
  phone.quit();
  await status;
});

Deno.test("UserAgent shares the figures of a call with the registry", async () => {
  const { phone, status, transport, registry, tell } = await start();
  const call = callOf();
  transport.current = call;
  tell({ kind: "notice", call, notice: { kind: "started" } });
  while (registry.traceLines.length < 2) await settle();
  assertEquals(parseTraceLine(registry.traceLines[1]!)!.samples.map(({ ageMs: _, ...sample }) => sample), [
    {
      call: callHash(CALL),
      ownPort: 40001,
      other: { ip: MARIA.ip, port: MARIA.port },
      lossPercent: 0,
      jitterMs: 0,
    },
  ]);
  tell({ kind: "notice", call, notice: { kind: "ended", end: "hung_up" } });
  phone.quit();
  await status;
});
