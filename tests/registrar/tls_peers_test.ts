import { assertEquals } from "@std/assert";
import { endWriting, type Socket } from "../../lib/registrar/connection.ts";
import { startRegistry } from "../../lib/registrar/server.ts";
import { within } from "../../lib/util/time_limit.ts";
import { isInstalled } from "../../testing/program.ts";
import { makeKeys } from "../../testing/tls_keys.ts";

/** Upper limit of waits, in milliseconds. */
const LONG_MS = 30_000;

/** Settles when the registry has closed a connection, and whether it did. */
async function isClosed(connection: Deno.Conn): Promise<boolean> {
  const end = async (): Promise<void> => {
    const buffer = new Uint8Array(1024);
    while (await connection.read(buffer) !== null);
  };
  return await within(LONG_MS, end().catch(() => {}));
}

Deno.test({
  name: "startRegistry() closes refused and crowded out connections that never begin their TLS",
  ignore: !isInstalled("openssl"),
  async fn() {
    const tls = await makeKeys();
    await using server = startRegistry({ host: "127.0.0.1", port: 0, tls, maxPerAddress: 2 });
    const { port } = server;
    using phone = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [tls.cert] });
    const register = async (connection: Deno.TlsConn, nome: string): Promise<void> => {
      const registro = { tipo: "registro", nome, ip: "127.0.0.1", porta: 6000 };
      await connection.write(new TextEncoder().encode(`${JSON.stringify(registro)}\n`));
      await connection.read(new Uint8Array(1024));
    };
    await register(phone, "joão");
    // It loses its place to the second phone.
    using silent = await Deno.connect({ hostname: "127.0.0.1", port });
    using second = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [tls.cert] });
    await register(second, "maria");
    assertEquals(await isClosed(silent), true);

    using refused = await Deno.connect({ hostname: "127.0.0.1", port });
    assertEquals(await isClosed(refused), true);
    assertEquals(server.connections(), { registered: 2, unregistered: 0, refused: 0 });
  },
});

Deno.test("endWriting() goes on without a peer that never takes the end", async () => {
  const socket = { closeWrite: () => new Promise<void>(() => {}) } as unknown as Socket;
  assertEquals(await within(LONG_MS, endWriting(socket)), true);
});
