import { assertEquals } from "@std/assert";
import {
  addressProblem,
  canonicalIp,
  formatEndpoint,
  inZone,
  ipVersion,
  isIpAddress,
  isLinkLocal,
  isOwnAddress,
  isPort,
  sameEndpoint,
  unreachable,
  zoneOf,
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

/** Addresses, and what is wrong with them on any network. */
const problems: [ip: string, kind: string | undefined][] = [
  ["0.0.0.0", "unspecified_address"],
  ["0.0.0.1", "unspecified_address"],
  ["0.255.255.255", "unspecified_address"],
  ["::", "unspecified_address"],
  ["0:0:0:0:0:0:0:0", "unspecified_address"],
  ["::ffff:0.0.0.0", "unspecified_address"],
  ["1.0.0.0", undefined],
  ["223.255.255.255", undefined],
  ["224.0.0.0", "multicast_address"],
  ["239.255.255.255", "multicast_address"],
  ["::ffff:224.0.0.1", "multicast_address"],
  ["ff02::1", "multicast_address"],
  ["FF05::2", "multicast_address"],
  ["feff::1", undefined],
  ["240.0.0.0", "reserved_address"],
  ["255.255.255.254", "reserved_address"],
  ["255.255.255.255", "broadcast_address"],
  ["::ffff:255.255.255.255", "broadcast_address"],
  ["::192.0.2.1", "reserved_address"],
  ["::2", "reserved_address"],
  ["100::1", "reserved_address"],
  ["100:0:0:1::1", undefined],
  ["::1", undefined],
  ["127.0.0.1", undefined],
  ["::ffff:127.0.0.1", undefined],
  ["169.254.7.1", undefined],
  ["fe80::1", undefined],
  ["192.168.0.255", undefined],
  ["2001:db8::1", undefined],
  ["fd00::1", undefined],
  ["fe80::1%eth0", "no_address"],
  ["localhost", "no_address"],
  ["", "no_address"],
];

Deno.test("addressProblem() tells addresses that no phone has on any network", () => {
  for (const [ip, kind] of problems) assertEquals(addressProblem(ip)?.kind, kind, ip);
});

const LOOPBACK = [
  { interface: "lo", ip: "127.0.0.1", netmask: "255.0.0.0" },
  { interface: "lo", ip: "::1", netmask: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
];
const WIRED = [
  ...LOOPBACK,
  { interface: "eth0", ip: "192.168.0.10", netmask: "255.255.255.0" },
  { interface: "eth0", ip: "10.1.2.3", netmask: "255.255.254.0" },
  { interface: "eth0", ip: "198.51.100.4", netmask: "255.255.255.254" },
  { interface: "eth0", ip: "203.0.113.9", netmask: "255.255.255.255" },
  { interface: "eth0", ip: "fe80::10", netmask: "ffff:ffff:ffff:ffff::" },
];
const WIRELESS_TOO = [
  ...WIRED,
  { interface: "wlan0", ip: "169.254.7.1", netmask: "255.255.0.0" },
  { interface: "wlan0", ip: "fe80::20", netmask: "ffff:ffff:ffff:ffff::" },
];

/** Addresses, what is wrong with them on a machine with some addresses, for a phone elsewhere. */
const seen: [ip: string, own: typeof WIRED, kind: string | undefined][] = [
  ["192.168.0.20", WIRED, undefined],
  ["192.168.0.255", WIRED, "broadcast_address"],
  ["192.168.0.0", WIRED, "broadcast_address"],
  ["::ffff:192.168.0.255", WIRED, "broadcast_address"],
  ["192.168.1.255", WIRED, undefined],
  ["192.168.0.255", LOOPBACK, undefined],
  // Inside a network of 512 addresses, not at its ends.
  ["10.1.2.255", WIRED, undefined],
  ["10.1.3.0", WIRED, undefined],
  ["10.1.3.255", WIRED, "broadcast_address"],
  ["10.1.2.0", WIRED, "broadcast_address"],
  // Networks of two addresses and of one.
  ["198.51.100.5", WIRED, undefined],
  ["203.0.113.9", WIRED, undefined],
  ["127.0.0.1", WIRED, "loopback_address"],
  ["127.255.255.255", WIRED, "broadcast_address"],
  ["::1", WIRED, "loopback_address"],
  ["fe80::1", WIRED, undefined],
  ["fe80::1", WIRELESS_TOO, "link_local_address"],
  ["fe80::20", WIRELESS_TOO, undefined],
  ["fe80::1", LOOPBACK, "link_local_address"],
  ["fe80::1", [], undefined],
  ["169.254.7.9", WIRED, "link_local_address"],
  ["169.254.7.9", WIRELESS_TOO, undefined],
  ["169.254.255.255", WIRELESS_TOO, "broadcast_address"],
  ["0.0.0.0", WIRED, "unspecified_address"],
  ["x", WIRED, "no_address"],
];

Deno.test("unreachable() judges an address by this machine's own", () => {
  for (const [ip, own, kind] of seen) {
    assertEquals(unreachable({ ip, port: 6000 }, own, false)?.kind, kind, `${ip} of ${own.length}`);
  }
  assertEquals(unreachable({ ip: "127.0.0.1", port: 6000 }, WIRED, true), undefined);
  assertEquals(unreachable({ ip: "192.168.0.20", port: 0 }, WIRED, false), { kind: "no_port" });
  assertEquals(unreachable({ ip: "192.168.0.20", port: 1.5 }, WIRED, false), { kind: "no_port" });
});

Deno.test("isOwnAddress() and isLinkLocal() compare addresses, not their spelling or zone", () => {
  for (const ip of ["192.168.0.10", "::ffff:192.168.0.10", "fe80::10", "fe80:0::10", "fe80::10%eth0"]) {
    assertEquals(isOwnAddress(ip, WIRED), true, ip);
  }
  assertEquals(isOwnAddress("192.168.0.11", WIRED), false);
  assertEquals(["169.254.0.1", "fe80::1%eth0", "febf::1"].map(isLinkLocal), [true, true, true]);
  assertEquals(["169.253.0.1", "fec0::1", "10.0.0.1", "x"].map(isLinkLocal), [false, false, false, false]);
});

Deno.test("sameEndpoint() compares zones, if both endpoints have one", () => {
  const same = (a: string, b: string) => sameEndpoint({ ip: a, port: 1 }, { ip: b, port: 1 });
  assertEquals(same("fe80::1%eth0", "FE80:0::1%eth0"), true);
  assertEquals(same("fe80::1%eth0", "fe80::1%eth1"), false);
  assertEquals(same("fe80::1%2", "fe80::1%3"), false);
  assertEquals(same("fe80::1%2", "fe80::1%eth0"), true);
  assertEquals(same("fe80::1%eth0", "fe80::1"), true);
  assertEquals(same("fe80::1", "fe80:0::1%eth1"), true);
  assertEquals(same("fe80::1%eth0", "fe80::2%eth0"), false);
  assertEquals(same("fe80::1%eth0", "fe80::2"), false);
});

Deno.test("zoneOf(), inZone() and isLinkLocal() take addresses with zones and without", () => {
  assertEquals(["fe80::1%eth0", "fe80::1", "192.0.2.1"].map(zoneOf), ["eth0", "", ""]);
  assertEquals([inZone("FE80::1", "3"), inZone("fe80::1%3", ""), inZone("fe80::1%3")], [
    "fe80::1%3",
    "fe80::1",
    "fe80::1%3",
  ]);
  const own = ["fe80::1", "FEBF::1%eth0", "fe80:0:0::1%3"];
  const others = ["fec0::1", "2001:db8::1", "::1", "ff02::1", "fe8::1"];
  assertEquals(own.map((ip) => isLinkLocal(ip)), [true, true, true]);
  assertEquals(others.map((ip) => isLinkLocal(ip)), others.map(() => false));
});
