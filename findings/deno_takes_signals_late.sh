#!/bin/sh
# Deno: half a second after its start it ends the ignoring of SIGHUP, without any listener of the program.
#
# Version:    Deno 2.9.6 from npm, Linux x64; not 2.6.8.
# Behaviour:  A program that was started to ignore SIGHUP does so for about 0.5 s. Then Deno handles SIGHUP, SIGINT and
#             SIGTERM, and /proc/self/status says no more that the signal is ignored (SigIgn). execve(2) passes ignored
#             signals on, and only the program itself is to change that.
# Seen:       2.6.8 at the start: ignored, after 1.5 s: ignored
#             2.9.6 at the start: ignored, after 1.5 s: handled
# Matters to: lib/cli/signals.ts: asks first of all what is ignored.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >ignored.ts <<'EOF'
function hangUp(): string {
  const [, mask] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
  return BigInt(`0x${mask}`) & 1n ? "ignored" : "handled";
}
const start = hangUp();
await new Promise((resolve) => setTimeout(resolve, 1500));
console.log(`at the start: ${start}, after 1.5 s: ${hangUp()}`);
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  seen=$(trap '' HUP; "$deno" run -q -A ignored.ts)
  echo "$version $seen"
  case $version in
  2.6.8) [ "$seen" = "at the start: ignored, after 1.5 s: ignored" ] ;;
  *) [ "$seen" = "at the start: ignored, after 1.5 s: handled" ] ;;
  esac
done
