import { assertEquals } from "@std/assert";
import { sessionKeys } from "../../lib/srtp/key_derivation.ts";

Deno.test("sessionKeys() derives the keys of RTP and RTCP from a master key", () => {
  // Master key of RFC 3711, appendix B.3. The salt there has 14 bytes, that of AEAD_AES_128_GCM the first 12 of them, so
  // the expected keys are not the RFC's: OpenSSL's aes-128-ctr computed them.
  const master = {
    key: Uint8Array.fromHex("e1f97a0d3e018be0d64fa32c06de4139"),
    salt: Uint8Array.fromHex("0ec675ad498afeebb6960b3a"),
  };
  const { key, salt } = sessionKeys(master, "rtp");
  const rtcp = sessionKeys(master, "rtcp");
  assertEquals([key, salt, rtcp.key, rtcp.salt].map((bytes) => bytes.toHex()), [
    "238c882f36f000301573e69383502d9d",
    "f2fee04070fc3f65d706e2e4",
    "8bd2cdf1fc9db302554e0fc9a5ccb4a6",
    "9bb741139a5207f61f898db2",
  ]);
});
