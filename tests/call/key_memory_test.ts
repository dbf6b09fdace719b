import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { importMap, Program, ROOT } from "../../testing/program.ts";
import { sessionKeys } from "../../lib/srtp/key_derivation.ts";

const PAGE_BYTES = 4096;

/** Runs of pages that are in memory, as addresses (proc(5): `maps`, `pagemap`); most of what is reserved is not. */
function* pagesInMemory(pid: number): Generator<[number, number]> {
  using pagemap = Deno.openSync(`/proc/${pid}/pagemap`);
  for (const line of Deno.readTextFileSync(`/proc/${pid}/maps`).split("\n")) {
    // Keys come into no memory that cannot be written.
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (!range) continue;
    const [start, end] = [parseInt(range[1]!, 16), parseInt(range[2]!, 16)];
    const entries = new BigUint64Array((end - start) / PAGE_BYTES);
    pagemap.seekSync(start / PAGE_BYTES * 8, Deno.SeekMode.Start);
    pagemap.readSync(new Uint8Array(entries.buffer));
    for (let page = 0; page < entries.length; page++) {
      const first = page;
      while (page < entries.length && entries[page]! >> 63n) page++;
      if (page > first) yield [start + first * PAGE_BYTES, start + page * PAGE_BYTES];
    }
  }
}

/** How often each byte string occurs in the memory of a process. */
function occurrences(pid: number, wanted: Readonly<Record<string, Uint8Array>>): Record<string, number> {
  const count = Object.fromEntries(Object.keys(wanted).map((name) => [name, 0]));
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  for (const [start, end] of pagesInMemory(pid)) {
    const bytes = Buffer.alloc(end - start);
    memory.seekSync(start, Deno.SeekMode.Start);
    for (let read = 0; read < bytes.length;) read += memory.readSync(bytes.subarray(read)) ?? bytes.length;
    for (const [name, text] of Object.entries(wanted)) {
      for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) count[name]!++;
    }
  }
  return count;
}

/** Master and session keys of both directions, from the lines that the program prints. */
function keysIn(lines: readonly string[]): Record<string, Uint8Array> {
  const keys: Record<string, Uint8Array> = {};
  lines.forEach((line, direction) => {
    const [key, salt] = line.split(" ").map((hex) => Uint8Array.fromHex(hex)) as [Uint8Array, Uint8Array];
    keys[`master ${direction}`] = key;
    // As in the file of `--log-keys`, up to a whole number of bytes.
    keys[`text ${direction}`] = new TextEncoder().encode(key.subarray(0, 15).toBase64());
    for (const kind of ["rtp", "rtcp"] as const) {
      keys[`${kind} ${direction}`] = sessionKeys({ key, salt }, kind).key;
    }
  });
  return keys;
}

Deno.test({
  name: "a minute after a call none of its keys is in the memory of the phone",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = new URL("tests/call/key_memory_program.ts", ROOT).pathname;
    const line = [Deno.execPath(), "run", "-q", "-A", "--no-check", ...importMap(), program, "openssl"];
    await using phones = new Program(line, { stdin: "piped" });
    await phones.waitFor((line) => line === "forgotten", "forgotten");
    const keys = keysIn(phones.lines.slice(0, 2));
    assertEquals(Object.keys(keys).length, 8);
    assertEquals(
      occurrences(phones.pid, keys),
      Object.fromEntries(Object.keys(keys).map((name) => [name, 0])),
    );
    // The search finds what is there.
    const text = new TextEncoder().encode("no timer wakes up to forget the call");
    assert(occurrences(phones.pid, { text }).text! > 0);
  },
});
