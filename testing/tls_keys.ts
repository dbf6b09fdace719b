/** Certificates for tests. */

import type { TlsKeys } from "../lib/util/tls_relay.ts";
import { outputOf } from "./program.ts";
import { temporaryFolder } from "./temporary.ts";

/** Makes a key and a certificate of its own for this machine's loopback addresses, with OpenSSL's program. */
export async function makeKeys(): Promise<TlsKeys> {
  await using folder = await temporaryFolder();
  await outputOf([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
    ],
    ...["-subj", "/CN=sala", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"],
  ], { cwd: folder.path });
  const [cert, key] = await Promise.all(
    ["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${folder.path}/${name}`)),
  );
  return { cert: cert!, key: key! };
}
