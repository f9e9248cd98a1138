#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# shellcheck source=tests/integration/targets/setup_phony_windows/files/reader.sh
source ../setup_phony_windows/files/reader.sh
/usr/bin/python3 run_cuts.py "$place" "$reader"
unset PYTHONPATH
ansible-playbook on_images.yml -e "place=$place files=$PWD/../setup_phony_windows/files"
