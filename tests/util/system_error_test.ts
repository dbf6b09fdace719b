import { assertEquals } from "@std/assert";
import { linuxError, listenError, systemError } from "../../lib/util/system_error.ts";

async function thrown(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
}

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder));

const ROWS: readonly (readonly [what: string, work: () => unknown, kind: string])[] = [
  ["a missing file", () => Deno.readTextFile(`${folder}/none`), "not_found"],
  ["a folder", () => Deno.open(folder, { write: true }), "is_directory"],
  ["a file as a folder", () => Deno.readTextFile("/etc/passwd/x"), "not_directory"],
  ["a long name", () => Deno.readTextFile(`${folder}/${"x".repeat(300)}`), "name_too_long"],
  ["a full disk", () => Deno.writeTextFile("/dev/full", "x"), "no_space"],
  [
    "another machine's address",
    () => Deno.listen({ hostname: "192.0.2.1", port: 0 }),
    "address_not_available",
  ],
  [
    "a host without an address",
    () => Deno.listen({ hostname: "nobody.invalid", port: 0 }),
    "name_not_resolved",
  ],
  ["a host that is no name", () => Deno.listen({ hostname: "*", port: 0 }), "name_not_resolved"],
  ["a port where nobody listens", () => Deno.connect({ hostname: "127.0.0.1", port: 1 }), "refused"],
];

for (const [what, work, kind] of ROWS) {
  Deno.test(`systemError() has a code for ${what}`, { ignore: Deno.build.os !== "linux" }, async () => {
    assertEquals(systemError(await thrown(work)), { kind } as ReturnType<typeof systemError>);
  });
}

Deno.test("systemError() tells a name without an address from name servers that are away", () => {
  const of = (code: string) => systemError(Object.assign(new Error("getaddrinfo"), { code }));
  assertEquals(of("ENOTFOUND"), { kind: "name_not_resolved" });
  assertEquals(of("EAI_AGAIN"), { kind: "name_servers_silent" });
});

Deno.test(
  "systemError() has a code for what this program may not do",
  { permissions: { read: false } },
  async () => {
    assertEquals(systemError(await thrown(() => Deno.readTextFile("x"))), { kind: "not_capable" });
  },
);

Deno.test({
  name: "systemError() has a code for errors of files to which Deno gives none",
  ignore: Deno.build.os === "windows",
  fn() {
    const error = new Error("File too large (os error 27): truncate 'x.wav'");
    assertEquals(systemError(error), { kind: "too_large" });
    if (Deno.build.os !== "linux") return;
    assertEquals(systemError(new Error("Disk quota exceeded (os error 122)")), { kind: "no_space" });
    assertEquals(systemError(new Error("Stale file handle (os error 116)")), { kind: "io_error" });
  },
});

Deno.test("systemError() gives the system's text without number and path where there is no code", () => {
  const error = new Error("Exec format error (os error 8): open 'x.wav'");
  assertEquals(systemError(error), { kind: "other", text: "Exec format error" });
  assertEquals(systemError(Object.assign(new Error("x"), { code: "constructor" })), {
    kind: "other",
    text: "x",
  });
  assertEquals(systemError("no error at all"), { kind: "other", text: "no error at all" });
});

Deno.test("linuxError() has the code of each number that sending gives where there is no way", () => {
  const kinds = [1, 13, 22, 97, 99, 100, 101, 112, 113].map((number) => linuxError(number).kind);
  assertEquals(kinds, [
    "permission_denied",
    "permission_denied",
    "network_unreachable",
    "ip_version_not_available",
    "address_not_available",
    "network_unreachable",
    "network_unreachable",
    "host_unreachable",
    "host_unreachable",
  ]);
  assertEquals(linuxError(105), { kind: "other", text: "errno 105" });
});

Deno.test("listenError() tells a port for privileged programs from other forbidden ones", () => {
  const error = Object.assign(new Error("no"), { code: "EACCES" });
  assertEquals(listenError(error, 80), { kind: "port_privileged" });
  assertEquals(listenError(error, 1023), { kind: "port_privileged" });
  for (const port of [0, 1024, 5000]) assertEquals(listenError(error, port), { kind: "permission_denied" });
  assertEquals(listenError(Object.assign(new Error("no"), { code: "EADDRINUSE" }), 80), {
    kind: "address_in_use",
  });
});
