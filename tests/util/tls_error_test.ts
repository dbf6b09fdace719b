import { assertEquals } from "@std/assert";
import { type TlsError, tlsError } from "../../lib/util/tls_error.ts";

/** Texts of rustls 0.23 and of Deno. */
const ROWS: readonly (readonly [message: string, expected: TlsError | undefined])[] = [
  ["invalid peer certificate: UnknownIssuer", { kind: "certificate_untrusted" }],
  ["invalid peer certificate: BadSignature", { kind: "certificate_untrusted" }],
  ["invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", { kind: "certificate_of_authority" }],
  [
    'invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is not valid for any names ' +
    "(according to its subjectAltName extension)",
    { kind: "certificate_without_names" },
  ],
  ["invalid peer certificate: NotValidForName", { kind: "certificate_other_name" }],
  [
    'invalid peer certificate: certificate not valid for name "127.0.0.2"; certificate is only valid for …',
    { kind: "certificate_other_name" },
  ],
  ["invalid peer certificate: Expired", { kind: "certificate_expired" }],
  ["invalid peer certificate: certificate expired: verification time 2 (UNIX), but …", {
    kind: "certificate_expired",
  }],
  ["invalid peer certificate: certificate not valid yet: verification time 1 (UNIX)…", {
    kind: "certificate_not_yet_valid",
  }],
  ["invalid peer certificate: NotValidYet", { kind: "certificate_not_yet_valid" }],
  ["invalid peer certificate: BadEncoding", { kind: "bad_certificate", text: "BadEncoding" }],
  ["invalid peer certificate: Other(OtherError(EmptyEkuExtension))", {
    ...{ kind: "bad_certificate", text: "EmptyEkuExtension" } as const,
  }],
  [
    "invalid peer certificate: UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [6, 9], … }",
    { kind: "bad_certificate", text: "UnsupportedSignatureAlgorithmContext" },
  ],
  [
    "invalid peer certificate: certificate does not allow extended key usage for server authentication, allows client …",
    {
      kind: "bad_certificate",
      text: "certificate does not allow extended key usage for server authentication",
    },
  ],
  ["received corrupt message of type InvalidContentType", { kind: "no_tls" }],
  ["received unexpected handshake message: got ClientHello when expecting ServerHello or HelloRetryRequest", {
    kind: "no_tls",
  }],
  ["peer is incompatible: ServerDoesNotSupportTls12Or13", {
    ...{ kind: "tls_alert", text: "peer is incompatible: ServerDoesNotSupportTls12Or13" } as const,
  }],
  ["received fatal alert: HandshakeFailure", { kind: "tls_alert", text: "HandshakeFailure" }],
  ["No certificates found in certificate data", { kind: "no_certificate" }],
  ["No keys found in key data", { kind: "no_key" }],
  ["failed to parse private key as RSA, ECDSA, or EdDSA", { kind: "bad_key" }],
  ["keys may not be consistent: KeyMismatch", { kind: "key_mismatch" }],
  ["Connection refused (os error 111)", undefined],
];

for (const [message, expected] of ROWS) {
  Deno.test(`tlsError() reads ${JSON.stringify(message)}`, () => {
    assertEquals(tlsError(new Error(message)), expected);
  });
}

Deno.test("tlsError() knows nothing of what is no error", () => {
  assertEquals(tlsError("UnknownIssuer"), undefined);
});

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

Deno.test("tlsError() knows what Deno throws about files that are no certificate", () => {
  for (const [cert, kind] of [["none", "no_certificate"], [PEM, "no_key"]] as const) {
    try {
      Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key: "none" }).close();
    } catch (error) {
      assertEquals(tlsError(error), { kind });
      continue;
    }
    throw new Error("It listens");
  }
});
