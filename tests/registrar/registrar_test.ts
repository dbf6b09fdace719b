import { assertEquals } from "@std/assert";
import {
  CONTEST_TIMEOUT_MS,
  KEEPALIVE_MS,
  PONG_TIMEOUT_MS,
  Registrar,
  REMOVED_MS,
  UNREGISTERED_MS,
} from "../../lib/registrar/registrar.ts";
import { REMOVED, type Session } from "../../lib/registrar/session.ts";
import { RegistryTable } from "../../lib/registrar/table.ts";

/** A registrar whose sessions have letters for names, on a clock that the test moves. */
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

  /** @returns The output in short, as of `told()`. */
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

  /** Lets time pass, with all timers. */
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

  /** All reports of refusals so far: event and how many were left out before. */
  readonly refusals: (readonly [string, number])[] = [];

  told(): string[] {
    const outputs = this.room.drain();
    for (const output of outputs) {
      if (output.kind === "refused") this.refusals.push([output.refusal.event, output.omitted]);
    }
    return outputs.filter(({ kind }) => kind !== "refused").map((output) => {
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

Deno.test("Registrar pings an idle phone, and drops it if no line comes", () => {
  const story = new Story();
  const a = story.enter("a");
  story.register(a, "maria");
  assertEquals(story.pass(KEEPALIVE_MS - 1), []);
  assertEquals(story.pass(1), ["a: ping"]);
  assertEquals(story.pass(PONG_TIMEOUT_MS - 1), []);
  assertEquals(story.pass(1), ["drop a", "left maria, silent"]);
  assertEquals([story.now, story.room.wakeAt], [30_000, Infinity]);
  assertEquals(story.leave(a), [], "the end of its connection changes nothing");
  assertEquals(story.say(a, { tipo: "ping" }), [], "nor does a line that was under way");
});

Deno.test("Registrar keeps a phone that answers a ping by any line", () => {
  for (const tipo of ["pong", "ping", "lista", "lixo"]) {
    const story = new Story();
    const a = story.enter("a");
    story.register(a, "maria");
    for (let count = 0; count < 10; count++) {
      assertEquals(story.pass(KEEPALIVE_MS), ["a: ping"]);
      assertEquals(story.pass(PONG_TIMEOUT_MS - 1), []);
      story.say(a, { tipo });
    }
  }
});

Deno.test("Registrar pings no phone that is not idle", () => {
  const story = new Story();
  const a = story.enter("a");
  story.register(a, "maria");
  for (let count = 0; count < 10; count++) {
    assertEquals(story.pass(KEEPALIVE_MS - 1), []);
    assertEquals(story.say(a, { tipo: "ping" }), ["a: pong"]);
  }
});

Deno.test("Registrar drops a connection that registers no name in time, whatever it says", () => {
  for (
    const said of [{ tipo: "ping" }, { tipo: "lista" }, { tipo: "registro", nome: "", ip: "x", porta: 0 }, {}]
  ) {
    const story = new Story(5000);
    const a = story.enter("a");
    for (let second = 1; second < 5; second++) {
      assertEquals(story.pass(1000), []);
      story.say(a, said);
    }
    assertEquals(story.pass(1000), ["drop a"]);
  }
  const story = new Story(5000);
  const [b, c] = [story.enter("b"), story.enter("c")];
  story.register(b, "maria");
  assertEquals(story.pass(5000), ["drop c"], "not one with a name");
  assertEquals(story.say(c, { tipo: "ping" }), []);
});

Deno.test("Registrar drops a connection that registers names of others for ever", () => {
  const story = new Story(5000);
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  for (let second = 1; second < 5; second++) {
    story.pass(1000);
    assertEquals(story.register(b, "maria"), second % 2 === 1 ? ["a: ping"] : ["b: nome_em_uso"]);
    if (second % 2 === 1) assertEquals(story.say(a, { tipo: "pong" }), ["b: nome_em_uso", "resume b"]);
  }
  assertEquals(story.pass(1000), ["drop b"]);
});

Deno.test("Registrar decides a registration that came in time before it drops the connection", () => {
  for (
    const [answers, told] of [
      [false, ["drop a", "left maria, silent", "b: registro_confirmado", "joined maria", "resume b"]],
      [true, ["b: nome_em_uso", "finish b", "resume b"]],
    ] as const
  ) {
    const story = new Story(5000);
    const a = story.enter("a");
    story.register(a, "maria");
    story.pass(4000);
    const b = story.enter("b");
    story.pass(4000);
    assertEquals(story.register(b, "maria"), ["a: ping"]);
    assertEquals(story.pass(1500), [], "its time is over");
    assertEquals(answers ? story.say(a, { tipo: "pong" }) : story.pass(500), [...told]);
  }
});

Deno.test("Registrar tells a phone that loses its place so, and frees its name", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  story.room.handleEviction(story.now, a);
  assertEquals(story.told(), ["a: sala_cheia", "left maria, crowded_out", "evict a"]);
  story.room.handleEviction(story.now, a);
  assertEquals(story.told(), []);
  assertEquals(story.register(b, "maria"), ["b: registro_confirmado", "joined maria"]);
});

Deno.test("Registrar pings a connection without a name, too", () => {
  const story = new Story();
  story.enter("a");
  assertEquals(story.pass(UNREGISTERED_MS), ["a: ping", "drop a"]);
});

Deno.test("Registrar leaves a contested name to the holder that answers, and refuses the newcomer at once", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  assertEquals(story.register(b, "MARIA"), ["a: ping"]);
  assertEquals([a.waiting, b.waiting], [false, true]);
  story.pass(CONTEST_TIMEOUT_MS - 1);
  assertEquals(story.say(a, { tipo: "pong" }), ["b: nome_em_uso", "resume b"]);
  assertEquals(b.waiting, false);
  assertEquals(story.pass(CONTEST_TIMEOUT_MS), []);
  assertEquals(story.register(b, "joão"), ["b: registro_confirmado", "joined joão"]);
});

Deno.test("Registrar pings the holder of a contested name once in 2 s at most", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  assertEquals(story.register(b, "maria"), ["a: ping"]);
  assertEquals(story.say(a, { tipo: "pong" }), ["b: nome_em_uso", "resume b"]);
  for (let count = 0; count < 1000; count++) {
    assertEquals(story.register(b, "maria"), ["b: nome_em_uso"]);
    assertEquals(b.waiting, false);
  }
  story.pass(CONTEST_TIMEOUT_MS);
  assertEquals(story.register(b, "maria"), ["a: ping"]);
});

