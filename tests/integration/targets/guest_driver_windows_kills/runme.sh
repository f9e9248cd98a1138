#!/usr/bin/env bash
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eux
# shellcheck source=tests/integration/targets/setup_phony_windows/files/reader.sh
source ../setup_phony_windows/files/reader.sh
/usr/bin/python3 run_kills.py "$place" "$reader"
