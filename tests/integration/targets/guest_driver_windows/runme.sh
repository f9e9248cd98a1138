#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# shellcheck source=tests/integration/targets/setup_phony_windows/files/reader.sh
source ../setup_phony_windows/files/reader.sh
/usr/bin/python3 run_cases.py "$place" "$reader"
unset PYTHONPATH
ansible-playbook on_ntfs.yml -e "place=$place reader=$reader files=$PWD/../setup_phony_windows/files"
