import { assertEquals, assertRejects } from "@std/assert";
import { sendCommand } from "../../lib/operator/control_client.ts";
import { defaultControlPath } from "../../lib/operator/control_path.ts";
import { ControlError, openControl, serveControl } from "../../lib/operator/control_server.ts";
import type { Person } from "../../lib/protocol/registry_messages.ts";
import { writeAll } from "../../lib/util/write_all.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

const MARIA: Person = { nome: "maria", ip: "192.0.2.1", porta: 6000 };
const SHOWN = { name: "maria", ip: "192.0.2.1", port: 6000 };

/** A registry with one person in its room. */
function room() {
  const people = [MARIA];
  return {
    people: () => people,
    drain: () => Promise.resolve(7),
    remove: (name: string) => name === "maria" ? people.pop() : undefined,
  };
}

/** Why there is no socket at a path. */
async function refused(path: string, makeFolder = false): Promise<string> {
  return (await assertRejects(() => openControl(path, makeFolder), ControlError)).detail.kind;
}

const modeOf = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;
const here = Deno.build.os !== "windows";

Deno.test("a running registry obeys commands over its local socket", { ignore: !here }, async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  using _control = serveControl(await openControl(path, false), room());
  assertEquals(await sendCommand(path, { command: "list" }), { answer: "people", people: [SHOWN] });
  assertEquals(await sendCommand(path, { command: "kick", name: "ana" }), { answer: "unknown_person" });
  assertEquals(await sendCommand(path, { command: "kick", name: "maria" }), {
    answer: "removed",
    person: SHOWN,
  });
  assertEquals(await sendCommand(path, { command: "list" }), { answer: "people", people: [] });
  assertEquals(await sendCommand(path, { command: "drain" }), { answer: "drained", connections: 7 });
});

Deno.test("the socket is its user's alone, and so is the folder made for it", { ignore: !here }, async () => {
  await using folder = await temporaryFolder();
  const path = defaultControlPath(5000, folder.path) ?? "";
  assertEquals(path, `${folder.path}/sala/registry-5000.sock`);
  using _control = serveControl(await openControl(path, true), room());
  assertEquals([modeOf(`${folder.path}/sala`), modeOf(path)], [0o700, 0o600]);
  // The folder in which it was made has gone.
  assertEquals([...Deno.readDirSync(`${folder.path}/sala`)].map(({ name }) => name), ["registry-5000.sock"]);
  using _other = serveControl(await openControl(defaultControlPath(5001, folder.path) ?? "", true), room());
  assertEquals([...Deno.readDirSync(`${folder.path}/sala`)].length, 2);
});

Deno.test(
  "a folder to which others can write, and a link to one, are refused",
  { ignore: !here },
  async () => {
    await using folder = await temporaryFolder();
    for (const mode of [0o777, 0o770, 0o1777]) {
      const shared = `${folder.path}/${mode.toString(8)}`;
      await Deno.mkdir(shared);
      await Deno.chmod(shared, mode);
      assertEquals(await refused(`${shared}/s`), "folder_not_private", mode.toString(8));
      assertEquals([...Deno.readDirSync(shared)], []);
    }
    await Deno.mkdir(`${folder.path}/own`, { mode: 0o700 });
    await Deno.symlink(`${folder.path}/own`, `${folder.path}/sala`);
    assertEquals(await refused(`${folder.path}/sala/s`, true), "folder_not_private");
    assertEquals(await refused(`${folder.path}/none/s`), "not_found");
    assertEquals(await refused(`${folder.path}/${"a".repeat(90)}`), "name_too_long");
  },
);

Deno.test("a socket that a killed registry left is replaced, a running one's and other files are not", {
  ignore: !here,
}, async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  (await openControl(path, false)).close();
  assertEquals(Deno.lstatSync(path).isSocket, true);
  assertEquals(await sendCommand(path, { command: "list" }), { noAnswer: { kind: "refused" } });
  using _control = serveControl(await openControl(path, false), room());
  assertEquals(await refused(path), "other_registry");
  await Deno.writeTextFile(`${folder.path}/file`, "precious");
  assertEquals(await refused(`${folder.path}/file`), "not_a_socket");
  assertEquals(await Deno.readTextFile(`${folder.path}/file`), "precious");
  await Deno.symlink(`${folder.path}/file`, `${folder.path}/link`);
  assertEquals(await refused(`${folder.path}/link`), "not_a_socket");
  assertEquals(await sendCommand(`${folder.path}/${"a".repeat(200)}`, { command: "list" }), {
    noAnswer: { kind: "name_too_long" },
  });
  assertEquals(await sendCommand(`${folder.path}/none`, { command: "list" }), {
    noAnswer: { kind: "not_found" },
  });
});

Deno.test("a registry that is stopped and has its queue full keeps its socket", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  // Nothing accepts.
  using _listener = await openControl(path, false);
  const queued: Deno.UnixConn[] = [];
  const error = await assertRejects(async () => {
    while (queued.length < 10_000) queued.push(await Deno.connect({ transport: "unix", path }));
  }, Error);
  assertEquals(error instanceof Deno.errors.ConnectionRefused, false);
  const why = await refused(path);
  for (const connection of queued) connection.close();
  assertEquals(why, "other_registry");
});

Deno.test("nothing is made in a runtime folder of another user", { ignore: !here }, async (test) => {
  await using folder = await temporaryFolder();
  const theirs = `${folder.path}/theirs`;
  await Deno.mkdir(theirs, { mode: 0o700 });
  try {
    await Deno.chown(theirs, 65_534, null);
  } catch (error) {
    // Only the administrator can give a folder away.
    if (error instanceof Deno.errors.PermissionDenied) return;
    throw error;
  }
  await test.step("as the administrator", async () => {
    assertEquals(await refused(`${theirs}/sala/registry-5000.sock`, true), "folder_not_private");
    assertEquals([...Deno.readDirSync(theirs)], []);
  });
});

Deno.test("what is no command gets an answer, and commands may follow", { ignore: !here }, async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  using _control = serveControl(await openControl(path, false), room());
  using connection = await Deno.connect({ transport: "unix", path });
  const lines = ["x", "null", '{"command":"list2"}', '{"command":"kick","name":"\\u0007"}', "a".repeat(9000)];
  await writeAll(connection, new TextEncoder().encode(`${lines.join("\n")}\n{"command":"list"}\n`));
  await connection.closeWrite();
  const said = await new Response(connection.readable).text();
  const last = JSON.stringify({ answer: "people", people: [SHOWN] });
  assertEquals(said, '{"answer":"not_understood"}\n'.repeat(5) + `${last}\n`);
});

Deno.test("what answers there and is no registry is told from one", { ignore: !here }, async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  for (
    const text of [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "",
      '{"answer":"not_understood"}\n',
      "7\n",
      '{"answer":"people"}\n',
      '{"answer":"people","people":[{}]}\n',
      '{"answer":"removed"}\n',
      '{"answer":"toString"}\n',
      '{"answer":"drained"}\n',
    ]
  ) {
    await Deno.remove(path).catch(() => {});
    using listener = Deno.listen({ transport: "unix", path });
    const served = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(1024));
      await writeAll(connection, new TextEncoder().encode(text));
    })();
    const answer = await sendCommand(path, { command: "list" });
    await served;
    assertEquals(answer, { noAnswer: { kind: "not_a_registry" } }, text);
  }
});
