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
  readonly #groups = new Map<string, Group<T>>();
  /** The groups of each size. */
  readonly #bySize = new Map<number, Set<string>>();
  /** The size of the largest group. */
  #most = 0;

  /** Number of members of a group. */
  size(group: string): number {
    return this.#groups.get(group)?.members.size ?? 0;
  }

  /** The largest group; undefined if there is none. */
  get largest(): string | undefined {
    return this.#bySize.get(this.#most)?.values().next().value;
  }

  /** Size of the largest group. */
  get most(): number {
    return this.#most;
  }

  /** The member of a group that came first. */
  oldest(group: string): T | undefined {
    return this.#groups.get(group)?.members.values().next().value;
  }

  /** The member of a group that came last. */
  newest(group: string): T | undefined {
    const { members, arrivals = [] } = this.#groups.get(group) ?? {};
    for (;;) {
      const last = arrivals.at(-1);
      if (last === undefined || members?.has(last)) return last;
      arrivals.pop();
    }
  }

  /** Adds a member that is in no group yet. */
  add(name: string, member: T): void {
    const group = this.#groups.get(name) ?? { members: new Set(), arrivals: [] };
    if (group.members.size === 0) this.#groups.set(name, group);
    group.members.add(member);
    if (group.arrivals.length > 2 * group.members.size + SLACK) group.arrivals = [...group.members];
    else group.arrivals.push(member);
    this.#move(name, group.members.size - 1, group.members.size);
  }

  delete(name: string, member: T): void {
    const members = this.#groups.get(name)?.members;
    if (!members?.delete(member)) return;
    if (members.size === 0) this.#groups.delete(name);
    this.#move(name, members.size + 1, members.size);
  }

  #move(group: string, from: number, to: number): void {
    const left = this.#bySize.get(from);
    left?.delete(group);
    if (left?.size === 0) this.#bySize.delete(from);
    if (to > 0) {
      const others = this.#bySize.get(to) ?? new Set();
      this.#bySize.set(to, others.add(group));
    }
    if (to > this.#most || from === this.#most && !this.#bySize.has(from)) this.#most = to;
  }
}
