import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runToEnd, scriptLine } from "../../testing/program.ts";

Deno.test("the demo tells its whole story and measures what was heard", async () => {
  const { code, stdout: story } = await runToEnd(
    scriptLine("demo/demo.ts", ["--free-ports", "--brisk", "--lang", "pt"]),
    { env: { NO_COLOR: "1" } },
  );
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
  // A packet of 20 ms and the codec's 6.5 ms of look-ahead at least.
  const delayMs = Number(/atraso +(-?\d+) ms/.exec(story)?.[1]);
  assert(delayMs >= 20, `a delay of ${delayMs} ms`);
});
