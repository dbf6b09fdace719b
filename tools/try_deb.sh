#!/bin/sh
# Installs a package of Sala in a bare Debian of its own, runs both programs there and removes it again:
#
#   try_deb.sh dist/sala_1.0.0_amd64.deb [RELEASE]
#
# As root, with debootstrap (it is installed where it is missing). Exit status 1 and a sentence if anything is not right;
# where no bare Debian can be made, as in most containers, it says so and nothing is tried.
set -eu
cd "$(dirname "$0")/.."

package=$1
release=${2:-stable}

fail() {
  echo "try_deb: $*" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'only root may change the root folder'
for tool in debootstrap unshare; do
  command -v "$tool" >/dev/null || apt-get -q -y install --no-install-recommends debootstrap util-linux >/dev/null
done

skip() {
  echo "try_deb: skipped: $*"
  exit 0
}
unshare --mount --pid --fork --mount-proc true 2>/dev/null || skip 'no namespaces of mounts and processes here'

root=$(mktemp -d "${TMPDIR:-/tmp}/sala-deb.XXXXXX")
registry=
# shellcheck disable=SC2329 # called by the trap
clean() {
  if [ -n "$registry" ]; then kill "$registry" 2>/dev/null && wait "$registry" || :; fi
  rm -rf --one-file-system "$root"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The mirror that this machine uses.
mirror=$(sed -n 's/^\(URIs:\|deb\) *\(\[[^]]*\] *\)\?\(https\?:[^ ]*\).*/\3/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security | head -n 1)
debootstrap --variant=minbase "$release" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || {
  tail -n 5 "$root.log" >&2
  rm -f "$root.log"
  skip 'debootstrap makes no Debian here'
}
rm -f "$root.log"
# Runs a program in there, which sees its own processes in /proc and nobody's elsewhere.
inside() {
  unshare --mount --pid --fork --mount-proc="$root/proc" --kill-child chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    LC_ALL=C.UTF-8 HOME=/root "$@"
}

cp "$package" "$root/sala.deb"
inside dpkg --install /sala.deb >/dev/null || fail 'it cannot be installed'

for tool in registry phone; do
  inside "$tool" --help --lang en | grep -q -- --lang || fail "$tool --help says nothing"
  inside "$tool" --version --lang en | grep -q "^Sala, $tool, version " || fail "$tool --version does not say it"
  [ -s "$root/usr/share/man/man1/$tool.1.gz" ] || fail "$tool has no manual page"
done

mkdir -m 700 "$root/run/sala-registry"
control=/run/sala-registry/control.sock
inside registry --port 0 --host 127.0.0.1 --control "$control" --lang en >"$root/registry.log" 2>&1 &
registry=$!
port=
for _ in $(seq 300); do
  port=$(sed -n 's/.*room open at 127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$root/registry.log")
  if [ -n "$port" ]; then break; fi
  sleep 0.1
done
[ -n "$port" ] || fail "the registry does not start: $(cat "$root/registry.log")"
said=$(echo sair | inside phone "127.0.0.1:$port" maria 0 --mic none --speaker none --json)
case $said in
*'"event":"registered"'*) ;;
*) fail "the phone does not come in: $said" ;;
esac
inside registry list --control "$control" --lang en | grep -q '0 people in the room' || fail 'registry list does not answer'
kill "$registry"
wait "$registry" || :
registry=

inside dpkg --purge sala >/dev/null || fail 'it cannot be removed'
left=$(find "$root" -path "$root/proc" -prune -o -path '*/var/lib/dpkg/*' -prune -o -name '*sala*' -print |
  grep -v "^$root\$\|^$root/sala\\.deb\$\|^$root/run/\|^$root/root/" || :)
[ -z "$left" ] || fail "it leaves behind: $left"
echo "Installed, ran and removed ${package##*/} in a bare Debian."
