#!/bin/sh
# Runs Sala's @TOOL@ with the runtime of the package.
# Compiled code is kept for the next start, if there is a home to keep it in.
export DENO_DIR="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/sala" DENO_NO_UPDATE_CHECK=1
exec /usr/lib/sala/deno run -q --no-prompt --no-remote --no-npm "--v8-flags=@V8_FLAGS@" \
  --config /usr/lib/sala/deno.json -P=@TOOL@ /usr/lib/sala/@TOOL@.js "$@"
