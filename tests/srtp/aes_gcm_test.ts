import { assert, assertEquals } from "@std/assert";
import {
  type AesGcm,
  IV_BYTES,
  KEY_BYTES,
  openssl,
  runtimeCipher,
  TAG_BYTES,
} from "../../lib/srtp/aes_gcm.ts";
import { seededRandom } from "../../testing/netem/random.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

/** Test case 4 of McGrew and Viega, The Galois/Counter Mode of Operation, appendix B. */
const KEY = hex("feffe9928665731c6d6a8f9467308308");
const IV = hex("cafebabefacedbaddecaf888");
const ASSOCIATED = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
const MESSAGE = hex(`
  d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`);
const SEALED = hex(`
  42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
  21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
  5bc94fbc3221a5db94fae95ae7121a47`);

const system = openssl();
const CIPHERS: readonly { name: string; cipher: AesGcm | undefined }[] = [
  { name: "OpenSSL", cipher: system },
  { name: "node:crypto", cipher: runtimeCipher },
];

function seal(cipher: AesGcm, message: Uint8Array, key = KEY, iv = IV, associated = ASSOCIATED): Uint8Array {
  const into = new Uint8Array(message.length + TAG_BYTES);
  cipher.seal(key, iv, associated, message, into);
  return into;
}

function open(cipher: AesGcm, sealed: Uint8Array, associated = ASSOCIATED): Uint8Array | undefined {
  const into = new Uint8Array(sealed.length - TAG_BYTES);
  return cipher.open(KEY, IV, associated, sealed, into) ? into : undefined;
}

for (const { name, cipher } of CIPHERS) {
  const ignore = cipher === undefined;

  Deno.test({
    name: `AES-GCM of ${name} has the published test case`,
    ignore,
    fn() {
      assertEquals(seal(cipher!, MESSAGE), SEALED);
      assertEquals(open(cipher!, SEALED), MESSAGE);
    },
  });

  Deno.test({
    name: `AES-GCM of ${name} finds out every bit that was changed, and goes on`,
    ignore,
    fn() {
      for (let bit = 0; bit < 8 * SEALED.length; bit++) {
        const changed = SEALED.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        assertEquals(open(cipher!, changed), undefined);
      }
      assertEquals(open(cipher!, SEALED, ASSOCIATED.subarray(1)), undefined);
      assertEquals(open(cipher!, SEALED), MESSAGE);
    },
  });

  Deno.test({
    name: `AES-GCM of ${name} writes nothing outside of the room that it is given`,
    ignore,
    fn() {
      const all = new Uint8Array(100 + MESSAGE.length + TAG_BYTES).fill(0xee);
      cipher!.seal(KEY, IV, ASSOCIATED, MESSAGE, all.subarray(50, -50));
      assertEquals(all.subarray(50, -50), SEALED);
      assert([...all.subarray(0, 50), ...all.subarray(-50)].every((byte) => byte === 0xee));
    },
  });
}

Deno.test({
  name: "both are the same for messages of any length, nothing included",
  ignore: system === undefined,
  fn() {
    const random = seededRandom("aes-gcm");
    const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(256 * random()));
    for (let length = 0; length < 200; length++) {
      const [message, key, iv, associated] = [bytes(length), bytes(KEY_BYTES), bytes(IV_BYTES), bytes(12)];
      const sealed = seal(system!, message, key, iv, associated);
      assertEquals(seal(runtimeCipher, message, key, iv, associated), sealed);
      const opened = new Uint8Array(length);
      assert(system!.open(key, iv, associated, sealed, opened));
      assertEquals(opened, message);
    }
  },
});

Deno.test("without OpenSSL there is none, and no error", () => {
  assertEquals(openssl([]), undefined);
  assertEquals(openssl(["libcrypto-that-is-not-there.so"]), undefined);
});
