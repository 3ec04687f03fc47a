#!/usr/bin/env bash
# Installs Asterisk 16.28 for the tests on Debian 12, which has no Asterisk of its own, with its
# voice prompts in English, Spanish and Russian (8 MB to fetch, 9 MB on disk).
#
# The packages come from Debian 11, from the mirror this machine already uses. The extra
# source and its pins live in a temporary folder that only this script's apt calls read:
# the machine's own apt configuration stays as it was. The system service is never started.
#
# Usage:   sudo scripts/install-asterisk.sh
# Setting: BELLWIRE_CACHE=DIR  keep the downloaded packages in DIR/apt and use them again
# Exit:    0 installed and answering, 1 failed, 3 not root
set -euo pipefail

readonly version=16.28
readonly suite=bullseye
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly packages=(asterisk asterisk-modules asterisk-config asterisk-voicemail
  asterisk-core-sounds-en asterisk-core-sounds-es asterisk-core-sounds-ru)
readonly sounds=/usr/share/asterisk/sounds languages=(en es ru)
readonly modules=(chan_pjsip.so res_pjsip_notify.so app_dial.so app_voicemail.so)
readonly policy=/usr/sbin/policy-rc.d

export PATH="/usr/local/sbin:/usr/sbin:/sbin:$PATH" DEBIAN_FRONTEND=noninteractive LC_ALL=C

say() { printf 'install-asterisk: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

installed_version() {
  command -v asterisk >/dev/null || return 0
  asterisk -V | awk '{ print $2 }'
}

is_complete() {
  [[ "$(installed_version)" == "$version".* ]] || return 1
  # Built from source: its owner knows what it holds, and no package may go on top of it.
  dpkg -S "$(command -v asterisk)" >/dev/null 2>&1 || return 0
  local folder module language
  folder=$(dirname "$(dpkg -L asterisk-modules | grep -m1 '/chan_pjsip\.so$')")
  for module in "${modules[@]}"; do [[ -e "$folder/$module" ]] || return 1; done
  for language in "${languages[@]}"; do [[ -e "$sounds/$language/vm-press.gsm" ]] || return 1; done
}

work=
daemon=
own_policy=no
tidy() {
  [[ -z "$daemon" ]] || kill "$daemon" 2>/dev/null || true
  [[ "$own_policy" == no ]] || rm -f "$policy"
  [[ -z "$work" ]] || rm -rf "$work"
}

# The sources apt already has, and Debian 11 from the same mirror, pinned so that nothing
# can come from it but Asterisk and the two libraries that Debian 12 dropped.
write_apt_configuration() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Release: bookworm' 'Component: main' | head -n 1)
  [[ -n "$mirror" ]] || die "no apt source for Debian 12 (bookworm main) on this machine"
  [[ -r "$keyring" ]] || die "$keyring is missing: install debian-archive-keyring"
  mkdir "$work/sources" "$work/preferences"
  cp -r /etc/apt/sources.list.d/. "$work/sources/" 2>/dev/null || true
  cp -r /etc/apt/preferences.d/. "$work/preferences/" 2>/dev/null || true
  cat >"$work/sources/bellwire-$suite.sources" <<SOURCE
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: $keyring
SOURCE
  cat >"$work/preferences/bellwire-$suite" <<PINS
Package: *
Pin: release n=$suite
Pin-Priority: -1

Package: asterisk asterisk-* libssl1.1 libldap-2.4-2
Pin: release n=$suite
Pin-Priority: 500
PINS
  apt_options=(
    -o "Dir::Etc::sourceparts=$work/sources"
    -o "Dir::Etc::preferencesparts=$work/preferences"
  )
  if [[ -n "${BELLWIRE_CACHE:-}" ]]; then
    mkdir -p "$BELLWIRE_CACHE/apt/partial"
    # apt fetches as _apt, which may not be able to enter the cache's parent folders.
    apt_options+=(
      -o "Dir::Cache::archives=$(realpath "$BELLWIRE_CACHE/apt")"
      -o APT::Keep-Downloaded-Packages=true -o Binary::apt-get::APT::Keep-Downloaded-Packages=true
      -o APT::Sandbox::User=root
    )
  fi
}

