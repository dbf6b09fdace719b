/**
 * Long run under load: a call of two whole phones over virtual sound cards and an impaired network, 200 load clients that
 * register, ask, call and leave, and a registry that is killed and restarted. At the end nothing may be lost, doubled,
 * stuck or leaked. Writes its part of robustness.md.
 *
 * Usage: `make soak [ARGS="--minutes 2"]`. Under 30 minutes it writes to bench/out, and shows memory and delay without
 * judging them. Exits with 1 if a requirement is not met. It needs Linux and PulseAudio (apt-get install pulseaudio
 * pulseaudio-utils libasound2-plugins).
 */

import { parseArgs } from "@std/cli/parse-args";
import { Registration } from "../lib/registration/registration.ts";
import type { ToolProcess } from "../testing/processes.ts";
import { freePorts } from "../testing/free_ports.ts";
import { Pulse, pulseMissing } from "../testing/pulse.ts";
import { describe } from "./voice/conditions.ts";
import { measureDelay } from "./voice/delay.ts";
import { denoFolder } from "./voice/deno_folder.ts";
import type { Condition } from "../testing/netem/impairment.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "../lib/util/pause.ts";
import { countDescriptors, type Holdings, ProcessWatch } from "./measure/process_watch.ts";
import { LOOPBACK } from "../testing/netem/relay.ts";
import { writePart } from "./report/results_page.ts";
import { type SalaCall, SalaProgram } from "./voice/sala_program.ts";
import { SoakRegistry } from "./soak/soak_registry.ts";
import {
  type Absence,
  barLine,
  type PhoneAccount,
  soakBars,
  soakPart,
  type SoakResults,
} from "./soak/soak_report.ts";
import { makeSpeech } from "./voice/speech.ts";
import { LoadProcess } from "./soak/load_process.ts";
import { writeTempWav } from "./measure/wav_file.ts";
import { progress } from "./report/progress.ts";
import { resultsFolder } from "./report/results_folder.ts";

/** From this length on memory and delay are judged, and the figures go to bench/results. */
const LONG_MINUTES = 30;
/** The shortest run with two restarts and two measurements of delay. */
const SHORTEST_MINUTES = 2;
/** Interval of the restarts, and their least number. */
const MINUTES_PER_RESTART = 3;
const FEWEST_RESTARTS = 2;
/** Time without a registry. */
const AWAY_MS = 1000;

/** The network of the voice: a poor Wi-Fi. */
const NETWORK: Condition = {
  name: "2 % loss, 20 ms jitter",
  loss: { kind: "random", probability: 0.02 },
  jitter: { kind: "uniform", maximumMs: 20, keepsOrder: false },
};

/** When the jitter buffer has settled and delay is measured; for how long; and how long before the end it is again. */
const SETTLED_MS = 8_000;
const DELAY_SECONDS = 14;
const LAST_DELAY_MS = 20_000;

/** Memory at a time is the median over this interval before it. */
const WINDOW_MS = 20_000;
/** When the phones' memory is first measured; before the first restart if that is earlier. */
const FIRST_LOOK_MS = 120_000;

/** How long the registry may take to close the descriptors of the load clients, and the observer to return. */
const PATIENCE_MS = 30_000;

const [MOUTH, EAR, HUSH, DRAIN] = ["mouth", "ear", "hush", "drain"] as const;

const OBSERVER = "observador";

/** Connections of the registry without load clients: caller, callee and observer, and at first the relay. */
const CONNECTIONS = 3;
const FIRST_CONNECTIONS = CONNECTIONS + 1;

interface Options {
  readonly minutes: number;
  readonly loadClients: number;
  readonly seed: string;
}

