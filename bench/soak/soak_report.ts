/** What a soak requires, and what it measured. */

import type { Delays } from "../voice/delay.ts";
import type { Holdings } from "../measure/process_watch.ts";
import type { LoadReport } from "./load_clients.ts";
import type { FrameCounts } from "../voice/voice_call.ts";

/** Largest relative growth of memory from the second minute to the end. */
const MOST_GROWTH = 0.1;

/** Largest growth of the mouth-to-ear delay in milliseconds: one packet, since the jitter buffer follows recent jitter. */
const MOST_DELAY_GROWTH_MS = 20;

/**
 * Time after a restart of the registry within which a lost connection counts as its consequence, in milliseconds. Phones
 * return within 2 s; the rest is for a busy machine.
 */
const EXPLAINED_MS = 15_000;

/** An interval without a registry, in Unix milliseconds. */
export interface Absence {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one phone of the call reported. */
export interface PhoneAccount {
  readonly name: string;
  /** How each of its calls ended. */
  readonly ends: readonly string[];
  readonly callsStarted: number;
  readonly registryLost: number;
  readonly registryBack: number;
  readonly silences: number;
  readonly exitCode: number;
  readonly stderr: string;
}

/** What a process held early and late. */
export interface Change {
  readonly name: string;
  readonly early: Holdings;
  readonly late: Holdings;
}

/** All measurements. */
export interface SoakResults {
  readonly minutes: number;
  readonly clientCount: number;
  readonly network: string;
  readonly absences: readonly Absence[];
  readonly phones: readonly PhoneAccount[];
  readonly loadClients: LoadReport;
  /** Names in the table at the end that should not be, and names missing there. */
  readonly namesLeft: readonly string[];
  readonly namesMissing: readonly string[];
  /** Of the phones in the call. */
  readonly holdings: readonly Change[];
  /** The first and the last life of the registry, at the same age. */
  readonly registry: Change;
  /** Standard error of the registry, all lives. */
  readonly registryErrors: string;
  /** Mouth to ear, in the first minute and in the last. */
  readonly delays: { readonly early: Delays; readonly late: Delays };
  readonly frames: FrameCounts;
}

/** One requirement. */
export interface SoakBar {
  readonly what: string;
  readonly expected: string;
  readonly measured: string;
  /** Undefined if it is shown but not judged. */
  readonly met: boolean | undefined;
}

/**
 * Compares the measurements with all requirements.
 *
 * @param judgesFigures Whether memory and delay count. In a short run they are only shown: two minutes are too short for
 * memory to settle, and the machine may be shared.
 */
export function soakBars(results: SoakResults, judgesFigures: boolean): SoakBar[] {
  return [...callBars(results), ...loadClientBars(results), ...holdingBars(results, judgesFigures)];
}

function callBars({ phones, absences, registryErrors, frames }: SoakResults): SoakBar[] {
  const each = (text: (phone: PhoneAccount) => string) => phones.map(text).join("; ");
  const every = (test: (phone: PhoneAccount) => boolean) => phones.every(test);
  const [caller, callee] = phones;
  const total = (frames.played ?? 0) + (frames.rebuilt ?? 0) + (frames.concealed ?? 0);
  return [
    {
      what: "the call",
      expected: "one, ended by its person",
      measured: each(({ name, callsStarted, ends }) => `${name}: ${callsStarted} begun, ${ends.join(", ")}`),
      met: every(({ callsStarted, ends }) => callsStarted === 1 && ends.length === 1) &&
        caller?.ends[0] === "hung_up" && callee?.ends[0] === "peer_hung_up",
    },
    {
      what: "the registry killed and started again: its two phones",
      expected: `lost and back ${absences.length} times`,
      measured: each(({ name, registryLost, registryBack }) =>
        `${name}: lost ${registryLost}, back ${registryBack}`
      ),
      met: every(({ registryLost, registryBack }) =>
        registryLost === absences.length && registryBack === absences.length
      ),
    },
    {
      what: "programs that ended as they should",
      expected: "status 0, no complaint",
      measured: [
        each(({ name, exitCode, stderr }) => `${name}: ${exitCode} ${firstLine(stderr)}`.trim()),
        `registry: ${firstLine(registryErrors) || "no complaint"}`,
      ].join("; "),
      met: every(({ exitCode, stderr }) => exitCode === 0 && stderr === "") && registryErrors === "",
    },
    {
      what: "voice heard by the callee, of all frames",
      expected: "–",
      measured:
        `${percent((frames.played ?? 0) / total)} played, ${
          percent((frames.rebuilt ?? 0) / total)
        } rebuilt; ` +
        `${phones.reduce((sum, { silences }) => sum + silences, 0)} silences of 3 s`,
      met: undefined,
    },
  ];
}

function loadClientBars({ loadClients, absences, namesLeft, namesMissing }: SoakResults): SoakBar[] {
  const { requests, waiting, lostAt, calls, voice } = loadClients;
  const { sent, answered, cutOffAt, goodbyesCutOff, unexpected, namesRefused } = requests;
  const unexplained = (moments: readonly number[]) =>
    moments.filter((at) => !absences.some(({ fromMs, toMs }) => at >= fromMs && at <= toMs + EXPLAINED_MS))
      .length;
  const accounted = answered + cutOffAt.length + goodbyesCutOff;
  return [
    {
      what: "requests to the registry that were lost",
      expected: "0: each answered, or cut off as the registry died",
      measured:
        `${sent - accounted + unexplained(cutOffAt)} of ${count(sent)}; ${count(answered)} answered, ` +
        `${cutOffAt.length} cut off, ${goodbyesCutOff} goodbyes not waited for`,
      met: waiting === 0 && sent === accounted && unexplained(cutOffAt) === 0,
    },
    {
      what: "replies that came twice or to nothing",
      expected: "0",
      measured: [`${unexpected.length}`, ...unexpected.slice(0, 2)].join(": "),
      met: unexpected.length === 0,
    },
    {
      what: "connections that were lost while the registry was there",
      expected: "0",
      measured: `${unexplained(lostAt)} of ${count(lostAt.length)}`,
      met: unexplained(lostAt) === 0,
    },
    {
      what: "calls of the load clients that were not the same, once, at both ends",
      expected: "0",
      measured: [
        `${calls.broken.length} of ${count(calls.calls)}, ${count(calls.talked)} of them talked`,
        ...calls.broken.slice(0, 2),
      ].join("; "),
      met: calls.broken.length === 0 && calls.calls > 0,
    },
    {
      what: "their packets of voice that were heard twice",
      expected: "0",
      measured: `${voice.doubled} of ${count(voice.sent)}, ${count(voice.heard)} heard`,
      met: voice.doubled === 0,
    },
    {
      what: "names that stuck",
      expected: "0: none refused, and at the end only those of the call",
      measured: `${namesRefused} refused, ${namesLeft.length} left over, ${namesMissing.length} missing`,
      met: namesRefused === 0 && namesLeft.length === 0 && namesMissing.length === 0,
    },
  ];
}

function holdingBars({ loadClients, holdings, registry, delays }: SoakResults, judged: boolean): SoakBar[] {
  const { descriptorsBefore, descriptorsAfter } = loadClients;
  const descriptors = [
    ...[...holdings, registry].map(({ name, early, late }) => ({
      name,
      from: early.descriptors,
      to: late.descriptors,
    })),
    { name: "load clients", from: descriptorsBefore, to: descriptorsAfter },
  ];
  const growth = ({ early, late }: Change) => late.mib / early.mib - 1;
  const later = delays.late.medianMs - delays.early.medianMs;
  return [
    {
      what: "descriptors",
      expected: "no more than before",
      measured: descriptors.map(({ name, from, to }) => `${name}: ${from} → ${to}`).join("; "),
      met: descriptors.every(({ from, to }) => to <= from),
    },
    {
      what: "memory, MiB",
      expected: `at most ${percent(MOST_GROWTH)} more`,
      measured: [...holdings, registry].map((change) =>
        `${change.name}: ${change.early.mib.toFixed(0)} → ${change.late.mib.toFixed(0)} (${
          signed(100 * growth(change))
        } %)`
      ).join("; "),
      met: judged ? [...holdings, registry].every((change) => growth(change) <= MOST_GROWTH) : undefined,
    },
    {
      what: "delay from mouth to ear, median, ms",
      expected: `at most ${MOST_DELAY_GROWTH_MS} more`,
      measured: `${delays.early.medianMs.toFixed(1)} → ${delays.late.medianMs.toFixed(1)} (${signed(later)})`,
      met: judged ? later <= MOST_DELAY_GROWTH_MS : undefined,
    },
  ];
}

/** The part of the results page, in Markdown. */
export function soakPart(
  results: SoakResults,
  bars: readonly SoakBar[],
  command: string,
  machine: string,
): string {
  const { minutes, clientCount, absences, network } = results;
  return `\`${command}\` wrote this part. For ${minutes} minutes two phones talk over virtual cards through a relay (each
way: ${network}). Meanwhile ${clientCount} load clients, the same client and calls without sound, register, ask, list,
call each other with keys and voice, and leave and come back, as fast as people who do something every few seconds; and
the registry is killed (SIGTERM and SIGKILL in turn) and started again ${absences.length} times. Memory and descriptors of
the phones are those after two minutes and at the end; a registry begins anew each time, so its first life and its last are
compared, at the same age, and its descriptors without those of connections. Delay is measured outside the phones, as in
[voice.md](voice.md), in the first minute and in the last.

${machine}

| what | expected | measured | |
| --- | --- | --- | --- |
${
    bars.map(({ what, expected, measured, met }) => `| ${what} | ${expected} | ${measured} | ${mark(met)} |`)
      .join("\n")
  }
`;
}

/** A requirement as a line of text. */
export function barLine({ what, expected, measured, met }: SoakBar): string {
  return `${mark(met)} ${what}: ${measured} (expected: ${expected})`;
}

function mark(met: boolean | undefined): string {
  return met === undefined ? "·" : met ? "✓" : "✗";
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function percent(part: number): string {
  return `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
