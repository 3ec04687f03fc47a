#!/usr/bin/env bash
# Install the real parts that tests run against. Without root: say what is missing and go on;
# tests that need a missing part are then skipped with that reason.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(postgresql tftp-hpa tftpd-hpa atftp dnsmasq-base kea-dhcp4-server isc-dhcp-server sip-tester kamailio iproute2 nftables fail2ban nginx-light wrk chromium libatomic1 poppler-utils fonts-dejavu-core fonts-noto-core fonts-roboto-unhinted snmp snmpd zbar-tools curl prometheus debootstrap)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  [ ${#missing[@]} = 0 ] || echo "not root: these stay missing: ${missing[*]}"
  command -v asterisk >/dev/null || echo "not root: asterisk stays missing (scripts/install-asterisk.sh)"
  exit 0
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  # no service may start by itself: tests start what they need
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
scripts/install-asterisk.sh