/** Plays a file into a cable repeatedly, until it is disposed of. */
function speakOn(pulse: Pulse, path: string): AsyncDisposable {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  const speaking = (async () => {
    while (!stop.signal.aborted) {
      await using playing = pulse.play(path, MOUTH);
      await Promise.race([playing.done, stopped]);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await speaking;
    },
  };
}

/** The registry over all its lives. */
class Registries implements AsyncDisposable {
  readonly absences: Absence[] = [];
  errors = "";
  readonly #port: number;
  #now: SoakRegistry;
  #watch: ProcessWatch;

  private constructor(port: number, first: SoakRegistry) {
    this.#port = port;
    this.#now = first;
    this.#watch = new ProcessWatch(first.pid);
  }

  static async start(port: number): Promise<Registries> {
    return new Registries(port, await SoakRegistry.start(port));
  }

  get pid(): number {
    return this.#now.pid;
  }

  /** What the current one held in the last {@linkcode WINDOW_MS}. */
  lately(): Holdings {
    return this.#watch.between(performance.now() - WINDOW_MS, performance.now());
  }

  /** Kills it, with SIGTERM and SIGKILL in turn, and restarts it. */
  async restart(): Promise<void> {
    const fromMs = Date.now();
    await this.#watch[Symbol.asyncDispose]();
    this.errors += await this.#now.end(this.absences.length % 2 === 0 ? "SIGTERM" : "SIGKILL");
    await pause(AWAY_MS);
    this.#now = await SoakRegistry.start(this.#port);
    this.#watch = new ProcessWatch(this.#now.pid);
    this.absences.push({ fromMs, toMs: Date.now() });
  }

  /** Ends it. */
  async end(): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
    this.errors += await this.#now.end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
    await this.#now[Symbol.asyncDispose]();
  }
}

async function observe(port: number): Promise<Registration> {
  const connected = await Registration.connect([{ host: LOOPBACK, port }]);
  if (connected.kind !== "connected") throw new Error(`Cannot connect: ${connected.kind}`);
  const { kind } = await connected.link.register(OBSERVER, LOOPBACK, 6000);
  if (kind !== "confirmed") throw new Error(`Cannot register ${OBSERVER}: ${kind}`);
  return connected.link;
}

/** The names in the room, as soon as the registry answers. */
async function namesIn(observer: Registration): Promise<string[]> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await pause(100)) {
    const result = await observer.list();
    if (result.kind === "people") return result.people.map(({ nome }) => nome);
  }
  throw new Error("The registry cannot be asked who is in the room");
}

/** The registry's descriptors without its connections. Closed ones may take a while to go. */
async function ownDescriptors(pid: number, connections: number, wanted: number): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS;; await pause(100)) {
    const own = await countDescriptors(pid) - connections;
    if (own <= wanted || performance.now() > deadline) return own;
  }
}

async function accountOf(name: string, phone: ToolProcess): Promise<PhoneAccount> {
  return {
    name,
    exitCode: await phone.exitCode(),
    ends: phone.events("call_ended").map(({ end }) => end as string),
    callsStarted: phone.events("call_started").length,
    registryLost: phone.events("registry_lost").length,
    registryBack: phone.events("registry_back").length,
    silences: phone.events("peer_silent").length,
    stderr: phone.stderr,
  };
}

