import { assertEquals } from "@std/assert";
import { ownAddresses } from "../../lib/cli/own_addresses.ts";

const INTERFACES = [
  { interface: "lo", ip: "127.0.0.1" },
  { interface: "lo", ip: "::1" },
  { interface: "wlan0", ip: "2001:db8::7" },
  { interface: "wlan0", ip: "fe80::1" },
  { interface: "wlan0", ip: "192.0.2.7" },
  { interface: "eth0", ip: "198.51.100.7" },
  { interface: "eth0", ip: "169.254.1.7" },
  { interface: "docker0", ip: "172.17.0.1" },
  { interface: "br-1a2b3c4d5e6f", ip: "172.18.0.1" },
];

for (
  const [host, addresses] of [
    ["0.0.0.0", ["192.0.2.7", "198.51.100.7"]],
    ["0.0.0.0,::", ["192.0.2.7", "198.51.100.7", "2001:db8::7"]],
    ["0:0::0,0.0.0.0", ["192.0.2.7", "198.51.100.7", "2001:db8::7"]],
    ["192.0.2.7", ["192.0.2.7"]],
    ["::", ["2001:db8::7"]],
    ["127.0.0.1,192.0.2.7,::1,2001:db8::7", ["192.0.2.7", "2001:db8::7"]],
    ["172.17.0.1", ["172.17.0.1"]],
    ["fe80::1", ["fe80::1%wlan0"]],
    ["fe80::1%wlan0", ["fe80::1%wlan0"]],
    ["fe80::1%3", ["fe80::1%wlan0"]],
    ["fe80::1%eth0", ["fe80::1%eth0"]],
    ["fe80::9", ["fe80::9"]],
    ["127.0.0.1", []],
    ["::1", []],
  ] as const
) {
  Deno.test(`ownAddresses() finds the addresses that phones can type where the registry listens at ${host}`, () => {
    assertEquals(ownAddresses(host.split(","), INTERFACES), [...addresses]);
  });
}

Deno.test("ownAddresses() finds none on a machine without a network", () => {
  assertEquals(ownAddresses(["0.0.0.0", "::"], INTERFACES.slice(0, 2)), []);
});

Deno.test("ownAddresses() finds those of a bridge to a network, and those of machines without a router", () => {
  assertEquals(ownAddresses(["0.0.0.0", "::"], [{ interface: "br-lan", ip: "192.0.2.1" }]), ["192.0.2.1"]);
  const direct = [{ interface: "eth0", ip: "fe80::7" }, { interface: "eth0", ip: "169.254.1.7" }];
  assertEquals(ownAddresses(["0.0.0.0", "::"], direct), ["169.254.1.7"]);
});
