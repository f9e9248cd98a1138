#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# Makes the guests' disks of the lab in /srv/lab, with the host's own tools as an installer would. Nothing of the
# collection is used here.
set -euo pipefail
mkdir -p /srv/lab/trees
cd /srv/lab
export LVM_SUPPRESS_FD_WARNINGS=1
seq 20000 | sed 's/$/ is planted in a guest/' > planted
sha256sum < planted > planted.sum
printf 'a passphrase of the lab' > key
# Else udev would start each group while it is made.
mkdir -p /run/udev/rules.d
printf 'ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}="1"\n' > /run/udev/rules.d/60-lab.rules
udevadm control --reload

# tree NAME FSTAB: a guest's root.
tree() {
  local top=trees/$1
  mkdir -p "$top"/{etc,boot,home,srv,var,mnt,bin,lib/modules/6.1.0-18-amd64}
  cp /bin/true "$top/bin/sh"
  cp planted "$top/srv/planted"
  printf 'NAME="Lab Linux"\nID=lab\nVERSION_ID="12"\nPRETTY_NAME="Lab Linux 12 (%s)"\n' "$1" > "$top/usr-release"
  mkdir -p "$top/usr/lib" && mv "$top/usr-release" "$top/usr/lib/os-release"
  ln -s ../usr/lib/os-release "$top/etc/os-release"
  echo "$1.example" > "$top/etc/hostname"
  cat > "$top/etc/fstab"
}

part() { mkdir -p "trees/$1"; echo "$1" > "trees/$1/which"; }

