/**
 * Runs the tests: `test.ts [unit|e2e] [OPTION...] [tests/PATH...]`, with options for `deno test`. Says again at the end
 * which tests failed and why, exits with 1 then, and counts all tests in its last line.
 *
 * Without a word it runs all of them, the unit tests at low priority beside the end-to-end tests, and checks no types:
 * `deno task check` does. Unit tests run with a set of permissions of deno.json.
 *
 * @module
 */

const isWithin = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** End-to-end tests that measure sound, or click fast: each runs alone, since a busy machine interrupts it. */
const ALONE = ["listeners", "moving_call", "portaudio_call", "ringing", "speech", "web_phone"].map((name) =>
  `tests/e2e/${name}_test.ts`
);

/** Unit tests that load libraries or V8's inspector. */
const NATIVE = [
  "tests/codec",
  "tests/fuzz/driver_test.ts",
  "tests/srtp/aes_gcm_test.ts",
  "tests/transport/call_transport_test.ts",
  "tests/transport/poll_loop_test.ts",
  "tests/transport/udp_socket_test.ts",
  "tests/voice/voice_test.ts",
];

/** Unit tests that start programs, make local sockets, or open files in /proc and /dev, which takes every permission. */
const SYSTEM = [
  "tests/audio/file/file_sink_test.ts",
  "tests/call/key_memory_test.ts",
  "tests/cli/files_test.ts",
  "tests/operator/control_test.ts",
  "tests/panel/page_test.ts",
  "tests/registrar/certificate_renewal_test.ts",
  "tests/registrar/tls_peers_test.ts",
  "tests/testing/browser_test.ts",
  "tests/testing/program_test.ts",
  "tests/testing/recorder_test.ts",
  "tests/tools",
  "tests/trace/pcapng_test.ts",
  "tests/transport/linux_udp_test.ts",
  "tests/ui/terminal_screen_test.ts",
  "tests/util/system_error_test.ts",
  "tests/web/http_server_test.ts",
];

/** Unit tests that change the environment, which all test files of a process share: programs find their cache by it. */
const DEVICES = ["tests/audio/portaudio"];

/** Tests that run at once in one way. */
interface TestSet {
  readonly flags: readonly string[];
  readonly has: (file: string) => boolean;
}

const isE2e = (file: string) => isWithin(file, ["tests/e2e"]);

const E2E: readonly TestSet[] = [
  { flags: ["-A"], has: (file) => isWithin(file, ALONE) },
  { flags: ["-A", "--parallel"], has: (file) => isE2e(file) && !isWithin(file, ALONE) },
];
const UNIT: readonly TestSet[] = [
  {
    flags: ["-P=unit", "--parallel"],
    has: (file) => !isE2e(file) && !isWithin(file, [...NATIVE, ...SYSTEM, ...DEVICES]),
  },
  { flags: ["-P=native", "--parallel"], has: (file) => isWithin(file, NATIVE) },
  { flags: ["-P=system", "--parallel"], has: (file) => isWithin(file, SYSTEM) },
  { flags: ["-P=system"], has: (file) => isWithin(file, DEVICES) },
];

/** Every file of tests below a folder, in order of names. */
function testFiles(folder: string): string[] {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap(({ name, isDirectory }) =>
    isDirectory ? testFiles(`${folder}/${name}`) : name.endsWith("_test.ts") ? [`${folder}/${name}`] : []
  );
}

const running = new Set<Deno.ChildProcess>();
let stopped: Deno.Signal | undefined;

/** The output of each failed run between "ERRORS" and the count of tests. */
const failures: string[] = [];

/** Lines shown of a run that failed before its tests did. */
const LAST_LINES = 20;

/** Colours. */
// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b\[[\d;]*m/g;

/** Output to be shown at the end. */
const later: string[] = [];

/** Runs tests one set after the other: `now` shows their output at once, otherwise at low priority and at the end. */
async function run(
  sets: readonly TestSet[],
  args: readonly string[],
  now: boolean,
): Promise<void> {
  const isPath = (arg: string, at: number) => isWithin(arg, ["tests"]) && args[at - 1] !== "--filter";
  const options = args.filter((arg, at) => !isPath(arg, at));
  const paths = args.filter(isPath).map((path) => path.replace(/\/$/, ""));
  const files = testFiles("tests").filter((file) => paths.length === 0 || isWithin(file, paths));
  for (const { flags, has } of sets) {
    const chosen = files.filter(has);
    if (stopped || chosen.length === 0) continue;
    const words = ["sh", "tools/deno.sh", "test", "-q", ...flags, ...options, ...chosen];
    const [program = "", ...rest] = now ? words : ["nice", "-n", "19", ...words];
    const child = new Deno.Command(program, {
      args: rest,
      // End-to-end tests mostly wait: five of them at once keep two processors busy.
      env: { DENO_JOBS: now ? "5" : "4" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    running.add(child);
    const said: string[] = [];
    const read = async (output: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of output.pipeThrough(new TextDecoderStream())) {
        said.push(text);
        if (now) show(text);
      }
    };
    const [{ success }] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
    running.delete(child);
    if (!now) later.push(...said);
    countTests(said.join(""));
    if (!success) failures.push(failuresIn(said.join("").split("\n")));
  }
}

function failuresIn(lines: readonly string[]): string {
  const plain = lines.map((line) => line.replace(ESCAPES, "").trim());
  const start = plain.indexOf("ERRORS");
  const end = plain.findLastIndex((line) => line.startsWith("FAILED | "));
  return start < 0 ? lines.slice(-LAST_LINES).join("\n") : lines.slice(start + 1, end).join("\n");
}

/** Passed and failed tests, from the summaries such as "ok | 12 passed (3 steps) | 0 failed (2s)". */
const count = { passed: 0, failed: 0 };

function countTests(said: string): void {
  const summaries = said.replace(ESCAPES, "").matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm);
  for (const [, passed, failed] of summaries) {
    count.passed += Number(passed);
    count.failed += Number(failed);
  }
}

function show(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    stopped = signal;
    for (const child of running) {
      try {
        child.kill(signal);
      } catch { /* It has just ended. */ }
    }
  });
}

const [which, ...others] = Deno.args;
if (which === "unit") await run(UNIT, others, true);
else if (which === "e2e") await run(E2E, others, true);
else {
  const args = ["--no-check", ...Deno.args];
  const [most = [], ...rest] = UNIT.map((set) => [set]);
  await Promise.all([run(E2E, args, true), run(most, args, false), run(rest.flat(), args, false)]);
}
show(later.join(""));
if (failures.length > 0 && !stopped) show(["\nFailures:", ...failures, ""].join("\n"));
show(`\n${count.passed} passed, ${count.failed} failed\n`);
if (stopped) Deno.exit(stopped === "SIGINT" ? 130 : 143);
if (failures.length > 0) Deno.exit(1);
