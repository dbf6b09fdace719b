import { assertEquals } from "@std/assert";
import { CHALLENGE_MS, IDLE_MS, PONG_MS, QUIET_MS, Registrar } from "../../lib/registrar/registrar.ts";
import type { Session } from "../../lib/registrar/session.ts";

/** A room in which sessions are called by letters and time passes when the test says so. */
class Story {
  readonly room: Registrar;
  readonly #names = new Map<Session, string>();
  now = 0;

  constructor(idleMs?: number) {
    this.room = new Registrar(idleMs === undefined ? {} : { idleMs });
  }

  enter(name: string): Session {
    const session = this.room.handleConnect(this.now);
    this.#names.set(session, name);
    return session;
  }

  /** @returns What happens next, in short. */
  say(session: Session, message: object): string[] {
    this.room.handleLine(this.now, session, { text: JSON.stringify(message) });
    return this.told();
  }

  register(session: Session, nome: string): string[] {
    return this.say(session, { tipo: "registro", nome, ip: "127.0.0.1", porta: 6000 });
  }

  leave(session: Session): string[] {
    this.room.handleDisconnect(this.now, session);
    return this.told();
  }

  /** Lets time pass, waking the room whenever it wants to be woken. */
  pass(ms: number): string[] {
    const end = this.now + ms;
    const told: string[] = [];
    while (this.room.wakeAt <= end) {
      this.now = this.room.wakeAt;
      this.room.tick(this.now);
      told.push(...this.told());
    }
    this.now = end;
    return told;
  }

  told(): string[] {
    return this.room.drain().map((output) => {
      switch (output.kind) {
        case "joined":
          return `joined ${output.person.nome}`;
        case "left":
          return `left ${output.person.nome}, ${output.reason}`;
        case "send": {
          const { message } = output;
          return `${this.#names.get(output.session)}: ${
            message.tipo === "erro" ? message.codigo : message.tipo
          }`;
        }
        default:
          return `${output.kind} ${this.#names.get(output.session)}`;
      }
    });
  }
}

Deno.test("Registrar asks a silent phone for a sign of life and drops it when none comes", () => {
  const story = new Story();
  const a = story.enter("a");
  story.register(a, "maria");
  assertEquals(story.pass(QUIET_MS - 1), []);
  assertEquals(story.pass(1), ["a: ping"]);
  assertEquals(story.pass(PONG_MS - 1), []);
  assertEquals(story.pass(1), ["drop a", "left maria, silent"]);
  assertEquals([story.now, story.room.wakeAt], [30_000, Infinity]);
  assertEquals(story.leave(a), [], "the connection's end is no news");
  assertEquals(story.say(a, { tipo: "ping" }), [], "nor is what was still on its way");
});

Deno.test("Registrar keeps a phone that says anything at all", () => {
  for (const tipo of ["pong", "ping", "lista", "lixo"]) {
    const story = new Story();
    const a = story.enter("a");
    story.register(a, "maria");
    for (let count = 0; count < 10; count++) {
      assertEquals(story.pass(QUIET_MS), ["a: ping"]);
      assertEquals(story.pass(PONG_MS - 1), []);
      story.say(a, { tipo });
    }
  }
});

Deno.test("Registrar does not ask a phone that speaks often enough", () => {
  const story = new Story();
  const a = story.enter("a");
  story.register(a, "maria");
  for (let count = 0; count < 10; count++) {
    assertEquals(story.pass(QUIET_MS - 1), []);
    assertEquals(story.say(a, { tipo: "ping" }), ["a: pong"]);
  }
});

Deno.test("Registrar drops who says nothing before having a name", () => {
  const story = new Story(5000);
  const a = story.enter("a");
  assertEquals(story.pass(4999), []);
  story.say(a, { tipo: "ping" });
  assertEquals(story.pass(4999), []);
  assertEquals(story.pass(1), ["drop a"]);
  const b = story.enter("b");
  story.register(b, "maria");
  assertEquals(story.pass(5000), [], "a name ends that");
});

Deno.test("Registrar asks who has no name as well", () => {
  const story = new Story();
  story.enter("a");
  assertEquals(story.pass(IDLE_MS), ["a: ping", "drop a"]);
});

