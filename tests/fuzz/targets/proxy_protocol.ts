/** Headers of the PROXY protocol: any bytes, in pieces. */

import { assert, assertEquals } from "@std/assert";
import { isIpAddress } from "../../../lib/protocol/address.ts";
import { parseProxyHeader, proxyHeaderBytes } from "../../../lib/registrar/proxy_protocol.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const SIGNATURE = new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n");

const header = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(...SIGNATURE, ...bytes);
const ports = [0xc8, 0x22, 0x13, 0x88];

/** A header is refused, or read whole: its length does not change with what follows, and its source is an address. */
export const proxyProtocol: FuzzTarget = {
  name: "proxy protocol",
  seeds: [
    header(0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, ...ports),
    header(0x21, 0x11, 0, 16, 192, 0, 2, 7, 10, 0, 0, 1, ...ports, 4, 0, 1, 0),
    header(0x21, 0x21, 0, 36, ...new Array(32).fill(0xfd), ...ports),
    header(0x20, 0, 0, 0),
    new TextEncoder().encode("PROXY TCP4 192.0.2.7 10.0.0.1 51234 5000\r\n"),
  ],
  maxBytes: 300,
  run(input) {
    let wanted = proxyHeaderBytes(input.subarray(0, 1));
    for (let count = 2; count <= input.length && typeof wanted === "number" && count <= wanted; count++) {
      const next = proxyHeaderBytes(input.subarray(0, count));
      assert(typeof next !== "number" || next >= wanted, "it becomes shorter");
      wanted = next;
    }
    if (typeof wanted === "string") {
      assertEquals(parseProxyHeader(input), wanted);
      return { events: 1, came: wanted };
    }
    assert(wanted >= 16 && wanted <= 4096);
    if (input.length < wanted) {
      assertEquals(parseProxyHeader(input), "bad_header");
      return { events: 1, came: "short" };
    }
    const parsed = parseProxyHeader(input.subarray(0, wanted));
    if (typeof parsed === "object" && parsed.kind === "proxied") {
      const { ip, port } = parsed.source;
      assert(isIpAddress(ip) && Number.isInteger(port) && port >= 0 && port <= 65_535);
    }
    return { events: 1, came: typeof parsed === "string" ? parsed : parsed.kind };
  },
};
