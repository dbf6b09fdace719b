/** X.509 certificates in PEM, as far as their flaws can be told before anybody connects. */

import { X509Certificate } from "node:crypto";

/** Why phones refuse a registry's certificate, whoever issued it. */
export type CertificateFlaw =
  | { readonly kind: "certificate_expired" | "certificate_not_yet_valid" }
  /** It is an authority's (`CA:TRUE`), as plain `openssl req -x509` makes it, and so no server's (webpki). */
  | { readonly kind: "certificate_of_authority" }
  /** It has no subjectAltName; nobody reads the common name any more (RFC 9525, section 2). */
  | { readonly kind: "certificate_without_names" };

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The identifier of subjectAltName in DER (RFC 5280, section 4.2.1.6). Deno 2.6 reads no names. */
const ALTERNATIVE_NAMES = "\x06\x03\x55\x1d\x11";

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** The certificates of a text in PEM, each in PEM; without what is between them, and without damaged ones. */
export function certificatesIn(text: string): string[] {
  return (text.match(BLOCK) ?? []).filter(read);
}

/** The flaw of the first certificate of a text in PEM, the server's; undefined if it has none. */
export function certificateFlaw(text: string, now: Date): CertificateFlaw | undefined {
  const [pem = ""] = certificatesIn(text);
  const certificate = read(pem);
  if (!certificate) return undefined;
  const der = atob(pem.replaceAll(/-----[^-]*-----|\s/g, ""));
  if (certificate.ca) return { kind: "certificate_of_authority" };
  if (!der.includes(ALTERNATIVE_NAMES)) {
    return { kind: "certificate_without_names" };
  }
  if (now < new Date(certificate.validFrom)) return { kind: "certificate_not_yet_valid" };
  if (now > new Date(certificate.validTo)) return { kind: "certificate_expired" };
}
