# shellcheck shell=bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced. Makes a directory ($place) for guests, in memory where there is room, and a Python that has dissect.regf ($reader).
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}
root=$PWD
until [ -e "$root/galaxy.yml" ]; do root=$(dirname "$root"); done
place=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /var/tmp)" phony-windows-XXXXXX)
trap 'rm -rf "$place"' EXIT
# Where the suites' own environment is not this one; the version is the one that is pinned there.
"$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$place/dissect" \
  "$(grep '^dissect.regf==' "$root/requirements/test.txt")"
reader=$place/reader
printf '#!/bin/sh\nPYTHONPATH=%s exec %s "$@"\n' "$place/dissect" "$(command -v "$python")" > "$reader"
chmod +x "$reader"
# hivex is the distribution's, so it is its Python that has it.
export PYTHONPATH=${root%/ansible_collections/*} PYTHONDONTWRITEBYTECODE=1
