#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# Makes the images of the lab, without mounting anything: /srv/lab/disk.FORMAT, all with the same content, and those of
# the operator's page. A disk is a GPT with one ext4 that looks like an operating system and holds a planted file.
set -euo pipefail
mkdir -p /srv/lab/tree/etc /srv/lab/tree/srv /srv/images /var/lib/xen/image
cd /srv/lab
printf 'ID=lab\nPRETTY_NAME="A guest of the lab"\n' > tree/etc/os-release
seq 20000 | sed 's/$/ survives whatever xl would do/' > tree/srv/planted
truncate -s 16M disk.raw
printf 'label: gpt\nstart=2048,size=28672,name=root\n' | sfdisk --quiet disk.raw
mkfs.ext4 -q -F -L lab-root -d tree -E offset=1048576 disk.raw 14M
for format in qcow2 vmdk vdi vhdx vpc; do
  qemu-img convert -f raw -O "$format" disk.raw "disk.$format"
done
sha256sum < tree/srv/planted > planted.sum
cp disk.qcow2 /srv/images/web.qcow2
cp disk.qcow2 /srv/images/mail.qcow2
cp disk.qcow2 /srv/images/more.qcow2
cp disk.qcow2 /var/lib/xen/image/linux-image.qcow2
for guest in web mail; do
  cat > "/etc/xen/$guest.cfg" <<EOF
name = "$guest"
type = "pv"
memory = 128
vcpus = 1
kernel = "/boot/guest-vmlinux"
ramdisk = "/boot/guest-initrd"
extra = "console=hvc0 quiet"
disk = [ "format=qcow2,vdev=xvda,access=rw,target=/srv/images/$guest.qcow2" ]
EOF
done
