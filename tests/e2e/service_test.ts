/** The service of the Debian package: its sandbox, and the registry in it. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, ROOT, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { startPhone } from "./phones.ts";

const UNIT = new URL("packaging/sala-registry.service", ROOT);
const SYSTEMD = isInstalled("systemd-analyze");
const STRACE = SYSTEMD && isInstalled("strace");
const skipped = (needed: boolean, what: string) => needed ? "" : ` (skipped: no ${what})`;

/** A setting of the unit, as often as it is there. */
function settings(unit: string, name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

Deno.test({
  name: `systemd takes the service, and its sandbox exposes at most 2.0 of 10${skipped(SYSTEMD, "systemd")}`,
  ignore: !SYSTEMD,
  async fn() {
    const unit = await Deno.readTextFile(UNIT);
    await using folder = await temporaryFolder();
    const path = `${folder.path}/sala-registry.service`;
    // Where the package is not installed there is no such program.
    await Deno.writeTextFile(path, unit.replace("/usr/bin/registry", Deno.execPath()));
    const verified = await runToEnd(["systemd-analyze", "verify", "--man=no", path]);
    assertEquals([verified.code, verified.stdout, verified.stderr], [0, "", ""]);
    const analyzed = await runToEnd([
      ...["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", path],
    ]);
    assertEquals(analyzed.code, 0, analyzed.stdout);
    // What has a flaw is not taken.
    await Deno.writeTextFile(path, unit.replace("Type=exec", "Type=exce"));
    assertStringIncludes((await runToEnd(["systemd-analyze", "verify", "--man=no", path])).stderr, "exce");
  },
});

/** The system calls that the unit allows, from systemd's own lists. */
async function allowedCalls(unit: string): Promise<Set<string>> {
  const text = await outputOf(["systemd-analyze", "syscall-filter", "--no-pager"], {
    env: { NO_COLOR: "1" },
  });
  const groups = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n")) {
    // deno-lint-ignore no-control-regex -- colours
    const word = line.replace(/\x1b\[[\d;]*m/g, "").trim();
    if (/^@/.test(word) && !/^\s/.test(line)) groups.set(word, current = []);
    else if (word !== "" && !word.startsWith("#")) current.push(word);
  }
  const members = (name: string): string[] =>
    (groups.get(name) ?? []).flatMap((member) => member.startsWith("@") ? members(member) : [member]);
  const allowed = new Set<string>();
  for (const value of settings(unit, "SystemCallFilter")) {
    for (const group of value.replace("~", "").split(" ")) {
      for (const call of members(group)) {
        if (value.startsWith("~")) allowed.delete(call);
        else allowed.add(call);
      }
    }
  }
  return allowed;
}

Deno.test({
  name: `the registry works with the system calls of its service only${
    skipped(STRACE, "systemd and strace")
  }`,
  ignore: !STRACE,
  async fn() {
    const unit = await Deno.readTextFile(UNIT);
    assertEquals(settings(unit, "SystemCallErrorNumber"), ["EPERM"]);
    const allowed = await allowedCalls(unit);
    assertEquals([allowed.has("read"), allowed.has("mount"), allowed.has("setpriority")], [
      true,
      false,
      false,
    ]);
    await using folder = await temporaryFolder();
    // strace makes every other system call fail as the service's filter does, in all threads. It does not know some.
    const others = `!${[...allowed].map((call) => `?${call}`).join(",")}`;
    const log = `${folder.path}/refused`;
    const through = ["strace", "-D", "-f", "-qq", "-o", log, "-e", `inject=${others}:error=EPERM`];
    const control = ["--control", `${folder.path}/s`];
    await using registry = await startRegistry(["--metrics", "0", ...control], { through });
    const { port } = await registry.process.waitForEvent("metrics_open");
    await using _phone = await startPhone(registry.port, "maria");
    assertStringIncludes(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), "\nsala_people 1\n");
    await using list = startProcess("registry", ["list", ...control, "--json"]);
    assertEquals(await list.exitCode(), 0);
    registry.process.kill("SIGTERM");
    assertEquals(await registry.process.exitCode(), 0);
    // The filter was at work: V8 asks for memory keys, which it can do without.
    assertStringIncludes(await Deno.readTextFile(log), "EPERM");
  },
});

Deno.test("the service is started again whatever ends it, but for a wish and for wrong options", async () => {
  const unit = await Deno.readTextFile(UNIT);
  // systemd counts the end by SIGHUP, of a reload before the registry listens to it, as a wish (systemd.service(5)).
  const names = ["Restart", "RestartForceExitStatus", "RestartPreventExitStatus", "StartLimitIntervalSec"];
  assertEquals(names.map((name) => settings(unit, name)), [["on-failure"], ["SIGHUP"], ["2"], ["0"]]);
  await using wrong = startProcess("registry", ["--no-such-option"]);
  assertEquals(await wrong.exitCode(), 2);
});

Deno.test("the service starts the registry as its options are", async () => {
  const unit = await Deno.readTextFile(UNIT);
  const [start = ""] = settings(unit, "ExecStart");
  const options = await Deno.readTextFile(new URL("packaging/sala-registry.default", ROOT));
  const [, extra = ""] = /^SALA_REGISTRY_OPTIONS="(.*)"$/m.exec(options) ?? [];
  await using folder = await temporaryFolder();
  const control = `${folder.path}/control.sock`;
  const args = start.replace("$SALA_REGISTRY_OPTIONS", extra).replace(
    "/run/sala-registry/control.sock",
    control,
  )
    .split(" ").slice(1);
  assertEquals(args.slice(0, 2), ["--control", control]);
  await using registry = startProcess("registry", [...args, "--port", "0"]);
  await registry.waitForText("room open at ");
  assertEquals(settings(unit, "RuntimeDirectory"), ["sala-registry"]);
});
