import { assert, assertEquals } from "@std/assert";
import { Admission, ENTRANCE, type Entry, type Place } from "../../lib/registrar/admission.ts";

const RATE = 50;

function admission(maxPerAddress?: number): Admission {
  return new Admission({ requestsPerSecond: RATE, maxPerAddress });
}

function placeOf(entry: Entry): Place {
  if ("refused" in entry) throw new Error(`refused: ${entry.refused}`);
  return entry.place;
}

/** What became of a connection, in short: which connections went for it, and how long it waits. */
function told(entry: Entry): unknown {
  return "refused" in entry ? entry.refused : [entry.evicted.map(({ ip }) => ip), entry.waitMs];
}

/** Enters and registers. @returns Its place, and whom it costs theirs. */
function join(admission: Admission, ip: string, capacity: number): { place: Place; victim?: Place } {
  const place = placeOf(admission.enter(0, ip, capacity));
  const victim = admission.handleNamed(0, place, capacity);
  return { place, ...(victim && { victim }) };
}

Deno.test("Admission counts the connections of each address, up to the limit", () => {
  const room = admission(2);
  const first = join(room, "192.0.2.1", 100).place;
  const second = room.enter(0, "192.0.2.1", 100);
  assertEquals("addressFull" in second && second.addressFull, 2);
  room.handleNamed(0, placeOf(second), 100);
  assertEquals(told(room.enter(0, "192.0.2.1", 100)), "address");
  assertEquals(told(room.enter(0, "192.0.2.2", 100)), [[], 0]);
  room.leave(0, first);
  assertEquals(told(room.enter(0, "192.0.2.1", 100)), [[], 0]);
  assertEquals(room.counts.refused, { room: 0, address: 1 });
});

Deno.test("Admission takes the place of the oldest connection without a name at an address that is full", () => {
  const room = admission(3);
  join(room, "192.0.2.1", 100);
  const squatters = [0, 1].map(() => placeOf(room.enter(0, "192.0.2.1", 100)));
  const entry = room.enter(0, "192.0.2.1", 100);
  assertEquals("evicted" in entry && entry.evicted, squatters.slice(0, 1));
  assert(squatters[0]?.gone && !squatters[1]?.gone);
});

Deno.test("Admission says once that an address is full, until it has clearly fewer connections", () => {
  const room = admission(20);
  let told = 0;
  const enter = (): Place => {
    const entry = room.enter(0, "192.0.2.1", 100);
    if ("addressFull" in entry) told++;
    return placeOf(entry);
  };
  const places = Array.from({ length: 50 }, enter);
  assertEquals(told, 1);
  for (const place of places.slice(-10)) room.leave(0, place);
  for (let count = 0; count < 20; count++) enter();
  assertEquals(told, 2);
});

Deno.test("Admission counts a /64 of IPv6 as one address, and limits a /48 to four times as many", () => {
  const room = admission(2);
  for (const host of [1, 2]) join(room, `2001:db8:0:1::${host}`, 100);
  assertEquals(told(room.enter(0, "2001:db8:0:1:ffff::3", 100)), "address");
  for (const network of [2, 3, 4]) {
    for (const host of [1, 2]) join(room, `2001:db8:0:${network}::${host}`, 100);
  }
  assertEquals(told(room.enter(0, "2001:db8:0:5::1", 100)), "address", "8 of 2001:db8::/48");
  assertEquals(told(room.enter(0, "2001:db8:1:5::1", 100)), [[], 0]);
});

Deno.test("Admission limits no loopback address unless told to", () => {
  const room = admission();
  for (const ip of ["127.0.0.1", "::1"]) {
    for (let count = 0; count < 1000; count++) join(room, ip, 10_000);
  }
  for (let count = 0; count < 500; count++) join(room, "192.0.2.1", 10_000);
  assertEquals(told(room.enter(0, "192.0.2.1", 10_000)), "address");
});

Deno.test("Admission lets phones in while one address has all places without a name", () => {
  const capacity = 200;
  const room = admission();
  for (let count = 0; count < 7000; count++) room.enter(0, "127.0.0.1", capacity);
  assertEquals(room.connections, capacity);
  for (let count = 0; count < 100; count++) {
    const ip = `192.0.2.${count}`;
    const place = placeOf(room.enter(0, ip, capacity));
    // The flood goes on between connection and registration.
    for (let more = 0; more < 20; more++) room.enter(0, "127.0.0.1", capacity);
    assertEquals([place.gone, room.handleNamed(0, place, capacity)], [false, undefined], ip);
  }
});

Deno.test("Admission lets phones in while a /48 has all places without a name, one from each /64", () => {
  const capacity = 200;
  const room = admission();
  const flood = (count: number) => room.enter(0, `2001:db8:0:${count.toString(16)}::1`, capacity);
  let count = 0;
  while (count < 2000) flood(count++);
  // A school behind one router comes at once.
  const school = Array.from({ length: 20 }, () => placeOf(room.enter(0, "192.0.2.1", capacity)));
  for (let more = 0; more < 100; more++) flood(count++);
  assertEquals(school.filter(({ gone }) => gone), []);
});

