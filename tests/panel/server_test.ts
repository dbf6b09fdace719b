import { assert, assertEquals, assertMatch } from "@std/assert";
import { PANEL_BINDING, PanelAccess } from "../../lib/panel/access.ts";
import { openPanel, type PanelFiles } from "../../lib/panel/server.ts";
import { PasswordGate, RoomPassword } from "../../lib/protocol/password_challenge.ts";
import { pause } from "../../lib/util/pause.ts";
import type { HttpServer } from "../../lib/web/http_server.ts";
import { LADDER, ladderMessage } from "../trace/samples.ts";
import { TestSource } from "./panel_source.ts";

const FILES: PanelFiles = {
  html: '<html lang="pt">room',
  loginHtml: '<html lang="pt">login',
  script: "panel()",
  loginScript: "login()",
  style: "body {}",
  icon: "<svg/>",
  protocolHtml: "<p>protocol",
};
const WORDS = { registry: "registro", lost: "perdida", transmission: (number: number) => `${number}ª vez` };

function open(source: TestSource, gate?: PasswordGate): HttpServer {
  return openPanel(source, FILES, {
    host: "127.0.0.1",
    port: 0,
    addresses: [],
    language: "en",
    words: WORDS,
    gate,
  });
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function get({ port }: HttpServer, path: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Sends a request byte for byte. @returns The first line of the answer. */
async function raw({ port }: HttpServer, text: string): Promise<string | undefined> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  return (await new Response(connection.readable).text()).split("\r\n")[0];
}

/** Events of a stream, as they come. */
class Events implements AsyncDisposable {
  readonly #end = new AbortController();
  #text = "";
  #read!: ReadableStreamDefaultReader<string>;

  static async open({ port }: HttpServer, lastId?: string): Promise<Events> {
    const events = new Events();
    const headers: HeadersInit = lastId === undefined ? {} : { "last-event-id": lastId };
    const init = { headers, signal: events.#end.signal };
    const { body } = await fetch(`http://127.0.0.1:${port}/events`, init);
    events.#read = (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream())
      .getReader();
    return events;
  }

  async next(): Promise<{ event: string; id: string; data: { messages: { number: number }[] } }> {
    let end: number;
    while ((end = this.#text.indexOf("\n\n")) < 0) {
      const { value, done } = await this.#read.read();
      if (done) throw new Error("the stream ended");
      this.#text += value;
    }
    const fields = Object.fromEntries(
      this.#text.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s, 2)),
    );
    this.#text = this.#text.slice(end + 2);
    return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#read.cancel().catch(() => {});
  }
}

const numbers = ({ data }: { data: { messages: { number: number }[] } }): number[] =>
  data.messages.map(({ number }) => number);

Deno.test("the panel's page allows nothing from elsewhere, and is in the registry's language", async () => {
  using server = open(new TestSource());
  const { status, headers, text } = await get(server, "/");
  assertEquals([status, text], [200, '<html lang="en">room']);
  const policy = headers.get("content-security-policy") ?? "";
  assert(policy.startsWith("default-src 'none'"));
  assert(!policy.includes("unsafe") && !policy.includes("http"));
  for (const [path, type] of [["panel.js", "text/javascript"], ["panel.css", "text/css"]] as const) {
    const file = await get(server, `/${path}`);
    assertEquals([file.status, file.headers.get("content-type")?.split(";")[0]], [200, type]);
  }
  assertEquals((await get(server, "/nothing")).status, 404);
  assertEquals((await get(server, "/", { method: "POST" })).status, 405);
});

Deno.test("another site's name for the panel's address is refused", async () => {
  using server = open(new TestSource());
  const ask = (host: string): Promise<string | undefined> =>
    raw(server, `GET /events HTTP/1.1\r\n${host}\r\n\r\n`);
  for (
    const host of ["Host: evil.example", "Host: evil.example:80", "Host:", "Host: localhost.evil"]
  ) {
    assertEquals(await ask(host), "HTTP/1.1 421 Misdirected Request", host);
  }
  for (const host of ["localhost:8080", "127.0.0.1", "[::1]:80", "192.168.0.10:80", "LOCALHOST"]) {
    assertEquals(await raw(server, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), "HTTP/1.1 200 OK", host);
  }
});

Deno.test("what is no request is told so, and so is one that is too long", async () => {
  using server = open(new TestSource());
  assertEquals(await raw(server, "olá\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  const post = "POST /login HTTP/1.0\r\nContent-Length: 999999\r\n\r\n";
  assertEquals(await raw(server, post), "HTTP/1.1 413 Content Too Large");
});

Deno.test("the feed begins with a snapshot and goes on with batches", async () => {
  const source = new TestSource();
  source.say(ladderMessage(1, {}));
  using server = open(source);
  await using events = await Events.open(server);
  const snapshot = await events.next();
  assertEquals([snapshot.event, numbers(snapshot)], ["snapshot", [1]]);
  source.say(ladderMessage(2, {}), ladderMessage(3, {}));
  const batch = await events.next();
  assertEquals([batch.event, numbers(batch)], ["batch", [2, 3]]);
});

Deno.test("a page that was away gets what it missed, and a snapshot if that is gone or of another registry", async () => {
  const source = new TestSource();
  using server = open(source);
  let id = "";
  {
    await using events = await Events.open(server);
    await events.next();
    source.say(ladderMessage(1, {}));
    ({ id } = await events.next());
  }
  source.say(ladderMessage(2, {}));
  source.say(ladderMessage(3, {}));
  {
    await using events = await Events.open(server, id);
    const missed = [await events.next(), await events.next()];
    assertEquals(missed.map(numbers), [[2], [3]]);
  }
  for (const unknown of [id.replace(/^\w+/, "other"), "", "no id", `${id}0`]) {
    await using events = await Events.open(server, unknown);
    assertEquals((await events.next()).event, "snapshot", unknown);
  }
  source.forget();
  await using events = await Events.open(server, id);
  const snapshot = await events.next();
  assertEquals([snapshot.event, numbers(snapshot)], ["snapshot", [1, 2, 3]]);
});

Deno.test("exports have the messages of a person, of a call and of a time", async () => {
  const source = new TestSource();
  source.say(...LADDER);
  using server = open(source);
  const lines = async (query: string): Promise<number[]> =>
    (await get(server, `/export.jsonl${query}`)).text.split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line).number);
  assertEquals(await lines(""), [1, 2, 3, 4, 5]);
  assertEquals(await lines(`?person=${encodeURIComponent("joão; end")}`), [3, 4, 5]);
  assertEquals(await lines("?call=Ab3&person=maria"), [3, 4, 5]);
  assertEquals(await lines(`?from=${LADDER[1]?.at}&to=${LADDER[2]?.at}`), [2, 3]);
  const { headers, text } = await get(server, "/export.mmd");
  assert(text.startsWith("sequenceDiagram\n"));
  assertEquals(headers.get("content-disposition"), 'attachment; filename="sala.mmd"');
  assertEquals((await get(server, "/export.pcapng")).status, 200);
});

Deno.test("a room's password protects the panel, and is never sent", async () => {
  const source = new TestSource();
  source.say(ladderMessage(1, {}));
  using server = open(source, await PasswordGate.open("segredo"));
  assertEquals((await get(server, "/")).text, '<html lang="en">login');
  for (
    const path of ["/events", "/panel.js", "/export.jsonl", "/export.mmd", "/export.pcapng", "/protocol"]
  ) {
    assertEquals((await get(server, path)).status, 401, path);
  }
  const login = async (password: string): Promise<Got> => {
    const challenge = JSON.parse((await get(server, "/challenge")).text);
    const answer = await new RoomPassword(password).answer(challenge, PANEL_BINDING);
    const body = JSON.stringify({ desafio: challenge.nonce, ...answer });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const first = await get(server, "/login", init);
    if (first.status === 200) assertEquals((await get(server, "/login", init)).status, 403, "a repeat");
    return first;
  };
  assertEquals((await login("outra")).status, 403);
  const { status, headers } = await login("segredo");
  assertEquals(status, 200);
  const [cookie = "", ...attributes] = headers.get("set-cookie")?.split("; ") ?? [];
  assertEquals(attributes, ["Path=/", "HttpOnly", "SameSite=Strict"]);
  // Another panel on this host, at another port, has a cookie of its own.
  assert(cookie.startsWith(`sala_painel_${server.port}=`), cookie);
  const fixed = cookie.replace(/=.*/, "=forged");
  const inside = { headers: { cookie: `other=1; ${fixed}; ${cookie}` } };
  assertEquals((await get(server, "/", inside)).text, '<html lang="en">room');
  assertEquals((await get(server, "/export.jsonl", inside)).status, 200);
  const forged = { headers: { cookie: `${cookie.slice(0, -1)}~` } };
  assertEquals((await get(server, "/export.jsonl", forged)).status, 401);
  let last = 0;
  for (let count = 0; count < 6; count++) ({ status: last } = await login("outra"));
  assertEquals(last, 429);
});

Deno.test("a class behind one address may enter at once, and somebody who asks for many challenges keeps out nobody else", async () => {
  const access = new PanelAccess(await PasswordGate.open("segredo"));
  const password = new RoomPassword("segredo");
  const attempt = async (ip: string, right = true): Promise<string> => {
    const challenge = access.challenge(ip)!;
    for (let count = 0; count < 2000; count++) access.challenge("192.0.2.66");
    const { nonce, prova } = (await password.answer(challenge, PANEL_BINDING))!;
    const answer = { desafio: challenge.nonce, nonce, prova: right ? prova : nonce };
    return access.answer(0, ip, answer);
  };
  for (let count = 0; count < 10; count++) assertMatch(await attempt("192.0.2.1"), /^[\w-]{22}$/);
  for (let count = 0; count < 5; count++) assertEquals(await attempt("192.0.2.1", false), "wrong");
  assertEquals(await attempt("192.0.2.1"), "too_often");
  assertMatch(await attempt("192.0.2.2"), /^[\w-]{22}$/);
});

Deno.test("an export of tens of thousands of messages keeps nobody waiting", async () => {
  const source = new TestSource();
  const text = JSON.stringify({ tipo: "convite", nome: "x".repeat(300) });
  source.say(...Array.from({ length: 20_000 }, (_, index) => ladderMessage(index + 1, { text })));
  using server = open(source);
  for (const [ending, least] of [["jsonl", 8e6], ["pcapng", 8e6], ["mmd", 3e5]] as const) {
    // One turn of the event loop after the other: an export that is made at once would be there after a few.
    let turns = 0;
    let done = false;
    const got = get(server, `/export.${ending}`).finally(() => done = true);
    for (; !done; turns++) await pause(0);
    const { status, headers, text } = await got;
    assertEquals([status, headers.get("transfer-encoding")], [200, "chunked"]);
    assert(text.length > least, `${text.length}`);
    assert(turns > least / 100_000, `${turns} turns`);
  }
});

Deno.test("a hundred viewers get the same bytes, made once", async () => {
  const source = new TestSource();
  source.say(ladderMessage(1, {}));
  using server = open(source);
  let made = 0;
  const { snapshot } = source;
  source.snapshot = () => {
    made++;
    return snapshot.call(source);
  };
  await using all = new AsyncDisposableStack();
  const viewers = await Promise.all(
    Array.from({ length: 100 }, async () => all.use(await Events.open(server))),
  );
  await Promise.all(viewers.map((viewer) => viewer.next()));
  assert(made < 100, `${made} snapshots`);
  const message = ladderMessage(2, {});
  let encoded = 0;
  Object.assign(message, { toJSON: () => (encoded++, { number: 2 }) });
  source.say(message);
  for (const viewer of viewers) assertEquals(numbers(await viewer.next()), [2]);
  assertEquals(encoded, 1);
});
