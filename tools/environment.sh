# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
# Sourced by every script here; run by none.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/homevirt.fleet/$(printf %s "$ROOT" | cksum | cut -d' ' -f1)
# Exit code of a suite that did not run, after the convention of automake.
SKIPPED=77
export ROOT CACHE SKIPPED
cd "$ROOT" || exit 1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Anything that was not tested must reach the summary, or a green run claims more than it showed.
note() {
  say "note: $*"
  [ -z "${FLEET_NOTES:-}" ] || printf '%s\n' "$*" >> "$FLEET_NOTES"
}
skip() { note "$*"; exit "$SKIPPED"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "root is needed for: $* (run it as root, or install sudo)"
  fi
}

# Lists are often empty on a fresh machine, and refreshing them when they are not costs more than the installation.
apt_install() {
  command -v apt-get > /dev/null || return 1
  say "Installing with apt: $*"
  if ! apt-cache show "$@" > /dev/null 2>&1; then as_root apt-get -q update; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

# pyenv's shims look like interpreters and fail with 127, which ansible-test takes for a broken Python.
path_without_shims() {
  local entry cleaned=
  while IFS= read -r -d: entry; do
    case $entry in */shims) ;; *) cleaned+=${cleaned:+:}$entry ;; esac
  done <<< "$PATH:"
  printf %s "$cleaned"
}

# A venv's tools before whatever the user's shell has.
use_venv() {
  VENV=$ROOT/$1
  PATH=$VENV/bin:$(path_without_shims)
  ANSIBLE_COLLECTIONS_PATH=$VENV/collections
  # Otherwise the tools' messages depend on who runs them.
  LC_ALL=C.UTF-8
  unset VIRTUAL_ENV PYTHONHOME
  export VENV PATH ANSIBLE_COLLECTIONS_PATH LC_ALL
}

# ansible-test looks for the targets' interpreters on PATH only, and pyenv keeps them elsewhere.
add_interpreters() {
  local minor python
  for minor in 9 10 11 12 13 14; do
    if ! command -v "python3.$minor" > /dev/null && python=$(tools/find_python "3.$minor" 2> /dev/null); then
      PATH=$PATH:$(dirname "$python")
    fi
  done
}
