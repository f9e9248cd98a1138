# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# Part of 1_base.sh: what leads from one state to the next, and what the script is called with.

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
  any_open || hooks_off
}

close() { # NAME: forget what was kept, which may hold secrets; the state and the log stay
  watch_off "$1" "$(get "$D/$1/id")"
  put "$D/$1/ended" "$(clock)"
  [ -e "$D/$1/failures" ] || rm -rf "$D/$1/files" "$D/$1/undo"
}

roll_back() { # NAME OWNER
  # In check mode nothing was armed before.
  if [ -n "${GUARD_CHECK:-}" ] && ! is_open "$1"; then
    if [ "$(state_of "$1")" = rolled_back ]; then tell changed false; else tell changed true; fi
    return
  fi
  must_be_mine "$1" "$2"
  [ -n "${GUARD_CHECK:-}" ] || lock_state
  id=$(get "$D/$1/id")
  case $(state_of "$1") in
    confirmed) refuse "$1" "it was confirmed, and what was kept is gone" "undo the change by a play" ;;
    rolled_back) tell changed false; return ;;
    restoring | undoing) ! at_work "$1" "$id" || { tell changed false; return; } ;;
  esac
  tell changed true
  [ -z "${GUARD_CHECK:-}" ] || return 0
  [ "$(state_of "$1")" != armed ] || begin "$1" "asked for by $2"
  work_on "$1" "$id" || refuse "$1" "nothing could be started that puts it back now" \
    "see the host's log; the end of the window or the next boot does it"
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
  # Another guard may be about to be armed, whose hooks these are; where that takes long, the next boot removes them.
  if lock "$D/.lock" "$LOCK_PATIENCE"; then
    any_open || hooks_off
    unlock "$D/.lock"
  fi
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
    is_open "$guard" || continue
    # A system that is started anew without its kernel keeps /run, but not the timer.
    if this_boot "$guard" && watched "$guard" "$(get "$D/$guard/id")"; then continue; fi
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
