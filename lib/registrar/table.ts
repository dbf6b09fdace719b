/** Who is in the room, and where. */

import { nameKey } from "../protocol/name.ts";
import type { Person } from "../protocol/registry_messages.ts";

/** A part of the table that fits into a reply. */
export interface Page {
  readonly people: readonly Person[];
  /** The seat that the next page begins at, where there is one. */
  readonly next?: number;
}

interface Row {
  readonly number: number;
  readonly person: Person;
  /** Size of the person as JSON in UTF-8. */
  readonly bytes: number;
}

const encoder = new TextEncoder();

/**
 * The people in the room, by name. It opens no socket.
 *
 * Each person gets a seat with a number that only grows, so that a list that is read page by page neither
 * repeats nor skips anybody who stays, whoever comes and goes in between.
 */
export class RegistryTable {
  /** In order of registration, since a `Map` keeps the order of insertion. */
  readonly #seats = new Map<string, Row>();
  #nextNumber = 0;

  /** How many people there are. */
  get size(): number {
    return this.#seats.size;
  }

  /** Adds a person. @returns False if the name is in use, whatever its case and accents' encoding. */
  add(person: Person): boolean {
    const key = nameKey(person.nome);
    if (this.#seats.has(key)) return false;
    const bytes = encoder.encode(JSON.stringify(person)).length;
    this.#seats.set(key, { number: this.#nextNumber++, person, bytes });
    return true;
  }

  /** Removes a person. @returns Who it was, or undefined if nobody has the name. */
  remove(name: string): Person | undefined {
    const key = nameKey(name);
    const seat = this.#seats.get(key);
    this.#seats.delete(key);
    return seat?.person;
  }

  /** Who has the name, or undefined if nobody has. */
  find(name: string): Person | undefined {
    return this.#seats.get(nameKey(name))?.person;
  }

  /** Everybody, in order of registration. */
  people(): Person[] {
    return [...this.#seats.values()].map(({ person }) => person);
  }

  /**
   * A page of the list, in order of registration.
   *
   * @param from The first seat that may be on it.
   * @param maxBytes Largest size of its people as JSON in UTF-8, with the commas between them. The first
   * person is on the page in any case, so that whoever reads all pages comes to the end.
   */
  list(from = 0, maxBytes = Infinity): Page {
    const people: Person[] = [];
    let bytes = 0;
    for (const seat of this.#seats.values()) {
      if (seat.number < from) continue;
      const comma = people.length > 0 ? 1 : 0;
      if (people.length > 0 && bytes + comma + seat.bytes > maxBytes) return { people, next: seat.number };
      bytes += comma + seat.bytes;
      people.push(seat.person);
    }
    return { people };
  }
}
