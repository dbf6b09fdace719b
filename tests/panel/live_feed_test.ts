import { assert, assertEquals } from "@std/assert";
import type { NumberedBatch } from "../../lib/panel/hub.ts";
import { LiveFeed } from "../../lib/panel/live_feed.ts";
import { VERSION } from "../../lib/util/version.ts";

const JOAO = { nome: "joão", ip: "192.0.2.1", porta: 6000 };

Deno.test("LiveFeed tells its listeners in time, and gives those who come later all that there is", async () => {
  using feed = new LiveFeed();
  feed.listening({ ip: "192.0.2.9", port: 5000 });
  const first = feed.snapshot();
  const { promise, resolve } = Promise.withResolvers<void>();
  const batches: NumberedBatch[] = [];
  const silent: NumberedBatch[] = [];
  feed.subscribe((batch) => {
    batches.push(batch);
    if (batches.some(({ batch }) => batch.messages.length > 0)) resolve();
  });
  feed.subscribe((batch) => silent.push(batch))();
  const connection = {};
  feed.handleLine(connection, { ip: JOAO.ip, port: 50_000 }, "received", '{"tipo":"registro"}');
  feed.handleJoined(connection, JOAO);
  await promise;
  const { id, snapshot } = feed.snapshot();
  assertEquals(id, batches.at(-1)!.id);
  assertEquals(feed.since(first.id), batches);
  assertEquals(snapshot.messages, batches.flatMap(({ batch }) => batch.messages));
  assertEquals(snapshot.people.map(({ name }) => name), ["joão"]);
  assertEquals(snapshot.registry, { ip: "192.0.2.9", port: 5000, registry: true });
  assertEquals(snapshot.version, VERSION);
  assert(Math.abs(snapshot.messages[0]!.at - Date.now()) < 60_000, "by the wall clock");
  assertEquals(silent, []);
});

Deno.test("LiveFeed of another run knows no batch of this one", () => {
  using one = new LiveFeed();
  using other = new LiveFeed();
  assertEquals(one.since(one.snapshot().id), []);
  assertEquals(other.since(one.snapshot().id), undefined);
});

Deno.test("LiveFeed that is closed sets no timer any more", () => {
  const feed = new LiveFeed();
  feed.handleLine({}, { ip: JOAO.ip, port: 50_000 }, "received", '{"tipo":"registro"}');
  feed[Symbol.dispose]();
  // A timer that is left over fails the test.
  feed.handleLine({}, { ip: JOAO.ip, port: 50_000 }, "received", '{"tipo":"registro"}');
});
