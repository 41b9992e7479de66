#!/usr/bin/env bash
# Runs a command in an image's files as a container engine would: read-only, with a tmpfs at /tmp and
# one volume, as the image's user. As root: unshare -m run-image.sh FILES DATA USER COMMAND...
set -euo pipefail
files=$1 data=$2 user=$3
shift 3
mount --bind "$files" "$files"
touch "$files/etc/hosts"
mount --bind "$data" "$files/data"
mount -t tmpfs tmpfs "$files/tmp"
mount -t proc proc "$files/proc"
mount --bind /dev "$files/dev"
mount --bind /etc/hosts "$files/etc/hosts"
mount -o remount,bind,ro "$files"
cd "$files"
exec chroot --userspec="$user" "$files" "$@"
