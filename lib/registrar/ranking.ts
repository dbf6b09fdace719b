/** Members in groups, and which group has most of them. */

interface Group<T> {
  readonly members: Set<T>;
  /** All members in order of arrival, and some that have left. */
  arrivals: T[];
}

/** Members that have left and are still among a group's arrivals, at most, besides as many as there are members. */
const SLACK = 16;

/**
 * Members of groups. Every operation takes constant time, but for an average. Of groups of the same size the one comes first that
 * has had this size for longest.
 */
export class Ranking<T> {
  /** Of groups with one member only it: most are such, and the rest of a group takes ten times the memory. */
  readonly #single = new Map<string, T>();
  /** Groups with more members. */
  readonly #groups = new Map<string, Group<T>>();
  /** The groups of each size above 1. */
  readonly #bySize = new Map<number, Set<string>>();
  /** The size of the largest group. */
  #most = 0;

  /** Number of members of a group. */
  size(group: string): number {
    return this.#groups.get(group)?.members.size ?? (this.#single.has(group) ? 1 : 0);
  }

  /** The largest group; undefined if there is none. */
  get largest(): string | undefined {
    return (this.#most > 1 ? this.#bySize.get(this.#most) : this.#single)?.keys().next().value;
  }

  /** Size of the largest group. */
  get most(): number {
    return this.#most;
  }

  /** The member of a group that came first. */
  oldest(group: string): T | undefined {
    return this.#single.get(group) ?? this.#groups.get(group)?.members.values().next().value;
  }

  /** The member of a group that came last. */
  newest(group: string): T | undefined {
    const single = this.#single.get(group);
    if (single !== undefined) return single;
    const { members, arrivals = [] } = this.#groups.get(group) ?? {};
    for (;;) {
      const last = arrivals.at(-1);
      if (last === undefined || members?.has(last)) return last;
      arrivals.pop();
    }
  }

  /** Adds a member that is in no group yet. */
  add(name: string, member: T): void {
    const before = this.size(name);
    if (before === 0) this.#single.set(name, member);
    else this.#join(name, member);
    this.#move(name, before, before + 1);
  }

  delete(name: string, member: T): void {
    const before = this.size(name);
    if (before === 1 && this.#single.get(name) === member) this.#single.delete(name);
    else if (!this.#leave(name, member)) return;
    this.#move(name, before, before - 1);
  }

  /** Removes a member of a group that has several. @returns Whether it was there. */
  #leave(name: string, member: T): boolean {
    const members = this.#groups.get(name)?.members;
    if (!members?.delete(member)) return false;
    if (members.size > 1) return true;
    this.#groups.delete(name);
    for (const last of members) this.#single.set(name, last);
    return true;
  }

  /** Adds a member to a group that has some. */
  #join(name: string, member: T): void {
    const first = this.#single.get(name);
    if (first !== undefined) {
      this.#single.delete(name);
      this.#groups.set(name, { members: new Set([first]), arrivals: [first] });
    }
    const group = this.#groups.get(name);
    if (!group) return;
    group.members.add(member);
    if (group.arrivals.length > 2 * group.members.size + SLACK) group.arrivals = [...group.members];
    else group.arrivals.push(member);
  }

  #move(group: string, from: number, to: number): void {
    const left = this.#bySize.get(from);
    left?.delete(group);
    if (left?.size === 0) this.#bySize.delete(from);
    if (to > 1) {
      const others = this.#bySize.get(to) ?? new Set();
      this.#bySize.set(to, others.add(group));
    }
    if (to > this.#most || from === this.#most && !this.#has(from)) this.#most = to;
  }

  /** Whether any group has this size. */
  #has(size: number): boolean {
    return size > 1 ? this.#bySize.has(size) : this.#single.size > 0;
  }
}
