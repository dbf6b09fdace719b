import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Access, type Caller, newToken } from "../../lib/web_phone/access.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const OWN: Caller = {
  host: "127.0.0.1:8123",
  origin: "http://127.0.0.1:8123",
  protocols: `sala, ${TOKEN}`,
};

Deno.test("a token has 128 bits, another one each time", () => {
  assertMatch(newToken(), /^[0-9a-f]{32}$/);
  assertNotEquals(newToken(), newToken());
});

Deno.test("only the loopback names with the right port are this server's", () => {
  const access = new Access(8123, TOKEN);
  const mayRead = (host: string | null) => access.mayRead({ ...OWN, host });
  for (const host of ["127.0.0.1:8123", "localhost:8123", "LOCALHOST:8123", "[::1]:8123"]) {
    assertEquals(mayRead(host), true, host);
  }
  const others = [
    ...["evil.example:8123", "127.0.0.1.evil.example:8123", "localhost.evil.example:8123", "127.0.0.1:8124"],
    ...[
      "127.0.0.1",
      "localhost",
      "",
      "127.0.0.2:8123",
      "0.0.0.0:8123",
      "127.1:8123",
      "[::ffff:127.0.0.1]:8123",
    ],
    ...[
      "localhost.:8123",
      "localhost:8123 ",
      "localhost:08123",
      "evil@localhost:8123",
      "localhost:8123,evil",
    ],
  ];
  for (const host of [...others, null]) assertEquals(mayRead(host), false, String(host));
  assertEquals(
    new Access(80, TOKEN).mayRead({ ...OWN, host: "localhost" }),
    true,
    "browsers leave port 80 out",
  );
});

Deno.test("only the phone's own page with the token may speak", () => {
  const access = new Access(8123, TOKEN);
  const may = (changed: Partial<Caller>) => access.maySpeak({ ...OWN, ...changed });
  assertEquals(may({}), true);
  assertEquals(may({ protocols: `sala,${TOKEN}` }), true, "without the blank");
  const origins = [
    ...[null, "null", "http://evil.example", "https://127.0.0.1:8123", "http://127.0.0.1:8124", "file://"],
    // Another name of this machine is another site to a browser.
    ...["http://localhost:8123", "http://127.0.0.1:8123/", "http://127.0.0.1"],
  ];
  for (const origin of origins) assertEquals(may({ origin }), false, String(origin));
  const protocols = [
    ...[null, "", "sala", TOKEN, `${TOKEN}, sala`, `other, ${TOKEN}`, `sala, ${TOKEN}, ${TOKEN}`],
    ...[
      `sala, ${TOKEN.slice(1)}`,
      `sala, ${TOKEN}0`,
      `sala, ${TOKEN.toUpperCase()}`,
      `sala, ${"é".repeat(16)}`,
    ],
  ];
  for (const one of protocols) assertEquals(may({ protocols: one }), false, String(one));
  assertEquals(may({ host: "evil.example:8123", origin: "http://evil.example:8123" }), false, "rebound name");
});
