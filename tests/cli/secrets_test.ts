import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../lib/cli/arguments.ts";
import { readCertificates, readKey, readRoomPassword } from "../../lib/cli/secrets.ts";
import type { UsageProblem } from "../../lib/events/usage_problem.ts";
import { temporaryFile } from "../../testing/temporary.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
/** UTF-16 with the bytes of each unit in this order. */
const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), littleEndian);
  return bytes;
};

const passwordIn = (file: string) => readRoomPassword({ file, ask: false }, "");

/** The problem of a file. */
async function problemOf(
  read: (path: string) => Promise<unknown>,
  bytes: Uint8Array,
): Promise<UsageProblem> {
  await using file = await temporaryFile("", bytes);
  const { problem } = await assertRejects(() => read(file.path), UsageError);
  return "value" in problem ? { ...problem, value: "" } : problem;
}

for (const text of ["segredo", "segredo\n", "segredo\r\n", "\ufeffsegredo\r\n"]) {
  Deno.test(`readRoomPassword() reads "segredo" from ${JSON.stringify(text)}`, async () => {
    await using file = await temporaryFile("", utf8(text));
    assertEquals(await passwordIn(file.path), "segredo");
  });
}

const BAD: readonly (readonly [what: string, bytes: Uint8Array, kind: "empty" | "not_text"])[] = [
  ["nothing", utf8("\ufeff\r\n"), "empty"],
  ["UTF-16, little endian", utf16("\ufeffsegredo", true), "not_text"],
  ["UTF-16, big endian", utf16("\ufeffsegredo", false), "not_text"],
  ["UTF-16 without a byte order mark", utf16("segredo", true), "not_text"],
  ["Latin-1", Uint8Array.of(0xe1, 0x67, 0x75, 0x61), "not_text"],
  ["a zero", utf8("segredo\0"), "not_text"],
];

for (const [what, bytes, kind] of BAD) {
  Deno.test(`readRoomPassword() refuses a file with ${what}`, async () => {
    assertEquals(await problemOf(passwordIn, bytes), {
      ...{ kind: "bad_file", option: "--room-password-file", value: "" },
      detail: { kind },
    });
  });
}

Deno.test("readCertificates() refuses a file without a certificate, readKey() a key with a passphrase, and both UTF-16", async () => {
  const key = utf8("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
  const problem = { kind: "bad_file", option: "--x", value: "" } as const;
  for (const bytes of [key, utf8(""), Uint8Array.of(0x30, 0x82, 0xff)]) {
    assertEquals(await problemOf((path) => readCertificates("--x", path), bytes), {
      ...problem,
      detail: { kind: "no_certificate_in_file" },
    });
  }
  assertEquals(await problemOf((path) => readKey("--x", path), key), {
    ...problem,
    detail: { kind: "encrypted_key" },
  });
  for (const read of [readCertificates, readKey]) {
    for (const littleEndian of [true, false]) {
      const bytes = utf16("\ufeff-----BEGIN CERTIFICATE-----", littleEndian);
      assertEquals(await problemOf((path) => read("--x", path), bytes), {
        ...problem,
        detail: { kind: "not_text" },
      });
    }
  }
});
