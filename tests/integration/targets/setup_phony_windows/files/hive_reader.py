# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read hives with dissect.regf, which shares no code with hivex: for each path on stdin a line of JSON on stdout.

{"Key\\Below": {"value's name": [type, "hex"]}}, every key of the hive, names as they are.
"""

from __future__ import annotations

import json
import sys

from dissect.regf import regf


def dump(path: str) -> dict[str, dict[str, list[object]]]:
    found = {}

    def walk(key, name: str) -> None:
        # A value's raw data, whatever its type says.
        found[name] = {value.name: [int(value.type), value.data.hex()] for value in key.values()}
        for below in key.subkeys():
            walk(below, f"{name}\\{below.name}" if name else below.name)

    with open(path, "rb") as stream:
        walk(regf.RegistryHive(stream).root(), "")
    return found


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(dump(line.strip())), flush=True)


if __name__ == "__main__":
    main()
