/**
 * Checks the layout: prints every import that goes up, every circle of imports and every file without a place, and
 * exits with 1 if there is one. `docs/architecture.md` explains the floors.
 *
 * Usage: `deno run -A tools/layers.ts [FOLDER]`; the current folder unless another is named.
 */

/** The folders of `lib/`, from the top floor down to the one that `audio/` stands on. */
const UPPER = [
  "cli",
  "ui",
  "web_phone",
  "panel",
  "operator",
  "registrar",
  "phone",
  "transport",
  "events",
  "call",
  "voice",
];
const LOWER = [
  "srtp",
  "jitter_buffer",
  "registration",
  "rtp",
  "codec",
  "trace",
  "web",
  "protocol",
  "dsp",
  "util",
  "offline_std",
];

/** Every room, from the top floor down. A file may import from its own room and from the rooms after it. */
const ROOMS: readonly RegExp[] = [
  new RegExp(`^tests/(audio|bench|demo|e2e|fuzz|pages|testing|tools|${[...UPPER, ...LOWER].join("|")})/`),
  /^bench\/[^/]+$/,
  /^bench\/(cluster|flood|jitter_buffer|registry|soak|voice)\//,
  /^bench\/(measure|peers|report)\//,
  /^(demo|tools)\/[^/]+$/,
  /^testing\//,
  /^(phone|registry)\.ts$/,
  /^pages\/(panel|phone)\//,
  /^pages\/shared\//,
  ...UPPER.map(floor),
  /^audio\/audio_devices\.ts$/,
  /^audio\/hotplug\//,
  /^audio\/(browser|file|portaudio|processing)\//,
  /^audio\/(audio_io|pacer|synthetic)\.ts$/,
  ...LOWER.map(floor),
];

/** The only files of `audio/` that `lib/` may import, and from where. */
const AUDIO_DOORS: Readonly<Record<string, RegExp>> = {
  "audio/audio_io.ts": /^lib\/(events|voice)\//,
  "audio/audio_devices.ts": /^lib\/(cli|events|phone|web_phone)\//,
};

interface Target {
  readonly specifier: string;
}

/** What each file imports. */
type Graph = ReadonlyMap<string, readonly string[]>;

function floor(name: string): RegExp {
  return new RegExp(`^lib/${name}/`);
}

function roomOf(file: string): number {
  return ROOMS.findIndex((room) => room.test(file));
}

/** Violations of the layout, a sentence each. */
function problems(graph: Graph): string[] {
  const found: string[] = [];
  for (const [file, imports] of graph) {
    if (roomOf(file) < 0) found.push(`${file} has no place in the layout`);
    for (const to of imports) {
      const door = AUDIO_DOORS[to];
      const closed = file.startsWith("lib/") && to.startsWith("audio/") && !door?.test(file);
      if (closed || roomOf(to) < roomOf(file)) found.push(`${file} must not import ${to}`);
    }
  }
  return [...found, ...circles(graph)];
}

/** Every circle of imports that a depth-first search meets. */
function circles(graph: Graph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    done.add(file);
    for (const to of graph.get(file) ?? []) visit(to, [...path, file]);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

function isSource(name: string): boolean {
  return name.endsWith(".ts") || name.endsWith(".tsx");
}

/** All paths of `.ts` and `.tsx` files below a folder, without hidden and built ones. */
function* sources(folder: URL, prefix = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(prefix, folder))) {
    if (name.startsWith(".") || name === "dist" || name === "out" || name === "node_modules") continue;
    if (isDirectory) yield* sources(folder, `${prefix}${name}/`);
    else if (isSource(name)) yield prefix + name;
  }
}

/** Asks Deno for the imports of every file, types included. */
async function readGraph(folder: URL): Promise<Graph> {
  const files = [...sources(folder)];
  const all = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(all, files.map((file) => `import "${new URL(file, folder)}";\n`).join(""));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", "--no-npm", "--no-remote", all],
    stderr: "null",
  }).output();
  await Deno.remove(all);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; dependencies?: { code?: Target; type?: Target }[] }[];
  };
  const inside = (specifier = ""): string[] =>
    specifier.startsWith(folder.href) && isSource(specifier) ? [specifier.slice(folder.href.length)] : [];
  return new Map(
    modules.flatMap(({ specifier, dependencies = [] }) =>
      inside(specifier).map((file) =>
        [file, dependencies.flatMap(({ code, type }) => inside((code ?? type)?.specifier))] as const
      )
    ),
  );
}

const folder = new URL(`file://${await Deno.realPath(Deno.args[0] ?? ".")}/`);
const found = problems(await readGraph(folder));
for (const problem of found) console.error(problem);
if (found.length > 0) Deno.exit(1);
