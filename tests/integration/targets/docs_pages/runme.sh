#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# The target's own directory lies two levels below tests/integration in the collection.
exec "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}" run_pages.py ../../../..
