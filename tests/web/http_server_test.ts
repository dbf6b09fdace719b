import { assert, assertEquals, assertMatch } from "@std/assert";
import { pause } from "../../lib/util/pause.ts";
import { within } from "../../lib/util/time_limit.ts";
import { writeAll } from "../../lib/util/write_all.ts";
import type { HttpRequest } from "../../lib/web/http_request.ts";
import { descriptorsFor, type HttpResponse, HttpServer } from "../../lib/web/http_server.ts";
import { EVERYTHING } from "../../testing/everything.ts";
import { isInstalled } from "../../testing/program.ts";
import { makeKeys } from "../../testing/tls_keys.ts";
import { exchange, get, parts, readAll } from "./exchange.ts";

/** Upper limit of waits, in milliseconds. */
const LONG_MS = 30_000;

function answer({ path }: HttpRequest): HttpResponse {
  if (path === "/b") throw new Error("secret");
  return path === "/a" ? { status: 200, body: "é\n" } : { status: 404 };
}

/** So many connections that say nothing. */
function silentOnes(count: number, port: number): Promise<Deno.TcpConn[]> {
  return Promise.all(Array.from({ length: count }, () => Deno.connect({ hostname: "127.0.0.1", port })));
}

Deno.test("HttpServer answers each kind of request, one a connection", async () => {
  using server = new HttpServer("127.0.0.1", 0, answer);
  const { port } = server;
  const response = await get(port, "/a?x=1");
  assertMatch(response, /^HTTP\/1\.1 200 OK\r\n/);
  assertMatch(response, /\r\ncontent-length: 3\r\n/);
  assertMatch(response, /\r\nconnection: close\r\n/);
  assertEquals(parts(response), [200, "é\n"]);
  const host = "Host: 127.0.0.1:9464";
  const rows: readonly (readonly [string, number])[] = [
    ["GET /a HTTP/1.0\r\n\r\n", 200],
    ["GET /a HTTP/1.1\nHost: localhost\n\n", 200],
    [`GET / HTTP/1.1\r\n${host}\r\n\r\n`, 404],
    [`GET /A HTTP/1.1\r\n${host}\r\n\r\n`, 404],
    [`GET /toString HTTP/1.1\r\n${host}\r\n\r\n`, 404],
    [`GET /a/ HTTP/1.1\r\n${host}\r\n\r\n`, 404],
    [`GET /b HTTP/1.1\r\n${host}\r\n\r\n`, 500],
    [`GET a HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    [`GET /a HTTP/2.0\r\n${host}\r\n\r\n`, 400],
    ["\x16\x03\x01\r\n\r\n", 400],
    // RFC 9112, sections 2.2, 3.2 and 5.
    [`\r\n\r\nGET /a HTTP/1.1\r\n${host}\r\n\r\n`, 200],
    [`GET http://127.0.0.1:9464/a HTTP/1.1\r\n${host}\r\n\r\n`, 200],
    ["GET /a HTTP/1.1\r\n\r\n", 400],
    [`GET /a HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`, 400],
    [`GET /a HTTP/1.1\r\nHost : x\r\n\r\n`, 400],
    [`GET /a HTTP/1.1\r\n${host}\r\n folded\r\n\r\n`, 400],
    [`GET /a HTTP/1.1\r\n${host}\r\n\r\nGET /b HTTP/1.1\r\n${host}\r\n\r\n`, 200],
    [`GET /${"a".repeat(9000)} HTTP/1.1\r\n\r\n`, 431],
    [`GET /a HTTP/1.1\r\n${host}\r\nCookie: ${"a".repeat(100_000)}\r\n\r\n`, 431],
    ["\r\n".repeat(10_000), 431],
    // Sections 6.1 to 6.3.
    [`POST /a HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\n\r\nok`, 200],
    [`POST /a HTTP/1.1\r\n${host}\r\nContent-Length: 5000\r\n\r\n`, 413],
    [`POST /a HTTP/1.1\r\n${host}\r\nContent-Length: 0x2\r\n\r\nok`, 400],
    [`POST /a HTTP/1.1\r\n${host}\r\nContent-Length: \r\n\r\nok`, 400],
    [`POST /a HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok`, 400],
    [`POST /a HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ];
  for (const [request, status] of rows) {
    assertEquals(parts(await exchange(port, request))[0], status, JSON.stringify(request.slice(0, 40)));
  }
  assertEquals(parts(await exchange(port, "HEAD /a HTTP/1.0\r\n\r\n")), [200, ""]);
});

Deno.test("HttpServer at this machine's own address answers no page of a browser that asks for another host", async () => {
  using near = new HttpServer("127.0.0.1", 0, answer);
  using everywhere = new HttpServer("0.0.0.0", 0, answer);
  const ask = (port: number, host: string) => exchange(port, `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const host of ["127.0.0.1", "LOCALHOST:1", "[::1]:9464", "sala.localhost.", "192.0.2.1:80"]) {
    assertEquals(parts(await ask(near.port, host))[0], 200, host);
  }
  for (const host of ["evil.example", "evil.example:9464", "localhost.evil.example", "127.0.0.1.evil", ""]) {
    assertEquals(parts(await ask(near.port, host))[0], 421, host);
    assertEquals(parts(await ask(everywhere.port, host))[0], 200, host);
  }
  const target = "GET http://evil.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n";
  assertEquals(parts(await exchange(near.port, target))[0], 421);
});

Deno.test("HttpServer serves others while readers say nothing, and closes the oldest of too many", async () => {
  using server = new HttpServer("127.0.0.1", 0, answer, { maxConnections: 16, patienceMs: 3_600_000 });
  const { port } = server;
  const silent = await silentOnes(40, port);
  assertEquals(parts(await get(port, "/a")), [200, "é\n"]);
  // The first one was closed, although it had time left.
  assertEquals(await readAll(silent[0] as Deno.Conn), "");
  for (const connection of silent) connection.close();
});

Deno.test("HttpServer has few connections open, however many come at once", async () => {
  // Nobody's time is over in this test.
  using server = new HttpServer("127.0.0.1", 0, answer, { maxConnections: 16, patienceMs: 3_600_000 });
  const silent = await silentOnes(200, server.port);
  const most = Promise.withResolvers<void>();
  let open = silent.length;
  const ends = silent.map((connection) => readAll(connection).then(() => --open === 16 && most.resolve()));
  assert(await within(30_000, most.promise), `${open} are open`);
  assertEquals(parts(await get(server.port, "/a")), [200, "é\n"]);
  for (const connection of silent) connection.close();
  await Promise.all(ends);
});

Deno.test("HttpServer ends at once, whoever is connected", async () => {
  const server = new HttpServer("127.0.0.1", 0, answer);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await writeAll(connection, new TextEncoder().encode("GET /a HTT"));
  server[Symbol.dispose]();
  assertEquals(await readAll(connection), "");
});

Deno.test("HttpServer reads a request that comes byte by byte", async () => {
  using server = new HttpServer("127.0.0.1", 0, ({ method, query, headers, body }) => ({
    status: 200,
    body: [method, query.get("q"), headers.get("x"), headers.get("cookie"), body].join(),
  }));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  connection.setNoDelay(true);
  const text =
    "\r\nPOST /?q=%3D HTTP/1.1\r\nHost: [::1]:80\r\nX: 1\r\nx: 2\r\nCookie: a=1\r\nCookie: b=2\r\n" +
    "Content-Length: 4\r\n\r\né\r\n";
  for (const byte of new TextEncoder().encode(text)) await connection.write(Uint8Array.of(byte));
  assertEquals(parts(await readAll(connection)), [200, "POST,=,1, 2,a=1; b=2,é\r\n"]);
});

Deno.test("HttpServer asks one of a full house to leave: whoever gets no stream, and no stream of the newcomer's own network", async () => {
  const ended = Promise.withResolvers<void>();
  const stream = async (send: (text: string) => Promise<void>): Promise<void> => {
    await send("here");
    await ended.promise;
  };
  using server = new HttpServer("127.0.0.1", 0, () => ({ status: 200, body: stream }), {
    maxConnections: 3,
    patienceMs: 3_600_000,
  });
  const { port } = server;
  const first = async (connection: Deno.Conn): Promise<boolean> => {
    await writeAll(connection, new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    let text = "";
    const buffer = new Uint8Array(1024);
    for (
      let count;
      !text.endsWith("here") && (count = await connection.read(buffer).catch(() => null)) !== null;
    ) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return text.endsWith("here");
  };
  using all = new DisposableStack();
  const connect = async (): Promise<Deno.TcpConn> =>
    all.use(await Deno.connect({ hostname: "127.0.0.1", port }));
  assert(await first(await connect()));
  const silent = await connect();
  assert(await first(await connect()));
  assert(await first(await connect()), "another viewer comes although a silent connection was there");
  assertEquals(await readAll(silent), "");
  assertEquals(await first(await connect()), false, "a fourth viewer of one network");
  ended.resolve();
});

Deno.test("HttpServer tells a stream that broke off from one that ended", async () => {
  using server = new HttpServer("127.0.0.1", 0, ({ path }) => ({
    status: 200,
    body: async (send) => {
      await send("first");
      await send("");
      await send(new TextEncoder().encode("é"));
      if (path === "/fails") throw new Error("secret");
    },
  }));
  const whole = await fetch(`http://127.0.0.1:${server.port}/`);
  assertEquals(await whole.text(), "firsté");
  const broken = await fetch(`http://127.0.0.1:${server.port}/fails`);
  assertEquals(await broken.text().catch(() => "broken"), "broken");
  assertEquals(parts(await exchange(server.port, "GET / HTTP/1.0\r\n\r\n"))[1], "firsté");
});

Deno.test({
  name: "HttpServer gives each piece of an answer its time, not the whole of it",
  ignore: !EVERYTHING,
  async fn() {
    const patienceMs = 3000;
    const bytes = new Uint8Array(20_000_000);
    using server = new HttpServer("127.0.0.1", 0, () => ({ status: 200, body: bytes }), { patienceMs });
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await writeAll(connection, new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    const buffer = new Uint8Array(65_536);
    const began = performance.now();
    let length = 0;
    for (let count; (count = await connection.read(buffer)) !== null; length += count) {
      if (performance.now() - began < patienceMs * 1.5) await pause(20);
    }
    assert(length > bytes.length, `${length}`);
  },
});

Deno.test({
  name:
    "HttpServer with TLS holds no more than its descriptors, renews its certificate, and ends while peers say nothing",
  ignore: !isInstalled("openssl") || Deno.build.os !== "linux",
  async fn() {
    const [tls, other] = [await makeKeys(), await makeKeys()];
    const options = { tls, maxConnections: 8, patienceMs: 3_600_000 };
    const descriptors = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
    const before = descriptors();
    const server = new HttpServer("127.0.0.1", 0, answer, options);
    const { port } = server;
    const silent = await silentOnes(60, port);
    const most = Promise.withResolvers<void>();
    let open = silent.length;
    const ends = silent.map((connection) => readAll(connection).then(() => --open === 8 && most.resolve()));
    assert(await within(LONG_MS, most.promise), `${open} are open`);
    const held = descriptors() - before - silent.length;
    assert(held <= descriptorsFor(options), `${held} descriptors`);
    const ask = async ({ cert }: { cert: string }): Promise<string> => {
      using connection = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [cert] });
      await writeAll(connection, new TextEncoder().encode("GET /a HTTP/1.0\r\n\r\n"));
      return await readAll(connection);
    };
    assertEquals(parts(await ask(tls)), [200, "é\n"]);
    server.renew(other);
    assertEquals(parts(await ask(other)), [200, "é\n"]);
    server[Symbol.dispose]();
    for (const connection of silent) connection.close();
    await Promise.all(ends);
    while (descriptors() > before) await pause(10);
  },
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
