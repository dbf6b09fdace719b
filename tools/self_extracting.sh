#!/bin/sh
# Sala's @TOOL@ in one file: this script, and after its last line an archive with Deno and the program.
# The first start on a machine unpacks it; later ones find it there.
set -eu
tool='@TOOL@'
contents='@CONTENTS@' # SHA-256 of what is in the archive, so that another version goes elsewhere
lines=@LINES@         # of this script

# Succeeds if programs can be kept in the folder $1: it may be read-only, full, or mounted without execution.
# In a folder that everybody may write to, another person must not have been there before.
is_usable() {
  (umask 077 && mkdir -p "$1") 2>/dev/null || return 1
  # shellcheck disable=SC3067 # -O is in dash, bash, ksh, zsh and busybox
  [ -O "$1" ] || return 1
  probe=$1/.probe.$$
  if { printf '#!/bin/sh\n' >"$probe" && chmod 700 "$probe" && "$probe"; } 2>/dev/null; then
    rm -f "$probe"
    return 0
  fi
  rm -f "$probe" 2>/dev/null
  return 1
}

is_unpacked() {
  # shellcheck disable=SC3067
  [ -e "$1/.complete" ] && [ -x "$1/deno" ] && [ -r "$1/$tool.js" ] && [ -O "$1" ]
}

# Unpacks into the folder $1 by way of the folder $2. Each file is moved to its place when all are whole, over the
# same file if another start has been quicker, and the mark comes last. Fails if anything is not right.
fill() {
  tail -n "+$((lines + 1))" "$0" | { gzip -dc || : >"$2/.damaged"; } | tar -xf - -C "$2" || return 1
  if [ -e "$2/.damaged" ]; then return 1; fi
  for file in "$2"/*; do mv -f "$file" "$1/" || return 1; done
  : >"$1/.complete"
}

unpack() {
  new=$(mktemp -d "$1/.new.XXXXXX" 2>/dev/null) || return 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  status=0
  fill "$1" "$new" 2>/dev/null || status=1
  rm -rf "$new"
  trap - EXIT HUP INT TERM
  return "$status"
}

temporary=${TMPDIR:-/tmp}/sala-$(id -u)
cache=$temporary
if [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ]; then cache=${XDG_CACHE_HOME:-$HOME/.cache}/sala; fi

folder=
for base in "$cache" "$temporary"; do
  if is_unpacked "$base/$contents"; then
    folder=$base/$contents
    break
  fi
done
if [ -z "$folder" ]; then
  for base in "$cache" "$temporary"; do
    if is_usable "$base" && is_usable "$base/$contents" && unpack "$base/$contents"; then
      folder=$base/$contents
      break
    fi
  done
fi
if [ -z "$folder" ]; then
  echo "$tool: cannot unpack itself into $cache or $temporary: make room there, or set TMPDIR to a folder that programs can be started from (or this file is damaged: copy it again)" >&2
  exit 1
fi

export DENO_DIR="$folder/cache" DENO_NO_UPDATE_CHECK=1
exec "$folder/deno" run -q --no-prompt --no-remote --no-npm "--v8-flags=@V8_FLAGS@" \
  --config "$folder/deno.json" "-P=$tool" "$folder/$tool.js" "$@"
