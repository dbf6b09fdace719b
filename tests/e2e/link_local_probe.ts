/**
 * The runtime's sockets between link-local addresses, for link_local_test.ts: `echo` answers where a datagram came from, `ask
 * ADDRESS PORT` sends one there until an answer comes.
 *
 * @module
 */

import { runtimeUdp } from "../../lib/transport/runtime_udp.ts";

const [mode, ip = "", port = ""] = Deno.args;
const socket = runtimeUdp.open(6, 0, (datagram, sender) => {
  if (mode === "echo") return socket.send(datagram.slice(), sender);
  console.log(`answered from ${sender.ip}`);
  Deno.exit();
});
if (mode === "echo") console.log(socket.port);
else setInterval(() => socket.send(Uint8Array.of(1), { ip, port: Number(port) }), 100);
