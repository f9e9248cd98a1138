# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for fio, for what is not about disks."""

from __future__ import annotations

import sys

import pytest

SIZE = 1 << 20
# Reads the file through the descriptor that it was given, as fio does, and writes fio's JSON.
FIO = f"""#!{sys.executable}
import json, pathlib, sys, time
words = dict(word[2:].partition("=")[::2] for word in sys.argv[1:])
pathlib.Path("PLACE/pid").write_text(str(__import__("os").getpid()))
assert len(open(words["filename"], "rb").read()) == {SIZE}
time.sleep(SECONDS)
side = {{"io_bytes": int(words["io_size"]), "runtime": int(SECONDS * 1000), "total_ios": 1}}
result = {{"fio version": "fio-test", "jobs": [{{"error": 0, "read": side}}]}}
print("a word beside it", flush=True)
open(words["output"], "w").write(json.dumps(result))
"""


@pytest.fixture
def fio(tmp_path):
    def make(seconds, fails=False):
        path = tmp_path / "fio"
        end = "sys.exit('fio: No space left on device') or open(words" if fails else "open(words"
        path.write_text(FIO.replace("open(words", end).replace("PLACE", str(tmp_path)).replace("SECONDS", str(seconds)))
        path.chmod(0o755)
        return str(path)

    return make
