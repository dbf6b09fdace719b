/** A registry's part in a cluster: carries what its directory decides to the engine and to the life lines. */

import type { RegistryEvent } from "../../events/registry_events.ts";
import { isLinkLocal, isLoopback } from "../../protocol/address.ts";
import type { Person } from "../../protocol/registry_messages.ts";
import { within } from "../../util/time_limit.ts";
import type { Session } from "../session.ts";
import type { SharedTable, TableHolder } from "../shared_table.ts";
import type { RegistryTable } from "../table.ts";
import { ClusterDirectory, type DirectoryOutput } from "./directory.ts";
import { LifeLines } from "./life_lines.ts";
import { ClusterError, type EngineOptions, NatsEngine, type NatsLibrary } from "./nats_engine.ts";
import type { MachineAddress, RegistryRecord } from "./records.ts";

/** Time limit for the first copy of the table. */
const COPY_MS = 15_000;

/** Time limit for telling the others that this registry closes. */
const FAREWELL_MS = 1000;

/** A step of the wall clock against the monotonic one counts as sleep from this length on. */
const SLEEP_MS = 1000;

/** Options of a cluster. */
export interface ClusterOptions extends EngineOptions {
  /** The local address that the registry listens on. */
  readonly host: string;
  /** Port of the life lines; 0 for any. */
  readonly lifePort: number;
  /** Called for every event. Must not throw. */
  readonly onEvent: (event: RegistryEvent) => void;
}

/** A registry in a cluster. */
export class Cluster implements SharedTable, AsyncDisposable {
  readonly #directory: ClusterDirectory;
  readonly #engine: NatsEngine;
  readonly #lines: LifeLines;
  readonly #onEvent: (event: RegistryEvent) => void;
  readonly #room: string;
  readonly #sessions = new Map<number, Session>();
  readonly #numbers = new Map<Session, number>();
  readonly #answers = new Map<number, (kept: boolean) => void>();
  readonly #copied = Promise.withResolvers<void>();
  #holder: TableHolder | undefined;
  #awaySince: number | undefined;
  #joined = false;
  #lastNumber = 0;
  #lastQuestion = 0;
  /** Of the wall clock from the monotonic one. */
  #offset = Date.now() - performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #performing = false;
  #closing = false;

