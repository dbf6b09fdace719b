import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Phone, settle, World } from "./simulation.ts";
import { holds } from "../../../testing/property.ts";

const NAMES = ["ana", "bia", "joão", "JOÃO"];
const PHONES = 8;
const REGISTRIES = 3;

/** Schedules that are tried of each kind; in CI many. */
const RUNS = Deno.env.get("SALA_TEST") === "everything" ? 500 : 25;

/** What happens next, and how long until then. */
type Step = readonly [kind: string, which: number, pauseMs: number];

/** Short and long pauses: the rules have times from milliseconds to two minutes. */
const anyPause = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 140_000 }) },
);

function anyStep(...kinds: readonly string[]): fc.Arbitrary<Step> {
  return fc.tuple(fc.constantFrom(...kinds), fc.nat(1000), anyPause);
}

function run(seed: number, steps: readonly Step[]): void {
  const world = new World(seed);
  for (let number = 0; number < REGISTRIES; number++) world.addMember();
  world.pass(1000);
  const phones = Array.from({ length: PHONES }, (_, index) => (
    // Some phones have the same name and address: two processes, or one that was started again.
    new Phone(world, NAMES[index % NAMES.length]!, 6000 + index % 3)
  ));
  for (const [kind, which, pauseMs] of steps) {
    const phone = phones[which % PHONES]!;
    const member = world.members[which % world.members.length]!;
    world.tell(`${kind} ${which}`);
    switch (kind) {
      case "register":
        if (phone.alive) phone.register(world.members[(which >> 3) % world.members.length]!);
        break;
      case "leave":
        phone.leave();
        break;
      case "die":
        phone.die();
        phones[which % PHONES] = new Phone(world, phone.name, phone.port);
        break;
      case "kill":
        member.kill();
        break;
      case "start":
        if (world.open.length < REGISTRIES) world.addMember();
        break;
      case "cut":
        member.cut = true;
        member.reconnect();
        break;
      case "heal":
        member.cut = false;
        member.reconnect();
        break;
      case "freeze":
        member.freeze();
        break;
      case "thaw":
        member.thaw();
        break;
      case "away":
        world.engine.away = true;
        for (const member of world.members) member.reconnect();
        break;
      case "back":
        world.engine.away = false;
        for (const member of world.members) member.reconnect();
        break;
      case "age":
        // The bucket forgets what was not written again, and a new watch shows it.
        world.pass(1_000_000);
        member.reconnect();
        break;
      case "wipe":
        // What was granted just before, no other registry could know.
        world.pass(2000);
        world.engine.wipe();
        break;
      case "roll back":
        // What was granted just before, no other registry could know.
        world.engine.full = true;
        world.pass(200);
        world.engine.full = false;
        world.engine.rollBack(200 + which * 2);
        break;
    }
    world.pass(pauseMs);
  }
  settle(world);
}

Deno.test("a registry that joins after an hour sees who has been there all the time", () => {
  const world = new World(1);
  const phone = new Phone(world, "ana", 6000);
  phone.register(world.addMember());
  world.pass(3_600_000);
  const joined = world.addMember();
  world.pass(1000);
  assertEquals([phone.holds, joined.directory.table.find("ana")?.porta], [true, 6000]);
});

const peaceful = ["register", "register", "register", "leave", "die"];

function property(...kinds: readonly string[]): fc.IProperty<[number, readonly Step[]]> {
  const steps = fc.array(anyStep(...peaceful, ...kinds), { minLength: 5, maxLength: 60 });
  return fc.property(fc.nat(2 ** 31), steps, run) as fc.IProperty<[number, readonly Step[]]>;
}

Deno.test("a name has one holder at a time, and none is lost or stuck, while phones come and go", () => {
  holds(property(), RUNS);
});

Deno.test("the same while registries are killed and started", () => {
  holds(property("kill", "start"), RUNS);
});

Deno.test("the same while registries are cut off from the engine, and it is away", () => {
  holds(property("cut", "heal", "away", "back"), RUNS);
});

Deno.test("the same while the engine loses all that it has stored", () => {
  holds(property("wipe", "freeze", "thaw"), RUNS);
});

Deno.test("the same while the engine loses what it has confirmed last", () => {
  holds(property("roll back", "freeze", "thaw", "kill", "start"), RUNS);
});

Deno.test("the same while the bucket forgets what is old", () => {
  holds(property("age", "kill", "start"), RUNS);
});

Deno.test("the same with everything at once", () => {
  holds(property("kill", "start", "cut", "heal", "freeze", "thaw", "away", "back"), RUNS);
});
