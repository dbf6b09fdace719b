import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startPhone } from "./phones.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { isInstalled, outputOf, runToEnd } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

/** A self-signed certificate for this machine, made by openssl, and removed at the end of the test. */
async function makeCertificate(): Promise<AsyncDisposable & { cert: string; key: string }> {
  const folder = await temporaryFolder();
  const [cert, key] = [`${folder.path}/sala.crt`, `${folder.path}/sala.key`];
  await outputOf([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", "/CN=sala", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert],
  ]);
  return { cert, key, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

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
      [`127.0.0.2:${secure.port}`, ["--tls", "--ca", files.cert], "certificado dele não confere"],
      [`127.0.0.1:${plain.port}`, ["--tls", "--ca", files.cert], "ele não fala TLS"],
      [`127.0.0.1:${secure.port}`, [], "a conexão foi fechada"],
    ];
    for (const [registry, args, detail] of rows) {
      await using phone = startProcess(
        "phone",
        [registry, "joão", "0", "--quiet", "--mic", "none", "--speaker", "none", ...args],
      );
      assertEquals(await phone.exitCode(), 4, phone.report());
      assertStringIncludes(phone.stdout, detail, `${args}`);
      assertEquals(phone.lines.length, 1, phone.report());
      assert(!phone.stderr.includes("Error"), phone.stderr);
    }
  },
});
