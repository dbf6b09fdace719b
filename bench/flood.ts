/**
 * A call between two phones during a flood of datagrams to a port of one of them: how much of the voice is still heard.
 *
 * Usage: `deno run -A bench/flood.ts [--rate 50000] [--seconds 5] [--out FOLDER]`, from any folder, on a machine with
 * little else to do and at least two cores. Writes its part of robustness.md, in bench/results unless told otherwise.
 *
 * All traffic is on the loopback interface and bounded in time. Registry, phones and flooder are separate processes; each
 * row is a separate call, with a tone as its voice.
 */

import { parseArgs } from "@std/cli/parse-args";
import { type PrintedEvent, startProcess, startRegistry, type ToolProcess } from "../testing/processes.ts";
import { describeMachine } from "./measure/machine.ts";
import { pause } from "../lib/util/pause.ts";
import { readCost } from "./measure/process_cost.ts";
import { writePart } from "./report/results_page.ts";
import { outputOf, scriptLine } from "../testing/program.ts";
import { resultsFolder } from "./report/results_folder.ts";

/** Required share of frames played, in percent. */
const WANTED_PERCENT = 99;

/** Before the flood, until devices and jitter buffer have settled. */
const SETTLE_MS = 1_500;

const KINDS: Readonly<Record<string, string>> = {
  none: "nothing",
  noise: "random bytes, 1 to 1199",
  voice: "packets that look like voice",
  invitations: "invitations, each another one",
  mutations: "messages, changed or cut off",
};

interface Row {
  readonly kind: string;
  readonly side: "callee" | "caller";
  /** Datagrams sent to the flooded port, per second. */
  readonly rate: number;
  /** Share of the frames due at the flooded phone that arrived and were played. */
  readonly playedPercent: number;
  /** The same with those recovered from the copy in the next packet. */
  readonly heardPercent: number;
  /** Share of the frames due at the other phone that arrived and were played. */
  readonly otherPercent: number;
  /** Processor time of the flooded phone during the flood, in percent of one core. */
  readonly corePercent: number;
}

const { rate, seconds, out } = parseArgs(Deno.args, { string: ["rate", "seconds", "out"] });
const folder = resultsFolder(out, true);
const perSecond = Number(rate ?? 50_000);
const floodSeconds = Math.min(Number(seconds ?? 5), 20);

function startPhone(registryPort: number, name: string, ...args: string[]): ToolProcess {
  return startProcess(
    "phone",
    [`127.0.0.1:${registryPort}`, name, "0", "--json", "--mic", "tone", "--speaker", "none", ...args],
    { stdin: "piped" },
  );
}

async function measure(registryPort: number, kind: string, side: Row["side"]): Promise<Row> {
  await using callee = startPhone(registryPort, "maria", "--answer", "accept");
  const { port: registered } = await callee.waitForEvent("registered");
  await using caller = startPhone(registryPort, "joão", "--call", "maria");
  await Promise.all([caller.waitForEvent("call_started"), callee.waitForEvent("call_started")]);
  const invitation = caller.events("message").map(({ text }) => JSON.parse(text as string))
    .find(({ tipo }) => tipo === "convite");
  const [flooded, port] = side === "callee"
    ? [callee, registered as number]
    : [caller, invitation.porta as number];
  await pause(SETTLE_MS);
  const [callersBefore, calleesBefore] = await Promise.all([nextStatus(caller), nextStatus(callee)]);
  const before = (await readCost([flooded.pid])).cpuSeconds;
  const sent = kind === "none" ? (await pause(1000 * floodSeconds), 0) : await flood(port, kind);
  const corePercent = 100 * ((await readCost([flooded.pid])).cpuSeconds - before) / floodSeconds;
  await caller.type("sair");
  const [atCaller, atCallee] = await Promise.all([
    caller.waitForEvent("call_ended"),
    callee.waitForEvent("call_ended"),
  ]);
  await callee.type("sair");
  await Promise.all([caller.exitCode(), callee.exitCode()]);
  const callers = frames(callersBefore, atCaller);
  const callees = frames(calleesBefore, atCallee);
  const [atFlooded, atOther] = side === "callee" ? [callees, callers] : [callers, callees];
  return {
    kind,
    side,
    rate: sent / floodSeconds,
    playedPercent: 100 * atFlooded.played / atFlooded.all,
    heardPercent: 100 * (atFlooded.played + atFlooded.rebuilt) / atFlooded.all,
    otherPercent: 100 * atOther.played / atOther.all,
    corePercent,
  };
}

/** The next status event of a phone. */
function nextStatus(phone: ToolProcess): Promise<PrintedEvent> {
  const seen = phone.events("status").length;
  return phone.waitForEvent("status", () => phone.events("status").length > seen);
}

/** Counts of frames between two events of a call. */
function frames(before: PrintedEvent, after: PrintedEvent): { played: number; rebuilt: number; all: number } {
  const count = (name: string) => (after[name] as number) - (before[name] as number);
  const [played, rebuilt, concealed] = [
    count("framesPlayed"),
    count("framesRebuilt"),
    count("framesConcealed"),
  ];
  return { played, rebuilt, all: played + rebuilt + concealed };
}

async function flood(port: number, kind: string): Promise<number> {
  const args = [`${port}`, `${perSecond}`, `${floodSeconds}`, kind];
  return Number(await outputOf(scriptLine("bench/flood/flooder.ts", args)));
}

const rows: Row[] = [];
await using registry = await startRegistry(["--quiet"]);
for (const kind of Object.keys(KINDS)) {
  for (const side of ["callee", "caller"] as const) {
    const row = await measure(registry.port, kind, side);
    rows.push(row);
    console.log(row);
  }
}

const table = rows.map(({ kind, side, rate, playedPercent, heardPercent, otherPercent, corePercent }) =>
  `| ${KINDS[kind]} | ${side} | ${Math.round(rate).toLocaleString("en")} | ${playedPercent.toFixed(1)} % | ${
    heardPercent.toFixed(1)
  } % | ` +
  `${otherPercent.toFixed(1)} % | ${Math.round(corePercent)} % |`
);
const missed = rows.filter(({ playedPercent, otherPercent }) =>
  Math.min(playedPercent, otherPercent) < WANTED_PERCENT
);
await writePart(
  folder,
  "Calls under a flood",
  `\`make bench-flood\` wrote this part, on ${await describeMachine()}.

A call of two phones, its voice a tone, encrypted as usual, all on the loopback interface. After ${
    SETTLE_MS / 1000
  } s another process sends datagrams to the port of one of them, for ${floodSeconds} s, ${
    perSecond.toLocaleString("en")
  } a second or as many as it can. Played is
the part of the frames from then to the end of the call that were heard as they were sent, at least ${WANTED_PERCENT} % wanted; the rest was
rebuilt from the copy in the packet after it, or concealed.

| flood of | at the port of the | a second | played there | or rebuilt | played at the other | processor of the flooded phone |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${table.join("\n")}

${
    missed.length === 0
      ? `In every row at least ${WANTED_PERCENT} % are played.`
      : `Below ${WANTED_PERCENT} %: ${missed.map(({ kind, side }) => `${KINDS[kind]} (${side})`).join("; ")}.`
  }
`,
);
