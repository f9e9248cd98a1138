# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# Part of 1_base.sh: the states armed, restoring, undoing, confirmed and rolled_back, and what leads from one to the next.

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

arm() { # NAME OWNER ID SECONDS ON_BOOT REQUEST
  if is_open "$1"; then
    mine "$1" "$2" || refuse "$1" "$(whose "$1")" "wait until it is confirmed or rolled back, or ask them"
    [ "$(get "$D/$1/request")" = "$6" ] ||
      refuse "$1" "it is armed already, with other files, undo or window" "confirm it or roll it back first"
    [ "$(state_of "$1")" = armed ] || refuse "$1" "it is being rolled back" "wait for the end of that, then run again"
    [ -n "${GUARD_CHECK:-}" ] || watched "$1" "$(get "$D/$1/id")" ||
      watch_on "$1" "$(get "$D/$1/id")" "$(left "$1" | sed 's/^-.*/0/')" "$(get "$D/$1/due")"
    tell changed false
    return
  fi
  [ "$(init_of)" != unknown ] ||
    refuse "$D" "no systemd, OpenWrt or BusyBox (rcS) starts this host, so nothing would put it back after a power cut" \
      "arm no guard here"
  refuse_overlap "$1"
  tell changed true
  [ -z "${GUARD_CHECK:-}" ] || return 0
  mkdir -p "$D" "$RUN" || refuse "$D" "it cannot be made" "mend that, then run again"
  lock_state
  ! is_open "$1" || refuse "$1" "$(whose "$1") just now" "wait until it is confirmed or rolled back"
  refuse_overlap "$1"
  printf '%s\n' "$GUARD_TEXT" | install_file "$D/guard" 700
  [ ! -e "$D/log" ] || { tail -n 1000 "$D/log" | install_file "$D/log" 600; }
  hooks_on || refuse "$D" "what starts it at the next boot could not be installed" "see the host's log, then run again"
  # After that: a directory that is put back must bring the guard's own files along.
  (stage "$@") || { status=$?; any_open || hooks_off; exit $status; }
  mark_boot "$1" "$3"
  # It waits before there is anything to put back, so that from the rename on there is no moment without it.
  watch_on "$1" "$3" "$4" "$(get "$D/.$1.staged/due")" ||
    refuse "$1" "nothing would wake it at the end of the window" "see the host's log, then run again"
  rm -rf "${D:?}/$1"
  sync
  mv "$D/.$1.staged" "$D/$1"
  durable "$D"
  log "$1" "armed for $4 seconds"
}

# Over the connection on which it was armed nothing is proved: the one that the change broke may be the next one.
old_connection() { # NAME
  pid=$$
  while [ "$pid" -gt 1 ]; do
    IFS= read -r line < "/proc/$pid/stat" || return 1
    case ${line#*(} in sshd* | dropbear*) [ "$(started "$pid")" -le "$(get "$D/$1/began")" ] && this_boot "$1"; return ;; esac
    # shellcheck disable=SC2086  # its words
    set -- "$1" ${line##*) }
    pid=$3
  done
  return 1
}

must_be_mine() { # NAME OWNER
  [ -n "$(state_of "$1")" ] || refuse "$1" "no guard of this name was armed here" "arm it before the change"
  mine "$1" "$2" || refuse "$1" "it is another's: $(whose "$1")" "leave it to them"
}

confirm() { # NAME OWNER
  # In check mode nothing was armed before.
  if [ -n "${GUARD_CHECK:-}" ] && ! is_open "$1"; then
    if [ "$(state_of "$1")" = confirmed ]; then tell changed false; else tell changed true; fi
    return
  fi
  must_be_mine "$1" "$2"
  [ "$(state_of "$1")" != confirmed ] || { tell changed false; return; }
  [ -n "${GUARD_CHECK:-}" ] || lock_state
  [ "$(state_of "$1")" = armed ] ||
    refuse "$1" "too late: $(get "$D/$1/reason")" "look at the log of the guard, then change it again"
  [ -n "${GUARD_CHECK:-}" ] || ! old_connection "$1" || refuse "$1" "this connection is as old as the guard" "confirm over a new one"
  [ "$(left "$1")" -gt 0 ] || refuse "$1" "too late: the window has ended" "change it again, with a longer window"
  tell changed true
  [ -z "${GUARD_CHECK:-}" ] || return 0
  became "$1" confirmed confirmed
  close "$1"
}

close() { # NAME: forget what was kept, which may hold secrets; the state and the log stay
  watch_off "$1" "$(get "$D/$1/id")"
  put "$D/$1/ended" "$(clock)"
  [ -e "$D/$1/failures" ] || rm -rf "$D/$1/files" "$D/$1/undo"
  any_open || hooks_off
}

roll_back() { # NAME OWNER
  must_be_mine "$1" "$2"
  case $(state_of "$1") in
    confirmed) refuse "$1" "it was confirmed, and what was kept is gone" "undo the change by a play" ;;
    rolled_back) tell changed false; return ;;
  esac
  tell changed true
  [ -z "${GUARD_CHECK:-}" ] || return 0
  lock_state
  [ "$(state_of "$1")" != armed ] || begin "$1" "asked for by $2"
  unlock "$D/.lock"
  id=$(get "$D/$1/id")
  if [ "$(init_of)" = systemd ]; then in_background "$UNIT-$1-$id-now" 0 expire "$1" "$id"; else
    in_background - 0 watch "$1" "$id" 0; fi
}

