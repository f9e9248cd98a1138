#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}
collection=${ANSIBLE_COLLECTIONS_PATH%%:*}/ansible_collections/homevirt/fleet
examples=$collection/examples/sites
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
ansible-playbook write_sheets.yml --vault-password-file "$examples/demo-vault-password.txt" \
  -e "@$examples/group_vars/all.yml" -e "sheets_dir=$place sheets_examples=$examples/sites"
# What is kept outlives the run in tests/output.
PYTHONPATH=../setup_browser/files "$python" browse.py "$place" "$collection/tests/output/site_sheet"
