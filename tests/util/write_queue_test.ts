import { assertEquals, assertRejects } from "@std/assert";
import { WriteQueue } from "../../lib/util/write_queue.ts";

/** A connection whose writes wait for {@linkcode SlowConnection.go} and take at most some bytes. */
class SlowConnection {
  readonly written: string[] = [];
  readonly #most: number;
  #gate = Promise.withResolvers<void>();

  constructor(most = Infinity) {
    this.#most = most;
  }

  go(): void {
    this.#gate.resolve();
  }

  fail(): void {
    this.#gate.reject(new Error("reset"));
  }

  async write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.#most);
    this.written.push(new TextDecoder().decode(taken));
    await this.#gate.promise;
    return taken.length;
  }
}

Deno.test("WriteQueue writes texts of one turn together, and later ones after them", async () => {
  const connection = new SlowConnection();
  const writeQueue = new WriteQueue(connection);
  writeQueue.push("a\n");
  writeQueue.push("b\n");
  await Promise.resolve();
  writeQueue.push("c\n");
  assertEquals([connection.written, writeQueue.backlog], [["a\nb\n"], 2]);
  connection.go();
  await writeQueue.drained();
  assertEquals([connection.written, writeQueue.backlog], [["a\nb\n", "c\n"], 0]);
  writeQueue.push("d\n");
  await writeQueue.drained();
  assertEquals(connection.written.at(-1), "d\n");
});

Deno.test("WriteQueue writes on until all bytes are taken", async () => {
  const connection = new SlowConnection(4);
  connection.go();
  const writeQueue = new WriteQueue(connection);
  writeQueue.push("sala cheia");
  await writeQueue.drained();
  assertEquals(connection.written, ["sala", " che", "ia"]);
});

Deno.test("WriteQueue.drained() reports a failed write, after which texts are dropped", async () => {
  const connection = new SlowConnection();
  const writeQueue = new WriteQueue(connection);
  writeQueue.push("a");
  const drained = writeQueue.drained();
  connection.fail();
  await assertRejects(() => drained, Error, "reset");
  writeQueue.push("b");
  assertEquals([writeQueue.backlog, connection.written], [0, ["a"]]);
  await assertRejects(() => writeQueue.drained(), Error, "reset");
});
