#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# ansible-test runs a copy of this directory, somewhere below the collection and without its pages and modules.
root=$PWD
until [ -e "$root/galaxy.yml" ]; do root=$(dirname "$root"); done
# As a user has it: the examples' inventories name no interpreter, which ansible-test demands of those of targets.
unset ANSIBLE_PYTHON_INTERPRETER
exec "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}" run_pages.py "$root"
