import { assert, assertEquals } from "@std/assert";
import { LogLimit } from "../../lib/ui/log_limit.ts";

const LINE = 1000;

/** Writes lines of an address for some seconds, as many as admitted of those that it wants each ms. @returns The bytes. */
function write(
  limit: LogLimit,
  addresses: readonly string[],
  from: number,
  to: number,
  linesPerMs = 1,
): number {
  let bytes = 0;
  for (let now = from; now < to; now++) {
    for (const ip of addresses) {
      for (let count = 0; count < linesPerMs; count++) {
        if (!limit.admits(now, ip)) continue;
        limit.charge(now, ip, LINE);
        bytes += LINE;
      }
    }
  }
  return bytes;
}

Deno.test("LogLimit writes 64 KiB a second of one address, after a burst", () => {
  const limit = new LogLimit();
  write(limit, ["192.0.2.1"], 0, 20_000);
  const bytes = write(limit, ["192.0.2.1"], 20_000, 30_000) / 10;
  assert(Math.abs(bytes - 65_536) < LINE, `${bytes} bytes a second`);
});

Deno.test("LogLimit writes 1 MiB a second of a thousand addresses, and everything of one that says little", () => {
  const limit = new LogLimit();
  const hostile = Array.from({ length: 1000 }, (_, index) => `192.0.${index >> 8}.${index & 255}`);
  let bytes = 0;
  for (let second = 0; second < 30; second++) {
    for (const part of [0, 250, 500, 750]) {
      const now = 1000 * second + part;
      const written = write(limit, hostile, now, now + 1, 5);
      if (second >= 15) bytes += written;
      assert(limit.admits(now + 1, "198.51.100.1"), `at ${now} ms`);
      limit.charge(now + 1, "198.51.100.1", LINE);
    }
  }
  assert(bytes / 15 < 1.05 * 1024 * 1024, `${bytes / 15} bytes a second`);
  assert(bytes / 15 > 0.9 * 1024 * 1024, `${bytes / 15} bytes a second`);
});

Deno.test("LogLimit counts lines that it was not asked for, but not without end", () => {
  const limit = new LogLimit();
  for (let count = 0; count < 10_000; count++) limit.charge(0, "192.0.2.1", LINE);
  assert(!limit.admits(1000, "192.0.2.1"));
  assert(limit.admits(9000, "192.0.2.1"), "8 s of the limit are the most");
});

Deno.test("LogLimit counts a /64 of IPv6 as one address, and says so", () => {
  const limit = new LogLimit();
  const addresses = Array.from({ length: 100 }, (_, index) => `2001:db8:0:1::${index}`);
  write(limit, addresses, 0, 1000);
  assertEquals(limit.tick(2000).map(({ ip, addresses }) => [ip, addresses]), [["2001:db8:0:1::/64", 1]]);
  assert(limit.admits(2000, "2001:db8:0:2::1"));
});

Deno.test("LogLimit sums up what it left out, a second later, the most first", () => {
  const limit = new LogLimit({ addressBytes: 1000, totalBytes: 0 });
  assertEquals(limit.wakeAt, Infinity);
  for (let address = 1; address <= 7; address++) {
    limit.charge(0, `192.0.2.${address}`, 10_000);
    for (let count = 0; count < 10 * address; count++) limit.admits(5, `192.0.2.${address}`);
  }
  assertEquals([limit.wakeAt, limit.tick(1004)], [1005, []]);
  assertEquals(limit.tick(1005), [
    { ip: "192.0.2.7", addresses: 1, lines: 70 },
    { ip: "192.0.2.6", addresses: 1, lines: 60 },
    { ip: "192.0.2.5", addresses: 1, lines: 50 },
    { ip: "192.0.2.4", addresses: 1, lines: 40 },
    { ip: null, addresses: 3, lines: 60 },
  ]);
  assertEquals([limit.wakeAt, limit.omitted, limit.tick(5000)], [Infinity, 280, []]);
});

Deno.test("LogLimit leaves nothing out with limits of 0, and one limit does without the other", () => {
  const none = new LogLimit({ addressBytes: 0, totalBytes: 0 });
  assertEquals(write(none, ["192.0.2.1"], 0, 10_000, 10), 100_000 * LINE);
  const total = new LogLimit({ addressBytes: 0, totalBytes: 100_000 });
  write(total, ["192.0.2.1"], 0, 20_000);
  const bytes = write(total, ["192.0.2.1"], 20_000, 30_000) / 10;
  assert(Math.abs(bytes - 100_000) < LINE, `${bytes} bytes a second`);
});

Deno.test("LogLimit forgets addresses that have said nothing for a while", () => {
  const limit = new LogLimit();
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    const ip = `10.${count >> 16}.${count >> 8 & 255}.${count & 255}`;
    limit.admits(count, ip);
    limit.charge(count, ip, 100);
    most = Math.max(most, limit.size);
  }
  assert(most < 20_000, `${most} addresses`);
});
