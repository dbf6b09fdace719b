#!/bin/sh
# Brings what the commands of the Makefile need, once, and says nothing when all of it is there.
#
#   setup.sh deno    Deno, and whether JSR answers from here
#   setup.sh sound   the same, and PortAudio
#   setup.sh tests   the same, PulseAudio, and iproute2 (networks of several machines);
#                    with SALA_TEST=everything in the environment also NATS (several registries with one table),
#                    HAProxy, Prometheus, systemd and strace, and the programs that listen to calls in
#                    docs/protocol.md (150 MB to fetch)
#   setup.sh again   the same as tests, and what went wrong last time is tried again
#
# What it finds out is kept in .deno/ (see deno.sh). Exit status 1 only where there is no Deno: everything
# else can be done without, and then one line says what is missing and what to type.
set -eu
cd "$(dirname "$0")/.."

deno_version=2.9.6 # installed where no Deno is found
oldest_deno='2.6'

say() { printf '%s\n' "$*" >&2; }

# Succeeds if the command $1 is a Deno that is new enough.
is_new_deno() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#deno }
  major=${version%%.*}
  rest=${version#*.}
  minor=${rest%%.*}
  case $major$minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt "${oldest_deno%.*}" ] ||
    { [ "$major" -eq "${oldest_deno%.*}" ] && [ "$minor" -ge "${oldest_deno#*.}" ]; }
}

# Makes .deno/deno a link to the program that the command $1 ends up running: `deno` may be a launcher of a
# version manager or of npm, which costs time at every start.
link_deno() {
  program=$("$1" eval 'console.log(Deno.execPath())' 2>/dev/null) && [ -x "$program" ] || program=$(command -v "$1")
  ln -sf "$program" .deno/deno
}

# The program inside npm's package, which is there without its installation script and without Node.
link_installed_deno() {
  for program in "$PWD"/.deno/npm/node_modules/@deno/*/deno; do
    if is_new_deno "$program"; then
      ln -sf "$program" .deno/deno
      return 0
    fi
  done
  return 1
}

install_deno() {
  if ! command -v npm >/dev/null; then
    say "Deno $oldest_deno or newer is needed and there is no npm to install it with: get Deno as https://deno.com says (or type 'sudo apt-get install npm') and repeat."
    exit 1
  fi
  say "Installing Deno $deno_version into .deno/ (only this once)..."
  # In a folder of its own until it is whole, so that two commands started together do not meet halfway.
  new=.deno/npm.$$
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if ! npm install --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
    --prefix "$new" "deno@$deno_version" >.deno/npm.log 2>&1 </dev/null; then
    tail -n 5 .deno/npm.log >&2
    say "npm could not install Deno (everything it said is in .deno/npm.log): repeat when the network is there, or get Deno as https://deno.com says."
    exit 1
  fi
  rm -rf .deno/npm
  mv "$new" .deno/npm
  trap - EXIT INT TERM
}

find_deno() {
  if [ -n "${DENO:-}" ]; then
    if ! is_new_deno "$DENO"; then
      say "DENO=$DENO is no Deno $oldest_deno or newer: give another one, or leave DENO out and one is found."
      exit 1
    fi
    return 0
  fi
  if is_new_deno .deno/deno; then return 0; fi
  if is_new_deno deno; then link_deno deno && return 0; fi
  if link_installed_deno; then return 0; fi
  install_deno
  if link_installed_deno; then return 0; fi
  say "Deno $deno_version from npm does not run on this machine: get Deno as https://deno.com says and repeat."
  exit 1
}

ask_jsr() {
  if [ -s .deno/jsr ]; then return 0; fi
  if sh tools/deno.sh run -q --no-config --no-prompt --allow-net --allow-env=JSR_URL tools/jsr_answers.ts 2>/dev/null; then
    echo yes >.deno/jsr
  else
    echo no >.deno/jsr
  fi
}

has_portaudio() {
  if [ -n "${PORTAUDIO_LIB:-}" ]; then return 0; fi
  for library in /usr/lib/"$(uname -m)"-linux-gnu*/libportaudio.so.2 /lib64/libportaudio.so.2 \
    /usr/lib/libportaudio.so.2 /usr/lib64/libportaudio.so.2 /usr/local/lib/libportaudio.so.2 \
    /opt/homebrew/lib/libportaudio.2.dylib /usr/local/lib/libportaudio.2.dylib; do
    if [ -e "$library" ]; then return 0; fi
  done
  # /sbin is not on everybody's PATH.
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q 'libportaudio\.so\.2'
}

# PortAudio reaches PulseAudio through a plug-in of ALSA.
has_alsa_pulse() {
  for plugin in /usr/lib/"$(uname -m)"-linux-gnu*/alsa-lib/libasound_module_pcm_pulse.so \
    /usr/lib64/alsa-lib/libasound_module_pcm_pulse.so /usr/lib/alsa-lib/libasound_module_pcm_pulse.so; do
    if [ -e "$plugin" ]; then return 0; fi
  done
  return 1
}