Deno.test("Admission gives a place of the address that holds most to a phone, and none for a connection without a name", () => {
  const capacity = 100;
  const room = admission(Infinity);
  const greedy = Array.from({ length: 60 }, () => join(room, "192.0.2.1", capacity).place);
  for (let count = 0; count < 40; count++) join(room, `192.0.3.${count}`, capacity);
  const nameless = Array.from(
    { length: 3 * ENTRANCE },
    (_, count) => room.enter(0, `192.0.4.${count}`, capacity),
  );
  assertEquals(nameless.filter((entry) => "refused" in entry), []);
  assert(greedy.every(({ gone }) => !gone), "nobody is dropped for those who have not said who they are");
  const { victim } = join(room, "192.0.5.1", capacity);
  assertEquals(victim, greedy.at(-1), "those who were there first stay");
  for (let count = 0; count < 58; count++) join(room, `192.0.6.${count}`, capacity);
  assertEquals(greedy.filter(({ gone }) => !gone), greedy.slice(0, 1), "until all have as many");
  assertEquals(told(room.enter(0, "192.0.7.1", capacity)), "room");
  assertEquals(room.counts.evicted.named, 59);
});

Deno.test("Admission gives a place of the /48 that holds most where all /64s have as many", () => {
  const capacity = 100;
  const room = admission();
  const greedy = Array.from(
    { length: 90 },
    (_, count) => join(room, `2001:db8:0:${count.toString(16)}::1`, capacity).place,
  );
  for (let count = 0; count < 10; count++) join(room, `192.0.2.${count}`, capacity);
  assertEquals(join(room, "192.0.3.1", capacity).victim, greedy.at(-1));
  assertEquals(told(room.enter(0, "2001:db8:0:ffff::1", capacity)), "room", "but not to the same /48");
});

Deno.test("Admission lets the phone go that has just registered if others took the room meanwhile", () => {
  const room = admission();
  const late = placeOf(room.enter(0, "192.0.2.1", 2));
  join(room, "192.0.2.2", 2);
  join(room, "192.0.2.3", 2);
  assertEquals(room.handleNamed(0, late, 2), late);
  assert(late.gone);
});

Deno.test("Admission delays nobody while phones come and stay", () => {
  const room = admission(Infinity);
  for (let count = 0; count < 10_000; count++) {
    assertEquals(told(room.enter(count / 10, "192.0.2.1", 20_000)), [[], 0]);
  }
});

Deno.test("Admission delays an address whose connections come and go, up to 5 s, and no other", () => {
  const room = admission();
  const churn = (ip: string, times: number): void => {
    for (let count = 0; count < times; count++) room.leave(0, placeOf(room.enter(0, ip, 10_000)));
  };
  churn("192.0.2.1", 200);
  assertEquals(told(room.enter(0, "192.0.2.1", 10_000)), [[], 0]);
  const waits = () =>
    Array.from({ length: 100 }, () => (told(room.enter(0, "192.0.2.1", 10_000)) as [unknown, number])[1]);
  churn("192.0.2.1", 100);
  const some = waits();
  assert(Math.min(...some) >= 500 && Math.max(...some) <= 1000, `${some}`);
  churn("192.0.2.1", 10_000);
  const long = waits().sort((a, b) => a - b);
  assert(Math.min(...long) >= 2500 && Math.max(...long) <= 5000, `${long}`);
  const gaps = long.slice(1).map((wait, index) => wait - (long[index] ?? 0));
  assert(Math.max(...gaps) < 60, "they are not all served at the same time");
  assertEquals(told(room.enter(0, "192.0.2.2", 10_000)), [[], 0]);
  assertEquals(told(room.enter(60_000, "192.0.2.1", 10_000)), [[], 0], "a minute later it is as any other");
});

Deno.test("Admission delays all that come and go where they are many, and no other", () => {
  const room = admission();
  // Each stays below its own limit.
  for (let count = 0; count < 100; count++) {
    for (let address = 0; address < 50; address++) {
      room.leave(0, placeOf(room.enter(0, `192.0.2.${address}`, 10_000)));
    }
  }
  const [, waitMs] = told(room.enter(0, "192.0.2.1", 10_000)) as [unknown, number];
  assert(waitMs > 1000, `${waitMs} ms`);
  assertEquals(told(room.enter(0, "192.0.3.1", 10_000)), [[], 0]);
});

Deno.test("Admission gives no place of another one to an address whose connections come and go", () => {
  const capacity = 200;
  const room = admission();
  for (let count = 0; count < 7000; count++) room.enter(0, "127.0.0.1", capacity);
  assert(room.counts.evicted.nameless < 500, "each that loses its place has come and gone");
  assertEquals(told(room.enter(0, "127.0.0.1", capacity)), "room");
  const [, waitMs] = told(room.enter(0, "192.0.2.1", capacity)) as [unknown, number];
  assertEquals(waitMs, 0);
});

Deno.test("Admission delays no connection that ended after it had stayed", () => {
  const room = admission(Infinity);
  const places = Array.from({ length: 1000 }, () => placeOf(room.enter(0, "192.0.2.1", 10_000)));
  for (const place of places) room.leave(60_000, place);
  assertEquals(told(room.enter(60_000, "192.0.2.1", 10_000)), [[], 0]);
});

