#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" ../setup_bench_runs/files/make_runs.py "$place"
ansible-playbook write_reports.yml -e "bench_dir=$place"
# The target's own directory lies two levels below tests/integration, and what is kept outlives the run in tests/output.
PYTHONPATH=../setup_browser/files "$python" browse.py "$place" "${ANSIBLE_COLLECTIONS_PATH%%:*}"/ansible_collections/homevirt/fleet/tests/output/bench_report
