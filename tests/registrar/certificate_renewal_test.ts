import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Socket } from "../../lib/registrar/connection.ts";
import { ListenError, Listeners } from "../../lib/registrar/listeners.ts";
import { closeQuietly } from "../../lib/util/close_quietly.ts";
import type { TlsKeys } from "../../lib/util/tls_relay.ts";
import { hasIpv6 } from "../../testing/has_ipv6.ts";
import { isInstalled } from "../../testing/program.ts";
import { makeKeys } from "../../testing/tls_keys.ts";

Deno.test({
  name:
    "Listeners.renew() uses another certificate on every address, refuses nobody meanwhile, and keeps what is open",
  ignore: !isInstalled("openssl") || !hasIpv6(),
  async fn() {
    const [first, second] = [await makeKeys(), await makeKeys()];
    const listeners = Listeners.open({ hosts: ["127.0.0.1", "::1"], port: 0, tls: first });
    const { port } = listeners;
    assertThrows(() => Listeners.open({ hosts: ["::1"], port, tls: second }), ListenError);
    const sockets: Socket[] = [];
    const served = listeners.serve({
      onConnection: (socket) => {
        sockets.push(socket);
        const buffer = new Uint8Array(10);
        (async () => {
          for (let count; (count = await socket.read(buffer)) !== null;) {
            await socket.write(buffer.subarray(0, count));
          }
        })().catch(() => {});
      },
      onProxyProblem: () => {},
    });
    const connect = async (hostname: string, { cert }: TlsKeys): Promise<Deno.TlsConn> => {
      const connection = await Deno.connectTls({ hostname, port, caCerts: [cert] });
      await connection.handshake().catch((error) => {
        connection.close();
        throw error;
      });
      return connection;
    };
    const echoes = async (connection: Deno.TlsConn): Promise<void> => {
      await connection.write(Uint8Array.of(7));
      const buffer = new Uint8Array(10);
      assertEquals([await connection.read(buffer), buffer[0]], [1, 7]);
    };
    using old = await connect("127.0.0.1", first);
    await echoes(old);

    assertThrows(() => listeners.renew({ cert: second.cert, key: first.key }), ListenError);
    assertThrows(() => listeners.renew({ cert: "none", key: "none" }), ListenError);
    using still = await connect("::1", first);
    await echoes(still);

    let renewed = false;
    const refused: unknown[] = [];
    const knocking = (async () => {
      while (!renewed) {
        await Deno.connect({ hostname: "127.0.0.1", port })
          .then((connection) => connection.close(), (error) => {
            // The system gave it to a socket that was closed in that instant.
            if (!(error instanceof Deno.errors.ConnectionReset)) refused.push(error);
          });
      }
    })();
    for (let round = 0; round < 3; round++) listeners.renew(round === 1 ? first : second);
    // Until the earlier sockets are closed some still get the certificate from before.
    for (;;) {
      const connections = await Promise.all(
        Array.from(
          { length: 20 },
          (_, index) => connect(index % 2 === 0 ? "127.0.0.1" : "::1", second).catch(() => undefined),
        ),
      );
      for (const connection of connections) connection?.close();
      if (connections.every((connection) => connection !== undefined)) break;
    }
    renewed = true;
    await knocking;
    assertEquals(refused, []);
    await assertRejects(() => connect("::1", first));
    await echoes(old);
    await echoes(still);
    listeners.close();
    await served;
    assert(sockets.length > 20);
    for (const socket of sockets) closeQuietly(socket);
  },
});
