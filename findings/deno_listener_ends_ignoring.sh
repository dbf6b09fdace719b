#!/bin/sh
# Deno: a listener for one signal makes SIGHUP and SIGINT, which the program was started to ignore, end it.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  A program that nohup(1) started ignores SIGHUP, and so does Deno, until the program calls
#             Deno.addSignalListener for another signal: then Deno handles SIGHUP and SIGINT, too, and ends at them as
#             if nobody had asked to ignore them. sigaction(2) and execve(2) change only the signal that is asked for.
# Seen:       2.6.8 without a listener: goes on
#             2.6.8 with a listener for SIGTERM: 129
#             2.9.6 without a listener: goes on
#             2.9.6 with a listener for SIGTERM: 129
# Matters to: lib/cli/signals.ts: signals that were ignored at the start get a listener that does nothing.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >hup.ts <<'EOF'
if (Deno.args[0] === "SIGTERM") Deno.addSignalListener("SIGTERM", () => {});
await new Deno.Command("kill", { args: ["-HUP", String(Deno.pid)] }).output();
console.log("goes on");
Deno.exit(0);
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  without=$(nohup "$deno" run -q -A hup.ts none 2>/dev/null) || without=$?
  with=$(nohup "$deno" run -q -A hup.ts SIGTERM 2>/dev/null) || with=$?
  printf '%s\n' "$version without a listener: $without" "$version with a listener for SIGTERM: $with"
  [ "$without" = "goes on" ]
  [ "$with" = 129 ]
done
