import { assert, assertEquals } from "@std/assert";
import { isBackground, traceLine } from "../../lib/ui/trace_line.ts";
import type { Trace } from "../../lib/protocol/trace.ts";
import { UNSAFE } from "./every_event.ts";

const AT = new Date(2025, 0, 31, 2, 4, 6, 78);
const SENT: Trace = {
  direction: "sent",
  transport: "UDP",
  peer: { ip: "192.168.0.10", port: 6000 },
  text: '{"tipo":"tocando"}',
};

Deno.test("traceLine() shows time, direction, transport, peer and text", () => {
  const plain = { language: "pt", colour: false } as const;
  assertEquals(
    traceLine(SENT, AT, plain),
    '02:04:06.078 → enviada  UDP 192.168.0.10:6000 {"tipo":"tocando"}',
  );
  const received: Trace = {
    ...SENT,
    direction: "received",
    transport: "TCP",
    peer: { ip: "::1", port: 5000 },
  };
  assertEquals(traceLine(received, AT, plain), '02:04:06.078 ← recebida TCP [::1]:5000 {"tipo":"tocando"}');
  assertEquals(
    traceLine(received, AT, { language: "en", colour: false }),
    '02:04:06.078 ← received TCP [::1]:5000 {"tipo":"tocando"}',
  );
});

Deno.test("traceLine() gives sent and received different colours", () => {
  const style = { language: "pt", colour: true } as const;
  const sent = traceLine(SENT, AT, style);
  const received = traceLine({ ...SENT, direction: "received" }, AT, style);
  // deno-lint-ignore no-control-regex
  const colours = (line: string): string => [...line.matchAll(/\x1b\[[\d;]*m/g)].join("");
  assert(colours(sent) !== colours(received));
});

Deno.test("traceLine() lets no control characters through", () => {
  const text = "\x1b[2J\r\n\x9b1A\u202e\x07";
  const line = traceLine({ ...SENT, peer: { ip: text, port: 1 }, text }, AT, {
    language: "pt",
    colour: false,
  });
  assert(!UNSAFE.test(line), line);
});

Deno.test("isBackground() knows what programs exchange by themselves, however it is written", () => {
  const background = ['{"tipo":"ping"}', '{ "id": 1, "tipo" : "pong" }', '{"tipo":"rastro"}'];
  const copies = ['{"tipo":"rastro","omitidas":3}', '{"omitidas":3, "tipo":"rastro"}'];
  for (const text of [...background, ...copies]) assert(isBackground({ ...SENT, text }), text);
  const confirmed = '{"tipo":"registro_confirmado","nome":"rastro","rastro":true}';
  for (const text of [confirmed, '{"tipo":"consulta","nome":"ping"}', '"rastro"', ""]) {
    assert(!isBackground({ ...SENT, text }), text);
  }
});
