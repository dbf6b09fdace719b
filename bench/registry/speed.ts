/** How fast and how small the registry is: beside a bare server on the same runtime and Redis, and with up to 10,000 phones. */

import { commandLine } from "../../testing/processes.ts";
import { isInstalled, Program, ROOT, scriptLine } from "../../testing/program.ts";
import { quantile } from "../../testing/quantile.ts";
import { freePorts } from "../../testing/free_ports.ts";
import { type Temporary, temporaryFile } from "../../testing/temporary.ts";
import { pause } from "../../lib/util/pause.ts";
import { readCost } from "../measure/process_cost.ts";
import { drawBars } from "../report/bar_chart.ts";
import { type LoadGenerator, type LoadProtocol, pinned, reported, SERVER_CORE } from "./load_generator.ts";

/** Connections that look up as fast as they are answered. */
const CONNECTIONS = 50;

/** Seconds of a round of lookups, and before the first. */
const ROUND_SECONDS = 1;
const WARM_UP_SECONDS = 2;

/** Least parts of the rates of the bare server and of Redis. */
const LEAST = { printed: [0.8, 0.75], quiet: [0.95, 0.9] } as const;

/** Phones in the room. */
const PHONES = [1000, 2000, 5000, 10_000] as const;

/** The number for which memory has a limit: with fewer, much of it is what the program needs anyway. */
const FULL = PHONES[PHONES.length - 1] ?? 0;

/** Phones that connect at the same time. */
const WINDOW = 500;

/** People who join and leave one after the other, and the time from one to the next. */
const CHURNS = 200;
const CHURN_MS = 10;

/** Others who look up meanwhile, each after this time. */
const ASKING = 20;
const ASK_MS = 50;

/** Time in which a registry pings every idle phone once. */
const KEEPALIVE_MS = 15_000;

/** What is allowed. */
const MOST = {
  kib: 6,
  inSeconds: 10,
  churnTimes: 1.5,
  idle: 0.05,
  backSeconds: 5,
  slowdown: 10,
} as const;

/** A server under load. */
interface Server {
  readonly name: string;
  readonly protocol: LoadProtocol;
  readonly port: number;
  readonly program: Program;
}

/** Rates of a server in lookups a second, one for each round. */
export interface Rates {
  readonly name: string;
  readonly rates: readonly number[];
}

/** Measurements of a room with a number of phones. */
export interface RoomSize {
  readonly phones: number;
  readonly inSeconds: number;
  /** Memory for each phone, and for each connection of the bare server, in KiB. */
  readonly kib: number;
  readonly bareKib: number;
  /** Processor time of one joining and leaving, in milliseconds. */
  readonly churnMs: number;
  /** Part of a core that idle phones take. */
  readonly idle: number;
  /** Until 95 of 100 phones are back after a restart, in seconds. */
  readonly backSeconds: number;
  /** 99th percentile of others' lookups with all phones in the room, and while they come back, in milliseconds. */
  readonly quietMs: number;
  readonly returnMs: number;
}

/** A server whose output goes into a file or nowhere. */
function startServer(line: readonly string[], output: string, core?: string): Program {
  return new Program(
    [
      ...(core === undefined ? [] : pinned(core)),
      "sh",
      "-c",
      'out=$1; shift; exec "$@" >>"$out"',
      "sh",
      output,
      ...line,
    ],
    { env: { LC_ALL: "pt_BR.UTF-8", NO_COLOR: "1" } },
  );
}

async function listening(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await pause(20);
    }
  }
}

function registryArgs(port: number): string[] {
  return [
    "--host",
    "127.0.0.1",
    "--port",
    `${port}`,
    "--rate-limit",
    "1000000",
    "--connection-limit",
    "15000",
  ];
}

/** Every message is printed, however many one address causes. */
const EVERYTHING = ["--log-limit", "0", "--total-log-limit", "0"];

const V8_FLAGS = Deno.readTextFileSync(new URL("tools/v8_flags", ROOT)).trim();

