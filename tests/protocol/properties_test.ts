import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { canonicalIp, isIpAddress, sameEndpoint } from "../../lib/protocol/address.ts";
import {
  type CallMessage,
  encodeCallMessage,
  MAX_DATAGRAM_BYTES,
  MEDIA,
  newCallId,
  parseCallMessage,
} from "../../lib/protocol/call_messages.ts";
import { type Line, LineSplitter, MAX_LINE_BYTES } from "../../lib/protocol/line_splitter.ts";
import { hasExcessMarks, printable } from "../../lib/protocol/printable.ts";
import { isName, nameKey } from "../../lib/protocol/name.ts";
import { parseObject } from "../../lib/protocol/json_object.ts";
import { parseReply, parseRequest } from "../../lib/protocol/registry_messages.ts";
import { UNSAFE } from "../ui/every_event.ts";
import { anyIp, anyPort, anyText, holds, usableIp } from "../../testing/property.ts";

/** A valid name in NFC. */
const anyName = anyText.map((text) => text.normalize("NFC")).filter(isName);

const anyId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
  newCallId((buffer) => {
    buffer.set(bytes);
    return buffer;
  })
);

const anyCallMessage: fc.Arbitrary<CallMessage> = anyId.chain((chamada) =>
  fc.oneof(
    fc.record({
      tipo: fc.constant("convite" as const),
      chamada: fc.constant(chamada),
      nome: anyName,
      ip: usableIp.map(canonicalIp),
      porta: anyPort,
      midia: fc.constant(MEDIA),
      destino: anyName,
    }),
    fc.constantFrom(
      { tipo: "tocando", chamada } as const,
      { tipo: "resposta_ao_convite", chamada, resposta: "aceito" } as const,
      { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "ocupado" } as const,
      { tipo: "resposta_ao_convite", chamada, resposta: "rejeitado", motivo: "outra_pessoa" } as const,
      { tipo: "confirmação", chamada } as const,
      { tipo: "encerrar_ligação", chamada } as const,
      { tipo: "ligação_encerrada", chamada } as const,
    ),
  )
);

Deno.test("LineSplitter gives the lines that were written, however the stream is cut", () => {
  const line = anyText.map((text) => text.toWellFormed().replace(/[\r\n]/g, "")).filter((text) =>
    text !== "" && new TextEncoder().encode(text).length <= MAX_LINE_BYTES
  );
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
  holds(fc.property(fc.array(line), cuts, fc.constantFrom("\n", "\r\n"), (lines, cuts, end) => {
    const bytes = new TextEncoder().encode(lines.map((text) => text + end).join(""));
    const splitter = new LineSplitter();
    const got: Line[] = [];
    for (let start = 0, cut = 0; start < bytes.length; cut++) {
      const length = cuts[cut % cuts.length]!;
      got.push(...splitter.push(bytes.subarray(start, start + length)));
      start += length;
    }
    // The splitter removes a byte order mark at the beginning.
    assertEquals(got, lines.map((text) => ({ text: text.replace(/^\ufeff/, "") })));
  }));
});

Deno.test("parseObject(), parseRequest() and parseReply() never throw, whatever the text", () => {
  const json = fc.oneof(anyText, fc.json(), fc.jsonValue().map((value) => JSON.stringify({ tipo: value })));
  holds(fc.property(json, (text) => {
    const object = parseObject(text);
    assert(object === undefined || typeof object === "object");
    for (const parse of [parseRequest, parseReply]) {
      const parsed = parse(text);
      assert("message" in parsed !== "problem" in parsed);
    }
  }));
});

Deno.test("parseRequest() reverses JSON.stringify() for any registration", () => {
  const id = fc.option(fc.oneof(fc.string({ maxLength: 64 }), fc.integer()), { nil: undefined });
  holds(fc.property(anyName, anyIp, anyPort, id, (nome, ip, porta, id) => {
    const request = { tipo: "registro", nome, ip, porta, ...(id === undefined ? {} : { id }) };
    assertEquals(
      parseRequest(JSON.stringify(request)),
      { message: request } as ReturnType<typeof parseRequest>,
    );
  }));
});

Deno.test("parseCallMessage() reverses encodeCallMessage() for any message, in at most 1200 bytes", () => {
  holds(fc.property(anyCallMessage, (message) => {
    const datagram = encodeCallMessage(message);
    assert(datagram.length <= MAX_DATAGRAM_BYTES);
    assertEquals(parseCallMessage(datagram), { message });
  }));
});

Deno.test("parseCallMessage() never throws, whatever the bytes", () => {
  holds(fc.property(fc.uint8Array({ maxLength: 1300 }), (bytes) => {
    const parsed = parseCallMessage(bytes);
    assert("message" in parsed !== "problem" in parsed);
  }));
});

Deno.test("isName() accepts nothing that printable() would escape, and nameKey() is idempotent", () => {
  holds(fc.property(anyText, anyText, (a, b) => {
    if (isName(a)) assertEquals(printable(a.normalize("NFC")), a.normalize("NFC"));
    assertEquals(nameKey(nameKey(a)), nameKey(a));
    // Keys do not depend on how accents are encoded.
    assertEquals(nameKey(a) === nameKey(b), nameKey(b.normalize("NFD")) === nameKey(a.normalize("NFC")));
  }));
});

Deno.test("printable() leaves no unsafe character, and changes no safe text", () => {
  holds(fc.property(anyText, fc.integer({ min: 0, max: 30 }), (text, length) => {
    const shown = printable(text, length);
    assert(!UNSAFE.test(shown));
    if (!UNSAFE.test(text) && !hasExcessMarks(text) && text.length <= length) assertEquals(shown, text);
    assert(shown.length <= 10 * length + 1);
  }));
});

Deno.test("canonicalIp() is the same for every spelling of an address", () => {
  holds(fc.property(fc.ipV6(), (ip) => {
    const canonical = canonicalIp(ip);
    assert(isIpAddress(canonical));
    assertEquals(canonicalIp(canonical), canonical);
    assertEquals(canonicalIp(ip.toUpperCase()), canonical);
  }));
  holds(fc.property(fc.ipV4(), anyPort, (ip, port) => {
    assertEquals(canonicalIp(ip), ip);
    assert(sameEndpoint({ ip: `::ffff:${ip}`, port }, { ip, port }));
  }));
});
