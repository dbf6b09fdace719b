import { assertEquals, assertLess } from "@std/assert";
import type { PageMessage } from "../../lib/web_phone/page_messages.ts";
import { JoinedScreen } from "../../lib/web_phone/joined_screen.ts";
import { type ScreenPage, WebScreen } from "../../lib/web_phone/web_screen.ts";
import { FakeScreen } from "../phone/fakes.ts";

const JOAO = { name: "João", ip: "192.0.2.1", port: 6000 };

function screen(): WebScreen {
  return new WebScreen({
    language: "pt",
    name: "João",
    version: "1.0.0",
    sentences: (event) => event.event === "message" && event.routine ? undefined : { text: event.event },
    now: () => new Date(0),
  });
}

function page(): ScreenPage & { readonly told: PageMessage[] } {
  const told: PageMessage[] = [];
  return { id: "1", language: "pt", visible: true, told, send: (message) => told.push(message) };
}

Deno.test("the screen looks at the room while a page is seen, and only then", async () => {
  await using web = screen();
  let asked = 0;
  web.onPeopleWanted(() => asked++);
  assertEquals(asked, 0, "no page is open");
  const one = page();
  web.attach(one);
  assertEquals(asked, 1);
  web.people([JOAO]);
  assertEquals(one.told.at(-1), { type: "people", people: [JOAO] });
  one.visible = false;
  web.pagesChanged();
  web.detach(one);
  one.visible = true;
  web.attach(one);
  assertEquals(asked, 2, "seen again");
  assertEquals(web.welcome(one).people, [JOAO]);
});

Deno.test("the screen remembers the latest events only, and none that no screen shows", async () => {
  await using web = screen();
  for (let count = 0; count < 5000; count++) web.show({ event: "closed" });
  const before = web.welcome(page()).history;
  assertLess(before.length, 2001);
  assertEquals(before.at(-1)?.number, 5000);
  const trace = { direction: "sent", transport: "TCP", peer: JOAO, text: "{}" } as const;
  web.show({ event: "message", ...trace, routine: true });
  assertEquals(web.welcome(page()).history.at(-1)?.event, { event: "closed" });
});

Deno.test("lines that nobody reads do not pile up without end", async () => {
  await using web = screen();
  for (let count = 0; count < 1000; count++) web.type("mudo");
  let read = 0;
  const lines = web.lines[Symbol.asyncIterator]();
  while (
    await Promise.race([
      lines.next().then(() => true),
      Promise.resolve().then(() => Promise.resolve()).then(() => false),
    ])
  ) {
    read++;
  }
  assertEquals(read, 100);
});

Deno.test("joined screens show everything on both, and take lines from both", async () => {
  await using web = screen();
  const first = new FakeScreen(true);
  const joined = new JoinedScreen(first, web);
  assertEquals([joined.interactive, joined.endLeaves], [true, true]);
  joined.show({ event: "closed" });
  assertEquals([first.shown, web.welcome(page()).history.length], [["closed"], 1]);
  const lines = joined.lines[Symbol.asyncIterator]();
  web.type("ligar Maria");
  assertEquals((await lines.next()).value, "ligar Maria");
  await first.type("desligar");
  assertEquals((await lines.next()).value, "desligar");
  await first.endInput();
  assertEquals((await lines.next()).done, true, "a person leaves with the end of the input");
});

Deno.test("after the end of a script's lines those of the page go on", async () => {
  await using web = screen();
  const first = new FakeScreen();
  const lines = new JoinedScreen(first, web).lines[Symbol.asyncIterator]();
  await first.type("mudo");
  assertEquals((await lines.next()).value, "mudo");
  await first.endInput();
  web.type("sair");
  assertEquals((await lines.next()).value, "sair");
});
