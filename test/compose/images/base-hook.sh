#!/bin/sh
# Called by mmdebstrap with the folder of the base's files: gives busybox and its `nc` the names by which they are called, and each image
# the user that it has upstream.
set -eu

ln -s nc.openbsd "$1/bin/nc"
for name in $("$1/bin/busybox" --list); do
  [ -e "$1/bin/$name" ] || [ -e "$1/usr/bin/$name" ] || ln -s busybox "$1/bin/$name"
done
mkdir -p "$1/usr/local/bin"
ln -s /usr/lib/postgresql/15/bin/pg_isready "$1/usr/local/bin/pg_isready"
mkdir -p "$1/tmp" && chmod 1777 "$1/tmp"

while read -r name id; do
  echo "$name:x:$id:$id::/:/bin/sh" >>"$1/etc/passwd"
  echo "$name:x:$id:" >>"$1/etc/group"
done <<USERS
root 0
postgres 70
temporal 1000
nobody 65534
USERS
