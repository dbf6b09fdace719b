/** The people in the room, as far as the registry tells this phone: look-ups, other spellings, names that Tab completes. */

import { type PersonFields, personFields } from "../events/fields.ts";
import { looseKey, nameKey } from "../protocol/name.ts";
import type { Trace } from "../protocol/trace.ts";
import type { Registration } from "../registration/registration.ts";
import type { LookUpResult } from "../registration/registry_client.ts";
import { SerialQueue } from "../util/serial_queue.ts";
import { similarBy } from "../util/similar.ts";
import { within } from "../util/time_limit.ts";
import type { Screen } from "./screen.ts";

/** Most commands that the registry is asked about at once: it serves only some a second, and each answer has its time limit. */
const MOST_ASKED = 32;

/** Most names that Tab completes: callers under ever new names must not fill the memory. */
const MOST_NAMES = 500;

/** Most people that are suggested for a name that nobody has. */
const MOST_SIMILAR = 3;

/** How long a Tab waits for the registry before it completes the names known so far, in milliseconds. */
const NAMES_PATIENCE_MS = 1000;

/** The registry, as far as it is asked about people. */
export type PeopleRegistry = Pick<Registration, "lookUp" | "list">;

/** What a directory uses. */
export interface DirectoryParts {
  readonly screen: Pick<Screen, "show" | "names" | "people">;
  /** Settles when the name is registered: nobody may ask before. */
  readonly entered: Promise<PeopleRegistry>;
  /** The registry, once there is one. */
  readonly registry: () => PeopleRegistry | undefined;
  /** This phone's name, which is nobody else's. */
  readonly ownName: () => string;
  /** A person who is still wanted is not in the room; the event is shown already. */
  readonly onUnknown: () => void;
}

/** Asks the registry, and shows its answers in the order of the commands. */
export class Directory {
  readonly #parts: DirectoryParts;
  readonly #answers = new SerialQueue();
  /** The last commands that asked the registry, {@linkcode MOST_ASKED} at most: each settles when its answer was used. */
  readonly #asked: Promise<void>[] = [];
  readonly #names = new Set<string>();
  /** Whether the screen's list of people is being looked up. */
  #offering = false;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /**
   * Looks a person up, by another spelling if nobody has this one. Shows the event if there is none.
   *
   * @param use Takes the person, or undefined; after the answers to earlier commands.
   * @param wanted Whether the person is still wanted.
   */
  async find(
    name: string,
    use: (person: PersonFields | undefined) => void,
    wanted: () => boolean = () => true,
  ): Promise<void> {
    await this.#ask((registry) => registry.lookUp(name), async (answer) => {
      use(wanted() ? await this.#personIn(answer, name, wanted) : undefined);
    });
  }

  /** Shows all people in the room. */
  async showPeople(): Promise<void> {
    const { screen } = this.#parts;
    await this.#ask(() => this.#list(), (answer) => {
      if (answer.kind === "people") screen.show({ event: "people", people: answer.people.map(personFields) });
      else if (answer.kind === "registry_refused") screen.show({ event: "failed", detail: answer });
      else screen.show({ event: "registry_away" });
    });
  }

  /** Answers a Tab with the names in the room, or with those known if the registry does not answer. */
  async offerNames(): Promise<void> {
    await within(NAMES_PATIENCE_MS, this.#list());
    this.#parts.screen.names([...this.#names]);
  }

  /** Tells the screen who is in the room, unless that is being asked already. An answer that does not come changes nothing. */
  async offerPeople(): Promise<void> {
    if (this.#offering) return;
    this.#offering = true;
    try {
      const result = await this.#list();
      if (result.kind === "people") this.#parts.screen.people?.(result.people.map(personFields));
    } finally {
      this.#offering = false;
    }
  }

  /** Whether a message was caused by {@linkcode Directory.offerPeople}, rather than by a person. */
  isRoutine({ transport, text }: Trace): boolean {
    return this.#offering && transport === "TCP" && /^\{"tipo":"(?:resposta_)?lista"/.test(text);
  }

  /** Tab completes a name from now on. */
  learn(name: string): void {
    if (nameKey(name) === nameKey(this.#parts.ownName()) || this.#names.has(name)) return;
    this.#names.add(name);
    const [oldest] = this.#names;
    if (this.#names.size > MOST_NAMES && oldest !== undefined) this.#names.delete(oldest);
  }

  /** Asks the registry at once, unless many answers are missing. An answer is used after those to earlier commands. */
  async #ask<Answer>(
    ask: (registry: PeopleRegistry) => Promise<Answer>,
    use: (answer: Answer) => Promise<void> | void,
  ): Promise<void> {
    const turn = this.#asked.length < MOST_ASKED ? undefined : this.#asked.shift();
    const answer = Promise.all([this.#parts.entered, turn]).then(([registry]) => ask(registry));
    const used = this.#answers.run(async () => await use(await answer));
    this.#asked.push(used);
    await used;
  }

  /** The person whom the registry found, or who was meant. Shows it if there is none and the person is still `wanted`. */
  async #personIn(
    answer: LookUpResult,
    name: string,
    wanted: () => boolean,
  ): Promise<PersonFields | undefined> {
    const { screen } = this.#parts;
    if (answer.kind === "found") {
      const person = personFields(answer.person);
      this.learn(person.name);
      return person;
    }
    if (answer.kind === "unknown") return await this.#findSimilar(name, wanted);
    if (answer.kind === "registry_refused") screen.show({ event: "failed", detail: answer });
    else screen.show({ event: "registry_away" });
    return undefined;
  }

  /** Looks among all people for the one who is meant by a name that nobody has. */
  async #findSimilar(name: string, wanted: () => boolean): Promise<PersonFields | undefined> {
    const { screen, ownName, onUnknown } = this.#parts;
    const result = await this.#list();
    if (!wanted()) return undefined;
    const people = result.kind === "people"
      ? result.people.filter(({ nome }) => nameKey(nome) !== nameKey(ownName()))
      : [];
    const key = looseKey(name);
    const [meant, ...others] = people.filter(({ nome }) => looseKey(nome) === key);
    if (meant && others.length === 0) {
      screen.show({ event: "other_spelling", asked: name, name: meant.nome });
      return personFields(meant);
    }
    // Also by one word of a name: "mairia" for Maria José.
    const keys = people.flatMap(({ nome }) =>
      [looseKey(nome), ...looseKey(nome).split(" ")].map((key) => [nome, key] as const)
    );
    screen.show({ event: "unknown_person", name, similar: similarBy(key, keys, MOST_SIMILAR) });
    onUnknown();
    return undefined;
  }

  /** Asks the registry who is in the room; Tab completes their names from then on, and no others. */
  async #list(): ReturnType<PeopleRegistry["list"]> {
    const result = await this.#parts.registry()?.list() ?? { kind: "lost" };
    if (result.kind === "people") {
      this.#names.clear();
      for (const { nome } of result.people) this.learn(nome);
    }
    return result;
  }
}
