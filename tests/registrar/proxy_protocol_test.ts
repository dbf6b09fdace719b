import { assertEquals } from "@std/assert";
import {
  parseProxyHeader,
  type ProxyHeader,
  proxyHeaderBytes,
  type ProxyProblem,
  readProxyHeader,
} from "../../lib/registrar/proxy_protocol.ts";

/** A header, by its fields. Addresses are bytes; ports follow them. */
function header(
  { command = 0x21, family = 0x11, addresses = [] as readonly number[], tlvs = [] as readonly number[] },
  length = addresses.length + tlvs.length,
): Uint8Array {
  const signature = [...new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n")];
  return Uint8Array.from([...signature, command, family, length >> 8, length & 0xff, ...addresses, ...tlvs]);
}

/** From 192.0.2.7, port 51234, to 10.0.0.1, port 5000. */
const IPV4 = [...[192, 0, 2, 7], ...[10, 0, 0, 1], ...[0xc8, 0x22], ...[0x13, 0x88]];

/** From an IPv6 address, port 51234, to 2001:db8::1, port 5000. */
function ipv6(...source: readonly number[]): number[] {
  return [
    ...source,
    ...[0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 1],
    ...[0xc8, 0x22],
    ...[0x13, 0x88],
  ];
}

const PHONE_6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 7];
const MAPPED = [...new Array(10).fill(0), 0xff, 0xff, 192, 0, 2, 7];

/** PP2_TYPE_NOOP of 3 bytes, and one of an unknown type. */
const TLVS = [0x04, 0, 3, 1, 2, 3, 0xee, 0, 1, 9];

const HEADERS: readonly (readonly [string, Uint8Array, ProxyHeader | ProxyProblem])[] = [
  ["TCP over IPv4", header({ addresses: IPV4 }), proxied("192.0.2.7")],
  ["TLVs", header({ addresses: IPV4, tlvs: TLVS }), proxied("192.0.2.7")],
  [
    "TCP over IPv6",
    header({ family: 0x21, addresses: ipv6(...PHONE_6), tlvs: TLVS }),
    proxied("2001:db8::7"),
  ],
  [
    "an IPv4-mapped address",
    header({ family: 0x21, addresses: ipv6(...MAPPED) }),
    proxied("192.0.2.7"),
  ],
  ["LOCAL", header({ command: 0x20, family: 0 }), { kind: "local" }],
  ["LOCAL with addresses", header({ command: 0x20, addresses: IPV4, tlvs: TLVS }), { kind: "local" }],
  ["no known family", header({ family: 0, addresses: [1, 2, 3] }), { kind: "local" }],
  ["UDP", header({ family: 0x12, addresses: IPV4 }), "bad_header"],
  ["a Unix socket", header({ family: 0x31, addresses: new Array(216).fill(0) }), "bad_header"],
  ["an unknown command", header({ command: 0x22, addresses: IPV4 }), "bad_header"],
  ["version 3", header({ command: 0x31, addresses: IPV4 }), "bad_header"],
  ["IPv4 addresses cut short", header({ addresses: IPV4.slice(0, 11) }), "bad_header"],
  ["IPv6 addresses cut short", header({ family: 0x21, addresses: IPV4 }), "bad_header"],
  ["too long a header", header({ addresses: IPV4, tlvs: new Array(4097).fill(0) }), "bad_header"],
  ["an impossible length", header({ addresses: IPV4 }, 0xffff), "bad_header"],
  ["version 1", new TextEncoder().encode("PROXY TCP4 192.0.2.7 10.0.0.1 51234 5000\r\n"), "version_1"],
  ["a registration", new TextEncoder().encode('{"tipo":"ping"}\n'), "no_header"],
  ["empty lines", new TextEncoder().encode("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"), "no_header"],
];

function proxied(ip: string): ProxyHeader {
  return { kind: "proxied", source: { ip, port: 51234 } };
}

/** A connection that gives its bytes in pieces, and counts those that were read. */
class Pieces {
  readCount = 0;

  constructor(readonly bytes: Uint8Array, readonly piece: number) {}

  read(buffer: Uint8Array): Promise<number | null> {
    const part = this.bytes.subarray(this.readCount, this.readCount + Math.min(this.piece, buffer.length));
    buffer.set(part);
    this.readCount += part.length;
    return Promise.resolve(part.length === 0 ? null : part.length);
  }
}

for (const [what, bytes, result] of HEADERS) {
  Deno.test(`readProxyHeader() reads ${what}, however it is segmented, and nothing behind it`, async () => {
    for (const piece of [1, 7, 16, 100_000]) {
      const behind = new TextEncoder().encode('{"tipo":"ping"}\n');
      const connection = new Pieces(Uint8Array.from([...bytes, ...behind]), piece);
      assertEquals(await readProxyHeader(connection), result);
      if (typeof result === "object") assertEquals(connection.readCount, bytes.length);
    }
  });
}

Deno.test("parseProxyHeader() refuses a header that is cut short", () => {
  const whole = header({ addresses: IPV4, tlvs: TLVS });
  for (let length = 12; length < whole.length; length++) {
    assertEquals(parseProxyHeader(whole.subarray(0, length)), "bad_header");
    assertEquals(proxyHeaderBytes(whole.subarray(0, length)), length < 16 ? 16 : whole.length);
  }
});

Deno.test("readProxyHeader() says nothing of a connection that ends without a byte, and refuses one that ends within the header", async () => {
  assertEquals(await readProxyHeader(new Pieces(new Uint8Array(), 1)), undefined);
  const whole = header({ addresses: IPV4 });
  for (const length of [1, 11, 15, 16, whole.length - 1]) {
    assertEquals(await readProxyHeader(new Pieces(whole.subarray(0, length), 5)), "bad_header");
  }
});

Deno.test("readProxyHeader() waits for the header for a time only", async () => {
  const silent = { read: () => new Promise<null>(() => {}) };
  assertEquals(await readProxyHeader(silent, 1), "timeout");
});
