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
  readonly person: Person;
  /** Size of `person` as JSON in UTF-8. */
  readonly bytes: number;
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
  #nextNumber = 0;

  /** Number of people. */
  get size(): number {
    return this.#rows.size;
  }

  /** Adds a person. @returns False if the name is in use (as compared by `nameKey`). */
  add(person: Person): boolean {
    const key = nameKey(person.nome);
    if (this.#rows.has(key)) return false;
    const bytes = encoder.encode(JSON.stringify(person)).length;
    this.#rows.set(key, { number: this.#nextNumber++, person, bytes });
    return true;
  }

  /** Adds a person, or replaces the one with that name, who keeps the row. */
  put(person: Person): void {
    const key = nameKey(person.nome);
    const row = this.#rows.get(key);
    if (!row) {
      this.add(person);
      return;
    }
    const bytes = encoder.encode(JSON.stringify(person)).length;
    this.#rows.set(key, { number: row.number, person, bytes });
  }

  /** Removes a person. @returns The person, or undefined if nobody has the name. */
  remove(name: string): Person | undefined {
    const key = nameKey(name);
    const row = this.#rows.get(key);
    this.#rows.delete(key);
    return row?.person;
  }

  /** The person with a name, or undefined if nobody has it. */
  find(name: string): Person | undefined {
    return this.#rows.get(nameKey(name))?.person;
  }

  /** All people, in order of registration. */
  people(): Person[] {
    return [...this.#rows.values()].map(({ person }) => person);
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
