#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# ansible-test runs a copy of this directory, somewhere below the collection and without its pages and modules.
root=$PWD
until [ -e "$root/galaxy.yml" ]; do root=$(dirname "$root"); done
# As a user has it, who sets neither: the interpreter is found, and a path starts where the user stands.
unset ANSIBLE_PYTHON_INTERPRETER ANSIBLE_PLAYBOOK_DIR
exec "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}" run_pages.py "$root"
