import { oneIn } from "../../testing/everything.ts";
import { assertEquals } from "@std/assert";
import { startProcess, startRegistry } from "../../testing/processes.ts";
import { canMakeLan, Lan, type Machine } from "../../testing/lan.ts";

const ignore = !await canMakeLan();
if (ignore) {
  console.log(
    "skipped: calls between link-local addresses, because no network can be made here (iproute2, root)",
  );
}

// Only Linux's sockets tell the card that a datagram came by.
for (const [sockets, callers] of oneIn(2, [["linux", "fe80::2%eth1"], ["runtime", "fe80::2"]] as const)) {
  Deno.test({
    name: `a phone with two cards is called and calls on the link of the second one, on ${sockets} sockets`,
    ignore,
    async fn() {
      await using street = await Lan.open();
      await using home = await Lan.open();
      // The first card is the one that the system chooses for a link-local address without a zone.
      const hall = await street.machine("hall", "fe80::31/64");
      await home.card(hall, "eth1");
      await hall.add("fe80::32/64", "eth1");
      const desk = await home.machine("desk", "fe80::2/64");
      await using registry = await startRegistry(["--host", "::"], { through: desk.through });
      const start = (machine: Machine, at: string, args: readonly string[]) =>
        startProcess("phone", [
          ...[`[${at}]:${registry.port}`, ...args, "--answer", "accept"],
          ...["--json", "--mic", "tone", "--speaker", "none"],
        ], { stdin: "piped", through: machine.through, env: { SALA_UDP: sockets } });
      await using maria = start(hall, "fe80::2%eth1", ["maria", "--ip", "fe80::32"]);
      await maria.waitForEvent("registered");
      await using joao = start(desk, "::1", ["joão", "--ip", "fe80::2"]);
      await joao.waitForEvent("registered");

      await joao.type("ligar maria");
      await joao.waitForEvent("call_started");
      assertEquals((await maria.waitForEvent("call_started")).ip, callers);
      await maria.waitForEvent("status", ({ framesPlayed }) => (framesPlayed as number) > 20);
      await joao.type("desligar");
      assertEquals((await maria.waitForEvent("call_ended")).end, "peer_hung_up");

      // She has named the registry's link, so the people whom it knows are there.
      await maria.type("ligar joão");
      assertEquals((await maria.waitForEvent("call_started")).ip, "fe80::2%eth1");
      await joao.waitForEvent("call_started");
      await joao.waitForEvent("status", ({ framesPlayed }) => (framesPlayed as number) > 20);
      await joao.type("desligar");
      assertEquals((await maria.waitForEvent("call_ended")).end, "peer_hung_up");
    },
  });
}

Deno.test({
  name: "a registry at a link-local address says how phones on that link reach it",
  ignore,
  async fn() {
    await using lan = await Lan.open();
    const [desk, hall] = await Promise.all([
      lan.machine("desk", "fe80::2/64"),
      lan.machine("hall", "fe80::3/64"),
    ]);
    await using registry = await startRegistry(["--host", "fe80::2%eth0"], { through: desk.through });
    const [ip] = registry.process.events("listening")[0]?.addresses as string[];
    assertEquals(ip, "fe80::2%eth0");
    await using maria = startProcess("phone", [
      ...[`[${ip}]:${registry.port}`, "maria", "0", "--json", "--mic", "none", "--speaker", "none"],
    ], { stdin: "piped", through: hall.through });
    await maria.waitForEvent("registered");
  },
});
