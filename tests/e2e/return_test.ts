import { assertEquals, assertGreater } from "@std/assert";
import { callTest, startPhone } from "./phones.ts";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { Wire } from "../registrar/wire.ts";

/** A registry that is started again where another was. */
function startAgain(port: number): ReturnType<typeof startRegistry> {
  return startRegistry(["--port", String(port)]);
}

callTest(
  "phones come back to a registry that was killed, and a call goes on meanwhile",
  async (startPhone) => {
    let registry = await startRegistry();
    const { port } = registry;
    try {
      await using maria = await startPhone(port, "maria", ["--answer", "accept", "--mic", "tone"]);
      await using joao = await startPhone(port, "joão");
      await using ana = await startPhone(port, "ana");
      await using pedro = await startPhone(port, "pedro");
      const phones = [maria, joao, ana, pedro];
      await joao.type("ligar maria");
      await joao.waitForEvent("call_started");
      await joao.waitForEvent("status", ({ speakerDb }) => speakerDb as number > -20);

      registry.process.kill("SIGKILL");
      await registry.process.status;
      await Promise.all(phones.map((phone) => phone.waitForEvent("registry_lost")));
      for (const command of ["lista", "consultar ana", "ligar ana"]) {
        await pedro.type(command);
        await pedro.waitForEvent("registry_away");
      }
      const { seconds } = await joao.waitForEvent("status");
      await joao.waitForEvent(
        "status",
        (event) => event.seconds as number > (seconds as number) + 1.5 && event.speakerDb as number > -20,
      );

      registry = await startAgain(port);
      await Promise.all(phones.map((phone) => phone.waitForEvent("registry_back")));
      await pedro.type("consultar maria");
      const here = await pedro.waitForEvent("person");
      const before = maria.events("registered")[0];
      assertEquals([here.ip, here.port], [before?.ip, before?.port], "where she was");
      await pedro.type("ligar ana");
      await ana.waitForEvent("invitation");

      await joao.type("desligar");
      const ended = await joao.waitForEvent("call_ended", ({ end }) => end === "hung_up");
      assertGreater(ended.framesPlayed as number, 100);
      for (const phone of phones) {
        assertEquals(phone.events("registry_lost").length, 1, phone.report());
        assertEquals(phone.events("registry_back").length, 1);
        await phone.type("sair");
        assertEquals(await phone.exitCode(), 0);
        assertEquals(phone.stderr, "");
      }
      await registry.process.waitForEvent("left", () => registry.process.events("left").length === 4);
      assertEquals(registry.process.events("left").map(({ reason }) => reason), Array(4).fill("goodbye"));
    } finally {
      await registry[Symbol.asyncDispose]();
    }
  },
);

Deno.test("a phone that was asleep takes its name back from its old connection", async () => {
  await using registry = await startRegistry();
  await using joao = await startPhone(registry.port, "joão");
  joao.kill("SIGSTOP");
  await using twin = await startPhone(registry.port, "joão");
  await registry.process.waitForEvent("left", ({ reason }) => reason === "silent");
  joao.kill("SIGCONT");
  await joao.waitForEvent("registry_lost");
  await twin.type("sair");
  assertEquals(await twin.exitCode(), 0);
  await joao.waitForEvent("registry_back");
});

/** A registry that acts as the test says, for one phone at a time. */
class ScriptedRegistry implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #wire: Wire | undefined;
  #closed = false;

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Takes the next phone in. */
  async welcome(): Promise<Wire> {
    const wire = new Wire(await this.#listener.accept());
    this.#wire = wire;
    await wire.send({ ...await wire.message(), tipo: "registro_confirmado" });
    return wire;
  }

  /** Closes for good. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wire?.[Symbol.dispose]();
    this.#listener.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const CALLER = ["joão", "0", "--json", "--call", "maria", "--mic", "none", "--speaker", "none"];

Deno.test("phone with --call exits with 4 when the registry goes away before the call and stays away", async () => {
  using registry = new ScriptedRegistry();
  await using phone = startProcess("phone", [`127.0.0.1:${registry.port}`, ...CALLER]);
  await registry.welcome();
  await phone.waitForEvent("registered");
  registry.close();
  const lost = await phone.waitForEvent("registry_lost");
  assertEquals(await phone.exitCode(), 4);
  assertEquals(phone.events("registry_lost").length, 1);
  const last = phone.events().at(-1);
  assertGreater(Date.parse(last?.time ?? "") - Date.parse(lost.time), 5000, "not at once");
});

Deno.test("phone with --call makes its call once the registry is back", async () => {
  await using elsewhere = await startRegistry();
  await using maria = await startPhone(elsewhere.port, "maria", ["--answer", "accept"]);
  const [{ ip, port: porta } = { ip: "", port: 0 }] = maria.events("registered");
  using registry = new ScriptedRegistry();
  await using joao = startProcess("phone", [
    `127.0.0.1:${registry.port}`,
    ...CALLER,
    "--hang-up-after",
    "0.3",
  ]);
  const first = await registry.welcome();
  assertEquals((await first.message()).tipo, "consulta");
  first[Symbol.dispose]();
  await joao.waitForEvent("registry_away");
  const second = await registry.welcome();
  assertEquals(await second.message(), { tipo: "consulta", nome: "maria" });
  await second.send({ tipo: "resposta_consulta", nome: "maria", ip, porta });
  await joao.waitForEvent("call_ended", ({ end }) => end === "hung_up");
  assertEquals((await second.message()).tipo, "fechamento");
  await second.send({ tipo: "fechamento_confirmado", nome: "joão" });
  assertEquals(await joao.exitCode(), 0);
});
