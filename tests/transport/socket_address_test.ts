import { assertEquals } from "@std/assert";
import {
  ADDRESS_BYTES,
  addressWords,
  encodeAddress,
  parseAddress,
} from "../../lib/transport/socket_address.ts";
import type { Endpoint } from "../../lib/protocol/address.ts";

/** Version of the socket, endpoint, and the endpoint that it is read as. */
const ROWS: readonly (readonly [4 | 6, Endpoint, Endpoint])[] = [
  [4, { ip: "192.0.2.255", port: 6000 }, { ip: "192.0.2.255", port: 6000 }],
  [4, { ip: "0.0.0.0", port: 0 }, { ip: "0.0.0.0", port: 0 }],
  [6, { ip: "2001:db8::1:2", port: 65535 }, { ip: "2001:db8::1:2", port: 65535 }],
  [6, { ip: "::", port: 1 }, { ip: "::", port: 1 }],
  [6, { ip: "192.0.2.1", port: 6000 }, { ip: "192.0.2.1", port: 6000 }],
  [6, { ip: "::ffff:192.0.2.1", port: 6000 }, { ip: "192.0.2.1", port: 6000 }],
  [6, { ip: "fe80::1:2%3", port: 6000 }, { ip: "fe80::1:2%3", port: 6000 }],
  [6, { ip: "FE80::0:1%70000", port: 6000 }, { ip: "fe80::1%70000", port: 6000 }],
  // Has no place in it: nobody.
  [4, { ip: "2001:db8::1", port: 6000 }, { ip: "0.0.0.0", port: 6000 }],
];

for (const [version, endpoint, read] of ROWS) {
  Deno.test(`parseAddress() reads ${endpoint.ip} as encodeAddress() of version ${version} writes it`, () => {
    const bytes = new Uint8Array(ADDRESS_BYTES);
    bytes.set(encodeAddress(version, endpoint));
    assertEquals(parseAddress(new DataView(bytes.buffer)), read);
  });
}

Deno.test("encodeAddress() lays addresses out as ip(7) and ipv6(7) do", () => {
  assertEquals(
    [...encodeAddress(4, { ip: "192.0.2.1", port: 0x1770 })],
    [2, 0, 0x17, 0x70, 192, 0, 2, 1, ...new Array(8).fill(0)],
  );
  assertEquals(
    [...encodeAddress(6, { ip: "2001:db8::1", port: 0x1770 })],
    [10, 0, 0x17, 0x70, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, ...new Array(11).fill(0), 1, 0, 0, 0, 0],
  );
});

Deno.test("addressWords() reads every form of an address", () => {
  assertEquals(addressWords("192.0.2.1"), [0xc0000201]);
  assertEquals(addressWords("2001:db8::1:2"), [0x20010db8, 0, 0, 0x00010002]);
  assertEquals(addressWords("::1"), [0, 0, 0, 1]);
  assertEquals(addressWords("2001:db8::"), [0x20010db8, 0, 0, 0]);
  assertEquals(addressWords("fe80::1%eth0"), [0xfe800000, 0, 0, 1]);
  assertEquals(addressWords("1:2:3:4:5:6:7:8"), [0x00010002, 0x00030004, 0x00050006, 0x00070008]);
});

Deno.test("Socket addresses have links by their index, endpoints by their name", () => {
  const links = {
    indexOf: (name: string) => name === "eth1" ? 7 : 0,
    nameOf: (index: number) => `eth${index - 6}`,
  };
  const bytes = encodeAddress(6, { ip: "fe80::1%eth1", port: 1 }, links);
  assertEquals([...bytes.slice(24)], [7, 0, 0, 0]);
  assertEquals(parseAddress(new DataView(bytes.buffer), links).ip, "fe80::1%eth1");
});
