/** What phones saw of a cluster, and the check that no name ever had two holders. */

/** What a phone saw. Times are in milliseconds of the wall clock of one machine. */
export type Sighting =
  /** The registry at `registry` has confirmed a name. */
  | {
    readonly kind: "granted";
    readonly at: number;
    readonly phone: number;
    readonly name: string;
    readonly registry: string;
  }
  /** The phone no longer has its name: it is about to say goodbye, has died, or has lost its connection. */
  | {
    readonly kind: "ended";
    readonly at: number;
    readonly phone: number;
    readonly name: string;
    readonly how: "goodbye" | "closed" | "died" | "lost";
  }
  /** The registry has refused a name. */
  | {
    readonly kind: "refused";
    readonly at: number;
    readonly phone: number;
    readonly name: string;
    readonly registry: string;
    readonly code: string;
  };

/** A registry was killed: what phones held there ended then, even if they saw it later. */
export interface Kill {
  readonly at: number;
  readonly registry: string;
}

/** A registry was frozen or cut off: until it is back, it cannot give away what a phone there no longer has. */
export interface Outage {
  readonly registry: string;
  readonly from: number;
  readonly to: number;
}

/** A phone had a name. */
export interface Holding {
  readonly phone: number;
  readonly name: string;
  readonly registry: string;
  readonly from: number;
  readonly to: number;
  readonly how: string;
}

/** Two messages that arrive within this time may be read in either order. */
export const READING_MS = 20;

/**
 * Of two phones that want a name at the same time, one may hear that it is in use this long before the other has it: as long as
 * a registry may take to decide. On a busy machine it was 1.2 s.
 */
export const RACE_MS = 8000;

/** A name that nobody has is free after this time. */
export const FREE_MS = 10_000;

/** Who had which name, and when. */
export function holdings(sightings: readonly Sighting[], kills: readonly Kill[], end: number): Holding[] {
  const open = new Map<number, Extract<Sighting, { kind: "granted" }>>();
  const found: Holding[] = [];
  const close = (phone: number, to: number, how: string): void => {
    const granted = open.get(phone);
    open.delete(phone);
    if (!granted) return;
    const { name, registry, at } = granted;
    const killed = kills.filter((kill) => kill.registry === registry && kill.at >= at).map(({ at }) => at);
    found.push({ phone, name, registry, from: at, to: Math.min(to, ...killed), how });
  };
  for (const sighting of [...sightings].sort((one, other) => one.at - other.at)) {
    if (sighting.kind === "granted") {
      close(sighting.phone, sighting.at, "granted again");
      open.set(sighting.phone, sighting);
    } else if (sighting.kind === "ended") close(sighting.phone, sighting.at, sighting.how);
  }
  for (const phone of [...open.keys()]) close(phone, end, "to the end");
  return found;
}

/** What must not be, a sentence each: names with two holders at once, and names in use that nobody has. */
export function breaches(
  sightings: readonly Sighting[],
  kills: readonly Kill[],
  end: number,
  outages: readonly Outage[] = [],
): string[] {
  const problems: string[] = [];
  const byName = new Map<string, Holding[]>();
  for (const holding of holdings(sightings, kills, end)) {
    const others = byName.get(holding.name) ?? [];
    for (const other of others) {
      const overlap = Math.min(holding.to, other.to) - Math.max(holding.from, other.from);
      if (overlap > READING_MS) {
        problems.push(`two had ${holding.name} for ${overlap} ms: ${show(other)}; ${show(holding)}`);
      }
    }
    byName.set(holding.name, [...others, holding]);
  }
  for (const sighting of sightings) {
    if (sighting.kind !== "refused" || sighting.code !== "nome_em_uso") continue;
    const { at, name } = sighting;
    const holders = byName.get(name) ?? [];
    const held = holders.some((holding) => (
      holding.from <= at + RACE_MS && knownAt(holding, outages) >= at - FREE_MS
    ));
    if (held) continue;
    const next = holders.find(({ from }) => from > at);
    problems.push(
      `nobody had ${name}, which was in use at ${at}, at ${sighting.registry}; next: ${next && show(next)}`,
    );
  }
  return problems;
}

/** When the registry of a holding can know that it has ended. */
function knownAt({ registry, to }: Holding, outages: readonly Outage[]): number {
  const during = outages.filter((outage) =>
    outage.registry === registry && outage.from <= to && outage.to >= to
  );
  return Math.max(to, ...during.map((outage) => outage.to));
}

function show({ phone, registry, from, to, how }: Holding): string {
  return `phone ${phone} at ${registry} from ${from} to ${to} (${how})`;
}

/**
 * After each kill, how long each phone that had a name there was without one, in milliseconds. A phone whose name somebody else
 * was given meanwhile is left out: that name is no longer its own.
 */
export function absences(sightings: readonly Sighting[], kills: readonly Kill[]): number[] {
  const found: number[] = [];
  for (const { at, registry } of kills) {
    const had = new Map<number, Extract<Sighting, { kind: "granted" }>>();
    for (const sighting of sightings) {
      if (sighting.at >= at) break;
      if (sighting.kind === "granted") had.set(sighting.phone, sighting);
      else if (sighting.kind === "ended") had.delete(sighting.phone);
    }
    for (const [phone, granted] of had) {
      if (granted.registry !== registry) continue;
      const after = sightings.filter((sighting) => sighting.phone === phone && sighting.at >= at);
      // A phone that left or died meanwhile does not come back.
      const [first] = after;
      if (first?.kind !== "ended" || first.how !== "lost") continue;
      const back = after.find(({ kind }) => kind === "granted");
      const taken = sightings.some(({ kind, name, phone: other, at: then }) =>
        kind === "granted" && name === granted.name && other !== phone && then >= at &&
        then <= (back?.at ?? Infinity)
      );
      if (taken) continue;
      found.push(back ? back.at - at : Infinity);
    }
  }
  return found;
}
