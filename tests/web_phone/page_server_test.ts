import { assertEquals, assertStringIncludes } from "@std/assert";
import { PageServer } from "../../lib/web_phone/page_server.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";
import { HANDSHAKE, openSocket, rawRequest, statusOf } from "./web_client.ts";

const FILES = new Map([["/", { type: "text/html", text: "<main>page</main>" }]]);

function serve(): PageServer & { readonly spoken: string[] } {
  const spoken: string[] = [];
  const server = new PageServer(0, {
    files: FILES,
    welcomes: (_, query) => query.get("full") === null,
    connected: (socket, path) => {
      spoken.push(path);
      socket.addEventListener("open", () => socket.close());
    },
  });
  return Object.assign(server, { spoken });
}

const tokenOf = ({ address }: PageServer): string => new URL(address).hash.slice(1);

Deno.test("the page is there under this machine's names, with a strict policy, and nothing else is", async () => {
  using server = serve();
  const { port } = server;
  const get = (path: string, host = `127.0.0.1:${port}`) =>
    statusOf(port, `GET ${path} HTTP/1.1`, { Host: host });
  const page = await rawRequest(port, "GET / HTTP/1.1", { Host: `127.0.0.1:${port}`, Connection: "close" });
  assertEquals(page.split(" ")[1], "200");
  for (
    const header of [
      "content-security-policy: default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; ",
      "frame-ancestors 'none'",
      "cache-control: no-store",
      "cross-origin-opener-policy: same-origin",
      "cross-origin-embedder-policy: require-corp",
      "cross-origin-resource-policy: same-origin",
      "permissions-policy: microphone=(self), camera=()",
      "referrer-policy: no-referrer",
      "x-content-type-options: nosniff",
      "x-frame-options: DENY",
    ]
  ) assertStringIncludes(page.toLowerCase(), header.toLowerCase());
  assertEquals(page.includes(tokenOf(server)), false, "the token is in no page");
  assertEquals(await get("/", `localhost:${port}`), 200);
  assertEquals(await get("/", `[::1]:${port}`), 200);
  assertEquals(await get("/other"), 404);
  assertEquals(await get("/../deno.json"), 404);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${port + 1}`]) {
    assertEquals(await get("/", host), 403, host);
  }
  assertEquals(
    await statusOf(port, "POST / HTTP/1.1", { Host: `127.0.0.1:${port}`, "Content-Length": "0" }),
    405,
  );
  assertEquals(await get("/line"), 426, "no handshake");
});

Deno.test("a WebSocket opens for the phone's own page alone", async () => {
  using server = serve();
  const { port } = server;
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  const token = tokenOf(server);
  const right = { ...HANDSHAKE, Host: host, Origin: origin, "Sec-WebSocket-Protocol": `sala, ${token}` };
  const open = (headers: Readonly<Record<string, string | undefined>>, path = "/line") =>
    statusOf(port, `GET ${path} HTTP/1.1`, { ...right, ...headers });
  assertEquals(await open({}), 101);
  assertEquals(await open({}, "/sound?page=x"), 101);
  assertEquals(await open({}, "/sound?full"), 409);
  const refused = [
    { Origin: undefined },
    { Origin: "null" },
    { Origin: "http://evil.example" },
    { Origin: `http://localhost:${port}` },
    { Host: "evil.example", Origin: "http://evil.example" },
    { Host: `evil.example:${port}`, Origin: `http://evil.example:${port}` },
    { "Sec-WebSocket-Protocol": undefined },
    { "Sec-WebSocket-Protocol": "sala" },
    { "Sec-WebSocket-Protocol": `sala, ${"0".repeat(32)}` },
    { "Sec-WebSocket-Protocol": `sala, ${token.slice(0, -1)}` },
  ];
  for (const headers of refused) {
    assertEquals(await open(headers), 403, JSON.stringify(headers));
    assertEquals(await open(headers, "/sound?page=x"), 403, JSON.stringify(headers));
  }
  assertEquals(server.spoken, ["/line", "/sound"]);
});

Deno.test({
  name: "the page is on both loopback addresses, and on no other one",
  ignore: !hasIpv6(),
  async fn() {
    using server = serve();
    const { port } = server;
    assertEquals(await statusOf(port, "GET / HTTP/1.1", { Host: `[::1]:${port}` }, "::1"), 200);
    const socket = openSocket(`[::1]:${port}`, "/line", tokenOf(server));
    await new Promise((done) => socket.onclose = done);
    assertEquals(server.spoken, ["/line"]);
  },
});

Deno.test("a port that another program has is an error", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  let error: unknown;
  try {
    new PageServer(port, { files: FILES, welcomes: () => true, connected() {} });
  } catch (thrown) {
    error = thrown;
  }
  assertEquals(error instanceof Deno.errors.AddrInUse, true);
});
