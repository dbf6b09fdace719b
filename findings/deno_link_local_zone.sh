#!/bin/sh
# Deno: the zone of a link-local address is missing from Deno.DatagramConn.receive() and from remoteAddr.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  A link-local address (fe80::/10) is the same on every link, so recvfrom(2) tells the link with it (sin6_scope_id;
#             RFC 4007). Deno drops it: a program with two network cards cannot answer a link-local sender, since the address
#             alone leads to the first card. Node's dgram gives "fe80::2%v1". Deno takes such a name for sending.
# Seen:       node:  datagram from fe80::2%v1
#             2.6.8: datagram from fe80::2, connection from fe80::2
#             2.9.6: datagram from fe80::2, connection from fe80::2
# Matters to: answers to invitations; lib/transport/linux_udp.ts asks the system itself, runtime_udp.ts sends on every link.
#
# Exit status 0: still so. 1: it changed. Needs npm with its registry and node, iproute2, and Linux that permits
# `unshare --map-root-user --net`.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >zone.ts <<'END'
const own = "fe80::2%v1";
const socket = Deno.listenDatagram({ transport: "udp", hostname: "::", port: 7777 });
await socket.send(Uint8Array.of(1), { transport: "udp", hostname: own, port: 7777 });
const [, from] = await socket.receive();
socket.close();
const listener = Deno.listen({ hostname: "::", port: 7777 });
const [client, server] = await Promise.all([Deno.connect({ hostname: own, port: 7777 }), listener.accept()]);
const name = (address: Deno.Addr) => (address as Deno.NetAddr).hostname;
console.log(`datagram from ${name(from)}, connection from ${name(server.remoteAddr)}`);
for (const each of [client, server, listener]) each.close();
END
cat >zone.mjs <<'END'
import { createSocket } from "node:dgram";
const socket = createSocket("udp6", (_, { address }) => {
  console.log(`datagram from ${address}`);
  socket.close();
});
socket.bind(7777, () => socket.send("x", 7777, "fe80::2%v1"));
END
cat >links.sh <<'END'
set -eu
ip link set lo up
ip link add v0 type veth peer name v1
for card in v0 v1; do ip link set $card up; done
ip address add fe80::2/64 dev v1 nodad
exec "$@"
END
on_links() { unshare --map-root-user --net sh links.sh "$@"; }
seen=$(on_links node zone.mjs)
echo "node:  $seen"
[ "$seen" = 'datagram from fe80::2%v1' ]
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  seen=$(on_links "$deno" run -A --unstable-net zone.ts)
  echo "$version: $seen"
  [ "$seen" = 'datagram from fe80::2, connection from fe80::2' ]
done
