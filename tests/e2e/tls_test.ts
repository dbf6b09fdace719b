import { assertEquals, assertStringIncludes } from "@std/assert";
import { startPhone } from "./phones.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

/** The command of docs/security.md that makes a certificate. */
const RECIPE = /```sh certificate\n([^]*?)```/.exec(
  await Deno.readTextFile(new URL("../../docs/security.md", import.meta.url)),
)?.[1] ?? "false";

/** A self-signed certificate for this machine, made by openssl, and removed at the end of the test. */
async function makeCertificate(
  command = RECIPE,
): Promise<AsyncDisposable & { cert: string; key: string }> {
  const folder = await temporaryFolder();
  await outputOf(["sh", "-c", command.replaceAll("192.168.0.10", "127.0.0.1")], { cwd: folder.path });
  return {
    cert: `${folder.path}/cert.pem`,
    key: `${folder.path}/key.pem`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Makes a certificate that has expired out of one that has not. */
const EXPIRE = `${RECIPE}
openssl x509 -x509toreq -in cert.pem -signkey key.pem -copy_extensions copyall -out request.pem
openssl x509 -req -in request.pem -signkey key.pem -copy_extensions copyall -days -1 -out cert.pem`;

const openssl = isInstalled("openssl");
/** The name of a skipped test says why. */
const why = openssl ? "" : " (skipped: there is no openssl to make a certificate with)";

Deno.test({
  name: `phones speak TLS with a registry that has a certificate, and come back to it${why}`,
  ignore: !openssl,
  async fn() {
    await using files = await makeCertificate();
    const tls = ["--tls-cert", files.cert, "--tls-key", files.key];
    const first = await startRegistry(tls);
    const args = ["--tls", "--ca", files.cert];
    await using maria = await startPhone(first.port, "maria", args);
    await maria.type("lista");
    await maria.waitForEvent("people");
    first.process.kill("SIGKILL");
    await first[Symbol.asyncDispose]();
    await maria.waitForEvent("registry_lost");
    await using second = await startRegistry([...tls, "--port", `${first.port}`]);
    await maria.waitForEvent("registry_back");
    const connect = ["s_client", "-connect", `127.0.0.1:${second.port}`, "-CAfile", files.cert];
    assertStringIncludes((await runToEnd(["openssl", ...connect])).stdout, "TLSv1.3");
    await maria.type("sair");
    assertEquals(await maria.exitCode(), 0);
    await second.process.waitForEvent("left", ({ reason }) => reason === "goodbye");
  },
});

Deno.test({
  name: `phone exits with 4 and one sentence where TLS does not fit${why}`,
  ignore: !openssl,
  async fn() {
    await using files = await makeCertificate();
    await using other = await makeCertificate();
    await using secure = await startRegistry(["--tls-cert", files.cert, "--tls-key", files.key]);
    await using plain = await startRegistry();
    const rows: [registry: string, args: string[], detail: string][] = [
      [`127.0.0.1:${secure.port}`, ["--tls"], "certificado dele não confere"],
      [`127.0.0.1:${secure.port}`, ["--tls", "--ca", other.cert], "certificado dele não confere"],
      [`127.0.0.2:${secure.port}`, ["--tls", "--ca", files.cert], "vale para outro nome"],
      [`127.0.0.1:${plain.port}`, ["--tls", "--ca", files.cert], "ele não fala TLS"],
      [`127.0.0.1:${secure.port}`, [], "use --tls"],
    ];
    await Promise.all(rows.map((row) => assertRefused(...row)));
    const kinds: string[] = [];
    // In the order in which the phones come.
    for (const [registry] of rows) {
      if (!registry.endsWith(`:${secure.port}`)) continue;
      kinds.push(((await secure.process.waitForEvent("tls_failed")).detail as Kind).kind);
    }
    assertEquals(kinds.sort(), ["no_tls", "tls_alert", "tls_alert", "tls_alert"]);
    await plain.process.waitForEvent("foreign_client", ({ protocol }) => protocol === "tls");
  },
});

type Kind = { readonly kind: string };

/** Commands that make a certificate with a flaw, and what registry and phone say of it. */
const FLAWED: [command: string, kind: string, detail: string][] = [
  [
    "openssl req -x509 -nodes -subj /CN=sala -keyout key.pem -out cert.pem",
    "certificate_of_authority",
    "autoridade",
  ],
  [RECIPE.replace(/-addext subjectAltName=\S+/, ""), "certificate_without_names", "não tem nomes"],
  [EXPIRE, "certificate_expired", "já venceu, ou o relógio"],
];

for (const [command, kind, detail] of FLAWED) {
  Deno.test({
    name: `registry and phone say that a certificate is no good: ${kind}${why}`,
    ignore: !openssl,
    async fn() {
      await using files = await makeCertificate(command);
      await using registry = await startRegistry(["--tls-cert", files.cert, "--tls-key", files.key]);
      await registry.process.waitForEvent(
        "certificate_flawed",
        ({ detail }) => (detail as Kind).kind === kind,
      );
      await assertRefused(`127.0.0.1:${registry.port}`, ["--tls", "--ca", files.cert], detail);
    },
  });
}

async function assertRefused(registry: string, args: string[], detail: string): Promise<void> {
  await using phone = startProcess(
    "phone",
    [registry, "joão", "0", "--quiet", "--mic", "none", "--speaker", "none", ...args],
  );
  assertEquals(await phone.exitCode(), 4, phone.report());
  assertStringIncludes(phone.stderr, detail, `${args}`);
  assertEquals(phone.stderr.trim().split("\n").length, 1, phone.report());
  assertEquals(phone.stdout, "");
}
