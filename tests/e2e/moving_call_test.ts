import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { canMakeLan, Lan } from "../../testing/lan.ts";

const ignore = !await canMakeLan();
if (ignore) {
  console.log("skipped: calls whose addresses change, because no network can be made here (iproute2, root)");
}

/** The longest time without a sound between the first and the last one of a recording, in seconds. */
async function longestSilence(path: string): Promise<number> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path));
  let [last, longest] = [-1, 0];
  for (const [at, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.02) continue;
    if (last >= 0) longest = Math.max(longest, at - last);
    last = at;
  }
  assertGreater(last, 0, "something is heard");
  return longest / sampleRate;
}

/** Waits until a call has played another second of voice. */
async function hearsOn(phone: ToolProcess): Promise<void> {
  const { framesPlayed } = await phone.waitForEvent("status", (status) => status.framesPlayed !== undefined);
  await phone.waitForEvent(
    "status",
    (status) => (status.framesPlayed as number) > (framesPlayed as number) + 50,
  );
}

Deno.test({
  name: "an encrypted call goes on within a second when an address changes, the caller's or the callee's",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using lan = await Lan.open();
    const [office, desk, hall] = await Promise.all([
      lan.machine("office", "10.9.0.1/24"),
      lan.machine("desk", "10.9.0.2/24"),
      lan.machine("hall", "10.9.0.3/24"),
    ]);
    await using registry = await startRegistry([], { through: office.through });
    const start = async (
      machine: typeof desk,
      name: string,
      sockets: string,
      args: readonly string[] = [],
    ) => {
      const recording = `${folder.path}/${name}.wav`;
      const phone = startProcess(
        "phone",
        [`10.9.0.1:${registry.port}`, name, "--json", "--mic", "tone", "--speaker", recording, ...args],
        { stdin: "piped", through: machine.through, env: { SALA_UDP: sockets } },
      );
      await phone.waitForEvent("registered");
      return Object.assign(phone, { recording });
    };
    await using maria = await start(hall, "maria", "runtime", ["--answer", "accept"]);
    await using joao = await start(desk, "joão", "linux");
    await joao.type("ligar maria");
    const { code } = await joao.waitForEvent("call_started");
    assert(code !== null);
    await Promise.all([hearsOn(joao), hearsOn(maria)]);

    await desk.remove("10.9.0.2/24");
    await desk.add("10.9.0.22/24");
    assertEquals((await maria.waitForEvent("peer_moved")).ip, "10.9.0.22");
    await Promise.all([hearsOn(joao), hearsOn(maria)]);

    await hall.remove("10.9.0.3/24");
    await hall.add("10.9.0.33/24");
    assertEquals((await joao.waitForEvent("peer_moved")).ip, "10.9.0.33");
    await Promise.all([hearsOn(joao), hearsOn(maria)]);

    await joao.type("desligar");
    const ends = await Promise.all([joao, maria].map((phone) => phone.waitForEvent("call_ended")));
    assertEquals(ends.map(({ end }) => end), ["hung_up", "peer_hung_up"]);
    for (const { recording } of [joao, maria]) assertLess(await longestSilence(recording), 1);
  },
});
