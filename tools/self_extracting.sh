#!/bin/sh
# Sala's @TOOL@ in one file: this script, and after its last line an archive with the program and one with Deno.
# The first start on a machine unpacks them; later ones find them there. Programs of several versions share a Deno.
set -eu
tool='@TOOL@'
program=program-'@PROGRAM@' # SHA-256 of what is in each archive, so that another version goes elsewhere
runtime=deno-'@RUNTIME@'
lines=@LINES@         # of this script
program_bytes=@PROGRAM_BYTES@

# Succeeds if the path $1 is in UTF-8, as Deno needs its programs' to be. Where there is no iconv it is taken to be.
is_utf8() {
  ! command -v iconv >/dev/null 2>&1 || printf %s "$1" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1
}

# Succeeds if programs can be kept in the folder $1: it may be read-only, full, or mounted without execution.
# In a folder that everybody may write to, another person must not have been there before.
is_usable() {
  is_utf8 "$1" && (umask "$mask" && mkdir -p "$1") 2>/dev/null || return 1
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

# Succeeds if the folder $1 is this person's, or an administrator's that nobody else can write to.
is_trusted() {
  # shellcheck disable=SC3067
  [ -O "$1" ] || [ -n "$(find "$1" -prune -user 0 ! -perm -020 ! -perm -002 2>/dev/null)" ]
}

is_unpacked() {
  [ -e "$1/.complete" ] && [ -r "$1" ] && is_trusted "$1"
}

# Prints the archive with what belongs into a folder called $1.
archive() {
  case $1 in
    program-*) tail -n "+$((lines + 1))" "$0" | head -c "$program_bytes" ;;
    *) tail -n "+$((lines + 1))" "$0" | tail -c "+$((program_bytes + 1))" ;;
  esac
}

# Unpacks into the folder $1 by way of the folder $2. Each file is moved to its place when all are whole, over the
# same file if another start has been quicker, and the mark comes last. Fails if anything is not right.
fill() {
  archive "${1##*/}" | { gzip -dc || : >"$2/.damaged"; } | tar -xof - -C "$2" || return 1
  if [ -e "$2/.damaged" ]; then return 1; fi
  # The builder's umask may have been strict.
  if [ "$mask" = 022 ]; then chmod -R a+rX "$2"/*; fi
  for file in "$2"/*; do mv -f "$file" "$1/" || return 1; done
  : >"$1/.complete"
}

unpack() {
  is_usable "$1" || return 1
  for new in "$1"/.new.*; do
    kill -0 "${new##*.}" 2>/dev/null || rm -rf "$new" # One that was killed.
  done
  new=$1/.new.$$
  mkdir "$new" 2>/dev/null || return 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  status=0
  (umask "$mask" && fill "$1" "$new") 2>/dev/null || status=1
  rm -rf "$new"
  trap - EXIT HUP INT TERM
  return "$status"
}

# Succeeds if a process that was started from the folder $1 runs. Each leaves a file with its number there.
is_in_use() {
  for user in "$1"/.user.*; do
    if [ -e "$user" ]; then
      if kill -0 "${user##*.}" 2>/dev/null; then return 0; fi
      rm -f "$user"
    fi
  done
  return 1
}

# Removes other versions in the folder $1 that no process uses, and those of earlier layouts (64 digits).
remove_others() {
  for old in "$1"/program-* "$1"/deno-* "$1"/????????????????????????????????????????????????????????????????; do
    if [ -d "$old" ] && [ "$old" != "$1/$program" ] && [ "$old" != "$1/$runtime" ] && ! is_in_use "$old"; then
      rm -rf "$old" 2>/dev/null || :
    fi
  done
}

is_complete() {
  is_utf8 "$1" && is_unpacked "$1/$program" && is_unpacked "$1/$runtime"
}

complete() {
  is_usable "$1" || return 1
  for part in "$runtime" "$program"; do
    is_unpacked "$1/$part" || unpack "$1/$part" || return 1
  done
  remove_others "$1"
}

# Ends with the sentence $1 in English or $2 in Portuguese, chosen like the language of the screens.
fail() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    [Ee][Nn]*) echo "$tool: $1" >&2 ;;
    *) echo "$tool: $2" >&2 ;;
  esac
  exit 1
}

temporary=${TMPDIR:-/tmp}/sala-$(id -u)
cache=$temporary
if [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ]; then cache=${XDG_CACHE_HOME:-$HOME/.cache}/sala; fi
# What an administrator has unpacked for everybody.
shared=/usr/local/lib/sala

# SALA_UNPACK names the folder to unpack into, readable by everybody.
mask=022
base=${SALA_UNPACK:-}
if [ -n "$base" ]; then
  if ! is_complete "$base" && ! complete "$base"; then
    fail "cannot unpack itself into $base, the folder that SALA_UNPACK names: it must be yours, have room, allow programs, and have a path in UTF-8 (or this file is damaged: copy it again)" \
      "não pode se extrair em $base, a pasta que SALA_UNPACK indica: ela tem de ser sua, ter espaço, permitir programas e ter um caminho em UTF-8 (ou este arquivo está estragado: copie-o de novo)"
  fi
else
  mask=077
  for folder in "$shared" "$cache" "$temporary"; do
    if is_complete "$folder"; then base=$folder && break; fi
  done
fi
if [ -z "$base" ]; then
  for folder in "$cache" "$temporary"; do
    if complete "$folder"; then base=$folder && break; fi
  done
fi
if [ -z "$base" ]; then
  fail "cannot unpack itself into $cache or $temporary: make room there, or set TMPDIR to a folder with a path in UTF-8 that programs can be started from (or this file is damaged: copy it again)" \
    "não pode se extrair em $cache nem em $temporary: libere espaço, ou indique em TMPDIR uma pasta com caminho em UTF-8 de onde programas possam ser executados (ou este arquivo está estragado: copie-o de novo)"
fi

# The number of this process, which does not change when Deno takes its place.
for part in "$runtime" "$program"; do
  if [ -w "$base/$part" ]; then
    is_in_use "$base/$part" || : # It removes what earlier starts left.
    { : >"$base/$part/.user.$$"; } 2>/dev/null || :
  fi
done
export DENO_DIR="$base/$program/cache" DENO_NO_UPDATE_CHECK=1
exec "$base/$runtime/deno" run -q --no-prompt --no-remote --no-npm "--v8-flags=@V8_FLAGS@" \
  --config "$base/$program/deno.json" "-P=$tool" "$base/$program/$tool.js" "$@"
