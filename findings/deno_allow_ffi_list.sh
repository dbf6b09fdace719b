#!/bin/sh
# Deno: with a list, --allow-ffi looks for a library in the current folder instead of the system's.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  With --allow-ffi=libc.so.6, Deno.dlopen("libc.so.6") is permitted, but Deno makes the name a path below the
#             current folder before it calls dlopen(3), which then does not search the system's folders. Plain
#             --allow-ffi loads the library. Related: https://github.com/denoland/deno/issues/29246 (a prompt does the same).
# Seen:       2.6.8 list: Could not open library: $PWD/libc.so.6: cannot open shared object file
#             2.6.8 all: loaded
#             2.9.6 list: Could not open library: $PWD/libc.so.6: cannot open shared object file
#             2.9.6 all: loaded
# Matters to: docs/security.md: a phone is granted all libraries rather than a list.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >dlopen.ts <<'EOF'
try {
  Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }).close();
  console.log("loaded");
} catch (error) {
  console.log((error as Error).message.replace(/^(Could not open library: )+/, "$1").replace(/: No such.*/, ""));
}
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  list=$("$deno" run --no-prompt --allow-ffi=libc.so.6 dlopen.ts)
  all=$("$deno" run --no-prompt --allow-ffi dlopen.ts)
  printf '%s\n' "$version list: $list" "$version all: $all"
  [ "$list" = "Could not open library: $folder/libc.so.6: cannot open shared object file" ]
  [ "$all" = loaded ]
done
