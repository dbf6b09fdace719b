/** The table of registered people. */

import { nameKey } from "../protocol/name.ts";
import type { Person } from "../protocol/registry_messages.ts";

/** A page of the table, small enough for one reply. */
export interface Page {
  readonly people: readonly Person[];
  /** First row of the next page; undefined on the last page. */
  readonly next?: number;
}

interface Row {
  readonly number: number;
  person: Person;
  /** Size of `person` as JSON in UTF-8. */
  bytes: number;
  /** The rows registered before and after it, of those that are still there. */
  before: Row | undefined;
  after: Row | undefined;
}

const encoder = new TextEncoder();

/**
 * The registered people, by name. Does no I/O.
 *
 * Row numbers only grow. So a phone that reads the table page by page sees every person who stays exactly once,
 * while others join and leave.
 */
export class RegistryTable {
  /** By name key, in order of registration: a `Map` keeps the order of insertion. */
  readonly #rows = new Map<string, Row>();
  #last: Row | undefined;
  #nextNumber = 0;
  /** Keys of names that nobody may have for now. */
  readonly #withheld = new Set<string>();

  /** Number of people. */
  get size(): number {
    return this.#rows.size;
  }

  /** Adds a person. @returns False if the name is in use (as compared by `nameKey`). */
  add(person: Person): boolean {
    const key = nameKey(person.nome);
    if (this.#rows.has(key)) return false;
    const bytes = encoder.encode(JSON.stringify(person)).length;
    const row: Row = { number: this.#nextNumber++, person, bytes, before: this.#last, after: undefined };
    if (this.#last) this.#last.after = row;
    this.#last = row;
    this.#rows.set(key, row);
    return true;
  }

  /** Gives a name to nobody until it is released. */
  withhold(name: string): void {
    this.#withheld.add(nameKey(name));
  }

  release(name: string): void {
    this.#withheld.delete(nameKey(name));
  }

  isWithheld(name: string): boolean {
    return this.#withheld.size > 0 && this.#withheld.has(nameKey(name));
  }

  /** Adds a person, or replaces the one with that name, who keeps the row. */
  put(person: Person): void {
    const key = nameKey(person.nome);
    const row = this.#rows.get(key);
    if (!row) {
      this.add(person);
      return;
    }
    row.person = person;
    row.bytes = encoder.encode(JSON.stringify(person)).length;
  }

  /** Removes a person. @returns The person, or undefined if nobody has the name. */
  remove(name: string): Person | undefined {
    const key = nameKey(name);
    const row = this.#rows.get(key);
    if (!row) return undefined;
    this.#rows.delete(key);
    const { before, after } = row;
    if (before) before.after = after;
    if (after) after.before = before;
    else this.#last = before;
    return row.person;
  }

  /** The person with a name, or undefined if nobody has it. */
  find(name: string): Person | undefined {
    return this.#rows.get(nameKey(name))?.person;
  }

  /** All people, in order of registration. */
  people(): Person[] {
    return [...this.#rows.values()].map(({ person }) => person);
  }

  /** The people who registered last, at most `most`, in order of registration. Takes no longer with more people. */
  latest(most: number): Person[] {
    const people: Person[] = [];
    for (let row = this.#last; row && people.length < most; row = row.before) people.push(row.person);
    return people.reverse();
  }

  /**
   * A page of the list, in order of registration.
   *
   * @param from Number of the first row that may be on it.
   * @param maxBytes Largest size of its people as JSON in UTF-8, with the commas between them. A page has one person at
   * least, even a larger one, so that a reader always reaches the last page.
   */
  list(from = 0, maxBytes = Infinity): Page {
    const people: Person[] = [];
    let bytes = 0;
    for (const row of this.#rows.values()) {
      if (row.number < from) continue;
      const comma = people.length > 0 ? 1 : 0;
      if (people.length > 0 && bytes + comma + row.bytes > maxBytes) return { people, next: row.number };
      bytes += comma + row.bytes;
      people.push(row.person);
    }
    return { people };
  }
}
