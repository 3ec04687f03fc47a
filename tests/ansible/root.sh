#!/bin/sh
# Makes the root of an empty Debian server, from the mirror this machine uses, with the packages
# that the roles install lying in apt's cache: installing them needs no network later.
# Usage: root.sh FOLDER
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
folder=$1
suite=bookworm
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $suite" 'Component: main' | head -n 1)
[ -n "$mirror" ] || { echo "no apt source for $suite on this machine" >&2; exit 1; }
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,python3-apt,iproute2 "$suite" "$folder.new" "$mirror"
cp /etc/resolv.conf "$folder.new/etc/resolv.conf"
chroot "$folder.new" apt-get -qq update
chroot "$folder.new" apt-get -qq install --yes --download-only --no-install-recommends \
  python3-venv ca-certificates nginx-light openssl dnsmasq postgresql-15 postgresql-client prometheus nftables
rm "$folder.new/etc/resolv.conf"
mv "$folder.new" "$folder"