  private constructor(engine: NatsEngine, options: ClusterOptions) {
    const { host, lifePort, room, onEvent } = options;
    const addresses = machineAddresses(host);
    this.#engine = engine;
    this.#onEvent = onEvent;
    this.#room = room;
    this.#lines = new LifeLines(host, lifePort, "", addresses, {
      handleSilence: (id) => this.#take((now) => this.#directory.handleSilence(now, id)),
    });
    this.#directory = new ClusterDirectory({ lifePort: this.#lines.port, addresses });
    this.#lines.identify(this.#directory.id);
  }

  /**
   * Joins a cluster, and waits for the copy of its table.
   *
   * @throws {ClusterError} If that does not succeed.
   */
  static async join(library: NatsLibrary, options: ClusterOptions): Promise<Cluster> {
    const engine = await NatsEngine.open(library, options);
    let cluster: Cluster | undefined;
    try {
      cluster = new Cluster(engine, options);
      cluster.#start();
      if (await within(COPY_MS, cluster.#copied.promise)) return cluster;
      throw new ClusterError({
        kind: "cluster_failed",
        servers: [...options.servers],
        cause: { kind: "timeout" },
      });
    } catch (error) {
      await (cluster ?? engine)[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The registry listens at this port. */
  listening(port: number): void {
    this.#take((now) => this.#directory.handleListening(now, port));
  }

  get table(): RegistryTable {
    return this.#directory.table;
  }

  /** Time in ms since the engine last answered, while it is away; 0 otherwise. */
  get awayMs(): number {
    return this.#awaySince === undefined ? 0 : performance.now() - this.#awaySince;
  }

  attach(holder: TableHolder): void {
    this.#holder = holder;
  }

  claim(session: Session, person: Person): void {
    const number = ++this.#lastNumber;
    this.#numbers.set(session, number);
    this.#sessions.set(number, session);
    this.#take((now) => this.#directory.handleClaim(now, number, person));
  }

  release(session: Session): void {
    const number = this.#forget(session);
    if (number !== undefined) this.#take((now) => this.#directory.handleRelease(now, number));
  }

  contested(session: Session, kept: boolean): void {
    const number = this.#numbers.get(session);
    if (number !== undefined) this.#take(() => this.#directory.handleContested(number, kept));
  }

  remove(name: string): void {
    for (const id of this.#directory.others) this.#engine.tellRemoval(id, name);
  }

  checkLease(): void {
    this.#take(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#timer);
    if (this.#directory.handleClose()) await within(FAREWELL_MS, Promise.all(this.#perform()));
    this.#lines.close();
    await this.#engine[Symbol.asyncDispose]();
  }

  #start(): void {
    this.#engine.start({
      handleDisconnected: () => this.#take(() => this.#directory.handleDisconnected()),
      handleWatch: (bucket) => this.#take((now) => this.#directory.handleWatch(now, bucket)),
      handleRow: (key, value, revision) =>
        this.#take((now) => this.#directory.handleRow(now, key, value, revision)),
      handleRemoval: (name) => {
        if (!this.#closing) this.#holder?.handleRemoval(name);
      },
      handleQuestion: (place, ofHolders, answer) => {
        const id = ++this.#lastQuestion;
        this.#answers.set(id, answer);
        this.#take(() => this.#directory.handleQuestion(id, place, ofHolders));
      },
    });
  }

  /** Gives the directory an input, and does what it says. */
  #take(input: (now: number) => void): void {
    if (this.#closing) return;
    const now = performance.now();
    const offset = Date.now() - now;
    const slept = offset - this.#offset;
    this.#offset = offset;
    if (slept > SLEEP_MS) this.#directory.handleSleep(now, slept);
    this.#directory.checkLease(now);
    input(now);
    this.#perform();
    this.#setTimer();
  }

  /** Does what the directory says, also what comes of it meanwhile. @returns The writes. */
  #perform(): Promise<void>[] {
    if (this.#performing) return [];
    this.#performing = true;
    const writes: Promise<void>[] = [];
    for (let outputs = this.#directory.drain(); outputs.length > 0; outputs = this.#directory.drain()) {
      for (const output of outputs) {
        const write = this.#do(output);
        if (write) writes.push(write);
      }
    }
    this.#performing = false;
    return writes;
  }

  #do(output: DirectoryOutput): Promise<void> | undefined {
    const directory = this.#directory;
    switch (output.kind) {
      case "write": {
        const { id, key, value } = output;
        return this.#engine.write(key, value).then((result) =>
          this.#take((now) => directory.handleWritten(now, id, result))
        );
      }
      case "ask":
        this.#engine.ask(output.registry, output.place, output.ofHolders).then((answer) =>
          this.#take((now) => directory.handleAnswer(now, output.id, answer))
        );
        return;
      case "answer":
        this.#answers.get(output.id)?.(output.kept);
        this.#answers.delete(output.id);
        return;
      case "rewatch":
        this.#engine.rewatch();
        return;
      case "identity":
        this.#engine.identify(output.id);
        this.#lines.identify(output.id);
        return;
      case "link":
        this.#lines.link(output.record);
        return;
      case "unlink":
        this.#lines.unlink(output.registry);
        return;
      case "peer":
        this.#report(output.record, output.change);
        return;
      case "fenced":
        this.#onEvent({ event: "cluster_fenced", people: output.people });
        return;
      case "freshness":
        this.#reportFreshness(output.fresh, output.ms);
        return;
      default:
        this.#tellHolder(output);
    }
  }

  #tellHolder(
    output: Extract<DirectoryOutput, { session: number; kind: "settled" | "revoked" | "contest" }>,
  ) {
    const session = this.#sessions.get(output.session);
    if (!session) return;
    switch (output.kind) {
      case "settled":
        if (output.result === "taken") this.#forget(session);
        return this.#holder?.handleClaim(session, output.result);
      case "contest":
        return this.#holder?.handleContest(session);
      case "revoked":
        this.#forget(session);
        return this.#holder?.handleRevoked(session, output.reason);
    }
  }

  #forget(session: Session): number | undefined {
    const number = this.#numbers.get(session);
    this.#numbers.delete(session);
    if (number !== undefined) this.#sessions.delete(number);
    return number;
  }

  #report({ id, addresses, port }: RegistryRecord, change: "joined" | "left" | "dead"): void {
    const ips = addresses.map(({ ip }) => ip);
    const ip = ips.find((ip) => !isLoopback(ip)) ?? ips[0] ?? "";
    this.#onEvent({ event: "other_registry", registry: id, ip, port, change });
  }

  #reportFreshness(fresh: boolean, ms: number): void {
    const { id, others } = this.#directory;
    const seconds = Math.round(ms / 1000);
    this.#awaySince = fresh ? undefined : performance.now() - ms;
    if (!fresh) this.#onEvent({ event: "cluster_away", seconds });
    else if (this.#joined) this.#onEvent({ event: "cluster_back", seconds });
    else {
      this.#joined = true;
      this.#onEvent({
        event: "cluster_joined",
        room: this.#room,
        registry: id,
        registries: others.length + 1,
      });
      this.#copied.resolve();
    }
  }

  #setTimer(): void {
    const at = this.#directory.wakeAt;
    if (this.#closing || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#take((now) => this.#directory.tick(now));
    }, Math.max(0, at - performance.now()));
  }
}

/** This machine's addresses at which a registry that listens on `host` has its life line. */
function machineAddresses(host: string): MachineAddress[] {
  const all = Deno.networkInterfaces().map(({ address, mac }) => ({ ip: address, mac }))
    .filter(({ ip }) => !isLinkLocal(ip));
  if (host === "0.0.0.0" || host === "::") return all;
  const own = all.filter(({ ip }) => ip === host);
  return own.length > 0 ? own : [{ ip: host, mac: "" }];
}