Deno.test("Registrar gives the name of a lost phone to the first that asked for it", () => {
  const story = new Story();
  const [a, b, c] = [story.enter("a"), story.enter("b"), story.enter("c")];
  story.register(a, "maria");
  assertEquals(story.register(b, "Maria"), ["a: ping"]);
  story.pass(500);
  assertEquals(story.register(c, "maria"), [], "one ping for both");
  assertEquals(story.pass(CONTEST_TIMEOUT_MS - 501), []);
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

Deno.test("Registrar removes a person, whose name nobody gets for a minute", () => {
  const story = new Story();
  const [a, b, c] = [story.enter("a"), story.enter("b"), story.enter("c")];
  story.register(a, "Maria");
  story.register(b, "maria");
  assertEquals(story.room.remove(story.now, "ana"), undefined);
  assertEquals(story.room.remove(story.now, "MARIA")?.nome, "Maria");
  // The one that wanted the name does not get it either.
  assertEquals(story.told(), [
    "a: nome_em_uso",
    "dismiss a",
    "left Maria, removed",
    "b: nome_em_uso",
    "resume b",
  ]);
  assertEquals(story.room.people(), []);
  assertEquals(story.say(a, { tipo: "lista" }), [], "a line that was under way");
  assertEquals(story.leave(a), []);
  assertEquals(story.register(c, "maria"), ["c: nome_em_uso"]);
  story.register(b, "bia");
  story.register(c, "cida");
  for (let ms = 0; ms < REMOVED_MS - 10_000; ms += 10_000) {
    story.pass(10_000);
    for (const session of [b, c]) story.say(session, { tipo: "pong" });
  }
  const late = story.enter("d");
  assertEquals(story.register(late, "maria"), ["d: nome_em_uso"]);
  story.pass(10_000);
  assertEquals(story.register(late, "maria"), ["d: registro_confirmado", "joined maria"]);
  assertEquals(story.refusals.map(([event]) => event), Array(3).fill("name_refused"));
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
  Deno.test(`Registrar gives a contested name away as soon as ${how}`, () => {
    const story = new Story();
    const [a, b] = [story.enter("a"), story.enter("b")];
    story.register(a, "maria");
    story.register(b, "maria");
    assertEquals(end(story, a), [...told, "b: registro_confirmado", "joined maria", "resume b"]);
    assertEquals(story.pass(CONTEST_TIMEOUT_MS), []);
  });
}

Deno.test("Registrar gives no contested name to a newcomer that has left meanwhile", () => {
  const story = new Story();
  const [a, b, c] = [story.enter("a"), story.enter("b"), story.enter("c")];
  story.register(a, "maria");
  story.register(b, "maria");
  story.register(c, "maria");
  assertEquals(story.leave(b), ["resume b"]);
  assertEquals(story.pass(CONTEST_TIMEOUT_MS), [
    "drop a",
    "left maria, silent",
    "c: registro_confirmado",
    "joined maria",
    "resume c",
  ]);
});

Deno.test("Registrar drops nobody after it was itself suspended", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  story.register(b, "joão");
  assertEquals(story.pass(KEEPALIVE_MS), ["a: ping", "b: ping"]);
  story.now += 60_000;
  story.room.tick(story.now);
  assertEquals(story.told(), []);
  story.say(a, { tipo: "pong" });
  assertEquals(
    story.pass(PONG_TIMEOUT_MS),
    ["drop b", "left joão, silent", "a: ping"],
    "except a phone that stays silent from then on",
  );
});

Deno.test("Registrar has no timer once everybody has left", () => {
  const story = new Story();
  const sessions = ["a", "b", "c"].map((name) => story.enter(name));
  for (const session of sessions) story.register(session, "maria");
  for (const session of sessions) story.leave(session);
  assertEquals([story.room.wakeAt, story.room.people()], [Infinity, []]);
});

Deno.test("Registrar reports refused names and lines, at most 20 of a kind at once and one in 10 s then", () => {
  const story = new Story();
  const [a, b] = [story.enter("a"), story.enter("b")];
  story.register(a, "maria");
  for (let count = 0; count < 1000; count++) story.say(b, { tipo: "lixo" });
  assertEquals(story.refusals, Array.from({ length: 20 }, () => ["malformed_line", 0]));
  // A flood of one kind hides no other.
  story.register(b, "maria");
  story.say(a, { tipo: "pong" });
  story.register(b, "\u202e");
  assertEquals(story.refusals.slice(20), [["name_refused", 0], ["name_refused", 0]]);
  story.now += 10_000;
  for (let count = 0; count < 3; count++) story.say(b, { tipo: "lixo" });
  assertEquals(story.refusals.slice(22), [["malformed_line", 980]]);
});

Deno.test("Registrar gives no name of a shared table that the operator removes while it is decided", () => {
  const room = new Registrar({ sharedTable: new RegistryTable() });
  const session = room.handleConnect(0);
  const request = { tipo: "registro", nome: "maria", ip: "127.0.0.1", porta: 6000 };
  room.handleLine(0, session, { text: JSON.stringify(request) });
  assertEquals(room.drain().map(({ kind }) => kind), ["claim"]);
  assertEquals(room.remove(10, "maria")?.porta, 6000);
  const [released, refusal, refused] = room.drain();
  assertEquals([released?.kind, refused?.kind === "send" && refused.message], ["release", REMOVED]);
  assertEquals(refusal?.kind === "refused" && refusal.refusal.event, "name_refused");
  // Too late.
  room.handleClaim(20, session, "granted");
  assertEquals(room.registered, 0);
});

Deno.test("Registrar withholds a name of a shared table that somebody at another registry has", () => {
  const table = new RegistryTable();
  const room = new Registrar({ sharedTable: table });
  table.put({ nome: "maria", ip: "10.0.0.1", porta: 6000 });
  assertEquals(room.remove(0, "maria")?.porta, 6000);
  assertEquals(room.remove(0, "joão"), undefined);
  const session = room.handleConnect(0);
  const request = { tipo: "registro", nome: "maria", ip: "127.0.0.1", porta: 6000 };
  room.handleLine(0, session, { text: JSON.stringify(request) });
  assertEquals(room.drain().flatMap((output) => output.kind === "send" ? [output.message] : []), [REMOVED]);
});
