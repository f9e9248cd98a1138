# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: look.py DIRECTORY: print digest, mode and time of each file, and what SQLite says of the histories."""

from __future__ import annotations

import hashlib
import json
import pathlib
import sqlite3
import sys


def rows(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute("SELECT run_id, slot, job, record FROM run ORDER BY 1, 2, 3").fetchall()


def main():
    files, histories = {}, {}
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        status = path.stat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[path.name] = [digest, oct(status.st_mode), status.st_mtime_ns, status.st_ino]
        if path.suffix == ".sqlite":
            histories[path.name] = rows(path)
    print(json.dumps({"files": files, "histories": histories}))


if __name__ == "__main__":
    main()
