# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# Part of 1_base.sh: keeping files with their rights, and putting them back.

LONGEST_UNDO=${GUARD_LONGEST_UNDO:-300}

kind_of() {
  if [ -L "$1" ]; then echo link; elif [ -d "$1" ]; then echo dir; elif [ -f "$1" ]; then echo file; elif [ -e "$1" ]; then
    echo special; else echo absent; fi
}

acls_below() { find . ! -type l | sort | getfacl -n -E - 2> /dev/null; }

# Mode, owner and ACL, of a directory's also the names in it. Not the sizes of directories, which differ from disk to disk.
rights() {
  if [ -d "$1" ]; then
    (
      cd "$1" || exit
      find . -exec ls -ldn {} + | while read -r mode _ uid gid rest; do
        case $rest in *' ./'*) name=${rest#* ./} ;; *) name= ;; esac
        printf '%.10s %s %s %s\n' "$mode" "$uid" "$gid" "$name"
      done | sort
      ! has getfacl || acls_below
    )
  else
    # shellcheck disable=SC2012  # there is no stat on every BusyBox
    ls -ldn "$1" | while read -r mode _ uid gid _; do printf '%.10s %s %s\n' "$mode" "$uid" "$gid"; done
    ! has getfacl || getfacl -c -n -E "$1" 2> /dev/null
  fi
}

same() { # whether two paths hold the same, with the same rights
  kind=$(kind_of "$1")
  [ "$kind" = "$(kind_of "$2")" ] || return 1
  case $kind in
    link) [ "$(readlink "$1")" = "$(readlink "$2")" ] ;;
    dir)
      # The names and the ends of links are in what rights says.
      [ "$(rights "$1")" = "$(rights "$2")" ] &&
        [ -z "$(cd "$1" && find . -type f ! -exec cmp -s {} "$2/{}" \; -print)" ] ;;
    *) cmp -s "$1" "$2" && [ "$(rights "$1")" = "$(rights "$2")" ] ;;
  esac
}

copy() { # FROM TO, with all rights
  rm -rf "$2"
  cp -a "$1" "$2" || return 1
  # BusyBox' cp leaves ACLs behind.
  if [ -L "$1" ] || ! has setfacl; then return 0; fi
  if [ -d "$1" ]; then
    acls=$(cd "$1" && acls_below) && (cd "$2" && printf '%s\n' "$acls" | setfacl --restore=- 2> /dev/null)
  else
    getfacl -n -E "$1" 2> /dev/null | setfacl --set-file=- "$2" 2> /dev/null
  fi
  # A file system without ACLs says so here, and has none to lose.
  return 0
}

save() { # PATH PLACE
  mkdir "$2"
  printf '%s\n' "$1" > "$2/path"
  kind_of "$1" > "$2/kind"
  case $(get "$2/kind") in
    special) refuse "$1" "it is neither a file, a directory nor a link" "guard it with a command under undo" ;;
    absent) ;;
    *)
      if ! copy "$1" "$2/data" || ! same "$1" "$2/data"; then
        refuse "$1" "no true copy of it could be made" "see whether $D has room, and keeps owners and ACLs"
      fi ;;
  esac
}

mounted_in() { # whether something is mounted on a path or below it: then nothing may be removed there
  while read -r _ point _; do
    case $point in "$1" | "$1"/*) return 0 ;; esac
  done < /proc/mounts
  return 1
}

remove() {
  case $(kind_of "$1") in
    absent) ;;
    dir) ! mounted_in "$1" && rm -rf "$1" ;;
    *) rm -f "$1" ;;
  esac
}

put_back() { # PLACE: false where the path is not what it was
  path=$(get "$1/path")
  # What a cut left of the last attempt.
  rm -rf "$path.guard-new"
  if [ "$(get "$1/kind")" = absent ]; then
    remove "$path"
    return
  fi
  if ! same "$path" "$1/data"; then
    mkdir -p "${path%/*}/"
    copy "$1/data" "$path.guard-new" || return 1
    # A rename replaces a file at once; a directory has to step aside first.
    if [ -d "$path" ] && [ ! -L "$path" ]; then
      if mounted_in "$path" || ! rm -rf "$path.guard-old" || ! mv "$path" "$path.guard-old"; then
        rm -rf "$path.guard-new"
        return 1
      fi
    fi
    if [ -f "$path.guard-new" ]; then durable "$path.guard-new"; else sync; fi
    # A file that is a mount point, as containers have them, can only be written.
    mv -f "$path.guard-new" "$path" 2> /dev/null || { cat "$1/data" > "$path" && rm -rf "$path.guard-new"; } || return 1
  fi
  rm -rf "$path.guard-old"
  durable "${path%/*}/"
  same "$path" "$1/data"
}

run_undo() { # FILE: its exit status; one that does not end is killed
  # By the program that its first line names, for where it is kept nothing may be executed at all (noexec).
  IFS= read -r line < "$1"
  ${line#??} "$1" < /dev/null > "$1.out" 2>&1 &
  child=$!
  (
    sleep "$LONGEST_UNDO" &
    # shellcheck disable=SC2064  # the process of now
    trap "kill $! 2> /dev/null; exit" TERM
    wait $!
    kill -9 $child 2> /dev/null
  ) &
  watchdog=$!
  wait $child
  status=$?
  kill $watchdog 2> /dev/null
  return $status
}