function bareLine(port: number): string[] {
  return scriptLine("bench/registry/bare_server.ts", [`${port}`], [`--v8-flags=${V8_FLAGS}`]);
}

/** The executable that `make build` made, if it did. */
function executable(): string | undefined {
  const path = new URL("dist/registry", ROOT).pathname;
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The first is the bare server, the second Redis if it is installed. */
function serverLines(): {
  name: string;
  protocol: LoadProtocol;
  line: (port: number) => string[];
  quiet: boolean;
}[] {
  const source = (port: number) => commandLine("registry", registryArgs(port));
  const built = executable();
  return [
    { name: "bare server", protocol: "sala", line: bareLine, quiet: true },
    ...(isInstalled("redis-server")
      ? [{
        name: "redis-server",
        protocol: "resp" as const,
        line: (port: number) => ["redis-server", "--port", `${port}`, "--save", "", "--protected-mode", "no"],
        quiet: true,
      }]
      : []),
    {
      name: "registry, printing",
      protocol: "sala",
      line: (port) => [...source(port), ...EVERYTHING],
      quiet: false,
    },
    { name: "registry, printing up to its limits", protocol: "sala", line: source, quiet: false },
    { name: "registry --quiet", protocol: "sala", line: (port) => [...source(port), "--quiet"], quiet: true },
    ...(built === undefined ? [] : [
      {
        name: "executable, printing",
        protocol: "sala" as const,
        line: (port: number) => [built, ...registryArgs(port), ...EVERYTHING],
        quiet: false,
      },
      {
        name: "executable --quiet",
        protocol: "sala" as const,
        line: (port: number) => [built, ...registryArgs(port), "--quiet"],
        quiet: true,
      },
    ]),
  ];
}

/** Measures all servers in turn, round by round. */
export async function measureRates(load: LoadGenerator, rounds: number): Promise<Rates[]> {
  const lines = serverLines();
  const first = freePorts(lines.length);
  await using stack = new AsyncDisposableStack();
  const servers: (Server & { readonly log: Temporary })[] = [];
  for (const [index, { name, protocol, line }] of lines.entries()) {
    const port = first + index;
    const log = stack.use(await temporaryFile());
    const program = stack.use(startServer(line(port), log.path, SERVER_CORE));
    await listening(port);
    await load.ask(protocol, port, CONNECTIONS, WARM_UP_SECONDS);
    servers.push({ name, protocol, port, program, log });
  }
  const rates = servers.map(({ name }) => ({ name, rates: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { protocol, port, log }] of servers.entries()) {
      const { count, seconds } = await load.ask(protocol, port, CONNECTIONS, ROUND_SECONDS);
      rates[index]?.rates.push(count / seconds);
      await Deno.truncate(log.path);
    }
    console.log(
      `round ${round + 1}: ${
        rates.map(({ name, rates }) => `${name} ${rates.at(-1)?.toFixed(0)}`).join(", ")
      }`,
    );
  }
  return rates;
}

/** Processor time of a process so far, in milliseconds, finer than /proc/PID/stat has it. */
async function processorMs(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => "0");
    nanoseconds += Number(text.split(" ", 1)[0]);
  }
  return nanoseconds / 1e6;
}

/** Processor time of some work, without what the process does anyway, in milliseconds. */
async function costOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const cost = async (run: () => Promise<unknown>) => {
    const [started, before] = [performance.now(), await processorMs(pid)];
    await run();
    return { ms: await processorMs(pid) - before, took: performance.now() - started };
  };
  const idle = await cost(() => pause(1000));
  const busy = await cost(work);
  return Math.max(0, busy.ms - idle.ms * busy.took / idle.took);
}

/** Memory for each of some idle connections of the bare server: the runtime's own part of a phone. */
async function measureBareKib(load: LoadGenerator, phones: number): Promise<number> {
  const port = freePorts();
  await using server = startServer(bareLine(port), "/dev/null");
  await listening(port);
  await load.ask("sala", port, CONNECTIONS, 1, 100);
  const before = await readCost([server.pid]);
  await using holding = load.hold(port, phones, WINDOW);
  await reported(holding, "in");
  return ((await readCost([server.pid])).residentKib - before.residentKib) / phones;
}

