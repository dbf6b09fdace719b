/**
 * Several registries on a simulated engine and network, with phones: everything that can fail does, in simulated time. At
 * every moment no name may have two holders.
 */

import { assert, assertEquals } from "@std/assert";
import { nameKey } from "../../../lib/protocol/name.ts";
import {
  type Answer,
  ClusterDirectory,
  type DirectoryOutput,
  LIFETIME_MS,
  type WriteResult,
} from "../../../lib/registrar/cluster/directory.ts";
import { Registrar } from "../../../lib/registrar/registrar.ts";
import type { Session } from "../../../lib/registrar/session.ts";

/** Time limit of operations, in milliseconds. */
const OPERATION_MS = 3000;

/** A phone without a word from its registry gives it up after this time. */
const PATIENCE_MS = 28_000;

/** Attempts to register until the answer is one that is not by chance: one in ten operations has none in time. */
const ATTEMPTS = 4;

const CONFIRMED = "registro_confirmado";

/** One thing that will happen. */
interface Event {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

/** The simulated world. */
export class World {
  now = 0;
  readonly engine: Engine;
  readonly members: Member[] = [];
  readonly phones: Phone[] = [];
  /** The phone that has a name, by name key: what phones believe. */
  readonly holders = new Map<string, Phone>();
  readonly history: string[] = [];
  #events: Event[] = [];
  #number = 0;
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    this.engine = new Engine(this);
  }

  /** A number from 0 up to but not including `below` (Numerical Recipes, section 7.1). */
  random(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, number: this.#number++, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle]!;
      if (other.at < event.at || (other.at === event.at && other.number < event.number)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const timer = Math.min(...this.members.map(({ wakeAt }) => wakeAt));
      const next = Math.min(timer, this.#events[0]?.at ?? Infinity);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      const event = this.#events[0];
      if (event && event.at <= this.now) {
        this.#events.shift();
        event.run();
      } else for (const member of this.members) member.wake();
    }
    this.now = end;
  }

  tell(what: string): void {
    this.history.push(`${(this.now / 1000).toFixed(3)} ${what}`);
  }

  addMember(): Member {
    const member = new Member(this, this.members.length);
    this.members.push(member);
    member.start();
    return member;
  }

  /** All registries that a phone can reach. */
  get open(): Member[] {
    return this.members.filter(({ state }) => state === "runs");
  }
}

/** What a bucket has under a key: no value means that it was deleted. */
interface Stored {
  readonly value: string | undefined;
  readonly revision: number;
  readonly at: number;
}

/** A bucket whose answers are late or get lost. */
export class Engine {
  /** Whether nobody reaches it. */
  away = false;
  /** Whether it takes no writes. */
  full = false;
  #bucket = 1;
  #revision = 0;
  #rows = new Map<string, Stored>();
  /** What each change has changed. */
  #journal: {
    readonly at: number;
    readonly key: string;
    readonly before: Stored | undefined;
    readonly revision: number;
  }[] = [];

  constructor(readonly world: World) {}

  /** Loses everything that it has stored. */
  wipe(): void {
    this.#bucket++;
    this.#revision = 0;
    this.#rows = new Map();
    this.#journal = [];
    for (const member of this.world.members) member.reconnect();
  }

  /** Loses what it has confirmed within this time, and counts on from there, as servers that are killed together do. */
  rollBack(ms: number): void {
    while ((this.#journal.at(-1)?.at ?? -Infinity) > this.world.now - ms) {
      const { key, before, revision } = this.#journal.pop()!;
      if (before) this.#rows.set(key, before);
      else this.#rows.delete(key);
      this.#revision = revision;
    }
    for (const member of this.world.members) member.reconnect();
  }

  #note(key: string): void {
    this.#journal.push({ at: this.world.now, key, before: this.#rows.get(key), revision: this.#revision });
  }

  reaches(member: Member): boolean {
    return !this.away && !member.cut && member.state !== "dead";
  }

  write(
    from: Member,
    output: Extract<DirectoryOutput, { kind: "write" }>,
    end: (result: WriteResult) => void,
  ): void {
    const { world } = this;
    if (!this.reaches(from)) return world.after(OPERATION_MS, () => end("unknown"));
    // One in twenty gets stuck on its way, for longer than its sender waits.
    const stuck = world.random(20) === 0;
    const bucket = this.#bucket;
    let ended = false;
    const finish = (result: WriteResult): void => {
      if (!ended) end(result);
      ended = true;
    };
    world.after(stuck ? world.random(12_000) : 1 + world.random(20), () => {
      if (bucket !== this.#bucket || this.away || this.full) return;
      const result = this.#apply(output);
      const lost = world.random(20) === 0 || !this.reaches(from);
      if (!lost) world.after(1 + world.random(20), () => finish(result));
    });
    world.after(OPERATION_MS, () => finish("unknown"));
  }

  #apply({ key, value }: Extract<DirectoryOutput, { kind: "write" }>): WriteResult {
    this.#note(key);
    const revision = ++this.#revision;
    this.#rows.set(key, { value, revision, at: this.world.now });
    for (const member of this.world.members) member.watch?.show(key, value, revision);
    return revision;
  }

