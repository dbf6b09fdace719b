import { assertEquals } from "@std/assert";
import type { PlaceFailure, RegistryPlace } from "../../lib/registration/connect_failure.ts";
import { type Candidate, interleave, Race, type RaceOptions } from "../../lib/registration/happy_eyeballs.ts";

const REFUSED: PlaceFailure = { kind: "refused" };

/** A race in a test's time: what it puts out, with the time, as text. */
class Course {
  now = 1000;
  readonly log: string[] = [];
  readonly race: Race;
  readonly #candidates = new Map<string, Candidate>();

  /** @param hosts Of the registries, each at port 5000. */
  constructor(readonly hosts: readonly string[], options: Partial<RaceOptions> = {}) {
    const places = hosts.map((host): RegistryPlace => ({ host, port: 5000 }));
    this.race = new Race(this.now, places, { attemptMs: 5000, ...options });
    this.#drain();
  }

  resolve(host: string, ...ips: readonly string[]): this {
    this.race.handleResolved(this.now, this.hosts.indexOf(host), ips);
    return this.#drain();
  }

  /** A part of them. */
  some(host: string, ...ips: readonly string[]): this {
    this.race.handleResolved(this.now, this.hosts.indexOf(host), ips, true);
    return this.#drain();
  }

  unresolved(host: string): this {
    this.race.handleUnresolved(this.now, this.hosts.indexOf(host), { kind: "name_not_resolved" });
    return this.#drain();
  }

