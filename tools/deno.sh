#!/bin/sh
# Runs the project's Deno as `deno.sh SUBCOMMAND ARGUMENT...`, from the project's folder:
#
#   $DENO, or what setup.sh found (.deno/deno);
#   with lib/offline_std in place of JSR's packages where JSR does not answer (.deno/jsr).
#
# What it starts learns from SALA_IMPORT_MAP that it has to say the same to a Deno that it starts itself.
set -eu
cd "$(dirname "$0")/.."

subcommand=$1
shift

answer=no
if [ -e .deno/jsr ]; then read -r answer <.deno/jsr; fi
if [ "$answer" = no ]; then
  export SALA_IMPORT_MAP="$PWD/lib/offline_std/import_map.json"
  case $subcommand in
  fmt | lint | eval) ;; # they read no imports
  *) set -- --import-map "$SALA_IMPORT_MAP" "$@" ;;
  esac
fi

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

export DENO_NO_UPDATE_CHECK=1
exec "${DENO:-$PWD/.deno/deno}" "$subcommand" "$@"
