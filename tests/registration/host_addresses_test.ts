import { assertEquals } from "@std/assert";
import { type FoundAddresses, HostAddresses } from "../../lib/registration/host_addresses.ts";

/** Longer than any test. */
const LONG_MS = 60_000;

function ipsOf(found: FoundAddresses): readonly string[] | string {
  return "ips" in found ? found.ips : (found.error as Error).name;
}

/** Name servers that answer when a test says. */
function nameServers(): {
  readonly addresses: HostAddresses;
  readonly asked: PromiseWithResolvers<readonly string[]>[];
} {
  const asked: PromiseWithResolvers<readonly string[]>[] = [];
  const addresses = new HostAddresses(() => {
    const lookup = Promise.withResolvers<readonly string[]>();
    asked.push(lookup);
    return lookup.promise;
  });
  return { addresses, asked };
}

Deno.test("HostAddresses asks nobody about an address", async () => {
  const { addresses, asked } = nameServers();
  assertEquals(ipsOf(await addresses.of("fe80::1%eth0", LONG_MS)), ["fe80::1%eth0"]);
  assertEquals(asked.length, 0);
});

Deno.test("HostAddresses gives the addresses of one version of IP while those of the other are awaited", async () => {
  const all = Promise.withResolvers<readonly string[]>();
  const addresses = new HostAddresses((_, family) => {
    if (family === undefined) return all.promise;
    return family === 4 ? Promise.resolve(["10.0.0.1"]) : Promise.reject(new Error("lost"));
  });
  const came = Promise.withResolvers<readonly string[]>();
  const found = addresses.of("sala", LONG_MS, { some: came.resolve });
  assertEquals(await came.promise, ["10.0.0.1"]);
  all.resolve(["::1", "10.0.0.1"]);
  assertEquals(ipsOf(await found), ["::1", "10.0.0.1"]);
});

Deno.test("HostAddresses lets a lookup that takes longer than one round serve the next", async () => {
  const { addresses, asked } = nameServers();
  assertEquals(ipsOf(await addresses.of("sala", 1)), "TimeoutError");
  assertEquals(ipsOf(await addresses.of("sala", 1)), "TimeoutError");
  const third = addresses.of("sala", LONG_MS);
  asked[0]?.resolve(["10.0.0.1"]);
  assertEquals([ipsOf(await third), asked.length], [["10.0.0.1"], 1]);
});

Deno.test("HostAddresses gives what name servers said last where they are away, and asks them again", async () => {
  const { addresses, asked } = nameServers();
  const first = addresses.of("sala", LONG_MS);
  asked[0]?.reject(new Error("EAI_AGAIN"));
  assertEquals(ipsOf(await first), "Error");
  const second = addresses.of("sala", LONG_MS);
  asked[1]?.resolve(["10.0.0.1"]);
  assertEquals(ipsOf(await second), ["10.0.0.1"]);
  const third = addresses.of("sala", LONG_MS);
  asked[2]?.reject(new Error("EAI_AGAIN"));
  assertEquals(ipsOf(await third), ["10.0.0.1"]);
  assertEquals(ipsOf(await addresses.of("sala", 1)), ["10.0.0.1"]);
  const moved = addresses.of("sala", LONG_MS);
  asked[3]?.resolve(["10.0.0.2"]);
  assertEquals([ipsOf(await moved), asked.length], [["10.0.0.2"], 4]);
});
