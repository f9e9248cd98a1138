# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# What the cases' shell lines call: an independent reader of the host and of images, and a way back to an idle host.
cd /srv/lab || exit 1
export LC_ALL=C.UTF-8

# Numbers and states of dom0's disks, by xenstore as xl shows it.
entries() { xl block-list 0 2> /dev/null | awk 'NR > 1 { print $1, $4 }'; }

# The host as far as a module may change it.
host() { ls /sys/bus/xen/devices; lsblk --noheadings --list --output NAME,SIZE,RO; findmnt --list --types ext4; ls /run/homevirt.fleet/vbd; }

# What is to be seen where a case went wrong.
look() { xl block-list 0; findmnt --list --types ext4; xl list; }

content() { sha256sum < "$1" | cut -d' ' -f1; }

# Whether an image is sound and holds the planted file: read by QEMU and e2fsprogs, neither attached nor mounted.
whole() {
  local image=$1 format=${2:-qcow2} fs='/var/tmp/whole.raw?offset=1048576'
  if [ "$format" = qcow2 ]; then qemu-img check -q -f qcow2 "$image" || return; fi
  qemu-img convert -f "$format" -O raw "$image" /var/tmp/whole.raw || return
  e2fsck -fn "$fs" > /dev/null 2>&1 || return
  [ "$(debugfs -R 'cat /srv/planted' "$fs" 2> /dev/null | sha256sum)" = "$(cat planted.sum)" ]
}

# The same as dom0's own kernel has it, at no cost.
front() { local path; for path in /sys/bus/xen/devices/vbd-*; do [ ! -e "$path" ] || echo "${path##*-} $(cat "$path/state")"; done; }

# Waits for something that xl or the kernel does after a command has ended.
until_true() { for _ in $(seq 100); do if "$@"; then return; fi; sleep 0.1; done; echo "never true: $*"; return 1; }

ask() { python3 /usr/local/sbin/ask_guest.py "$@"; }

fresh() { local name; for name; do cp "disk.${name##*.}" "$name"; done; }

# Takes away what xl attached by hand. Those of the modules are theirs to take away.
clear_by_hand() { local vdev; for vdev; do xl block-detach 0 "$vdev" > /dev/null 2>&1; done; }

# Takes away an entry that never came alive, by its number: xl would wait ten seconds for it first.
drop_ghost() { xenstore-rm "/local/domain/0/backend/qdisk/0/$1" "/local/domain/0/device/vbd/$1" "/libxl/0/device/vbd/$1"; }

idle() { [ -z "$(front)" ] && [ -z "$(ls -A /run/homevirt.fleet/vbd)" ] && ! findmnt --list --noheadings --types ext4 | grep -v '^/ '; }