  /** Opens a watch. */
  watch(member: Member): void {
    const watch = new Watch(member);
    member.watch = watch;
    const bucket = `bucket ${this.#bucket}`;
    member.take((directory, now) => directory.handleWatch(now, bucket));
    for (const [key, { at }] of this.#rows) if (at < this.world.now - LIFETIME_MS) this.#rows.delete(key);
    const rows = [...this.#rows].sort(([, one], [, other]) => one.revision - other.revision);
    for (const [key, { value, revision }] of rows) watch.show(key, value, revision);
  }
}

/** What a registry sees of the bucket: everything in order, but late. */
class Watch {
  #lastAt = 0;

  constructor(readonly member: Member) {}

  show(key: string, value: string | undefined, revision: number): void {
    const { world } = this.member;
    const at = Math.max(this.#lastAt, world.now + 1 + world.random(30));
    this.#lastAt = at;
    world.after(at - world.now, () => {
      if (this.member.watch !== this || !world.engine.reaches(this.member)) return;
      this.member.take((directory, now) => directory.handleRow(now, key, value, revision));
    });
  }
}

/** A registry: registrar and directory, and what stands between them. */
export class Member {
  readonly registrar: Registrar;
  readonly directory: ClusterDirectory;
  readonly phones = new Map<Session, Phone>();
  state: "runs" | "frozen" | "dead" = "runs";
  cut = false;
  /** Whether the other registries' life lines to this one hold. */
  lifeLine = true;
  watch: Watch | undefined;
  readonly #sessions = new Map<number, Session>();
  readonly #numbers = new Map<Session, number>();
  readonly #answers = new Map<number, (kept: boolean) => void>();
  #ids = 0;
  #last = 0;
  #linked = new Set<string>();
  /** What arrived while it was frozen. */
  #backlog: (() => void)[] = [];
  #busy = false;

  constructor(readonly world: World, readonly number: number) {
    this.directory = new ClusterDirectory(
      { lifePort: 5001, addresses: [] },
      () => `registry-${number}-${this.#ids++}`,
    );
    this.registrar = new Registrar({ sharedTable: this.directory.table });
  }

  get wakeAt(): number {
    if (this.state !== "runs") return Infinity;
    return Math.min(this.registrar.wakeAt, this.directory.wakeAt);
  }

  start(): void {
    this.world.engine.watch(this);
    this.take((directory, now) => directory.handleListening(now, 5000));
  }

  wake(): void {
    if (this.state !== "runs") return;
    const { now } = this.world;
    if (this.directory.wakeAt <= now) this.take((directory) => directory.tick(now));
    if (this.registrar.wakeAt <= now) this.registrar.tick(now);
    this.#apply();
  }

  /** Gives the directory an input, once the registry runs. */
  take(input: (directory: ClusterDirectory, now: number) => void): void {
    if (this.state === "dead") return;
    if (this.state === "frozen") {
      this.#backlog.push(() => this.take(input));
      return;
    }
    this.directory.checkLease(this.world.now);
    input(this.directory, this.world.now);
    this.#apply();
  }

  /** Gives the registrar an input, once the registry runs. */
  hear(input: (registrar: Registrar, now: number) => void): void {
    if (this.state === "dead") return;
    if (this.state === "frozen") {
      this.#backlog.push(() => this.hear(input));
      return;
    }
    this.directory.checkLease(this.world.now);
    this.#apply();
    input(this.registrar, this.world.now);
    this.#apply();
  }

  kill(): void {
    this.state = "dead";
    this.watch = undefined;
    for (const [session, phone] of this.phones) phone.lose(session);
    this.phones.clear();
    for (const other of this.world.members) {
      if (!other.#linked.has(this.directory.id) || !this.lifeLine) continue;
      const { id } = this.directory;
      this.world.after(1 + this.world.random(50), () => {
        other.take((directory, now) => directory.handleSilence(now, id));
      });
    }
  }

  freeze(): void {
    if (this.state === "runs") this.state = "frozen";
  }

  thaw(): void {
    if (this.state !== "frozen") return;
    this.state = "runs";
    for (const input of this.#backlog.splice(0)) input();
    this.wake();
  }

  /** The connection to the engine ends, and comes back if the engine can be reached. */
  reconnect(): void {
    if (this.state === "dead") return;
    this.watch = undefined;
    this.take((directory) => directory.handleDisconnected());
    if (!this.world.engine.reaches(this)) return;
    this.world.engine.watch(this);
  }

  #apply(): void {
    if (this.#busy) return;
    this.#busy = true;
    for (let more = true; more;) {
      more = false;
      for (const output of this.directory.drain()) {
        more = true;
        this.#do(output);
      }
      for (const output of this.registrar.drain()) {
        more = true;
        this.#tell(output);
      }
    }
    this.#busy = false;
  }

  #tell(output: ReturnType<Registrar["drain"]>[number]): void {
    switch (output.kind) {
      case "send":
        return this.phones.get(output.session)?.handle(output.session, output.message as { tipo: string });
      case "drop":
      case "finish": {
        const phone = this.phones.get(output.session);
        this.phones.delete(output.session);
        return phone?.lose(output.session);
      }
      case "claim": {
        const number = ++this.#last;
        this.#numbers.set(output.session, number);
        this.#sessions.set(number, output.session);
        return this.directory.handleClaim(this.world.now, number, output.person);
      }
      case "release": {
        const number = this.#numbers.get(output.session);
        this.#numbers.delete(output.session);
        if (number !== undefined) this.directory.handleRelease(this.world.now, number);
        return;
      }
      case "contested": {
        const number = this.#numbers.get(output.session);
        if (number !== undefined) this.directory.handleContested(number, output.kept);
      }
    }
  }

  #do(output: DirectoryOutput): void {
    const { world } = this;
    switch (output.kind) {
      case "write":
        return world.engine.write(this, output, (result) => (
          this.take((directory, now) => directory.handleWritten(now, output.id, result))
        ));
      case "ask":
        return this.#ask(output, (answer) => (
          this.take((directory, now) => directory.handleAnswer(now, output.id, answer))
        ));
      case "answer":
        this.#answers.get(output.id)?.(output.kept);
        this.#answers.delete(output.id);
        return;
      case "rewatch":
        return world.engine.watch(this);
      case "link":
        this.#linked.add(output.record.id);
        return;
      case "settled": {
        const session = this.#sessions.get(output.session);
        if (session) this.registrar.handleClaim(world.now, session, output.result);
        return;
      }
      case "contest": {
        const session = this.#sessions.get(output.session);
        if (session) this.registrar.handleContest(world.now, session);
        return;
      }
      case "revoked": {
        const session = this.#sessions.get(output.session);
        if (session) this.registrar.handleRevoked(world.now, session, output.reason);
        return;
      }
      case "fenced":
      case "peer":
      case "freshness":
        world.tell(`registry ${this.number} ${JSON.stringify(output)}`);
    }
  }

  #ask(
    { registry, place, ofHolders }: Extract<DirectoryOutput, { kind: "ask" }>,
    end: (answer: Answer) => void,
  ): void {
    const { world } = this;
    const { engine } = world;
    if (!engine.reaches(this)) return world.after(OPERATION_MS, () => end("unknown"));
    const other = world.members.find(({ directory }) => directory.id === registry);
    // NATS knows nobody under this name, also where that registry is only cut off.
    if (!other || !engine.reaches(other)) {
      return world.after(1 + world.random(20), () => end("no_responders"));
    }
    let ended = false;
    const finish = (answer: Answer): void => {
      if (!ended) end(answer);
      ended = true;
    };
    world.after(OPERATION_MS, () => finish("unknown"));
    world.after(1 + world.random(20), () => {
      if (other.state === "dead") return;
      const id = ++other.#last;
      other.#answers.set(id, (kept) => {
        if (engine.reaches(other) && engine.reaches(this)) {
          world.after(1 + world.random(20), () => finish(kept ? "kept" : "free"));
        }
      });
      other.take((directory) => directory.handleQuestion(id, place, ofHolders));
    });
  }
}