Deno.test("Registrar leaves a name to its holder who answers, and tells the newcomer at once", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  assertEquals(story.register(b, "MARIA"), ["a: ping"]);
  assertEquals([a.waiting, b.waiting], [false, true]);
  story.pass(CHALLENGE_MS - 1);
  assertEquals(story.say(a, { tipo: "pong" }), ["b: nome_em_uso", "resume b"]);
  assertEquals(b.waiting, false);
  assertEquals(story.pass(CHALLENGE_MS), []);
  assertEquals(story.register(b, "joão"), ["b: registro_confirmado", "joined joão"]);
});

Deno.test("Registrar asks nobody more than once in 2 s for whoever wants the name", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  assertEquals(story.register(b, "maria"), ["a: ping"]);
  assertEquals(story.say(a, { tipo: "pong" }), ["b: nome_em_uso", "resume b"]);
  for (let count = 0; count < 1000; count++) {
    assertEquals(story.register(b, "maria"), ["b: nome_em_uso"]);
    assertEquals(b.waiting, false);
  }
  story.pass(CHALLENGE_MS);
  assertEquals(story.register(b, "maria"), ["a: ping"]);
});

Deno.test("Registrar gives a ghost's name to the first who asked for it", () => {
  const story = new Story();
  const [a, b, c] = [story.enter("a"), story.enter("b"), story.enter("c")];
  story.register(a, "maria");
  assertEquals(story.register(b, "Maria"), ["a: ping"]);
  story.pass(500);
  assertEquals(story.register(c, "maria"), [], "one ping is enough for both");
  assertEquals(story.pass(CHALLENGE_MS - 501), []);
  assertEquals(story.pass(1), [
    "drop a",
    "left maria, silent",
    "b: registro_confirmado",
    "joined Maria",
    "resume b",
    "c: nome_em_uso",
    "resume c",
  ]);
  assertEquals(story.room.people().map(({ nome }) => nome), ["Maria"]);
  assertEquals(story.leave(a), []);
  assertEquals(story.leave(b), ["left Maria, disconnected"]);
});

const ENDS: [how: string, end: (story: Story, holder: Session) => string[], told: string[]][] = [
  ["its connection ends", (story, holder) => story.leave(holder), ["left maria, disconnected"]],
  [
    "it says goodbye",
    (story, holder) => story.say(holder, { tipo: "fechamento", nome: "maria" }),
    ["a: fechamento_confirmado", "left maria, goodbye", "finish a"],
  ],
];

for (const [how, end, told] of ENDS) {
  Deno.test(`Registrar gives a contested name away the moment that ${how}`, () => {
    const story = new Story();
    const [a, b] = [story.enter("a"), story.enter("b")];
    story.register(a, "maria");
    story.register(b, "maria");
    assertEquals(end(story, a), [...told, "b: registro_confirmado", "joined maria", "resume b"]);
    assertEquals(story.pass(CHALLENGE_MS), []);
  });
}

Deno.test("Registrar gives no name to a newcomer who has gone meanwhile", () => {
  const story = new Story();
  const [a, b, c] = [story.enter("a"), story.enter("b"), story.enter("c")];
  story.register(a, "maria");
  story.register(b, "maria");
  story.register(c, "maria");
  assertEquals(story.leave(b), ["resume b"]);
  assertEquals(story.pass(CHALLENGE_MS), [
    "drop a",
    "left maria, silent",
    "c: registro_confirmado",
    "joined maria",
    "resume c",
  ]);
});

Deno.test("Registrar drops nobody because it was itself away", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  story.register(b, "joão");
  assertEquals(story.pass(QUIET_MS), ["a: ping", "b: ping"]);
  story.now += 60_000;
  story.room.tick(story.now);
  assertEquals(story.told(), []);
  story.say(a, { tipo: "pong" });
  assertEquals(story.pass(PONG_MS), ["drop b", "left joão, silent", "a: ping"], "but who stays silent then");
});

Deno.test("Registrar wants to be woken for nothing once everybody has gone", () => {
  const story = new Story();
  const sessions = ["a", "b", "c"].map((name) => story.enter(name));
  for (const session of sessions) story.register(session, "maria");
  for (const session of sessions) story.leave(session);
  assertEquals([story.room.wakeAt, story.room.people()], [Infinity, []]);
});
