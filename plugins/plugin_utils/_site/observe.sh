# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# What a device knows of its network, read and nothing else. Run by the target's own shell, which may be BusyBox's.
# $1  a mark that no output can hold, since it is made up for this one run
# $2  seconds that each command may take
# $3  bytes that each may print
# …   files of DHCP leases
mark=$1 seconds=$2 bytes=$3
shift 3
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
exec 3>&1

have() { command -v "$1" > /dev/null 2>&1; }

# BusyBox has no timeout on many routers, so a second process waits and ends the first.
limited() {
  "$@" < /dev/null 2> /dev/null 3>&- 4>&- 5>&- &
  job=$!
  (
    # $! is the sleep as soon as there is one, a variable would be set too late. -9, since what is about to become the
    # sleep is still a shell for a moment, and takes TERM for this trap's.
    trap '[ "$!" = "$job" ] || kill -9 "$!"; exit 0' TERM
    sleep "$seconds" &
    wait "$!"
    kill -9 "$job"
  ) < /dev/null > /dev/null 2>&1 3>&- 4>&- 5>&- &
  guard=$!
  wait "$job" 2> /dev/null
  result=$?
  kill "$guard" 2> /dev/null
  return "$result"
}

section() {
  name=$1
  shift
  printf '\n%s begin %s\n' "$mark" "$name"
  status=$({ { limited "$@"; echo "$?" >&4; } 4>&5 | head -c "$bytes" >&3; } 5>&1)
  printf '\n%s end %s %s\n' "$mark" "$name" "$status"
  return "$status"
}

# What ip prints in JSON where it can; the same from the kernel's files where it cannot. Only what the shell itself
# can read: a process for each file would take a router seconds.
ports() {
  for place in /sys/class/net/*; do
    port=${place##*/}
    index='' address='' state='' flags='' number='' tree='' bridge=''
    read -r index < "$place/ifindex"
    read -r address < "$place/address"
    read -r state < "$place/operstate"
    read -r flags < "$place/flags"
    if [ -d "$place/brport" ]; then
      read -r number < "$place/brport/port_no"
      read -r tree < "$place/brport/state"
      bridge=$(readlink "$place/brport/bridge")
    fi
    kind=ether
    [ ! -d "$place/bridge" ] || kind=bridge
    [ ! -e "$place/phy80211" ] || kind=wlan
    printf '%s index=%s address=%s state=%s flags=%s kind=%s number=%s tree=%s bridge=%s\n' \
      "$port" "$index" "$address" "$state" "$flags" "$kind" "$number" "$tree" "${bridge##*/}"
  done
}

mac_tables() {
  for table in /sys/class/net/*/brforward; do
    [ -r "$table" ] || continue
    place=${table%/brforward}
    printf 'bridge %s\n' "${place##*/}"
    if have hexdump; then
      hexdump -v -e '16/1 "%02x" "\n"' "$table"
    else
      od -v -An -tx1 "$table"
    fi
  done
}

leases() {
  for file in "$@"; do
    [ -r "$file" ] || continue
    printf '%s file %s\n' "$mark" "$file"
    cat "$file"
  done
}

section clock date +%s
section host cat /proc/sys/kernel/hostname
if section address_json ip -j -d address show; then
  section neigh_json ip -j neigh show
  section route4_json ip -j -4 route show
  section route6_json ip -j -6 route show
else
  section address_text ip address show
  section neigh_text ip neigh show
  section route4_text ip -4 route show
  section route6_text ip -6 route show
fi
section ports ports
if ! have bridge || ! section fdb_json bridge -s -j fdb show; then
  section fdb_kernel mac_tables
fi
if have lldpcli; then
  section lldp lldpcli -f json0 show neighbors details
fi
section leases leases "$@"
radios=
for place in /sys/class/net/*/phy80211; do
  if [ -e "$place" ]; then
    place=${place%/phy80211}
    radios="$radios ${place##*/}"
  fi
done
if have iw && [ -n "$radios" ]; then
  section radios iw dev
  for radio in $radios; do section "stations_iw:$radio" iw dev "$radio" station dump; done
elif have ubus; then
  for object in $(ubus list 'hostapd.*' 2> /dev/null); do
    section "stations_ubus:${object#hostapd.}" ubus call "$object" get_clients
  done
elif have hostapd_cli; then
  for radio in $radios; do section "stations_hostapd:$radio" hostapd_cli -i "$radio" all_sta; done
fi
printf '%s end all 0\n' "$mark"
