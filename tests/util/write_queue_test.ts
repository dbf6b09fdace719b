import { assertEquals, assertRejects } from "@std/assert";
import { Outbox } from "../../lib/util/write_queue.ts";

/** A connection that takes each write when it is told to, and at most some bytes at a time. */
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

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    const taken = bytes.subarray(0, this.#most);
    this.written.push(new TextDecoder().decode(taken));
    await this.#gate.promise;
    return taken.length;
  };
}

Deno.test("Outbox writes what comes in one turn at once, and what comes later after it", async () => {
  const connection = new SlowConnection();
  const outbox = new Outbox(connection.write);
  outbox.push("a\n");
  outbox.push("b\n");
  await Promise.resolve();
  outbox.push("c\n");
  assertEquals([connection.written, outbox.backlog], [["a\nb\n"], 2]);
  connection.go();
  await outbox.drained();
  assertEquals([connection.written, outbox.backlog], [["a\nb\n", "c\n"], 0]);
  outbox.push("d\n");
  await outbox.drained();
  assertEquals(connection.written.at(-1), "d\n");
});

Deno.test("Outbox writes on until all is taken", async () => {
  const connection = new SlowConnection(4);
  connection.go();
  const outbox = new Outbox(connection.write);
  outbox.push("sala cheia");
  await outbox.drained();
  assertEquals(connection.written, ["sala", " che", "ia"]);
});

Deno.test("Outbox tells a failure to whoever waits, and keeps nothing after it", async () => {
  const connection = new SlowConnection();
  const outbox = new Outbox(connection.write);
  outbox.push("a");
  const drained = outbox.drained();
  connection.fail();
  await assertRejects(() => drained, Error, "reset");
  outbox.push("b");
  assertEquals([outbox.backlog, connection.written], [0, ["a"]]);
  await assertRejects(() => outbox.drained(), Error, "reset");
});
