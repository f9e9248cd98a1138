# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# Part of 1_base.sh: the states armed, restoring, undoing, confirmed and rolled_back, and what leads to the first.

state_of() { get "$D/$1/state"; }
is_open() { case $(state_of "$1") in armed | restoring | undoing) ;; *) false ;; esac; }
guards() { for each in "$D"/*/state; do [ ! -e "$each" ] || { each=${each%/state}; echo "${each##*/}"; }; done; }
any_open() { for guard in $(guards); do ! is_open "$guard" || return 0; done; return 1; }
became() { # NAME STATE TEXT
  printf '%s\n' "$2" > "$D/$1/state.new"
  durable "$D/$1/state.new"
  mv -f "$D/$1/state.new" "$D/$1/state"
  durable "$D/$1"
  log "$1" "$3"
}
# Armed since this boot; /run, or at least the boot's own number, does not outlive it.
this_boot() { [ "$(get "$RUN/$1-$(get "$D/$1/id").boot")" = "$(boot_id)" ]; }
mark_boot() { mkdir -p "$RUN" && boot_id > "$RUN/$1-$2.boot"; }
left() { echo $((($(get "$D/$1/due") - $(uptime_cs) + 99) / 100)); }
whose() { echo "$(get "$D/$1/owner") armed it at $(get "$D/$1/since")"; }
mine() { [ "$(get "$D/$1/owner")" = "$2" ]; }

status() { # NAME
  for key in state owner since ended reason; do tell $key "$(get "$D/$1/$key")"; done
  if [ "$(state_of "$1")" = armed ] && this_boot "$1"; then tell remaining "$(left "$1")"; fi
  for place in "$D/$1/files"/*/; do [ ! -d "$place" ] || tell file "$(get "${place}path")"; done
  [ ! -e "$D/$1/failures" ] || while IFS= read -r line; do tell failure "$line"; done < "$D/$1/failures"
  [ ! -e "$D/log" ] || grep -F " $1 (" "$D/log" | tail -n 20 | while IFS= read -r line; do tell log "$line"; done
}

refuse_unwatched() { refuse "$1" "nothing would wake it at the end of the window" "see the host's log, then run again"; }
# What is kept of a rollback that failed may be the only copy there is.
refuse_failed() { # NAME
  [ ! -e "$D/$1/failures" ] || refuse "$1" "its last rollback did not put all back, and what was kept is still in $D/$1" \
    "put right what its failures name, then remove $D/$1 on the host, or arm under another name"
}
refuse_overlap() { # NAME: where another open guard keeps one of GUARD_FILES
  while IFS= read -r path; do
    other=$(overlap "$1" "$path")
    [ -z "$other" ] || refuse "$path" "guard $other keeps it already: $(whose "$other")" "wait until that one is closed"
  done << END
$GUARD_FILES
END
}
overlap() { # NAME PATH: name of another open guard that keeps the path, or something above or below it
  for other in $(guards); do
    if [ "$other" = "$1" ] || ! is_open "$other"; then continue; fi
    for place in "$D/$other/files"/*/path; do
      # A guard that keeps no file has none that overlaps.
      [ -e "$place" ] || continue
      case $2/ in "$(get "$place")"/*) echo "$other"; return ;; esac
      case $(get "$place")/ in "$2"/*) echo "$other"; return ;; esac
    done
  done
}

stage() { # NAME OWNER ID SECONDS ON_BOOT REQUEST: all of it, under a name that nobody believes
  place=$D/.$1.staged
  rm -rf "$place"
  mkdir -p "$place/files" "$place/undo" || refuse "$D" "it cannot be written" "mend that, then run again"
  number=100
  while IFS= read -r path; do
    [ -z "$path" ] || save "$path" "$place/files/$number"
    number=$((number + 1))
  done << END
$GUARD_FILES
END
  stage_undo "$place/undo" || refuse "$D" "what undoes the change could not be written" "see whether there is room"
  put "$place/owner" "$2"
  put "$place/id" "$3"
  put "$place/window" "$4"
  put "$place/on_boot" "$5"
  put "$place/request" "$6"
  put "$place/since" "$(clock)"
  put "$place/began" "$(uptime_cs)"
  put "$place/due" $(($(uptime_cs) + $4 * 100))
  put "$place/state" armed
}

arm_again() { # the words of arm, of a guard that is open
  mine "$1" "$2" || refuse "$1" "$(whose "$1")" "wait until it is confirmed or rolled back, or ask them"
  [ "$(get "$D/$1/request")" = "$6" ] ||
    refuse "$1" "it is armed already, with other files, undo or window" "confirm it or roll it back first"
  [ "$(state_of "$1")" = armed ] || refuse "$1" "it is being rolled back" "wait for the end of that, then run again"
  [ -n "${GUARD_CHECK:-}" ] || watched "$1" "$(get "$D/$1/id")" ||
    watch_on "$1" "$(get "$D/$1/id")" "$(left "$1" | sed 's/^-.*/0/')" "$(get "$D/$1/due")" || refuse_unwatched "$1"
  tell changed false
}
arm() { # NAME OWNER ID SECONDS ON_BOOT REQUEST
  [ "$(init_of)" != unknown ] ||
    refuse "$D" "neither systemd, OpenWrt nor BusyBox with a usual rcS starts this host, so nothing would put it back \
after a power cut" "arm no guard here"
  if [ -z "${GUARD_CHECK:-}" ]; then
    mkdir -p "$D" "$RUN" || refuse "$D" "it cannot be made" "mend that, then run again"
    lock_state
  fi
  if is_open "$1"; then
    arm_again "$@"
    return
  fi
  refuse_failed "$1"
  refuse_overlap "$1"
  tell changed true
  [ -z "${GUARD_CHECK:-}" ] || return 0
  printf '%s\n' "$GUARD_TEXT" | install_file "$D/guard" 700
  [ ! -e "$D/log" ] || { tail -n 1000 "$D/log" | install_file "$D/log" 600; }
  hooks_on || refuse "$D" "what starts it at the next boot could not be installed" "see the host's log, then run again"
  # After that: a directory that is put back must bring the guard's own files along.
  (stage "$@") || { status=$?; any_open || hooks_off; exit $status; }
  mark_boot "$1" "$3"
  # It waits before there is anything to put back, so that from the rename on there is no moment without it.
  watch_on "$1" "$3" "$4" "$(get "$D/.$1.staged/due")" || refuse_unwatched "$1"
  rm -rf "${D:?}/$1"
  sync
  mv "$D/.$1.staged" "$D/$1"
  durable "$D"
  log "$1" "armed for $4 seconds"
}
