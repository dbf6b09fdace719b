#!/bin/sh
# Deno: lookup() of `node:dns` puts IPv4 before IPv6, and the IPv4 addresses in the reverse of the system's order.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  `lookup(name, { all: true })` of node:dns/promises gives other addresses first than getaddrinfo(3), which sorts them by
#             RFC 6724. Node has kept the system's order since version 17. With `verbatim: true` Deno does, too.
# Seen:       getent, and verbatim: fd00:9::1 fd00:9::2 127.0.0.2 127.0.0.3 127.0.0.4
#             lookup():             127.0.0.4 127.0.0.3 127.0.0.2 fd00:9::1 fd00:9::2
# Matters to: programs that try the addresses of a name in turn (RFC 8305); lib/util/look_up_host.ts.
#
# Exit status 0: still so. 1: it changed. Needs npm with its registry, and unshare with mount namespaces, for a hosts file of its own.
set -eu
if [ "${1-}" != inside ]; then exec unshare --mount --map-root-user sh "$0" inside; fi
folder=$(mktemp -d)
trap 'umount /etc/hosts 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
cat >look.ts <<'END'
import { lookup } from "node:dns/promises";
const found = await lookup("sala.test", { all: true, verbatim: Deno.args[0] === "verbatim" || undefined });
console.log(found.map(({ address }) => address).join(" "));
END
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
done
for address in fd00:9::1 fd00:9::2 127.0.0.2 127.0.0.3 127.0.0.4; do echo "$address sala.test"; done >hosts
mount --bind hosts /etc/hosts
system=$(getent ahosts sala.test | awk '/STREAM/ { printf "%s%s", gap, $1; gap = " " }')
echo "getent: $system"
other=$(printf '%s\n' $system | awk '/:/ { six = six " " $1; next } { four = $1 " " four } END { sub(/ $/, "", four); print four six }')
for version in 2.6.8 2.9.6; do
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  plain=$("$deno" run -A --no-config look.ts 2>/dev/null)
  verbatim=$("$deno" run -A --no-config look.ts verbatim 2>/dev/null)
  echo "$version: $plain; verbatim: $verbatim"
  [ "$plain" = "$other" ] || exit 1
  [ "$verbatim" = "$system" ] || exit 1
done
