#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# The host's own volume group, which has the name of a guest's, and a volume of it that is in use.
set -euo pipefail
export LVM_SUPPRESS_FD_WARNINGS=1
truncate -s 64M /srv/host.raw
host=$(losetup --find --show /srv/host.raw)
udevadm settle
for words in "pvcreate $host" "vgcreate vg0 $host" "lvcreate -L 16M -n root vg0"; do
  # shellcheck disable=SC2086  # A list of words each.
  lvm ${words%% *} --devices "$host" --yes --quiet ${words#* } > /dev/null
done
mkfs.ext4 -q -F -L host /dev/vg0/root
mkdir -p /mnt/host
mount /dev/vg0/root /mnt/host
echo "$host" > /srv/host.device
