#!/bin/sh
# Deno 2.6: the first name that `node:dns` resolves prints a warning about Deno's own modules on standard error.
#
# Version:    Deno 2.6.8 from npm, Linux x64; 2.9.6 does not.
# Behaviour:  lookup() of node:dns/promises loads Deno's copy of `punycode`, which warns that it is deprecated (DEP0040), although the
#             program does not import it. Node's warnings leave modules of its own out. `process.noDeprecation = true` before
#             the first lookup silences it.
# Seen:       2.6.8: 127.0.0.1, standard error: DEP0040
#             2.6.8, noDeprecation: 127.0.0.1, standard error: nothing
#             2.9.6: 127.0.0.1, standard error: nothing
# Matters to: programs whose standard error has one sentence for people; lib/util/look_up_host.ts.
#
# Exit status 0: still so. 1: it changed. Needs npm with its registry.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >plain.ts <<'END'
import { lookup } from "node:dns/promises";
console.log((await lookup("localhost", { family: 4 })).address);
END
cat >silenced.ts <<'END'
import process from "node:process";
Object.assign(process, { noDeprecation: true });
await import("./plain.ts");
END
# Runs the script $2 with version $1, prints what is seen and checks that it is $3.
look() {
  deno=$(echo "$folder/$1"/node_modules/@deno/*/deno)
  out=$("$deno" run -A --no-config "$2" 2>errors)
  case $(cat errors) in
  '') errors=nothing ;;
  *DEP0040*punycode*) errors=DEP0040 ;;
  *) errors=$(cat errors) ;;
  esac
  echo "$1 $2: $out, standard error: $errors"
  [ "$out, $errors" = "$3" ]
}
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
done
look 2.6.8 plain.ts '127.0.0.1, DEP0040'
look 2.6.8 silenced.ts '127.0.0.1, nothing'
look 2.9.6 plain.ts '127.0.0.1, nothing'