/** Measures a room with some phones, each from an address of its own. */
export async function measureRoom(load: LoadGenerator, phones: number): Promise<RoomSize> {
  const port = freePorts();
  await using log = await temporaryFile();
  const start = () => startServer(commandLine("registry", registryArgs(port)), log.path);
  const bareKib = await measureBareKib(load, phones);
  await using first = start();
  await listening(port);
  await load.ask("sala", port, CONNECTIONS, 1, 100);
  const before = await readCost([first.pid]);
  await using holding = load.hold(port, phones, WINDOW);
  const { seconds: inSeconds } = await reported(holding, "in");
  const after = await readCost([first.pid]);
  const cameIn = performance.now();
  await load.churn(port, CHURNS / 2, CHURN_MS);
  const churnMs = await costOf(first.pid, () => load.churn(port, CHURNS, CHURN_MS)) / CHURNS;
  const { p99: quietMs } = await load.ask("sala", port, ASKING, 4, ASK_MS);
  // From when the first pings are due, over the time in which each phone gets one.
  await pause(Math.max(0, cameIn + KEEPALIVE_MS - performance.now()));
  const idleBefore = await processorMs(first.pid);
  await pause(KEEPALIVE_MS);
  const idle = (await processorMs(first.pid) - idleBefore) / KEEPALIVE_MS;
  await first[Symbol.asyncDispose]();
  await using _second = start();
  await listening(port);
  const [back, { p99: returnMs }] = await Promise.all([
    reported(holding, "back"),
    load.ask("sala", port, ASKING, 4, ASK_MS),
  ]);
  const kib = (after.residentKib - before.residentKib) / phones;
  return { phones, inSeconds, kib, bareKib, churnMs, idle, backSeconds: back.p95 / 1000, quietMs, returnMs };
}

/** Measures rooms of each size. */
export async function measureRooms(load: LoadGenerator): Promise<RoomSize[]> {
  const sizes: RoomSize[] = [];
  for (const phones of [100, ...PHONES]) {
    const size = await measureRoom(load, phones);
    sizes.push(size);
    console.log(JSON.stringify(size));
  }
  return sizes;
}

const mark = (good: boolean): string => good ? "✓" : "✗";

function rateRows(rates: readonly Rates[]): string[] {
  const others = rates.slice(0, rates.findIndex(({ name }) => name.startsWith("registry")));
  return rates.map(({ name, rates: own }) => {
    const ratios = ["bare server", "redis-server"].map((other, index) => {
      const its = others.find(({ name }) => name === other);
      if (!its || name === other || others.some((one) => one.name === name)) return "–";
      const ratio = quantile(own.map((rate, round) => rate / (its.rates[round] ?? NaN)), 0.5);
      const least = LEAST[name.includes("printing") ? "printed" : "quiet"][index] ?? 0;
      return `${ratio.toFixed(2)} (${least}) ${mark(ratio >= least)}`;
    });
    return `| ${name} | ${quantile(own, 0.5).toFixed(0)} | ${Math.min(...own).toFixed(0)} to ${
      Math.max(...own).toFixed(0)
    } | ${ratios.join(" | ")} |`;
  });
}

