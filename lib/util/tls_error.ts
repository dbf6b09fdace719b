/** The errors of TLS as codes. */

import type { CertificateFlaw } from "./certificate.ts";

/** Why TLS did not come about. `text` is rustls's own name of what has no code here. */
export type TlsError =
  /** The peer's certificate: of an issuer that is not trusted, for another name, or unusable for a reason without a code. */
  | { readonly kind: "certificate_untrusted" | "certificate_other_name" }
  | CertificateFlaw
  | { readonly kind: "bad_certificate"; readonly text: string }
  /** The peer does not speak TLS. */
  | { readonly kind: "no_tls" }
  /** The peer ended the handshake with an alert (RFC 8446, section 6.2), or both sides have no form of TLS in common. */
  | { readonly kind: "tls_alert"; readonly text: string }
  /** This side's own files: no certificate in PEM, no key, one that rustls does not take, or one of another certificate. */
  | { readonly kind: "no_certificate" | "no_key" | "bad_key" | "key_mismatch" };

/** What Deno and rustls say, in the order in which it is compared. The first group, where there is one, is `text`. */
const MESSAGES: readonly (readonly [RegExp, TlsError["kind"]])[] = [
  [/^invalid peer certificate: .*CaUsedAsEndEntity/, "certificate_of_authority"],
  [/^invalid peer certificate: .*(UnknownIssuer|BadSignature)/, "certificate_untrusted"],
  [/^invalid peer certificate: .*not valid for any names/, "certificate_without_names"],
  [/^invalid peer certificate: (NotValidForName|certificate not valid for name)/, "certificate_other_name"],
  [/^invalid peer certificate: (Expired|certificate expired)/, "certificate_expired"],
  [/^invalid peer certificate: (NotValidYet|certificate not valid yet)/, "certificate_not_yet_valid"],
  // The name of the error, or its first words, without the values around them.
  [/^invalid peer certificate: (?:Other\(OtherError\()?([^{(),;:]*[^{(),;:\s])/, "bad_certificate"],
  [/^received (corrupt message|unexpected)|InvalidContentType/, "no_tls"],
  [/^received fatal alert: (.*)/, "tls_alert"],
  // A version or a cipher that rustls lacks, or a breach of the protocol.
  [/^(peer (?:is incompatible|misbehaved): .*)/, "tls_alert"],
  [/^No certificates found/, "no_certificate"],
  [/^No keys found/, "no_key"],
  [/^failed to parse private key/, "bad_key"],
  [/KeyMismatch/, "key_mismatch"],
];

/** Says which error of TLS was thrown; undefined if it is none. */
export function tlsError(error: unknown): TlsError | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const [pattern, kind] of MESSAGES) {
    const match = pattern.exec(error.message);
    if (!match) continue;
    if (kind === "bad_certificate" || kind === "tls_alert") return { kind, text: match[1] ?? "" };
    return { kind };
  }
}