# The elements of GStreamer in docs/protocol.md, one in each of its packages of plug-ins.
has_gstreamer() {
  command -v gst-launch-1.0 >/dev/null || return 1
  for element in opusdec rtpreddec srtpdec; do
    gst-inspect-1.0 --exists "$element" 2>/dev/null || return 1
  done
}

has_ip() {
  PATH=$PATH:/sbin:/usr/sbin command -v ip >/dev/null
}

has_haproxy() {
  PATH=$PATH:/sbin:/usr/sbin command -v haproxy >/dev/null
}

has_nats() {
  PATH=$PATH:/sbin:/usr/sbin command -v nats-server >/dev/null
}

# Prints the Debian names of what is missing.
missing_packages() {
  if ! has_portaudio; then echo libportaudio2; fi
  if [ "$1" = tests ] && [ "$(uname -s)" = Linux ]; then
    if ! command -v pulseaudio >/dev/null; then echo pulseaudio; fi
    if ! command -v pactl >/dev/null; then echo pulseaudio-utils; fi
    if ! has_alsa_pulse; then echo libasound2-plugins; fi
    if ! has_ip; then echo iproute2; fi
    # For tests that SALA_TEST=everything runs beside the others.
    if [ "${SALA_TEST:-}" = everything ]; then
      if ! has_nats; then echo nats-server; fi
      if ! has_haproxy; then echo haproxy; fi
      if ! command -v python3 >/dev/null; then echo python3; fi
      if ! command -v tshark >/dev/null; then echo tshark; fi
      if ! command -v ffplay >/dev/null; then echo ffmpeg; fi
      if ! has_gstreamer; then
        printf 'gstreamer1.0-%s\n' tools plugins-base plugins-good plugins-bad
      fi
      if ! command -v promtool >/dev/null; then echo prometheus; fi
      if ! command -v systemd-analyze >/dev/null; then echo systemd; fi
      if ! command -v strace >/dev/null; then echo strace; fi
      if ! command -v chromium >/dev/null; then echo chromium; fi
    fi
  fi
}

# Runs apt-get "$@" as root, quietly.
apt() {
  $as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >.deno/apt.log 2>&1 </dev/null
}

# Runs apt-get "$@" again while another one holds its locks, which on a machine just started is usual.
apt_patiently() {
  for pause in 5 15 30; do
    if apt "$@"; then return 0; fi
    grep -q -i 'could not get lock\|unable to lock' .deno/apt.log || return 1
    sleep "$pause"
  done
  apt "$@"
}

apt_install() {
  say "Installing $* (only this once)..."
  if apt_patiently install --no-install-recommends "$@"; then return 0; fi
  # A machine that never asked for the lists of packages, or long ago.
  if apt_patiently update && apt_patiently install --no-install-recommends "$@"; then return 0; fi
  echo "$@" >.deno/apt_failed
  return 1
}

bring_packages() {
  missing=$(missing_packages "$1" | tr '\n' ' ')
  missing=${missing% }
  if [ -z "$missing" ]; then return 0; fi
  case $missing in
  *libportaudio2*) without='sound cards' ;;
  *pulse* | *libasound2*) without='the tests on PulseAudio' ;;
  *iproute2*) without='the tests on networks of several machines' ;;
  *nats*) without='the tests on several registries with one table' ;;
  *haproxy*) without='the tests behind HAProxy' ;;
  *prometheus* | *systemd* | *strace*) without='the tests on metrics and the service' ;;
  *) without='the tests of other programs that listen' ;;
  esac

  if ! command -v apt-get >/dev/null; then
    case $(uname -s) in
    Darwin) say "Going on without $without. To have them: brew install portaudio" ;;
    *) say "Going on without $without. To have them, install what Debian calls: $missing" ;;
    esac
    return 0
  fi

  advice="Going on without $without. To have them: sudo apt-get install $missing"
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    as_root='sudo -n'
    if ! sudo -n true 2>/dev/null; then
      say "$advice"
      return 0
    fi
  fi
  if [ "$(cat .deno/apt_failed 2>/dev/null)" = "$missing" ]; then
    say "$advice ('make setup' tries it again)"
    return 0
  fi
  # shellcheck disable=SC2086 # a list of names
  if apt_install $missing; then return 0; fi
  grep '^E:' .deno/apt.log >&2 || true
  say "$advice"
}

if ! mkdir -p .deno 2>/dev/null || ! [ -w .deno ]; then
  say "Nothing can be written to $PWD/.deno: make this folder your own, or copy the project to another one."
  exit 1
fi
wanted=${1:-again}
if [ "$wanted" = again ]; then
  rm -f .deno/jsr .deno/apt_failed
  wanted=tests
fi
find_deno
ask_jsr
if [ "$wanted" != deno ]; then bring_packages "$wanted"; fi
