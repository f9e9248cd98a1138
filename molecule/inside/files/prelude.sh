# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# What the cases' shell lines call: an independent reader of the host and of images.
cd /srv/lab || exit 1
export LC_ALL=C.UTF-8 LVM_SUPPRESS_FD_WARNINGS=1

# The host as far as a module may change it.
host() {
  lsblk --noheadings --list --output NAME,SIZE,RO,TYPE,MOUNTPOINT; dmsetup ls --tree; ls -A /run/homevirt.fleet/vbd /run/homevirt.fleet/udev
  own
}

# What belongs to the host itself: its LVM, what that is configured by, and what it wrote down.
own() {
  lvm lvs --devices "$(cat /srv/host.device)" --noheadings -o vg_name,vg_uuid,lv_name,lv_uuid,lv_attr
  dmsetup table vg0-root; find /etc/lvm /run/lvm -type f -exec sha256sum {} +; cat /proc/mdstat
}

entries() { host; }
look() { host; findmnt --list; dmesg | tail -5; }

# Whether images are byte for byte what they were.
same() { local name; for name; do grep " ./$name\$" sums; done | sha256sum --check --quiet; }

# Whether the planted file is whole at a place.
planted() { sha256sum < "$1/srv/planted" | diff - planted.sum; }

idle() { [ -z "$(ls -A /run/homevirt.fleet/vbd /run/homevirt.fleet/udev | grep -v ':$')" ] && ! dmsetup ls | grep homevirt; }