/** The page, without its heading. */
export function reportSpeed(rates: readonly Rates[], rooms: readonly RoomSize[], machine: string): string {
  const smallest = rooms[0]?.churnMs ?? NaN;
  const rows = rooms.map((room) => {
    const times = room.churnMs / smallest;
    const slowdown = room.returnMs / room.quietMs;
    return `| ${room.phones} | ${room.inSeconds.toFixed(2)} ${mark(room.inSeconds <= MOST.inSeconds)} | ` +
      `${room.kib.toFixed(1)} ${room.phones < FULL ? "" : mark(room.kib <= MOST.kib)} | ${
        room.bareKib.toFixed(1)
      } | ` +
      `${room.churnMs.toFixed(2)} | ${times.toFixed(2)} ${mark(times <= MOST.churnTimes)} | ` +
      `${(100 * room.idle).toFixed(1)} ${mark(room.idle <= MOST.idle)} | ` +
      `${room.backSeconds.toFixed(2)} ${mark(room.backSeconds <= MOST.backSeconds)} | ${
        room.quietMs.toFixed(2)
      } | ` +
      `${room.returnMs.toFixed(2)} | ${slowdown.toFixed(1)} ${mark(slowdown <= MOST.slowdown)} |`;
  });
  return `# How fast and how small the registry is

\`make bench-registry\` wrote this page. The load is a program in C, [\`load.c\`](../registry/load.c), on a core of its own.

${machine}

## Lookups a second

${CONNECTIONS} connections, each with one request at a time. All servers run from the beginning, on the other core, and are asked in turn,
${
    rates[0]?.rates.length ?? 0
  } rounds of ${ROUND_SECONDS} s each; a ratio is the median of the rounds' ratios, in brackets the least that is wanted. The bare server,
[\`bare_server.ts\`](../registry/bare_server.ts), reads lines, parses and writes JSON and looks up in a \`Map\`, without any rule, limit or
log, on the same runtime with the same options of V8. Redis answers \`GET\` with a value as long. Printing goes to a file: every message
(\`--log-limit 0 --total-log-limit 0\`), or as many as the registry prints of one address unless told otherwise.

| server | lookups a second, median | range | of the bare server | of Redis |
| --- | ---: | ---: | ---: | ---: |
${rateRows(rates).join("\n")}

## With the number of phones

Each phone comes from an address of its own, ${WINDOW} connect at a time, and what they do is printed to a file, within the default limits. Memory is the growth of the
resident set; beside it that of the bare server with as many idle connections, which is the runtime's own part. One person joins and
leaves every ${CHURN_MS} ms, the table printed each time. Idle phones are pinged every ${
    KEEPALIVE_MS / 1000
  } s. After a restart the phones come back with the
pauses of Sala's phone, while ${ASKING} others look somebody up every ${ASK_MS} ms.

| phones | in within, s (${MOST.inSeconds}) | memory each, KiB (${MOST.kib}) | of it the runtime's, KiB | joining and leaving, ms of processor | times that of ${
    rooms[0]?.phones
  } (${MOST.churnTimes}) | idle, % of a core (${
    100 * MOST.idle
  }) | 95 % back within, s (${MOST.backSeconds}) | lookup, 99th percentile, ms | meanwhile, ms | times (${MOST.slowdown}) |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join("\n")}

![The same as parts of what is allowed](registry_growth.svg)
`;
}

/** The growth as parts of what is allowed. */
export function drawGrowth(rooms: readonly RoomSize[]): string {
  const smallest = rooms[0]?.churnMs ?? NaN;
  const shown = rooms.slice(1);
  const series = (name: string, part: (room: RoomSize) => number) => ({
    name,
    bars: shown.map((room) => ({ value: 100 * part(room) })),
  });
  return drawBars({
    title: "Registry: parts of what is allowed, by the number of phones",
    groups: shown.map(({ phones }) => `${phones} phones`),
    series: [
      series(`memory each (${MOST.kib} KiB)`, ({ kib }) => kib / MOST.kib),
      series(`all in (${MOST.inSeconds} s)`, ({ inSeconds }) => inSeconds / MOST.inSeconds),
      series(
        `join and leave (${MOST.churnTimes} x 100's)`,
        ({ churnMs }) => churnMs / smallest / MOST.churnTimes,
      ),
      series("idle (5 % of a core)", ({ idle }) => idle / MOST.idle),
      series(`back (${MOST.backSeconds} s)`, ({ backSeconds }) => backSeconds / MOST.backSeconds),
      series(
        `lookups meanwhile (${MOST.slowdown} x)`,
        ({ returnMs, quietMs }) => returnMs / quietMs / MOST.slowdown,
      ),
    ],
    axis: { from: 0, to: 160, step: 20 },
    digits: 0,
    unit: " %",
  });
}