ext4() { mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$@"; }
small_xfs() { TEST_DIR=/nowhere TEST_DEV=/nowhere QA_CHECK_FS=/nowhere mkfs.xfs -q -f "$@"; }

# disk NAME SIZE SCRIPT: an empty disk, partitioned; its loop device is in $disk.
disk() {
  truncate -s "$2" "$1.raw"
  [ -z "$3" ] || printf 'label: gpt\n%b' "$3" | sfdisk --quiet "$1.raw"
  disk=$(losetup --find --show --partscan "$1.raw")
  udevadm settle
}

done_with() { udevadm settle; losetup -d "$disk"; }

# group NAME PV…: and then volumes, always with these devices alone.
lvm_on() { local devices=$1 verb=$2; shift 2; lvm "$verb" --devices "$devices" --yes --quiet "$@" > /dev/null; }
luks() { cryptsetup "$1" --batch-mode --type "$2" --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file key "$3"; }

# A Debian as its installer makes one with LVM: /boot beside it.
disk lvm 160M 'size=16M,name=esp\nsize=16M,name=boot\nname=lvm\n'
pv=${disk}p3
lvm_on "$pv" pvcreate "$pv"
lvm_on "$pv" vgcreate vg0 "$pv"
lvm_on "$pv" lvcreate -L 32M -n root vg0
lvm_on "$pv" lvcreate -L 20M -n home-data vg0
lvm_on "$pv" lvcreate -L 8M -n swap_1 vg0
# In two pieces, the second of them behind another volume.
lvm_on "$pv" lvextend -L 40M vg0/root
mkfs.vfat -n ESP "${disk}p1" > /dev/null
part boot && touch trees/boot/vmlinuz-6.1.0-18-amd64
ext4 -L boot -d trees/boot "${disk}p2"
tree lvm <<EOF
# by hand
/dev/mapper/vg0-root / ext4 errors=remount-ro 0 1
UUID=$(blkid -o value -s UUID "${disk}p2") /boot ext4 defaults 0 2
LABEL=ESP /boot/efi vfat umask=0077 0 1
/dev/vg0/home-data /home ext4 defaults 0 2
/dev/mapper/vg0-swap_1 none swap sw 0 0
tmpfs /tmp tmpfs defaults 0 0
nas:/export /mnt nfs defaults 0 0
/dev/sdb1 /var/backup ext4 defaults 0 0
/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0
EOF
mkdir -p trees/boot/efi
ext4 -L boot -d trees/boot "${disk}p2"
sed -i "s/^UUID=[^ ]*/UUID=$(blkid -p -o value -s UUID "${disk}p2")/" trees/lvm/etc/fstab
part home-data
ext4 -d trees/lvm /dev/vg0/root
ext4 -d trees/home-data /dev/vg0/home-data
mkswap -q /dev/vg0/swap_1
dmsetup table --showkeys vg0-root > lvm.table
lvm_on "$pv" vgchange -an vg0
done_with

# LVM on LUKS, and LUKS on LVM; LUKS2 and LUKS1.
disk outer 160M 'size=16M,name=boot\nname=crypt\n'
ext4 -L boot -d trees/boot "${disk}p1"
luks luksFormat luks2 "${disk}p2"
cryptsetup open --key-file key "${disk}p2" making
lvm_on /dev/mapper/making pvcreate /dev/mapper/making
lvm_on /dev/mapper/making vgcreate vg1 /dev/mapper/making
lvm_on /dev/mapper/making lvcreate -L 32M -n root vg1
tree outer <<EOF
/dev/vg1/root / ext4 defaults 0 1
PARTLABEL=boot /boot ext4 defaults 0 2
EOF
ext4 -d trees/outer /dev/vg1/root
lvm_on /dev/mapper/making vgchange -an vg1
cryptsetup close making
done_with
disk inner 160M 'name=lvm\n'
pv=${disk}p1
lvm_on "$pv" pvcreate "$pv"
lvm_on "$pv" vgcreate vg2 "$pv"
lvm_on "$pv" lvcreate -L 32M -n root vg2
lvm_on "$pv" lvcreate -L 32M -n home vg2
luks luksFormat luks1 /dev/vg2/home
cryptsetup open --key-file key /dev/vg2/home making
part inner-home
ext4 -d trees/inner-home /dev/mapper/making
cryptsetup close making
tree inner <<EOF
/dev/mapper/vg2-root / ext4 defaults 0 1
/dev/mapper/home_crypt /home ext4 defaults 0 2
EOF
echo "home_crypt /dev/vg2/home none luks" > trees/inner/etc/crypttab
ext4 -d trees/inner /dev/vg2/root
lvm_on "$pv" vgchange -an vg2
done_with

# A group on two disks, one of its volumes striped over both.
disk two-a 64M ''; first=$disk
disk two-b 64M ''; second=$disk
both=$first,$second
lvm_on "$both" pvcreate "$first" "$second"
lvm_on "$both" vgcreate vg3 "$first" "$second"
lvm_on "$both" lvcreate -L 20M -n root vg3 "$first"
lvm_on "$both" lvcreate -L 24M -i 2 -I 64 -n striped vg3
tree two < /dev/null
part striped
ext4 -d trees/two /dev/vg3/root
ext4 -d trees/striped /dev/vg3/striped
dmsetup table vg3-striped > two.table
lvm_on "$both" vgchange -an vg3
losetup -d "$first" "$second"

# What is refused: thin volumes, snapshots, a mirror; and an origin that is being written to.
disk thin 96M ''
lvm_on "$disk" pvcreate "$disk"
lvm_on "$disk" vgcreate vg4 "$disk"
lvm_on "$disk" lvcreate -L 16M -n plain vg4
tree thin < /dev/null
ext4 -d trees/thin /dev/vg4/plain
lvm_on "$disk" lvcreate -L 8M -s -n snap vg4/plain
lvm_on "$disk" lvcreate --config 'global/thin_check_executable=""' -L 16M -V 16M --thinpool pool -n thin vg4
lvm_on "$disk" lvcreate --type raid1 -m 0 -L 8M -n single vg4 2> /dev/null || true
lvm_on "$disk" vgchange --config 'global/thin_check_executable=""' -an vg4
done_with

# Members of an MD array beside a root.
disk md 96M 'size=32M,name=root\nsize=16M,name=one\nsize=16M,name=two\n'
tree md < /dev/null
ext4 -d trees/md "${disk}p1"
mdadm --create /dev/md127 --quiet --run --level=1 --raid-devices=2 --metadata=1.2 "${disk}p2" "${disk}p3"
mdadm --stop --quiet /dev/md127
done_with

# btrfs with its system in a subvolume, as Ubuntu makes it; and XFS.
disk btrfs 112M 'name=btrfs\n'
tree btrfs <<EOF
PARTLABEL=btrfs / btrfs defaults,subvol=@ 0 1
PARTLABEL=btrfs /home btrfs defaults,subvol=@home 0 2
EOF
mkfs.btrfs -q -M "${disk}p1"
mount "${disk}p1" /mnt
btrfs -q subvolume create /mnt/@ && btrfs -q subvolume create /mnt/@home
cp -a trees/btrfs/. /mnt/@/ && echo home > /mnt/@home/which
umount /mnt
done_with
disk xfs 64M 'name=root\n'
small_xfs "${disk}p1"
mount "${disk}p1" /mnt
tree xfs < /dev/null
cp -a trees/xfs/. /mnt/
umount /mnt
done_with

# Two file systems at once: a btrfs on which the first block of an ext4 was written.
disk both 112M 'name=root\n'
mkfs.btrfs -q -M "${disk}p1"
truncate -s 32M other.raw && ext4 -d trees/md other.raw
dd if=other.raw of="${disk}p1" bs=64k count=1 conv=notrunc status=none
done_with

# Windows, with its hives made elsewhere.
if [ -d hives ]; then
  disk ntfs 64M 'name=windows\n'
  mkntfs --quick --quiet --label Windows "${disk}p1" > /dev/null 2>&1
  mount -t ntfs-3g "${disk}p1" /mnt
  mkdir -p /mnt/Windows/System32/config /mnt/Windows/System32/drivers
  cp hives/SYSTEM hives/SOFTWARE /mnt/Windows/System32/config/
  cp hives/ntoskrnl.exe /mnt/Windows/System32/
  cp planted /mnt/planted
  umount /mnt
  done_with
  cp --sparse=always ntfs.raw ntfs-hibernated.raw
  cp --sparse=always ntfs.raw ntfs-dirty.raw
  disk=$(losetup --find --show --partscan ntfs-hibernated.raw) && udevadm settle
  { printf hibr; head -c 8188 /dev/zero; } > hiberfil.sys
  ntfscp --quiet "${disk}p1" hiberfil.sys hiberfil.sys
  done_with
  disk=$(losetup --find --show --partscan ntfs-dirty.raw) && udevadm settle
  ntfsfix "${disk}p1" > /dev/null
  done_with
fi

for image in lvm outer inner btrfs; do
  qemu-img convert -f raw -O qcow2 "$image.raw" "$image.qcow2"
  rm "$image.raw"
done
cp lvm.qcow2 lvm-clone.qcow2
cp btrfs.qcow2 btrfs-clone.qcow2
cp --sparse=always xfs.raw xfs-clone.raw
rm -f /run/udev/rules.d/60-lab.rules other.raw hiberfil.sys
udevadm control --reload

rm -rf trees hives
sha256sum ./*.raw ./*.qcow2 > sums
