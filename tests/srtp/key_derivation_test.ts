import { assertEquals } from "@std/assert";
import { sessionKeys } from "../../lib/srtp/key_derivation.ts";

Deno.test("sessionKeys() derives what RFC 3711, appendix B.3, has", () => {
  // The example's salt has 14 bytes; its first 12, filled up with zeros, are what AEAD_AES_128_GCM has of it, so the
  // keys are those of the example only where its last two bytes are zero, too: computed with OpenSSL's aes-128-ctr.
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