# Answers "do not start" to the packages' scripts, in a container and on a machine alike.
forbid_service() {
  if [[ ! -e "$policy" ]]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  if command -v systemctl >/dev/null; then
    systemctl mask asterisk.service >/dev/null 2>&1 || say "could not mask asterisk.service"
  fi
}

install_packages() {
  say "reading the package lists of $suite"
  apt-get "${apt_options[@]}" -qq update
  # Taken whole before it is searched: grep -q would leave apt-cache with a broken pipe.
  local candidate
  candidate=$(apt-cache "${apt_options[@]}" policy asterisk | awk '/Candidate:/ { print $2 }')
  [[ "$candidate" == *:"$version".* ]] ||
    die "the mirror offers no Asterisk $version in $suite (candidate: ${candidate:-none})"
  say "installing asterisk $candidate"
  # With -y apt refuses to downgrade; --no-remove makes it refuse to remove as well.
  apt-get "${apt_options[@]}" install -y -qq --no-install-recommends --no-remove \
    -o Dpkg::Use-Pty=0 "${packages[@]}" >"$work/apt.log" 2>&1 || {
    tail -n 40 "$work/apt.log" >&2
    die "apt-get could not install Asterisk"
  }
}

write_probe_configuration() {
  local etc=$work/probe folder
  mkdir "$etc"
  folder=$(dirname "$(dpkg -L asterisk-modules | grep -m1 '/chan_pjsip\.so$')")
  cat >"$etc/asterisk.conf" <<CONF
[directories]
astetcdir => $etc
astmoddir => $folder
astvarlibdir => $etc
astdbdir => $etc
astkeydir => $etc
astdatadir => /usr/share/asterisk
astspooldir => $etc
astrundir => $etc
astlogdir => $etc
CONF
  printf '[modules]\nautoload = yes\nnoload => chan_sip.so\n' >"$etc/modules.conf"
  # A port of 0 lets the system choose: a machine that runs its own PBX is not disturbed.
  printf '[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = 0\n' >"$etc/manager.conf"
  printf '[global]\ntype = global\n' >"$etc/pjsip.conf"
  printf '[general]\n' | tee "$etc/extensions.conf" "$etc/voicemail.conf" "$etc/pjsip_notify.conf" >/dev/null
}

ask() { asterisk -C "$work/probe/asterisk.conf" -rx "$1" 2>/dev/null; }

verify() {
  local module answer i
  is_complete || die "asterisk answers '$(installed_version)', wanted $version with its modules"
  say "$(asterisk -V)"
  write_probe_configuration
  asterisk -C "$work/probe/asterisk.conf" -f -n >"$work/probe.log" 2>&1 &
  daemon=$!
  for ((i = 0; i < 150; i++)); do
    [[ -S "$work/probe/asterisk.ctl" ]] && ask 'core waitfullybooted' | grep -q booted && break
    kill -0 "$daemon" 2>/dev/null || { tail -n 20 "$work/probe.log" >&2; die "Asterisk does not start"; }
    sleep 0.2
  done
  for module in "${modules[@]}"; do
    answer=$(ask "module show like $module")
    [[ "$answer" == *"$module"*Running* ]] || die "$module does not run: $answer"
    say "$module runs"
  done
  answer=$(ask 'manager show settings')
  [[ "$answer" =~ Manager\ \(AMI\):\ +Yes ]] || die "the manager interface (AMI) is off: $answer"
  say "AMI answers"
  ask 'core stop now' >/dev/null || true
  wait "$daemon" || true
  daemon=
}

main() {
  if is_complete; then
    say "$(asterisk -V) is already installed"
    exit 0
  fi
  local found
  found=$(installed_version)
  [[ -z "$found" || "$found" == "$version".* ]] ||
    die "Asterisk $found is installed; the tests want $version and this script replaces nothing"
  if ((EUID != 0)); then
    say "must run as root (it installs Debian packages): sudo $0" >&2
    exit 3
  fi
  # shellcheck source=/dev/null
  [[ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" == bookworm ]] ||
    die "this script knows Debian 12 (bookworm) only; install Asterisk $version by other means"
  work=$(mktemp -d)
  trap tidy EXIT
  write_apt_configuration
  forbid_service
  install_packages
  verify
  say "done"
}

main "$@"
