# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# What the cases' shell lines call: an independent reader of the host and of images.
cd /srv/lab || exit 1
export LC_ALL=C.UTF-8 LVM_SUPPRESS_FD_WARNINGS=1

# The host as far as a module may change it.
host() {
  lsblk --noheadings --list --output NAME,SIZE,RO,MOUNTPOINT | grep -v ' 0B '; dmsetup ls
  find /run/homevirt.fleet -mindepth 2 -maxdepth 2; own
}

# What belongs to the host itself: its LVM, what that is configured by and has written down, its arrays.
own() {
  lvm lvs --config 'backup { backup=0 archive=0 }' --devices "$(cat /srv/host.device)" --noheadings \
    -o vg_name,vg_uuid,lv_name,lv_uuid,lv_attr
  dmsetup table vg0-root; findmnt --noheadings /mnt/host
  find /etc/lvm /run/lvm/pvs_online /run/lvm/vgs_online -type f -exec sha256sum {} + | sort; cat /proc/mdstat
}

entries() { host; }
look() { host; findmnt --list; dmesg | tail -5; }

# The name of a device of ours that ends so.
ours() { dmsetup ls | sed -n "s/\(homevirt.fleet:.*$1\)\t.*/\1/p"; }

# Whether images are byte for byte what they were.
same() { local name; for name; do grep " ./$name\$" sums; done | sha256sum --check --quiet; }

# Whether the planted file is whole at a place.
planted() { sha256sum < "$1/srv/planted" | diff - planted.sum; }

idle() { ! find /run/homevirt.fleet -mindepth 2 | grep . && ! dmsetup ls | grep homevirt && ! losetup --list | grep /srv/lab; }

# Waits for something that udev or the kernel does after a command has ended.
until_true() { for _ in $(seq 100); do if "$@" > /dev/null; then return; fi; sleep 0.1; done; echo "never true: $*"; return 1; }

# What bare tools see of an image: attached by hand, with no rule of the collection; its loop device is in $loop.
# shellcheck disable=SC2034  # The cases use it.
by_hand() { loop=$(losetup --find --show --partscan --read-only "$1"); udevadm settle; }