/** A phone that wants a name. */
export class Phone {
  /** Whether it runs and has a network; otherwise it is silent, and its registry sees nothing. */
  alive = true;
  answer: string | undefined;
  /** When it last asked for its name. */
  askedAt = 0;
  #member: Member | undefined;
  #session: Session | undefined;
  #heardAt = 0;

  constructor(readonly world: World, readonly name: string, readonly port: number) {
    world.phones.push(this);
  }

  get holds(): boolean {
    return this.world.holders.get(nameKey(this.name)) === this;
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Connects and asks for its name. */
  register(member: Member): void {
    this.leave();
    if (member.state === "dead" || !this.alive) return;
    this.#member = member;
    this.answer = undefined;
    this.askedAt = this.world.now;
    this.#heardAt = this.world.now;
    member.hear((registrar, now) => {
      if (this.#member !== member || this.#session) return;
      const session = registrar.handleConnect(now);
      this.#session = session;
      member.phones.set(session, this);
      const request = { tipo: "registro", nome: this.name, ip: "127.0.0.1", porta: this.port };
      registrar.handleLine(now, session, { text: JSON.stringify(request) });
    });
    this.#watch();
  }

  /** Closes its connection. */
  leave(): void {
    const [member, session] = [this.#member, this.#session];
    this.lose();
    if (!member || !session) return;
    member.hear((registrar, now) => {
      member.phones.delete(session);
      registrar.handleDisconnect(now, session);
    });
  }

  /** Loses its network, for ever. */
  die(): void {
    this.alive = false;
    this.#release();
  }

  /** The connection ends: any, or this one. */
  lose(session?: Session): void {
    if (session && session !== this.#session) return;
    this.#member = undefined;
    this.#session = undefined;
    this.#release();
  }

  /** A message comes on a connection. */
  handle(session: Session, message: { readonly tipo: string; readonly codigo?: string }): void {
    const member = this.#member;
    if (!this.alive || session !== this.#session) return;
    this.#heardAt = this.world.now;
    if (message.tipo === "ping") {
      this.world.after(5 + this.world.random(20), () => {
        if (!this.alive || this.#session !== session || !session) return;
        member?.hear((registrar, now) => registrar.handleLine(now, session, { text: '{"tipo":"pong"}' }));
      });
    } else if (message.tipo === "registro_confirmado") this.#hold();
    else if (message.tipo === "erro") this.answer = message.codigo;
  }

  #hold(): void {
    const key = nameKey(this.name);
    const other = this.world.holders.get(key);
    assertEquals(
      other?.describe(),
      undefined,
      `${this.describe()} got a name that is held\n${this.#story()}`,
    );
    this.answer = "registro_confirmado";
    this.world.holders.set(key, this);
    this.world.tell(`${this.describe()} holds ${this.name} at registry ${this.#member?.number}`);
  }

  #release(): void {
    if (!this.holds) return;
    this.world.holders.delete(nameKey(this.name));
    this.world.tell(`${this.describe()} no longer holds ${this.name}`);
  }

  describe(): string {
    return `phone ${this.world.phones.indexOf(this)}`;
  }

  #story(): string {
    return this.world.history.slice(-40).join("\n");
  }

  /** Gives up a registry that says nothing: every one pings after 15 s. */
  #watch(): void {
    const member = this.#member;
    this.world.after(this.#heardAt + PATIENCE_MS - this.world.now, () => {
      if (this.#member !== member || !this.alive || !member) return;
      if (this.world.now >= this.#heardAt + PATIENCE_MS) this.leave();
      else this.#watch();
    });
  }
}

/** Heals everything, and checks that every name is with its holder or free. */
export function settle(world: World): void {
  world.engine.away = false;
  for (const member of world.members) {
    member.thaw();
    member.cut = false;
    member.reconnect();
  }
  if (world.open.length === 0) world.addMember();
  world.pass(180_000);
  const story = (): string => `\n${world.history.slice(-60).join("\n")}`;
  const open = world.open;
  const held = [...world.holders.values()].map(({ name }) => nameKey(name)).sort();
  for (const member of open) {
    const people = member.directory.table.people().map(({ nome }) => nameKey(nome)).sort();
    assertEquals(people, held, `registry ${member.number} sees who is in the room${story()}`);
  }
  // Whoever does not hold a name gets it, or hears that it is taken.
  const names = new Set(world.phones.map(({ name }) => nameKey(name)));
  for (const name of names) {
    const holder = world.holders.get(name);
    const phone = new Phone(world, name, 9000);
    for (
      let attempts = 0;
      attempts < ATTEMPTS && phone.answer !== (holder ? "nome_em_uso" : CONFIRMED);
      attempts++
    ) {
      phone.register(open[world.random(open.length)]!);
      world.pass(10_000);
    }
    assertEquals(phone.answer, holder ? "nome_em_uso" : CONFIRMED, `${name}${story()}`);
    assert(holder ? holder.holds : phone.holds, `${name} has one holder${story()}`);
    phone.leave();
    world.pass(1000);
  }
}
