import { assertEquals } from "@std/assert";
import { pcapng } from "../../lib/trace/pcapng.ts";
import { isInstalled, outputOf } from "../../testing/program.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { JOAO, LADDER, ladderMessage, MARIA } from "./samples.ts";

/** What tshark reads: some fields of each packet, a line each. */
async function read(file: Uint8Array, ...fields: readonly string[]): Promise<string[]> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/ladder.pcapng`;
  await Deno.writeFile(path, file);
  const checks = ["udp", "tcp", "ip"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
  const wanted = fields.flatMap((field) => ["-e", field]);
  return (await outputOf(["tshark", "-r", path, ...checks, "-T", "fields", "-E", "separator=|", ...wanted]))
    .trimEnd().split("\n");
}

const ignore = !isInstalled("tshark");

Deno.test({
  name: "tshark reads the ladder: times, addresses, ports, contents, comments, and no checksum is wrong",
  ignore,
  async fn() {
    const file = pcapng(LADDER, ({ type, fate }) => `${type} ${fate} é`);
    const lines = await read(
      file,
      ...["frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "udp.srcport", "tcp.payload", "udp.payload"],
      ...["frame.comment", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status"],
    );
    const hex = (text: string): string => new TextEncoder().encode(text).toHex();
    const [first = "", second = "", third = ""] = lines;
    assertEquals(lines.length, 5);
    const times = lines.map((line) => Number(line.split("|")[0]) * 1000 - Date.UTC(2026, 10, 30, 12));
    assertEquals(times.map(Math.round), [1125, 2125, 3125, 4125, 5125]);
    assertEquals(first.split("|").slice(1), [
      ...[
        "192.0.2.7",
        "192.0.2.1",
        "40000",
        "",
        hex('{"tipo":"registro"}\n'),
        "",
        "registro received é",
        "1",
        "1",
        "",
      ],
    ]);
    assertEquals(second.split("|").slice(1, 4), ["192.0.2.1", "192.0.2.7", "5000"]);
    assertEquals(third.split("|").slice(1), [
      ...[
        "192.0.2.7",
        "192.0.2.8",
        "",
        "6000",
        "",
        hex('{"tipo":"convite"}'),
        "convite lost é",
        "1",
        "",
        "1",
      ],
    ]);
  },
});

Deno.test({
  name: "tshark reads a ladder of IPv6 and of mixed addresses, and follows a connection's bytes",
  ignore,
  async fn() {
    const six = { ...MARIA, ip: "fe80::1%eth0" };
    const messages = [
      ladderMessage(1, { from: six, to: { ...JOAO, ip: "2001:db8::2" } }),
      ladderMessage(2, { from: six, to: JOAO }),
      ladderMessage(3, { transport: "TCP", from: six, to: { ...JOAO, ip: "::1" }, text: "abc" }),
      ladderMessage(4, { transport: "TCP", from: six, to: { ...JOAO, ip: "::1" }, text: "def" }),
    ];
    assertEquals(
      await read(
        pcapng(messages, () => ""),
        ...["ipv6.src", "ipv6.dst", "tcp.seq", "tcp.len", "tcp.checksum.status", "udp.checksum.status"],
      ),
      [
        "fe80::1|2001:db8::2||||1",
        "fe80::1|::ffff:192.0.2.8||||1",
        "fe80::1|::1|1|4|1|",
        "fe80::1|::1|5|4|1|",
      ],
    );
  },
});

Deno.test({
  name: "tshark reads a ladder of ill will: no messages, no times, long messages and comments",
  ignore,
  async fn() {
    assertEquals(await read(pcapng([], () => ""), "frame.number"), [""]);
    const long = "x".repeat(100_000);
    const tcp = { ...MARIA, port: 40_000 };
    const messages = [
      ladderMessage(1, { at: NaN }),
      ladderMessage(2, { at: -1 }),
      ladderMessage(3, { at: 1e300, from: { ...MARIA, ip: "no address" }, text: "\ud800" }),
      ladderMessage(4, { transport: "TCP", from: tcp, text: long }),
      ladderMessage(5, { transport: "TCP", from: tcp, text: "abc" }),
    ];
    const lines = await read(
      pcapng(messages, () => "é\ud800".repeat(50_000)),
      ...["frame.time_epoch", "ip.src", "tcp.seq", "tcp.len", "tcp.checksum.status", "udp.checksum.status"],
    );
    const [a, b, c, ...rest] = lines.map((line) => line.split("|"));
    assertEquals([a, b, c].map((fields) => Number(fields?.[0])), [0, 0, 0]);
    assertEquals([a, b, c].map((fields) => fields?.slice(1)), [
      ["192.0.2.7", "", "", "", "1"],
      ["192.0.2.7", "", "", "", "1"],
      ["0.0.0.0", "", "", "", "1"],
    ]);
    assertEquals(rest.map((fields) => fields.slice(1)), [
      ["192.0.2.7", "1", "65000", "1", ""],
      ["192.0.2.7", "65001", "35001", "1", ""],
      ["192.0.2.7", "100002", "4", "1", ""],
    ]);
  },
});
