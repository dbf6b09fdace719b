/** A room full of people who phone each other, for the panel: its feed without any network. */

import type { FeedSource } from "../lib/panel/event_stream.ts";
import type { PanelPerson, Snapshot } from "../lib/panel/feed.ts";
import { BatchRing, type NumberedBatch } from "../lib/panel/history.ts";
import type { CallSample, LadderMessage, Party } from "../lib/trace/ladder.ts";

/** Options of {@linkcode SimulatedRoom}. */
export interface SimulatedRoomOptions {
  readonly people: number;
  /** People who talk at any moment, in pairs. */
  readonly calls: number;
  /** Messages a second. */
  readonly rate: number;
  /** When it begins, in milliseconds since 1970. */
  readonly start: number;
}

const NAMES = [
  "maria",
  "joão",
  "ana",
  "pedro",
  "beatriz",
  "davi",
  "lúcia",
  "caetano",
  "iara",
  "luís",
  "inês",
  "zé",
];
const BATCH_MS = 100;
const SAMPLE_MS = 2000;
const KEPT_MESSAGES = 5000;
const REGISTRY: Party = { registry: true, ip: "192.168.0.10", port: 5000 };

/** One step of a call or of a visit to the registry: from, to, type, content. */
type Step = readonly [from: Party, to: Party, type: string, content: object];

interface Script {
  readonly steps: Step[];
  readonly call?: string;
}

/** Advances by `tick` only. The same options give the same room. */
export class SimulatedRoom implements FeedSource {
  readonly #options: SimulatedRoomOptions;
  readonly #people: PanelPerson[];
  #messages: LadderMessage[] = [];
  #samples: CallSample[] = [];
  readonly #batches = new BatchRing("simulated");
  readonly #listeners = new Set<(batch: NumberedBatch) => void>();
  readonly #scripts: Script[] = [];
  #now: number;
  #number = 0;
  #due = 0;
  #seed = 1;
  #calls = 0;

