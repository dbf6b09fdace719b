import { assertEquals } from "@std/assert";
import { certificateFlaw, certificatesIn } from "../../lib/util/certificate.ts";

// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=sala -days 3650` with these
// options, on 29 November 2026.

/** `-addext subjectAltName=IP:192.0.2.1 -addext basicConstraints=critical,CA:FALSE` */
const GOOD = `
-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUTyAvN/PnmReJDXjFuenp34rUMygwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2FsYTAeFw0yNjExMjkxNTI5MzRaFw0zNjExMjYxNTI5MzRa
MA8xDTALBgNVBAMMBHNhbGEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATeXD32
r1rhQpODi29n8Q/6vNepmX2Fn14Nwv3vwu47OOoK7rYUmlMUXpqLvSxD0bRkUIr9
TrnkTtN3wnqvMP4Ao2EwXzAdBgNVHQ4EFgQUmwVgA/OqzZ5BbgJz3PC3ZHHSNWEw
HwYDVR0jBBgwFoAUmwVgA/OqzZ5BbgJz3PC3ZHHSNWEwDwYDVR0RBAgwBocEwAAC
ATAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQCIrwqmhEFvcT7+McG7
6kAcZf+XsOUqXZUflL0BbAduEQIgVLiJcrIpnhsI53pO4LBlutWPJsM4oq58ElcV
zZKw5Cc=
-----END CERTIFICATE-----
`;

/** No options. */
const AUTHORITY = `
-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUcTov3n0yh1+Ba1dwO9iAc0e2FMkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2FsYTAeFw0yNjExMjkxNTI5MzRaFw0zNjExMjYxNTI5MzRa
MA8xDTALBgNVBAMMBHNhbGEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASaHOxt
D0EHL3zR1Vxd51enMkPUehYnQTLucOrQTh7Z9TEwxc7q8mAo6ImiH6s1v2UZwTGl
gm+viKSZGyORbXULo1MwUTAdBgNVHQ4EFgQUYWRdHHG3NMB2mWsUcbho90ukzyow
HwYDVR0jBBgwFoAUYWRdHHG3NMB2mWsUcbho90ukzyowDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiBdS3634ex5zUsr70iKf9H1wgOYrUAV/HB7k1kZ
MXLzNgIgJP4K1wT+aDzspFRE7E/rTT/ZhkfS4Zj/r7ZZUS6+QaQ=
-----END CERTIFICATE-----
`;

/** `-addext basicConstraints=critical,CA:FALSE` */
const NAMELESS = `
-----BEGIN CERTIFICATE-----
MIIBcDCCARagAwIBAgIUY3Qq81YWvcmoTi6J/W+hBxMPZVIwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2FsYTAeFw0yNjExMjkxNTI5MzRaFw0zNjExMjYxNTI5MzRa
MA8xDTALBgNVBAMMBHNhbGEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASERCrd
CP1jXKOkbsOg4ROl5pmbs269UhsXsAhjLV0N4Aqb32T27/MBoyANKMf0PqSv4OJY
5fp5Al5cZ1/OhlS+o1AwTjAdBgNVHQ4EFgQU64xM3uxS+r1Bku4Z7oa3tX2su7Iw
HwYDVR0jBBgwFoAU64xM3uxS+r1Bku4Z7oa3tX2su7IwDAYDVR0TAQH/BAIwADAK
BggqhkjOPQQDAgNIADBFAiBoSAt/uUbb8FEQeuTAaok/4YIgZnzofSPNsEkzcQvf
6AIhANOsdCI2ZF9T3ng5cBNO2546Zj8HmIhvl+5uAIU2zPXt
-----END CERTIFICATE-----
`;

const NOW = new Date("2027-06-01");

Deno.test("certificateFlaw() finds why phones refuse a certificate", () => {
  assertEquals(certificateFlaw(GOOD, NOW), undefined);
  assertEquals(certificateFlaw(GOOD, new Date("2020-01-01")), { kind: "certificate_not_yet_valid" });
  assertEquals(certificateFlaw(GOOD, new Date("2040-01-01")), { kind: "certificate_expired" });
  assertEquals(certificateFlaw(AUTHORITY, NOW), { kind: "certificate_of_authority" });
  assertEquals(certificateFlaw(NAMELESS, NOW), { kind: "certificate_without_names" });
  assertEquals(certificateFlaw("none", NOW), undefined);
});

Deno.test("certificateFlaw() looks at the first certificate of a chain, which is the server's", () => {
  assertEquals(certificateFlaw(GOOD + AUTHORITY, NOW), undefined);
  assertEquals(certificateFlaw(AUTHORITY + GOOD, NOW), { kind: "certificate_of_authority" });
});

Deno.test("certificatesIn() leaves out what is no certificate, or damaged", () => {
  const damaged = [
    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  ];
  for (const text of ["", "text", ...damaged]) assertEquals(certificatesIn(text), []);
  const found = certificatesIn(`Autoridade \ufffd\r\n${damaged.join("")}${GOOD}# and\n${AUTHORITY}`);
  assertEquals(found, [GOOD.trim(), AUTHORITY.trim()]);
});