async function soak(pulse: Pulse, speech: string, options: Options): Promise<SoakResults> {
  const { minutes, loadClients: count, seed } = options;
  const port = freePorts();
  await using registries = await Registries.start(port);
  await using observer = await observe(port);
  await using call: SalaCall = await new SalaProgram("Sala", { port }).startCall({
    callerCard: pulse.card(MOUTH, DRAIN),
    calleeCard: pulse.card(HUSH, EAR),
    network: { condition: NETWORK, seed },
  });
  const phones = [["caller", call.caller], ["callee", call.callee]] as const;
  const phoneNames = (await namesIn(observer)).filter((name) => name.startsWith("call"));
  const registryOwn = await countDescriptors(registries.pid) - FIRST_CONNECTIONS;
  call.begin();
  await using loadClients = await LoadProcess.start(port, count, seed);
  await using callers = new ProcessWatch(call.caller.pid);
  await using callees = new ProcessWatch(call.callee.pid);
  const startMs = performance.now();
  progress(`the call goes on, and ${count} load clients are in the room`);

  const lengthMs = 60_000 * minutes;
  const restarts = Math.max(FEWEST_RESTARTS, Math.round(minutes / MINUTES_PER_RESTART));
  const lifeMs = lengthMs / (restarts + 1);
  const until = (ms: number) => pause(startMs + ms - performance.now());
  const holdings = (watch: ProcessWatch, ms: number) => watch.between(startMs + ms - WINDOW_MS, startMs + ms);

  await until(SETTLED_MS);
  const early = await measureDelay(pulse, MOUTH, EAR, DELAY_SECONDS);
  progress(`delay: ${early.medianMs.toFixed(1)} ms`);
  let registryEarly: Holdings | undefined;
  {
    await using _speaking = speakOn(pulse, speech);
    for (let number = 1; number <= restarts; number++) {
      await until(number * lifeMs);
      registryEarly ??= registries.lately();
      await registries.restart();
      await Promise.all(phones.map(([, phone]) => phone.waitForEvent("registry_back")));
      progress(`the registry was killed and is back, ${number} of ${restarts}`);
    }
    await until(lengthMs - LAST_DELAY_MS);
  }
  const late = await measureDelay(pulse, MOUTH, EAR, DELAY_SECONDS);
  progress(`delay: ${late.medianMs.toFixed(1)} ms`);
  await until(lengthMs);
  const registryLate = registries.lately();
  const report = await loadClients.leave();
  progress("the load clients have left");

  const names = await namesIn(observer);
  const expected = [...phoneNames, OBSERVER];
  const registryOwnLate = await ownDescriptors(registries.pid, CONNECTIONS, registryOwn);
  const frames = await call.hangUp();
  const accounts = await Promise.all(phones.map(([name, phone]) => accountOf(name, phone)));
  await observer.close();
  await registries.end();
  const firstLookMs = Math.min(FIRST_LOOK_MS, lifeMs);
  return {
    minutes,
    clientCount: count,
    network: describe(NETWORK),
    absences: registries.absences,
    phones: accounts,
    loadClients: report,
    namesLeft: names.filter((name) => !expected.includes(name)),
    namesMissing: expected.filter((name) => !names.includes(name)),
    holdings: ([["caller", callers], ["callee", callees]] as const).map(([name, watch]) => ({
      name,
      early: holdings(watch, firstLookMs),
      late: holdings(watch, lengthMs),
    })),
    registry: {
      name: "registry",
      early: { mib: registryEarly!.mib, descriptors: registryOwn },
      late: { mib: registryLate.mib, descriptors: registryOwnLate },
    },
    registryErrors: registries.errors,
    delays: { early, late },
    frames,
  };
}

async function main(): Promise<number> {
  const given = parseArgs(Deno.args, { string: ["minutes", "clients", "seed", "out"] });
  const [minutes, loadClients, seed] = [
    Number(given.minutes ?? LONG_MINUTES),
    Number(given.clients ?? 200),
    given.seed ?? "1",
  ];
  if (!(minutes >= SHORTEST_MINUTES) || !(loadClients >= 2)) {
    console.error(
      `Usage: make soak [ARGS="--minutes ${LONG_MINUTES} --clients 200 --seed 1 --out bench/results"]`,
    );
    console.error(`It takes at least ${SHORTEST_MINUTES} minutes and 2 clients.`);
    return 2;
  }
  const missing = pulseMissing();
  if (missing) {
    console.error(`There can be no call here: ${missing}.`);
    return 1;
  }
  Deno.env.set("DENO_DIR", await denoFolder());
  await using pulse = await Pulse.start([MOUTH, EAR, HUSH, DRAIN]);
  await using speech = await writeTempWav((await makeSpeech(false)).samples);
  const results = await soak(pulse, speech.path, { minutes, loadClients, seed });
  const long = minutes >= LONG_MINUTES;
  const bars = soakBars(results, long);
  for (const bar of bars) console.log(barLine(bar));
  const command = `make soak${minutes === LONG_MINUTES ? "" : ` ARGS="--minutes ${minutes}"`}`;
  const page = await writePart(
    resultsFolder(given.out, long),
    "Half an hour of everything at once",
    soakPart(results, bars, command, await describeMachine()),
  );
  progress(`written to ${page}`);
  return bars.some(({ met }) => met === false) ? 1 : 0;
}

Deno.exitCode = await main();
