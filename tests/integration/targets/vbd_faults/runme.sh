#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# ansible-test runs a copy of this directory, somewhere below the collection.
root=$PWD
until [ -e "$root/galaxy.yml" ]; do root=$(dirname "$root"); done
export PYTHONPATH=$PWD/../setup_vbd/files:${root%/ansible_collections/*}
exec "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}" run_faults.py "$@"
