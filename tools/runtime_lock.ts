/** The part of deno.lock that the two programs need: `deno compile` embeds every package of a lock, used or not. */

/** Packages that only tests, benches and pages use; pages have theirs in `pages/built`. */
const DEVELOPMENT: ReadonlySet<string> = new Set(
  ["axe-core", "fast-check", "marked", "playwright-core", "preact", "uplot", "werift-rtp"],
);

/** What of deno.lock (version 5) matters here. */
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, LockedPackage>>;
  readonly workspace?: unknown;
}

/** Its dependencies are as `name`, if there is one version of that, or as `name@version`. */
interface LockedPackage {
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/** A lock without the packages that the programs do not need. */
export function runtimeLock(text: string): string {
  const { specifiers, npm = {}, workspace: _, ...rest }: Lock = JSON.parse(text);
  const kept = Object.entries(specifiers).filter(([specifier]) => !DEVELOPMENT.has(nameOf(specifier)));
  const needed = new Set<string>();
  const todo = kept.flatMap(([specifier, version]) =>
    specifier.startsWith("npm:") ? [`${nameOf(specifier)}@${version}`] : []
  );
  for (let wanted = todo.pop(); wanted !== undefined; wanted = todo.pop()) {
    const key = wanted in npm ? wanted : Object.keys(npm).find((key) => nameOf(key) === wanted);
    if (key === undefined || needed.has(key)) continue;
    needed.add(key);
    const { dependencies = [], optionalDependencies = [] } = npm[key] ?? {};
    todo.push(...dependencies, ...optionalDependencies);
  }
  const packages = Object.entries(npm).filter(([key]) => needed.has(key));
  return JSON.stringify({ ...rest, specifiers: Object.fromEntries(kept), npm: Object.fromEntries(packages) });
}

/** `@nats-io/kv` of `npm:@nats-io/kv@3.4.0`. */
function nameOf(specifier: string): string {
  return specifier.replace(/^\w+:/, "").replace(/(.)@.*$/, "$1");
}
