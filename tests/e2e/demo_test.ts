import { assertEquals, assertStringIncludes } from "@std/assert";

const DEMO = new URL("../../demo/demo.ts", import.meta.url);

Deno.test("the demo tells its whole story and measures what was heard", async () => {
  const offline = import.meta.resolve("@std/assert").startsWith("file:");
  const map = offline
    ? ["--import-map", new URL("../../lib/offline_std/import_map.json", import.meta.url).pathname]
    : [];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...map, DEMO.pathname, "--free-ports", "--brisk"],
    env: { NO_COLOR: "1" },
  }).output();
  const story = new TextDecoder().decode(stdout);
  assertEquals(code, 0, story);
  for (
    const words of [
      "nome_em_uso",
      "usuario_nao_encontrado",
      "usuário destino ocupado",
      "encerrar_ligação",
      "0 pessoas na sala",
      "correlação",
      "Todos os",
    ]
  ) {
    assertStringIncludes(story, words);
  }
});
