import { assertEquals } from "@std/assert";
import {
  canonicalIp,
  formatEndpoint,
  ipVersion,
  isIpAddress,
  isPort,
  sameEndpoint,
} from "../../lib/protocol/address.ts";

const addresses: [value: unknown, version: 0 | 4 | 6][] = [
  ["192.168.0.10", 4],
  ["0.0.0.0", 4],
  ["255.255.255.255", 4],
  ["::", 6],
  ["::1", 6],
  ["2001:db8::1", 6],
  ["2001:DB8:0:0:0:0:0:1", 6],
  ["::ffff:192.168.0.10", 6],
  ["256.0.0.1", 0],
  ["192.168.0", 0],
  ["192.168.0.010", 0],
  ["192.168.0.10 ", 0],
  ["192.168.0.10\n", 0],
  ["0x7f.1", 0],
  ["localhost", 0],
  ["[::1]", 0],
  ["1::2::3", 0],
  ["12345::", 0],
  ["::1.2.3", 0],
  ["", 0],
  ["1".repeat(4000), 0],
  [":".repeat(4000), 0],
  [3232235530, 0],
  [["192.168.0.10"], 0],
  [null, 0],
  [undefined, 0],
];

Deno.test("isIpAddress() and ipVersion() accept addresses only", () => {
  for (const [value, version] of addresses) {
    assertEquals(isIpAddress(value), version !== 0, String(value));
    if (typeof value === "string") assertEquals(ipVersion(value), version, value);
  }
});

Deno.test("isIpAddress() refuses an address with a zone, which is valid on one host only", () => {
  assertEquals(isIpAddress("fe80::1%eth0"), false);
});

Deno.test("isPort() accepts integers from 1 to 65535", () => {
  for (const value of [1, 80, 5000, 65535]) assertEquals(isPort(value), true, String(value));
  for (const value of [0, -1, 65536, 1.5, NaN, Infinity, 1e308, "5000", null, undefined, [5000], 5000n]) {
    assertEquals(isPort(value), false, String(value));
  }
});

const forms: [ip: string, canonical: string][] = [
  ["192.168.0.10", "192.168.0.10"],
  ["::ffff:192.168.0.10", "192.168.0.10"],
  ["::FFFF:192.168.0.10", "192.168.0.10"],
  ["::ffff:c0a8:000a", "192.168.0.10"],
  ["0:0:0:0:0:ffff:192.168.0.10", "192.168.0.10"],
  ["::ffff:0:1", "0.0.0.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"],
  ["2001:0db8::0001", "2001:db8::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::", "::"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["no address", "no address"],
];

Deno.test("canonicalIp() gives every spelling of an address the same form", () => {
  for (const [ip, canonical] of forms) {
    assertEquals(canonicalIp(ip), canonical, ip);
    assertEquals(canonicalIp(canonical), canonical, `${ip} again`);
  }
});

Deno.test("formatEndpoint() puts IPv6 addresses in brackets", () => {
  assertEquals(formatEndpoint({ ip: "192.0.2.1", port: 6000 }), "192.0.2.1:6000");
  assertEquals(formatEndpoint({ ip: "2001:db8::1", port: 6000 }), "[2001:db8::1]:6000");
});

Deno.test("sameEndpoint() compares addresses, not their spelling", () => {
  const place = { ip: "192.0.2.1", port: 6000 };
  assertEquals(sameEndpoint(place, { ip: "::ffff:192.0.2.1", port: 6000 }), true);
  assertEquals(sameEndpoint(place, { ip: "192.0.2.1", port: 6001 }), false);
  assertEquals(sameEndpoint(place, { ip: "192.0.2.2", port: 6000 }), false);
});
