#!/bin/sh
# Boots a Debian root as a machine of its own: systemd is process 1 in new namespaces, changes go
# to memory. Called by target.py inside `unshare`; ends when systemd does.
# Usage: boot.sh ROOT FOLDER NAME
set -eu
root=$1 folder=$2 name=$3
new=$folder/root
mkdir -p "$new" "$folder/memory"
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder/memory"
mkdir "$folder/memory/up" "$folder/memory/work"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/memory/up,workdir=$folder/memory/work" "$new"
mount -t proc proc "$new/proc"
# the kernel's settings are the whole machine's: they stay as they are
mount --bind "$new/proc/sys" "$new/proc/sys"
mount -o remount,bind,ro "$new/proc/sys"
mount -t sysfs -o ro sysfs "$new/sys"
mountpoint -q "$new/sys/fs/cgroup" || [ -d "$new/sys/fs/cgroup" ] || {
  mount -t tmpfs tmpfs "$new/sys/fs"
  mkdir "$new/sys/fs/cgroup"
}
mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$new/dev"
for device in null zero full random urandom tty; do
  touch "$new/dev/$device"
  mount --bind "/dev/$device" "$new/dev/$device"
done
mkdir "$new/dev/pts" "$new/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$new/dev/pts"
ln -s pts/ptmx "$new/dev/ptmx"
ln -s /proc/self/fd "$new/dev/fd"
for number in 0 1 2; do
  case $number in 0) stream=stdin ;; 1) stream=stdout ;; 2) stream=stderr ;; esac
  ln -s "/proc/self/fd/$number" "$new/dev/$stream"
done
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mount -t tmpfs tmpfs "$new/tmp"
chmod 1777 "$new/tmp" "$new/dev/shm"
ip link set lo up
# not every kernel has dummy or veth interfaces
ip tuntap add dev eth1 mode tap
ip addr add 10.20.0.5/16 dev eth1
ip link set eth1 up
ip route add default via 10.20.0.1 dev eth1
hostname "$name"
cd "$new"
mkdir run/old
pivot_root . run/old
umount -l /run/old
rmdir /run/old
echo "$name" >/etc/hostname
printf '127.0.0.1 localhost\n10.20.0.5 %s\n' "$name" >/etc/hosts
exec env -i container=bellwire PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --log-target=journal
