/** A registry's copy of the rows that a bucket has, of each name in the engine's order. */

import { rowKey, type SharedRow } from "./records.ts";

/** A row as this registry knows it. */
export interface Entry {
  readonly key: string;
  /** What the keys of all rows of its name begin with: `placeOf` of the name. */
  readonly place: string;
  readonly row: SharedRow;
  /** Number of the watch that has shown it last. */
  readonly round: number;
  /** When it was shown last. */
  readonly shownAt: number;
  /** Since when the bucket no longer has it, although nobody has removed it: the engine has lost it. */
  readonly missingSince?: number;
}

/** The copy. */
export class SharedCopy {
  readonly #entries = new Map<string, Entry>();
  /** The rows of each name: those that the engine has lost, and then the others in the order in which they were shown. */
  readonly #places = new Map<string, Entry[]>();
  /** The rows of each registry, those shown longest ago first. */
  readonly #registries = new Map<string, Map<string, Entry>>();

  /** All rows, as they are now. */
  all(): Entry[] {
    return [...this.#entries.values()];
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** The rows of a name. */
  of(place: string): readonly Entry[] {
    return this.#places.get(place) ?? [];
  }

  /** The rows of a registry, as they are now. */
  ofRegistry(id: string): Entry[] {
    return [...this.#registries.get(id)?.values() ?? []];
  }

  /** All registries that have rows. */
  registries(): Iterable<string> {
    return this.#registries.keys();
  }

  /** A watch shows a row: it is the last one of its name. */
  show(place: string, row: SharedRow, round: number, now: number): void {
    const key = rowKey(place, row);
    this.remove(key);
    const entry = { key, place, row, round, shownAt: now };
    this.#entries.set(key, entry);
    const others = this.#places.get(place);
    if (others) others.push(entry);
    else this.#places.set(place, [entry]);
    const same = this.#registries.get(row.registry);
    if (same) same.set(key, entry);
    else this.#registries.set(row.registry, new Map([[key, entry]]));
  }

  /** The engine has lost a row. */
  lose(now: number, { key, place, row, ...rest }: Entry): void {
    const entry = { missingSince: now, ...rest, key, place, row };
    if (!this.#entries.has(key)) return;
    this.#entries.set(key, entry);
    const others = (this.#places.get(place) ?? []).filter((other) => other.key !== key);
    this.#places.set(place, [entry, ...others]);
    this.#registries.get(row.registry)?.set(key, entry);
  }

  remove(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    const { place, row: { registry } } = entry;
    const others = (this.#places.get(place) ?? []).filter((other) => other !== entry);
    if (others.length > 0) this.#places.set(place, others);
    else this.#places.delete(place);
    const same = this.#registries.get(registry);
    same?.delete(key);
    if (same?.size === 0) this.#registries.delete(registry);
    return entry;
  }
}
