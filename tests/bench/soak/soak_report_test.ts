import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Delays } from "../../../bench/voice/delay.ts";
import { type PhoneAccount, soakBars, soakPart, type SoakResults } from "../../../bench/soak/soak_report.ts";

const CALLER: PhoneAccount = {
  name: "caller",
  ends: ["hung_up"],
  callsStarted: 1,
  registryLost: 1,
  registryBack: 1,
  silences: 0,
  exitCode: 0,
  stderr: "",
};
const CALLEE: PhoneAccount = { ...CALLER, name: "callee", ends: ["peer_hung_up"] };

const delays = (medianMs: number): Delays => ({
  medianMs,
  p5Ms: medianMs,
  p95Ms: medianMs,
  said: 9,
  heard: 9,
});
const change = (name: string, mib: readonly [number, number], descriptors: readonly [number, number]) => ({
  name,
  early: { mib: mib[0], descriptors: descriptors[0] },
  late: { mib: mib[1], descriptors: descriptors[1] },
});

const SOUND: SoakResults = {
  minutes: 30,
  clientCount: 2,
  network: "nothing",
  absences: [{ fromMs: 1000, toMs: 3000 }],
  phones: [CALLER, CALLEE],
  loadClients: {
    requests: { sent: 5, answered: 3, cutOffAt: [2000], goodbyesCutOff: 1, unexpected: [], namesRefused: 0 },
    waiting: 0,
    lostAt: [1001, 4000],
    calls: { calls: 2, talked: 1, broken: [] },
    voice: { sent: 4, heard: 3, doubled: 0 },
    descriptorsBefore: 20,
    descriptorsAfter: 20,
  },
  namesLeft: [],
  namesMissing: [],
  holdings: [change("caller", [100, 109], [40, 40]), change("callee", [100, 60], [40, 39])],
  registry: change("registry", [60, 65], [25, 25]),
  registryErrors: "",
  delays: { early: delays(80), late: delays(99) },
  frames: { played: 98, rebuilt: 1, concealed: 1 },
};

const { loadClients } = SOUND;
const BROKEN: [name: string, bar: string, results: Partial<SoakResults>][] = [
  ["a call that was lost", "the call", { phones: [{ ...CALLER, ends: ["peer_lost"] }, CALLEE] }],
  ["a second call", "the call", { phones: [CALLER, { ...CALLEE, callsStarted: 2 }] }],
  ["a phone that did not come back", "the registry killed", {
    phones: [CALLER, { ...CALLEE, registryBack: 0 }],
  }],
  ["a phone that failed", "programs that ended", { phones: [{ ...CALLER, exitCode: 1 }, CALLEE] }],
  ["a registry that complains", "programs that ended", { registryErrors: "panic" }],
  ["a request without a reply", "requests to the registry", {
    loadClients: { ...loadClients, requests: { ...loadClients.requests, answered: 2 } },
  }],
  ["one that still waits", "requests to the registry", { loadClients: { ...loadClients, waiting: 1 } }],
  ["one cut off at another time", "requests to the registry", {
    loadClients: { ...loadClients, requests: { ...loadClients.requests, cutOffAt: [99_000] } },
  }],
  ["a second reply", "replies that came twice", {
    loadClients: { ...loadClients, requests: { ...loadClients.requests, unexpected: ["{}"] } },
  }],
  ["a connection lost at another time", "connections that were lost", {
    loadClients: { ...loadClients, lostAt: [999] },
  }],
  ["a broken call", "calls of the load clients", {
    loadClients: { ...loadClients, calls: { calls: 2, talked: 1, broken: ["a"] } },
  }],
  ["no call at all", "calls of the load clients", {
    loadClients: { ...loadClients, calls: { calls: 0, talked: 0, broken: [] } },
  }],
  ["voice that came twice", "their packets", {
    loadClients: { ...loadClients, voice: { sent: 4, heard: 5, doubled: 1 } },
  }],
  ["a name left over", "names that stuck", { namesLeft: ["ana"] }],
  ["a name that is missing", "names that stuck", { namesMissing: ["caller 1"] }],
  ["a name refused", "names that stuck", {
    loadClients: { ...loadClients, requests: { ...loadClients.requests, namesRefused: 1 } },
  }],
  ["a descriptor of the registry", "descriptors", { registry: change("registry", [60, 60], [25, 26]) }],
  ["a descriptor of the load clients", "descriptors", {
    loadClients: { ...loadClients, descriptorsAfter: 21 },
  }],
  ["a registry that has grown", "memory", { registry: change("registry", [60, 67], [25, 25]) }],
  ["voice that is late", "delay", { delays: { early: delays(80), late: delays(101) } }],
  ["voice that was not heard", "delay", { delays: { early: delays(NaN), late: delays(NaN) } }],
];

function missed(results: SoakResults, judgesFigures: boolean): string[] {
  return soakBars(results, judgesFigures).filter(({ met }) => met === false).map(({ what }) => what);
}

Deno.test("soakBars() finds nothing in a sound run", () => {
  assertEquals(missed(SOUND, true), []);
});

for (const [name, bar, results] of BROKEN) {
  Deno.test(`soakBars() finds ${name}`, () => {
    const found = missed({ ...SOUND, ...results }, true);
    assertEquals(found.map((what) => what.startsWith(bar)), [true], found.join("; "));
  });
}

Deno.test("soakBars() shows memory and delay of a short run without judging them", () => {
  const results = { ...SOUND, delays: { early: delays(80), late: delays(300) } };
  assertEquals(missed({ ...results, registry: change("registry", [60, 90], [25, 25]) }, false), []);
  assertEquals(soakBars(results, false).filter(({ met }) => met === undefined).length, 3);
});

Deno.test("soakPart() has a row for each bar", () => {
  const bars = soakBars(SOUND, true);
  const part = soakPart(SOUND, bars, "make soak", "a machine");
  for (const { what } of bars) assertStringIncludes(part, `| ${what} | `);
});
