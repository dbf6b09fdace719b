import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ExactWriter, FileWriter, lastingWriter } from "../../lib/ui/output.ts";
import { writeAll } from "../../lib/util/write_all.ts";

const NEW_LINE = 10;

/** Deno's standard output on a disk: a buffer of lines that each write flushes. It fails when there is no more room. */
class BufferedDisk {
  readonly written: number[] = [];
  #buffer: number[] = [];
  failures = 0;

  constructor(public room: number, readonly error: Error) {}

  // deno-lint-ignore require-await -- a failure rejects
  async write(bytes: Uint8Array): Promise<number> {
    return this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    try {
      const taken = this.#take([...bytes]);
      this.#flush();
      return taken;
    } catch (error) {
      this.failures++;
      throw error;
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

Deno.test("FileWriter writes everything once, wherever the disk gets full", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.nat({ max: 2500 }), { maxLength: 60 }),
    fc.array(fc.nat({ max: 30_000 }), { maxLength: 8 }),
    fc.nat({ max: 5000 }),
    async (lengths, rooms, size) => {
      const text = lengths.map((length, line) => `${String(line % 10).repeat(length)}\n`).join("");
      const disk = new BufferedDisk(rooms[0] ?? 0, new Error("full"));
      const more = [...rooms.slice(1), Infinity];
      const file = {
        write: (bytes: Uint8Array) => disk.writeSync(bytes),
        size: () => size + disk.written.length,
      };
      await writeAll(new FileWriter(file), new TextEncoder().encode(text), () => {
        disk.room += more.shift() ?? Infinity;
        return Promise.resolve();
      });
      assertEquals(new TextDecoder().decode(Uint8Array.from(disk.written)), text);
    },
  ));
});

Deno.test("FileWriter writes many lines at once, and again those that a file lost which somebody cut off", async () => {
  const disk = new BufferedDisk(100, new Error("full"));
  let cutOff = 0;
  let writes = 0;
  const file = {
    write: (bytes: Uint8Array) => (writes++, disk.writeSync(bytes)),
    size: () => disk.written.length - cutOff,
  };
  const writer = new FileWriter(file);
  const lines = new TextEncoder().encode("abc\n".repeat(40));
  await assertRejects(() => writer.write(lines), Error, "full");
  disk.room = Infinity;
  cutOff = 1000;
  assertEquals(await writer.write(lines), 160);
  cutOff = 0;
  writes = 0;
  await writeAll(writer, new TextEncoder().encode("abc\n".repeat(5000)));
  assertEquals([writes, disk.written.length], [1, 160 + 160 + 20_000]);
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