  constructor(options: SimulatedRoomOptions) {
    this.#options = options;
    this.#now = options.start;
    this.#people = Array.from({ length: options.people }, (_, index) => ({
      name: nameOf(index),
      ip: `192.168.${Math.floor(index / 200)}.${20 + index % 200}`,
      port: 6000 + index,
      activity: "free",
      since: options.start,
      shares: true,
    }));
  }

  /** Lets a tenth of a second pass. */
  tick(): void {
    this.#now += BATCH_MS;
    this.#due += this.#options.rate * BATCH_MS / 1000;
    const messages: LadderMessage[] = [];
    const before = this.#people.map(({ activity }) => activity).join();
    const step = BATCH_MS / Math.max(1, this.#due);
    for (let at = this.#now - BATCH_MS; this.#due >= 1; this.#due--) messages.push(this.#say(at += step));
    const samples = this.#now % SAMPLE_MS < BATCH_MS ? this.#measure() : [];
    const changed = before !== this.#people.map(({ activity }) => activity).join();
    const people = changed ? { people: [...this.#people] } : {};
    this.#messages = [...this.#messages, ...messages].slice(-KEPT_MESSAGES);
    this.#samples = [...this.#samples, ...samples].slice(-KEPT_MESSAGES);
    const batch = this.#batches.add({ now: this.#now, messages, fates: [], samples, ...people });
    for (const listener of this.#listeners) listener(batch);
  }

  /** The latest message. */
  get last(): LadderMessage | undefined {
    return this.#messages.at(-1);
  }

  snapshot(): { id: string; snapshot: Snapshot } {
    const [now, people, messages, samples] = [this.#now, this.#people, this.#messages, this.#samples];
    const snapshot = { now, version: "1.0.0", registry: REGISTRY, people, messages, samples };
    return { id: this.#batches.lastId, snapshot };
  }

  since(id: string): readonly NumberedBatch[] | undefined {
    return this.#batches.since(id);
  }

  subscribe(listener: (batch: NumberedBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A number from 0 to 1 (Park and Miller's minimal standard). */
  #random(): number {
    this.#seed = this.#seed * 48271 % 0x7fffffff;
    return this.#seed / 0x7fffffff;
  }

  #pick(free: boolean): number {
    for (;;) {
      const index = Math.floor(this.#random() * this.#people.length);
      if (!free || this.#people[index]?.activity === "free") return index;
    }
  }

  #say(at: number): LadderMessage {
    if (this.#scripts.length < 6) this.#scripts.push(this.#script());
    const index = Math.floor(this.#random() * this.#scripts.length);
    const script = this.#scripts[index] as Script;
    const [from, to, type, content] = script.steps.shift() as Step;
    if (script.steps.length === 0) this.#scripts.splice(index, 1);
    const text = JSON.stringify({ tipo: type, ...content });
    const tcp = from.registry || to.registry;
    const luck = this.#random();
    return {
      number: ++this.#number,
      at,
      transport: tcp ? "TCP" : "UDP",
      from,
      to,
      type,
      text,
      bytes: text.length,
      ...(script.call === undefined ? {} : { call: script.call }),
      transmission: !tcp && luck > 0.9 ? 2 : 1,
      fate: !tcp && luck < 0.06 ? "lost" : "received",
    };
  }

  #script(): Script {
    const talking = this.#people.filter(({ activity }) => activity === "in_call").length / 2;
    if (talking < this.#options.calls) return this.#begin();
    if (this.#random() < 0.1) return this.#end();
    const a = this.#party(this.#pick(false));
    const b = this.#party(this.#pick(false));
    return {
      steps: [
        [a, REGISTRY, "consulta", { nome: b.name }],
        [REGISTRY, a, "resposta_consulta", { nome: b.name, ip: b.ip, porta: b.port }],
      ],
    };
  }

  #begin(): Script {
    const [caller, callee] = [this.#pick(true), this.#pick(true)];
    if (caller === callee) return this.#begin();
    const call = `c${(++this.#calls).toString(36).padStart(7, "0")}`;
    const [a, b] = [this.#party(caller), this.#party(callee)];
    this.#do(caller, { activity: "in_call", with: b.name ?? "", call });
    this.#do(callee, { activity: "in_call", with: a.name ?? "", call });
    return {
      call,
      steps: [
        [a, b, "convite", {
          chamada: call,
          nome: a.name,
          destino: b.name,
          ip: a.ip,
          porta: a.port,
          midia: "opus/48000/1",
        }],
        [b, a, "tocando", { chamada: call }],
        [b, a, "resposta_ao_convite", { chamada: call, resposta: "aceito", chave: "q1Zx-8fK" }],
        [a, b, "confirmação", { chamada: call, chave: "k7Hs_02d", selo: "Yw3-b6Qe" }],
      ],
    };
  }

  #end(): Script {
    const caller = this.#people.findIndex(({ activity }) => activity === "in_call");
    const { with: other, call } = this.#people[caller] as PanelPerson;
    const callee = this.#people.findIndex(({ name }) => name === other);
    const [a, b] = [this.#party(caller), this.#party(callee)];
    for (const index of [caller, callee]) this.#do(index, { activity: "free" });
    return {
      ...(call === undefined ? {} : { call }),
      steps: [[a, b, "encerrar_ligação", { chamada: call }], [b, a, "ligação_encerrada", { chamada: call }]],
    };
  }

  #do(index: number, change: Pick<PanelPerson, "activity" | "with" | "call">): void {
    const { name, ip, port, shares } = this.#people[index] as PanelPerson;
    this.#people[index] = { name, ip, port, shares, since: this.#now, ...change };
  }

  #party(index: number): Party {
    const { name, ip, port } = this.#people[index] as PanelPerson;
    return { name, ip, port };
  }

  #measure(): CallSample[] {
    return this.#people.flatMap(({ name, with: other, call }) =>
      call === undefined || other === undefined ? [] : [{
        at: this.#now,
        call,
        name,
        with: other,
        lossPercent: Math.max(0, this.#random() * 6 - 4),
        jitterMs: 1 + this.#random() * 9,
        roundTripMs: 3 + this.#random() * 20,
        mos: 4 + this.#random() * 0.4,
      }]
    );
  }
}

function nameOf(index: number): string {
  const name = NAMES[index % NAMES.length] as string;
  return index < NAMES.length ? name : `${name} ${Math.floor(index / NAMES.length) + 1}`;
}
