#!/bin/sh
# Deno: every UDP socket of Deno.listenDatagram may send to broadcast addresses.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  Deno sets SO_BROADCAST, which socket(7) has off, on each socket of Deno.listenDatagram. No option and no
#             permission but --allow-net is asked for, so an address taken from a message of the network may be that of
#             everybody. Deno's documentation of listenDatagram does not say so.
# Seen:       2.6.8: SO_BROADCAST 1
#             2.9.6: SO_BROADCAST 1
# Matters to: programs that answer to an address that a message declares, as `convite` does: they compare it with the machine's networks.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry, and Linux.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >broadcast.ts <<'EOF'
const { symbols } = Deno.dlopen("libc.so.6", {
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
});
const [SOL_SOCKET, SO_TYPE, SO_BROADCAST, SOCK_DGRAM] = [1, 3, 6, 2] as const;
function option(descriptor: number, name: number): number {
  const value = new Int32Array(1);
  symbols.getsockopt(descriptor, SOL_SOCKET, name, value, Int32Array.of(4));
  return value[0]!;
}
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
for (const { name } of Deno.readDirSync("/proc/self/fd")) {
  if (option(Number(name), SO_TYPE) === SOCK_DGRAM) console.log("SO_BROADCAST", option(Number(name), SO_BROADCAST));
}
socket.close();
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  seen=$("$deno" run -A --unstable-net broadcast.ts)
  echo "$version: $seen"
  [ "$seen" = 'SO_BROADCAST 1' ]
done