  answer(ip: string): this {
    this.race.handleAnswer(this.now, this.#candidates.get(ip)!);
    return this.#drain();
  }

  connected(ip: string): this {
    this.race.handleConnected(this.now, this.#candidates.get(ip)!);
    return this.#drain();
  }

  fail(ip: string, detail = REFUSED): this {
    this.race.handleFailure(this.now, this.#candidates.get(ip)!, detail);
    return this.#drain();
  }

  /** Lets time pass, with every tick that the race asks for. */
  pass(ms: number): this {
    const until = this.now + ms;
    while (this.race.wakeAt <= until) {
      this.now = Math.max(this.now, this.race.wakeAt);
      this.race.tick(this.now);
      this.#drain();
    }
    this.now = until;
    return this;
  }

  /** Output since the last call. */
  get said(): string[] {
    return this.log.splice(0);
  }

  #drain(): this {
    for (const output of this.race.drain()) {
      if (output.kind === "over") {
        const tried = output.tried.map(({ host, ip, detail }) => `${ip ?? host} ${detail.kind}`);
        this.log.push(`${this.now - 1000} over: ${tried.join(", ")}`);
      } else {
        this.#candidates.set(output.candidate.ip, output.candidate);
        this.log.push(`${this.now - 1000} ${output.kind} ${output.candidate.ip}`);
      }
    }
    return this;
  }
}

Deno.test("interleave() alternates between the versions of IP, beginning with the first one's", () => {
  assertEquals(interleave([]), []);
  assertEquals(interleave(["::1", "::2", "10.0.0.1"]), ["::1", "10.0.0.1", "::2"]);
  assertEquals(interleave(["10.0.0.1", "10.0.0.2", "::1", "::2", "::3"]), [
    ...["10.0.0.1", "::1", "10.0.0.2", "::2", "::3"],
  ]);
});

Deno.test("Race begins the next attempt 250 ms after the one before, and the first answer ends the others", () => {
  const course = new Course(["a", "b", "c"]).resolve("a", "10.0.0.1").resolve("b", "10.0.0.2").resolve(
    "c",
    "10.0.0.3",
  );
  course.pass(499);
  assertEquals(course.said, ["0 begin 10.0.0.1", "250 begin 10.0.0.2"]);
  // The older attempt still counts.
  course.answer("10.0.0.1");
  assertEquals(course.said, ["499 abandon 10.0.0.2", "499 won 10.0.0.1"]);
  assertEquals(course.race.wakeAt, Infinity);
  assertEquals(course.pass(60_000).said, []);
});

Deno.test("Race begins the next attempt at once when the newest one fails, not when an older one does", () => {
  const course = new Course(["a"]).resolve("a", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4");
  course.pass(10).fail("10.0.0.1");
  assertEquals(course.said, ["0 begin 10.0.0.1", "10 begin 10.0.0.2"]);
  course.pass(250);
  assertEquals(course.said, ["260 begin 10.0.0.3"]);
  course.pass(100).fail("10.0.0.2");
  assertEquals(course.said, []);
  course.pass(150);
  assertEquals(course.said, ["510 begin 10.0.0.4"]);
});

Deno.test("Race tries the first address of each registry before the second of any, each name's versions of IP in turn", () => {
  const course = new Course(["a", "b"]).resolve("b", "10.0.0.9");
  course.resolve("a", "::1", "::2", "10.0.0.1").pass(3000);
  assertEquals(course.said.map((line) => line.split(" ")[2]), [
    ...["::1", "10.0.0.9", "10.0.0.1", "::2"],
  ]);
});

Deno.test("Race waits 50 ms for the addresses of a registry that was named before", () => {
  const slow = new Course(["a", "b"]).resolve("b", "10.0.0.2");
  slow.pass(49);
  assertEquals(slow.said, []);
  slow.pass(1);
  assertEquals(slow.said, ["50 begin 10.0.0.2"]);
  slow.pass(100).resolve("a", "10.0.0.1").pass(150);
  assertEquals(slow.said, ["300 begin 10.0.0.1"]);

  const quick = new Course(["a", "b"]).resolve("b", "10.0.0.2").pass(20).resolve("a", "10.0.0.1");
  assertEquals(quick.said, ["20 begin 10.0.0.1"]);

  const later = new Course(["a", "b"]).resolve("a", "10.0.0.1");
  assertEquals(later.said, ["0 begin 10.0.0.1"]);
});

Deno.test("Race ends an attempt when its time is over, and says of each address what came of it", () => {
  const course = new Course(["a", "b", "c"], { attemptMs: 2000 }).resolve("a", "10.0.0.1")
    .resolve("b", "10.0.0.2").unresolved("c");
  course.pass(100).fail("10.0.0.1").pass(10_000);
  assertEquals(course.said, [
    "0 begin 10.0.0.1",
    "100 begin 10.0.0.2",
    "1100 begin 10.0.0.1",
    "2250 abandon 10.0.0.1",
    "2250 abandon 10.0.0.2",
    "2250 over: 10.0.0.1 refused, 10.0.0.2 timeout, c name_not_resolved",
  ]);
});

Deno.test("Race gives an address that takes connections more time to answer, and tries the others meanwhile", () => {
  const course = new Course(["a", "b"], { attemptMs: 2000 }).resolve("a", "10.0.0.1").resolve(
    "b",
    "10.0.0.2",
  );
  course.pass(10).connected("10.0.0.1").pass(10_000);
  assertEquals(course.said, [
    "0 begin 10.0.0.1",
    "250 begin 10.0.0.2",
    "2250 abandon 10.0.0.2",
    "5000 abandon 10.0.0.1",
    "5000 over: 10.0.0.1 timeout, 10.0.0.2 timeout",
  ]);
});

Deno.test("Race goes on with the others at once if the winner does not take the phone, those that were slower among them", () => {
  const course = new Course(["a", "b", "c"]).resolve("a", "10.0.0.1").resolve("b", "10.0.0.2")
    .resolve("c", "10.0.0.3");
  course.pass(300).answer("10.0.0.2").pass(9000).said;
  course.fail("10.0.0.2", { kind: "room_full" });
  assertEquals(course.said, ["9300 begin 10.0.0.1"]);
  course.pass(260);
  assertEquals(course.said, ["9550 begin 10.0.0.3"]);
  course.fail("10.0.0.3").fail("10.0.0.1");
  assertEquals(course.said, ["9560 over: 10.0.0.1 refused, 10.0.0.2 room_full, 10.0.0.3 refused"]);
});

Deno.test("Race tries again each second what was refused while another address is awaited, and is no longer for that", () => {
  const course = new Course(["a", "b"], { attemptMs: 2500 }).resolve("a", "10.0.0.1").resolve(
    "b",
    "10.0.0.2",
  );
  course.pass(260).fail("10.0.0.2").pass(1000).fail("10.0.0.2").pass(1000);
  assertEquals(course.said, [
    ...["0 begin 10.0.0.1", "250 begin 10.0.0.2", "1260 begin 10.0.0.2", "2260 begin 10.0.0.2"],
  ]);
  course.pass(9000);
  assertEquals(course.said, [
    "2500 abandon 10.0.0.1",
    "2500 abandon 10.0.0.2",
    "2500 over: 10.0.0.1 timeout, 10.0.0.2 refused",
  ]);
  const back = new Course(["a", "b"]).resolve("a", "10.0.0.1").resolve("b", "10.0.0.2");
  back.pass(250).fail("10.0.0.2").pass(1250).said;
  assertEquals(back.answer("10.0.0.2").said, ["1500 abandon 10.0.0.1", "1500 won 10.0.0.2"]);
});

Deno.test("Race does not try again what no time mends, nor anything while nothing is awaited", () => {
  const certificate: PlaceFailure = { kind: "certificate_untrusted" };
  const course = new Course(["a", "b"]).resolve("a", "10.0.0.1").resolve("b", "10.0.0.2");
  course.pass(250).fail("10.0.0.2", certificate).pass(9000);
  assertEquals(course.said.filter((line) => line.endsWith("begin 10.0.0.2")), ["250 begin 10.0.0.2"]);
  const unresolved = new Course(["a", "b"]).resolve("a", "10.0.0.1").fail("10.0.0.1");
  assertEquals(unresolved.race.wakeAt, Infinity);
  assertEquals(unresolved.pass(9000).said, ["0 begin 10.0.0.1"]);
});

Deno.test("Race tries the address of the lost connection last", () => {
  const course = new Course(["a", "b"], { last: { ip: "10.0.0.1", port: 5000 } })
    .resolve("a", "10.0.0.1", "::1").resolve("b", "10.0.0.2");
  course.pass(1000);
  assertEquals(course.said.map((line) => line.split(" ")[2]), ["10.0.0.2", "::1", "10.0.0.1"]);
});

Deno.test("Race tries a machine once that is named twice, and no more than 32 addresses", () => {
  const twice = new Course(["a", "b"]).resolve("a", "10.0.0.1").resolve("b", "::ffff:10.0.0.1", "10.0.0.2");
  twice.pass(1000);
  assertEquals(twice.said, ["0 begin 10.0.0.1", "250 begin 10.0.0.2"]);

  const many = new Course(["a"]).resolve("a", ...Array.from({ length: 100 }, (_, n) => `10.0.1.${n}`));
  for (let at = 0; at < 32; at++) many.fail(`10.0.1.${at}`);
  const said = many.said;
  assertEquals(said.filter((line) => line.includes("begin")).length, 32);
  assertEquals(said.at(-1)?.split(":")[0], "0 over");
});

Deno.test("Race tries a registry also where the name before it has more addresses than one round tries", () => {
  const many = Array.from({ length: 100 }, (_, n) => `10.0.1.${n}`);
  for (const first of ["a", "b"]) {
    const course = new Course(["a", "b"]);
    for (const host of first === "a" ? ["a", "b"] : ["b", "a"]) {
      course.resolve(host, ...host === "a" ? many : ["10.0.0.2", "10.0.0.3"]);
    }
    course.pass(20_000);
    const begun = course.said.filter((line) => line.includes("begin")).map((line) => line.split(" ")[2]);
    assertEquals([begun.slice(0, 4), begun.length], [["10.0.1.0", "10.0.0.2", "10.0.1.1", "10.0.0.3"], 18]);
  }
});

Deno.test("Race begins with the addresses of one version of IP, and waits for the other before it gives up", () => {
  const course = new Course(["a"]).some("a", "10.0.0.1");
  assertEquals(course.race.several, true);
  course.fail("10.0.0.1").pass(900).resolve("a", "::1", "10.0.0.1").pass(10).fail("::1");
  assertEquals(course.said, ["0 begin 10.0.0.1", "900 begin ::1", "910 over: 10.0.0.1 refused, ::1 refused"]);
  const lost = new Course(["a"]).some("a", "10.0.0.1").fail("10.0.0.1").unresolved("a");
  assertEquals(lost.said, ["0 begin 10.0.0.1", "0 over: 10.0.0.1 refused"]);
  const won = new Course(["a"]).some("a", "10.0.0.1").answer("10.0.0.1").resolve("a", "::1");
  assertEquals(won.said, ["0 begin 10.0.0.1", "0 won 10.0.0.1"]);
});

Deno.test("Race gives addresses their time also where the name was resolved late", () => {
  const late = new Course(["a"], { attemptMs: 2000 }).pass(3000).resolve("a", "10.0.0.1");
  late.pass(10_000);
  assertEquals(late.said, ["3000 begin 10.0.0.1", "5000 abandon 10.0.0.1", "5000 over: 10.0.0.1 timeout"]);
});

Deno.test("Race ignores what comes of an attempt that it has given up", () => {
  const course = new Course(["a", "b"]).resolve("a", "10.0.0.1").resolve("b", "10.0.0.2");
  course.pass(250).answer("10.0.0.2").said;
  course.fail("10.0.0.1").answer("10.0.0.1").pass(60_000);
  assertEquals(course.said, []);
});

Deno.test("Race says whether there is a choice", () => {
  assertEquals(new Course(["a"]).resolve("a", "10.0.0.1").race.several, false);
  assertEquals(new Course(["a"]).resolve("a", "10.0.0.1", "::1").race.several, true);
  assertEquals(new Course(["a", "b"]).race.several, true);
});
