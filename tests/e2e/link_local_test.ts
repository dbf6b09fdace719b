import { assertEquals } from "@std/assert";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { Program, scriptLine } from "../../testing/program.ts";
import { canMakeLan, Lan, type Machine } from "../../testing/lan.ts";

const ignore = !await canMakeLan();
if (ignore) {
  console.log(
    "skipped: calls between link-local addresses, because no network can be made here (iproute2, root)",
  );
}

/** Two machines: `hall` has two cards and `desk`, at fe80::2, is on the link of the second. */
async function twoLinks(): Promise<{ hall: Machine; desk: Machine } & AsyncDisposable> {
  const links = new AsyncDisposableStack();
  const [street, home] = [links.use(await Lan.open()), links.use(await Lan.open())];
  // The first card is the one that the system chooses for a link-local address without a zone.
  const hall = await street.machine("hall", "fe80::31/64");
  await home.card(hall, "eth1");
  await hall.add("fe80::32/64", "eth1");
  const desk = await home.machine("desk", "fe80::2/64");
  return { hall, desk, [Symbol.asyncDispose]: () => links.disposeAsync() };
}

Deno.test({
  name: "a phone with two cards answers a link-local caller by the card that the invitation came by",
  ignore,
  async fn() {
    await using links = await twoLinks();
    const { hall, desk } = links;
    await using registry = await startRegistry(["--host", "::"], { through: desk.through });
    const start = (machine: Machine, place: string, args: readonly string[]) =>
      startProcess("phone", [
        `[${place}]:${registry.port}`,
        ...args,
        "--json",
        "--mic",
        "tone",
        "--speaker",
        "none",
      ], {
        through: machine.through,
      });
    await using maria = start(hall, "fe80::2%eth1", ["maria", "--ip", "fe80::32", "--answer", "accept"]);
    assertEquals((await maria.waitForEvent("registered")).ip, "fe80::32");
    await using joao = start(desk, "::1", [
      ...["joão", "0", "--ip", "fe80::2"],
      ...["--call", "maria", "--hang-up-after", "2"],
    ]);
    await joao.waitForEvent("call_started");
    assertEquals((await maria.waitForEvent("call_started")).ip, "fe80::2%eth1");
    const heard = await maria.waitForEvent("status", ({ framesPlayed }) => (framesPlayed as number) > 20);
    assertEquals(heard.name, "joão");
    assertEquals((await joao.waitForEvent("call_ended")).end, "hung_up");
    assertEquals((await maria.waitForEvent("call_ended")).end, "peer_hung_up");
    assertEquals(await joao.exitCode(), 0);
  },
});

Deno.test({
  name: "the runtime's sockets reach a link-local address on the second of two links",
  ignore,
  async fn() {
    await using links = await twoLinks();
    const probe = (machine: Machine, ...args: readonly string[]) =>
      new Program([...machine.through, ...scriptLine("tests/e2e/link_local_probe.ts", args)]);
    await using echo = probe(links.desk, "echo");
    const port = await echo.waitFor(() => true, "its port");
    await using asks = probe(links.hall, "ask", "fe80::2", port);
    await asks.waitForText("answered from fe80::2");
  },
});