Deno.test("Admission delays the requests of one connection beyond its rate, where nobody else asks", () => {
  const room = admission();
  const place = placeOf(room.enter(0, "192.0.2.1", 10_000));
  for (let count = 0; count < 4 * RATE; count++) assertEquals(room.handleWork(0, place, 1), 0);
  assertEquals(room.handleWork(0, place, 1), 1000 / RATE);
});

Deno.test("Admission delays a thousand connections that ask as fast as they may, and not those of people", () => {
  const room = admission(Infinity);
  const hostile = Array.from({ length: 1000 }, (_, count) => {
    const place = placeOf(room.enter(0, `192.0.2.${count % 50}`, 10_000));
    return { place, at: 0 };
  });
  const honest = Array.from({ length: 20 }, () => placeOf(room.enter(0, "192.0.3.1", 10_000)));
  let served = 0;
  for (let now = 0; now < 20_000; now += 5) {
    for (const one of hostile) {
      if (one.at > now) continue;
      one.at = now + Math.max(room.handleWork(now, one.place, 1), 1);
      if (now >= 10_000) served++;
    }
    // Each 20 times a second.
    const asking = honest[now / 5 % 20] as Place;
    for (let twice = 0; twice < 2; twice++) assertEquals(room.handleWork(now, asking, 1), 0);
  }
  assert(served / 10 <= 21 * RATE, `${served / 10} a second`);
});

Deno.test("Admission needs bounded memory in a flood from many addresses", () => {
  const room = admission();
  let most = 0;
  for (let count = 0; count < 20_000; count++) {
    const ip = `2001:db8:${(count >> 16).toString(16)}:${(count & 0xffff).toString(16)}::1`;
    room.leave(5 * count, placeOf(room.enter(5 * count, ip, 10_000)));
    most = Math.max(most, room.size);
  }
  assert(most < 5000, `${most} addresses`);
});

Deno.test("Admission gives the places of two phones of a /48 to no address that holds the room", () => {
  const room = admission();
  const family = [1, 2].map((network) => join(room, `2001:db8:1:${network}::1`, 400).place);
  for (let count = 2; count < 400; count++) join(room, "192.0.2.1", 400);
  assertEquals(told(room.enter(0, "192.0.2.1", 400)), "room");
  assertEquals(family.map(({ gone }) => gone), [false, false]);
});

Deno.test("Admission gives the places of a class to no /48 that holds the room with one phone from each /64", () => {
  const room = admission();
  const capacity = 430;
  for (let count = 0; count < 30; count++) join(room, "192.0.2.1", capacity);
  const join48 = (network: number) => room.enter(0, `2001:db8:1:${network.toString(16)}::1`, capacity);
  for (let network = 30; network < capacity; network++) {
    room.handleNamed(0, placeOf(join48(network)), capacity);
  }
  assertEquals(told(join48(0xffff)), "room");
  // Others get theirs.
  assertEquals(join(room, "198.51.100.1", capacity).victim?.site, "2001:db8:1");
});

Deno.test("Admission gives a place of the link whose link-local addresses hold the room to phones from elsewhere", () => {
  for (const attacker of [(n: number) => `fe80::${n}%eth0`, (n: number) => `169.254.${n >> 8}.${n & 255}`]) {
    const room = admission(1);
    for (let count = 0; count < 300; count++) join(room, attacker(count), 300);
    assertEquals(join(room, "192.0.2.1", 300).victim?.ip, attacker(299));
    // A link has no limit of its own: its phones may be many.
    assertEquals(told(room.enter(0, attacker(999), 1000)), [[], 0]);
  }
});

Deno.test("Admission delays a /48 whose connections come and go, each from another /64, and no other", () => {
  const room = admission();
  let waits = 0;
  for (let count = 0; count < 5000; count++) {
    const entry = room.enter(count, `2001:db8:1:${count.toString(16)}::1`, 10_000);
    if (told(entry) === "address" || placeOf(entry).gone) continue;
    if ("waitMs" in entry && entry.waitMs > 0) waits++;
    room.leave(count, placeOf(entry));
  }
  assert(waits > 3000, `${waits}`);
  assertEquals(told(room.enter(5000, "2001:db8:2:1::1", 10_000)), [[], 0]);
});

Deno.test("Admission lets the requests of a /48 wait for those of people, however many /64s they come from", () => {
  const room = admission();
  const places = Array.from(
    { length: 2000 },
    (_, network) => join(room, `2001:db8:1:${network.toString(16)}::1`, 10_000).place,
  );
  let delayed = 0;
  for (let now = 1000; now < 9000; now += 1000) {
    for (const place of places) {
      for (let count = 0; count < 10; count++) if (room.handleWork(now, place, 1) > 0) delayed++;
    }
  }
  assert(delayed > 40_000, `${delayed} of 160000`);
  const person = join(room, "192.0.2.1", 10_000).place;
  assertEquals(room.handleWork(9000, person, 1), 0);
});
