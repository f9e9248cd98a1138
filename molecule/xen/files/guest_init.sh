# shellcheck shell=dash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# The whole userland of the lab's guest: runs each line that comes on its console and tells how that ended.
/bin/busybox mkdir -p /bin /dev /proc /sys
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
insmod /xen-blkfront.ko
exec < /dev/hvc0 > /dev/hvc0 2>&1
stty -echo -icanon
echo "lab: ready"
while read -r line; do
  eval "$line"
  echo "lab: ended with $?"
done
# The init of a kernel must not end; without a console nobody can say anything more.
exec sleep 99999999
