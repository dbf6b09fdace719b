/**
 * Tries everything that a program may be forbidden, and prints the results as an object of JSON: `granted`, `refused`, or
 * another error. Run it with one of deno.json's sets of permissions.
 *
 * `--give-up read,ffi` first gives up all dispensable permissions but these, as the phone does.
 *
 * @module
 */

import { getPriority, setPriority } from "node:os";
import { type Dispensable, giveUpOtherPermissions } from "../../lib/cli/permissions.ts";

/** The attempts, by their names in the report. */
const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  "run: a program": () => new Deno.Command("true").outputSync(),
  "run: a shell": () => new Deno.Command("sh", { args: ["-c", "exit 0"] }).outputSync(),
  "sys: the host's name": () => Deno.hostname(),
  "sys: the system's version": () => Deno.osRelease(),
  "sys: the person's number": () => Deno.uid(),
  "sys: network interfaces": () => Deno.networkInterfaces(),
  "sys: the program's priority": () => setPriority(getPriority()),
  "env: LC_ALL": () => Deno.env.get("LC_ALL"),
  "env: LANG": () => Deno.env.get("LANG"),
  "env: TERM": () => Deno.env.get("TERM"),
  "env: PORTAUDIO_LIB": () => Deno.env.get("PORTAUDIO_LIB"),
  "env: SALA_UDP": () => Deno.env.get("SALA_UDP"),
  "env: HOME": () => Deno.env.get("HOME"),
  "env: SALA_SECRET": () => Deno.env.get("SALA_SECRET"),
  "env: all of it": () => Deno.env.toObject(),
  "env: set a variable": () => Deno.env.set("SALA_SECRET", "x"),
  "net: listen to TCP": () => Deno.listen({ port: 0, hostname: "127.0.0.1" }).close(),
  "net: listen to UDP": () =>
    Deno.listenDatagram({ transport: "udp", port: 0, hostname: "127.0.0.1" }).close(),
  "read: a file": () => Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  "write: a file": () => Deno.writeTextFileSync(Deno.args[0] as string, ""),
  "ffi: a library": () =>
    Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {}).close(),
  "ffi: memory": () => new Deno.UnsafePointerView(Deno.UnsafePointer.of(new Uint8Array(1))!).getUint8(),
  // Joined at run time, so that Deno does not load it in advance.
  "import: a program from elsewhere": () => import(["https:", "", "esm.sh", "x"].join("/")),
};

const kept = Deno.args.indexOf("--give-up");
if (kept >= 0) {
  giveUpOtherPermissions(new Set((Deno.args[kept + 1] ?? "").split(",") as Dispensable[]));
}

const results: Record<string, string> = {};
for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  try {
    await attempt();
    results[name] = "granted";
  } catch (error) {
    const { message } = error as Error;
    // A refused import is told by a TypeError.
    const refused = error instanceof Deno.errors.NotCapable || /^Requires import access/.test(message);
    results[name] = refused ? "refused" : message;
  }
}
console.log(JSON.stringify(results));
