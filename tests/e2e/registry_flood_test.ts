/** Phones come in while hostile connections try to keep them out. */

import { EVERYTHING } from "./phones.ts";
import { assertEquals } from "@std/assert";
import { type Attack, ATTACKS, compileAttacker, startAttack } from "../../bench/registry/attacks.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import { startRegistry } from "../../testing/processes.ts";
import { isInstalled } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

/** Phones that come in one after the other: each within the times that a phone waits. */
const NEWCOMERS = 10;

const FLOODS: Readonly<Record<string, Attack | undefined>> = {
  "connections that are reset at once": ATTACKS["500 connections a second, closed at once"],
  "connections that come and go": ATTACKS["joining and leaving"],
  "two thousand connections without a name in a room of a thousand":
    ATTACKS["2000 without a name, a line every 14 s, room for 1000"],
};

const LAST = Object.values(FLOODS).at(-1);

for (const [what, attack = {}] of Object.entries(FLOODS)) {
  Deno.test({
    name: `phones come in in spite of ${what}, of the same loopback network`,
    ignore: Deno.build.os !== "linux" || !isInstalled("gcc") || !EVERYTHING && attack !== LAST,
    async fn() {
      await using folder = await temporaryFolder();
      const program = await compileAttacker(folder.path);
      await using registry = await startRegistry(["--quiet", "--host", "127.0.0.1", ...attack.options ?? []]);
      await using _attacker = await startAttack(program, attack, registry.port, 2);
      for (let count = 0; count < NEWCOMERS; count++) {
        const name = `pessoa ${count}`;
        const result = await RegistryClient.connect("127.0.0.1", registry.port);
        if (result.kind !== "connected") throw new Error(`Newcomer ${count} cannot connect: ${result.kind}`);
        const { client } = result;
        assertEquals((await client.register(name, "127.0.0.1", 6000)).kind, "confirmed", name);
        assertEquals((await client.lookUp(name)).kind, "found", name);
        await client.close(name);
      }
    },
  });
}
