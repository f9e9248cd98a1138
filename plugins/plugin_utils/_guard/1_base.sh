#!/bin/sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# change_guard on the host: keeps what a change may break, and puts it back where nobody confirms the change in time.
# One script for every host, from systemd to BusyBox, because what must work without Ansible must not need Python. It is
# joined from the numbered files beside this one.
#
#   guard arm NAME OWNER ID SECONDS ON_BOOT REQUEST   keep GUARD_FILES (a path a line) and what stage_undo writes
#   guard confirm NAME OWNER                          the change is good
#   guard roll_back NAME OWNER                        it is not: start to put back, and do not wait for the end of it
#   guard status NAME                                 tell about the guard, or about all of this host (NAME empty)
#   guard expire NAME ID                              put back what is due
#   guard watch NAME ID DUE                           wait until it is due, where there is no systemd
#   guard boot, guard late                            early and late in each boot
#
# Answers are lines "homevirt-guard KEY VALUE"; with GUARD_CHECK=1 nothing is touched.
# Any command may be the last one before a power cut: what is believed later is written whole and synced, then renamed.

set -u
umask 077
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=${HOME:-/root}
LC_ALL=C
export PATH HOME LC_ALL
LOCK_PATIENCE=20
# shellcheck disable=SC2034  # the other parts use it
RUN=/run/homevirt.fleet/guard
held=

tell() { printf 'homevirt-guard %s %s\n' "$1" "$2"; }
refuse() { tell what "$1"; tell why "$2"; tell hint "$3"; exit 3; }
has() { command -v "$1" > /dev/null 2>&1; }
get() { value=; [ ! -r "$1" ] || IFS= read -r value < "$1" || :; printf '%s' "$value"; }
put() { printf '%s\n' "$2" > "$1.new" && mv -f "$1.new" "$1"; }
# Safe from a power cut. One file at a time, for all of a busy disk takes minutes; a sync that takes no names does it all.
durable() { sync "$@" 2> /dev/null || sync; }

# Hundredths of a second since the machine started: no clock that somebody sets, and no battery that is empty.
uptime_cs() { read -r up _ < /proc/uptime; printf '%s%s' "${up%.*}" "${up#*.}"; }
boot_id() { get /proc/sys/kernel/random/boot_id; }
clock() { date -u +%Y-%m-%dT%H:%M:%SZ; }

log() { # NAME TEXT
  line="$1 ($(get "$D/$1/owner")): $2"
  printf '%s %s\n' "$(clock)" "$line" >> "$D/log"
  ! has logger || logger -t homevirt-guard "$line" 2> /dev/null || :
}

# Where it outlives a reboot: on OpenWrt /var is memory.
choose_directory() {
  D=${GUARD_DIR:-}
  # What wakes the guard calls it by its place.
  case $0 in */guard) D=${0%/*} ;; esac
  [ -z "$D" ] || return 0
  D=/var/lib/homevirt.fleet/guard
  real=$(readlink -f /var/lib 2> /dev/null) || real=$(readlink -f /var)
  deepest=0 type=
  while read -r _ point kind _; do
    case $real/ in
      "${point%/}"/*) [ ${#point} -lt "$deepest" ] || { deepest=${#point} type=$kind; } ;;
    esac
  done < /proc/mounts
  case $type in tmpfs | ramfs) D=/etc/homevirt.fleet/guard ;; esac
}

# The start of a process, in hundredths of a second since the machine started: its number alone is used again.
started() {
  { IFS= read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
  # shellcheck disable=SC2086  # its words
  set -- ${stat##*) }
  printf '%s' "${20}"
}

alive() { # LOCK: whether the process that made it still runs
  holder=$(get "$1/pid") begun=$(get "$1/start")
  # Cut before it was written, the start would be that of no process.
  [ -n "$holder" ] && [ -n "$begun" ] && [ "$(get "$1/boot")" = "$(boot_id)" ] && [ "$begun" = "$(started "$holder")" ]
}

lock() { # DIRECTORY SECONDS: false where another one keeps it that long
  tries=0
  until mkdir "$1" 2> /dev/null; do
    # Its holder's number is written right after; a lock without one is given a second before it counts as dead.
    if ! alive "$1" && { [ -s "$1/start" ] || [ $tries -gt 0 ]; }; then
      mv "$1" "$1.dead.$$" 2> /dev/null && rm -rf "$1.dead.$$"
      continue
    fi
    [ $tries -lt "$2" ] || return 1
    tries=$((tries + 1))
    sleep 1
  done
  echo $$ > "$1/pid"
  boot_id > "$1/boot"
  started $$ > "$1/start"
  held="$held $1"
  trap 'for each in $held; do rm -rf "$each"; done' EXIT
}
unlock() { # DIRECTORY
  rm -rf "$1"
  kept=
  for each in $held; do [ "$each" = "$1" ] || kept="$kept $each"; done
  held=$kept
}
lock_state() {
  lock "$D/.lock" "$LOCK_PATIENCE" || refuse "$D" "another change of a guard did not end" "wait for it, then run again"
}
