import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ExactWriter, lastingWriter } from "../../lib/ui/output.ts";
import { writeAll } from "../../lib/util/write_all.ts";

const NEW_LINE = 10;

/** Deno's standard output on a disk: a buffer of lines that each write flushes. It fails when there is no more room. */
class BufferedDisk {
  readonly written: number[] = [];
  #buffer: number[] = [];
  failures = 0;

  constructor(public room: number, readonly error: Error) {}

  write(bytes: Uint8Array): Promise<number> {
    try {
      const taken = this.#take([...bytes]);
      this.#flush();
      return Promise.resolve(taken);
    } catch (error) {
      this.failures++;
      return Promise.reject(error);
    }
  }

  #take(bytes: number[]): number {
    const lines = bytes.lastIndexOf(NEW_LINE) + 1;
    if (lines > 0) {
      this.#flush();
      const written = this.#put(bytes.slice(0, lines));
      const rest = bytes.slice(written).slice(0, 1024);
      this.#buffer.push(...rest);
      return written + rest.length;
    }
    this.#buffer.push(...bytes);
    return bytes.length;
  }

  #flush(): void {
    while (this.#buffer.length > 0) this.#buffer.splice(0, this.#put(this.#buffer));
  }

  #put(bytes: number[]): number {
    if (bytes.length === 0) return 0;
    if (this.room === 0) throw this.error;
    const some = bytes.slice(0, this.room);
    this.room -= some.length;
    this.written.push(...some);
    return some.length;
  }
}

Deno.test("ExactWriter writes everything once, wherever the output gets full", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.nat({ max: 2500 }), { maxLength: 6 }),
    fc.array(fc.nat({ max: 3000 }), { maxLength: 8 }),
    async (lengths, rooms) => {
      const text = lengths.map((length, line) => `${String(line).repeat(length)}\n`).join("");
      const disk = new BufferedDisk(rooms[0] ?? 0, new Error("full"));
      const more = [...rooms.slice(1), Infinity];
      const bytes = new TextEncoder().encode(text);
      await writeAll(new ExactWriter(disk), bytes, () => {
        disk.room += more.shift() ?? Infinity;
        return Promise.resolve();
      });
      assertEquals(new TextDecoder().decode(Uint8Array.from(disk.written)), text);
    },
  ));
});

Deno.test("lastingWriter() says once that writing fails, and again only after it has worked", async () => {
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  let failing = 3;
  const written: number[] = [];
  const told: unknown[] = [];
  const to = {
    write(bytes: Uint8Array): Promise<number> {
      if (failing-- > 0) return Promise.reject(full);
      written.push(...bytes);
      return Promise.resolve(bytes.length);
    },
  };
  const write = lastingWriter(to, (detail) => told.push(detail), { retryMs: 1 });
  await write(Uint8Array.of(1, 2));
  assertEquals([written, told], [[1, 2], [{ kind: "no_space" }]]);
  failing = 2;
  await write(Uint8Array.of(3));
  assertEquals([written, told.length], [[1, 2, 3], 2]);
});

for (const error of [new Deno.errors.BrokenPipe(), new Deno.errors.ConnectionReset()]) {
  Deno.test(`lastingWriter() gives up when the reader has gone, ${error.name}`, async () => {
    const told: unknown[] = [];
    const write = lastingWriter({ write: () => Promise.reject(error) }, (detail) => told.push(detail));
    await assertRejects(() => write(Uint8Array.of(1)), Error);
    assertEquals(told, []);
  });
}

for (const error of [new Deno.errors.BrokenPipe(), new Deno.errors.ConnectionReset()]) {
  Deno.test(`lastingWriter() goes on for another reader where it is to, ${error.name}`, async () => {
    let failing = 3;
    const written: number[] = [];
    const told: unknown[] = [];
    const to = {
      write(bytes: Uint8Array): Promise<number> {
        if (failing-- > 0) return Promise.reject(error);
        written.push(...bytes);
        return Promise.resolve(bytes.length);
      },
    };
    const write = lastingWriter(to, (detail) => told.push(detail), { outlivesReader: true, retryMs: 1 });
    await write(Uint8Array.of(1, 2));
    assertEquals([written, told], [[1, 2], [{ kind: "reader_gone" }]]);
  });
}
