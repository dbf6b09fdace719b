#!/bin/sh
# Runs the project's Deno as `deno.sh SUBCOMMAND ARGUMENT...`, from the project's folder:
#
#   $DENO, or what setup.sh found (.deno/deno), or the one on the PATH;
#   with lib/offline_std in place of JSR's packages where JSR does not answer (.deno/jsr);
#   with --frozen if SALA_FROZEN is set, so that a package that is not in deno.lock is an error.
#
# Programs that it runs pass SALA_IMPORT_MAP on to a Deno that they start themselves.
set -eu
cd "$(dirname "$0")/.."

subcommand=$1
shift

answer=no
if [ -e .deno/jsr ]; then read -r answer <.deno/jsr; fi
if [ "$answer" = no ]; then export SALA_IMPORT_MAP="$PWD/lib/offline_std/import_map.json"; fi
case $subcommand in
fmt | lint | eval | task) ;; # they read no imports
*)
  # JSR's packages are in deno.lock once somebody commits it from where JSR answers.
  if [ -n "${SALA_FROZEN:-}" ] && { [ "$answer" = no ] || grep -q '"jsr": {' deno.lock; }; then
    set -- --frozen "$@"
  fi
  if [ "$answer" = no ]; then set -- --import-map "$SALA_IMPORT_MAP" "$@"; fi
  ;;
esac

# Deno brings certificates of its own and, up to 2.6, trusts no others. Networks of schools and companies
# often have one of theirs, which is in the system's store. Without such a store Deno refuses to ask for it.
if [ -z "${DENO_TLS_CA_STORE:-}" ]; then
  for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -r "${SSL_CERT_FILE:-$store}" ]; then
      export DENO_TLS_CA_STORE=mozilla,system
      break
    fi
  done
fi

# Where Deno itself was compiled from is no help to anybody here.
unset RUST_BACKTRACE

if [ -z "${DENO:-}" ]; then
  DENO=$PWD/.deno/deno
  if ! [ -x "$DENO" ]; then DENO=deno; fi # a task that was started without make
fi
export DENO_NO_UPDATE_CHECK=1
exec "$DENO" "$subcommand" "$@"