begin() { # NAME REASON
  put "$D/$1/reason" "$2"
  became "$1" restoring "rolling back: $2"
}

# Every part may be cut and done again: files are compared first, and a command that ended is not run twice.
restore_files() { # NAME
  rm -f "$D/$1/failures"
  for place in "$D/$1/files"/*/; do
    [ -d "$place" ] || continue
    put_back "${place%/}" || echo "$(get "${place}path") is not what it was" >> "$D/$1/failures"
  done
  became "$1" undoing "$(cat "$D/$1/failures" 2> /dev/null || echo "all files are back")"
}
undo() { # NAME
  for script in "$D/$1/undo"/???; do
    if [ ! -e "$script" ] || [ -e "$script.done" ]; then continue; fi
    run_undo "$script"
    status=$?
    title=$(get "$script.title")
    # What it said may be long, and is of use only where it failed.
    said=$(tail -n 1 "$script.out" | tail -c 300 | tr -d '\000-\037')
    [ $status -eq 0 ] || echo "$title: ended with $status: $said" >> "$D/$1/failures"
    put "$script.done" "$status"
    log "$1" "$title ended with $status"
  done
  became "$1" rolled_back "rolled back"
  close "$1"
}

expire() { # NAME ID: false where it has to be tried again
  [ "$(get "$D/$1/id")" = "$2" ] && is_open "$1" || return 0
  lock "$D/$1/.running" 5 || return 1
  if [ "$(state_of "$1")" = armed ]; then
    [ "$(left "$1")" -le 0 ] || return 1
    lock "$D/.lock" "$LOCK_PATIENCE" || return 1
    # Confirmed while we waited.
    [ "$(state_of "$1")" = armed ] || return 0
    begin "$1" "the window ended without a confirmation"
    unlock "$D/.lock"
  fi
  [ "$(state_of "$1")" != restoring ] || restore_files "$1"
  [ "$(state_of "$1")" != undoing ] || undo "$1"
}

watch() { # NAME ID DUE
  mkdir -p "$RUN" && lock "$RUN/$1-$2" 0 || exit 0
  while [ "$(uptime_cs)" -lt "$3" ]; do
    case $(get "$D/$1/id"):$(state_of "$1") in
      "$2":confirmed | "$2":rolled_back) exit 0 ;;
      "$2":restoring | "$2":undoing) break ;;
    esac
    sleep 1
  done
  # In a process of its own, which may be killed.
  until /bin/sh "$D/guard" expire "$1" "$2"; do sleep 1; done
}

boot() { # early | late
  for guard in $(guards); do
    if ! is_open "$guard" || this_boot "$guard"; then continue; fi
    if [ "$(state_of "$guard")" = armed ] && [ "$(get "$D/$guard/on_boot")" = rollback ]; then
      begin "$guard" "the host went down before a confirmation"
    fi
    [ "$(state_of "$guard")" != restoring ] || restore_files "$guard"
    [ "$1" = late ] || continue
    id=$(get "$D/$guard/id") seconds=0
    if [ "$(state_of "$guard")" = armed ]; then
      seconds=$(get "$D/$guard/window")
      put "$D/$guard/due" $(($(uptime_cs) + seconds * 100))
      put "$D/$guard/began" 0
      log "$guard" "the host was restarted: $seconds seconds from now"
    fi
    mark_boot "$guard" "$id"
    watch_on "$guard" "$id" "$seconds" "$(get "$D/$guard/due")"
  done
  if [ "$1" = late ] && lock "$D/.lock" "$LOCK_PATIENCE"; then
    # What arming left that was cut before anything was armed.
    rm -rf "$D"/.*.staged
    any_open || hooks_off
  fi
}

choose_directory
verb=$1
shift
case $verb in
  arm) arm "$@" ;;
  confirm) confirm "$@" ;;
  roll_back) roll_back "$@" ;;
  status)
    tell directory "$D"
    if [ -n "$1" ]; then status "$1"; else for guard in $(guards); do tell name "$guard"; status "$guard"; done; fi ;;
  expire) expire "$@" ;;
  watch) watch "$@" ;;
  boot) boot early ;;
  late) boot late ;;
esac
