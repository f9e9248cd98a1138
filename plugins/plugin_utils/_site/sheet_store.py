# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the last run left beside the sheets: by it the next run knows, without drawing, that nothing has changed.

One small file for each site file in a directory of its own, readable by its owner alone. Its stamps are made with a key
that never leaves it, so that they tell nothing about the secrets that went into them. Whoever deletes the directory
loses time, nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import tempfile
import typing as t

DIRECTORY = ".site_sheet"


class Record(t.TypedDict):
    """files: for each file its digest."""

    key: str
    stamp: str
    slug: str
    files: dict[str, str]


class Store:
    def __init__(self, dest: pathlib.Path) -> None:
        self.dest = dest

    def path(self, source: str, kind: str) -> pathlib.Path:
        name = hashlib.sha256(os.path.abspath(source).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self.dest / DIRECTORY / f"{name}.{kind}.json"

    def read(self, source: str) -> t.Optional[Record]:
        found = _read_json(self.path(source, "stamp"))
        if isinstance(found, dict) and set(found) == set(Record.__annotations__) and isinstance(found["files"], dict):
            return t.cast(Record, found)
        return None

    def facts(self, source: str) -> dict[str, list[str]]:
        found = _read_json(self.path(source, "facts"))
        return found if isinstance(found, dict) else {}

    def write(self, source: str, record: Record, facts: t.Mapping[str, t.Sequence[str]]) -> None:
        (self.dest / DIRECTORY).mkdir(mode=0o700, exist_ok=True)
        write_whole(self.path(source, "facts"), json.dumps(facts).encode(), 0o600)
        write_whole(self.path(source, "stamp"), json.dumps(record).encode(), 0o600)


def _read_json(path: pathlib.Path) -> t.Any:
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        # Half a file, or none: everything is drawn anew.
        return None


def stamp(key: str, parts: t.Iterable[str]) -> str:
    digest = hashlib.blake2b(key=bytes.fromhex(key), digest_size=32)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


@functools.cache
def code_digest() -> str:
    """What draws the sheets: another version of it may draw the same data in another way."""
    here = pathlib.Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted((*here.glob("*.py"), *here.glob("catalogue/*.yml"))):
        digest.update(path.read_bytes())
    for library in ("segno", "typst"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()


def new_key() -> str:
    return os.urandom(32).hex()


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_whole(path: pathlib.Path, data: bytes, mode: int) -> None:
    """Either the old file or the new one is there, whatever happens; never readable by more than ``mode`` says."""
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


__all__ = ["DIRECTORY", "Record", "Store", "code_digest", "digest_of", "new_key", "stamp", "write_whole"]
