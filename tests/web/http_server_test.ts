import { assertEquals } from "@std/assert";
import { HttpServer, MAX_CONNECTIONS } from "../../lib/web/http_server.ts";

Deno.test("silent connections keep nobody out, and hold no more file descriptors than allowed", async () => {
  using server = new HttpServer("127.0.0.1", 0, () => ({ status: 200, body: "ok" }));
  using all = new DisposableStack();
  const silent: Deno.TcpConn[] = [];
  while (silent.length < MAX_CONNECTIONS) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    all.defer(() => connection.close());
    silent.push(connection);
  }
  assertEquals(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), "ok");
  assertEquals(await silent[0]?.read(new Uint8Array(1)), null);
});

Deno.test("a handler that fails costs a status, and HEAD has no body", async () => {
  using server = new HttpServer("127.0.0.1", 0, ({ path }) => {
    if (path === "/fails") throw new Error("secret");
    return { status: 200, body: "text" };
  });
  const failed = await fetch(`http://127.0.0.1:${server.port}/fails`);
  assertEquals([failed.status, await failed.text()], [500, ""]);
  const head = await fetch(`http://127.0.0.1:${server.port}/`, { method: "HEAD" });
  assertEquals([head.headers.get("content-length"), await head.text()], ["4", ""]);
});

Deno.test("a stream learns that its reader has gone", async () => {
  const gone = Promise.withResolvers<void>();
  using server = new HttpServer("127.0.0.1", 0, () => ({
    status: 200,
    body: async (send, signal) => {
      signal.addEventListener("abort", () => gone.resolve());
      await send("first");
      await gone.promise;
    },
  }));
  const { body } = await fetch(`http://127.0.0.1:${server.port}/`);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "first");
  await reader.cancel();
  await gone.promise;
});
