# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The probe's code on its way to the target: through the channel itself, so that no file is left there by anything."""

from __future__ import annotations

import base64
import json
import pathlib
import zlib

from ... import module_utils

PACKAGE = "ansible_collections.homevirt.fleet.plugins.module_utils"
# Globs: of the drivers only what tells which one is bound, for the probe reads no hives.
PARTS = ("_common/*.py", "_bench/*.py", "_driver/bound.py")

# Runs on the target: reads the code's length from its argument and the code from standard input, without reading ahead.
BOOT = """
import sys,os,json,zlib,importlib.abc,importlib.util
n=int(sys.argv[1]);d=b""
while len(d)<n:
    p=os.read(0,n-len(d))
    if not p: sys.exit(1)
    d+=p
M=json.loads(zlib.decompress(d))
class F(importlib.abc.MetaPathFinder,importlib.abc.Loader):
    def find_spec(self,name,path=None,target=None):
        if name in M or any(m.startswith(name+".") for m in M):
            return importlib.util.spec_from_loader(name,self,is_package=name not in M)
    def exec_module(self,module):
        exec(compile(M.get(module.__name__,""),module.__name__,"exec"),module.__dict__)
sys.meta_path.insert(0,F())
from PACKAGE._bench import agent
agent.main()
""".replace("PACKAGE", PACKAGE)


def payload() -> bytes:
    """Every module that the probe may import, compressed."""
    root = pathlib.Path(next(iter(module_utils.__path__)))
    modules = {
        f"{PACKAGE}.{path.parent.name}.{path.stem}": path.read_text(encoding="utf-8")
        for part in PARTS
        for path in sorted(root.glob(part))
        if path.stem != "__init__"
    }
    return zlib.compress(json.dumps(modules).encode())


def command(python: str, length: int, mode: str) -> list[str]:
    """The command that starts the probe. In base64, because it passes through up to three shells.

    mode: live for a conversation, batch for requests that all come at once.
    """
    boot = base64.b64encode(BOOT.encode()).decode()
    return [python, "-c", f"exec(__import__('base64').b64decode('{boot}'))", str(length), mode]


__all__ = ["command", "payload"]
