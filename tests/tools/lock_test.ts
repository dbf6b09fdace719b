import { assert, assertEquals, assertMatch } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

Deno.test("deno.lock holds the hash of every npm package of deno.json, in one exact version", async () => {
  const { specifiers, npm }: Lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
  for (const place of Object.values(deno.imports).filter((place) => place.startsWith("npm:"))) {
    const [specifier = "", name, version = ""] = /^npm:((?:@[^@/]+\/)?[^@/]+)@(\d+\.\d+\.\d+)/.exec(place) ??
      [];
    assertEquals(specifiers[specifier], version, place);
    assertMatch(npm[`${name}@${version}`]?.integrity ?? "", /^sha512-/, place);
  }
});

Deno.test("deno.lock names no registry: packages come from the one that Deno is set to", async () => {
  assert(!/https?:/.test(await Deno.readTextFile(new URL("deno.lock", ROOT))));
});

/** The command that deno.sh would start. */
async function commandOf(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["tools/deno.sh", ...args],
    cwd: ROOT,
    env: { DENO: "echo", ...env },
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("deno.sh holds Deno to deno.lock in CI, where it reads imports", async () => {
  const lock = await Deno.readTextFile(new URL("deno.lock", ROOT));
  // Without JSR's packages in it, it can only be held to where stand-ins replace them.
  const offline = import.meta.resolve("@std/assert").startsWith("file:");
  const frozen = offline || lock.includes('"jsr": {');
  assertEquals((await commandOf({ SALA_FROZEN: "1" }, "check", ".")).includes("--frozen"), frozen);
  assertEquals((await commandOf({ SALA_FROZEN: "" }, "check", ".")).includes("--frozen"), false);
  assertEquals(await commandOf({ SALA_FROZEN: "1" }, "fmt", "--check"), "fmt --check");
});
