# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a catalog file (.cat) says offline: whose certificates are in it, and whether it covers a file.

It is not verified here. Only the guest's Windows knows which roots it trusts, and verifies when it starts the driver.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

# commonName (2.5.4.3) in DER, before a string's tag and length.
COMMON_NAME = bytes.fromhex("0603550403")
STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
TEST = re.compile(r"\btest\b|testcert|do not trust", re.IGNORECASE)
# From the weakest to the strongest.
LEVELS = ("unsigned", "test", "signed")


def names(catalog: bytes) -> list[str]:
    """Common names of all certificates' subjects and issuers, each once."""
    found: dict[str, None] = {}
    at = catalog.find(COMMON_NAME)
    while at >= 0:
        start = at + len(COMMON_NAME)
        encoding = STRINGS.get(catalog[start] if start < len(catalog) else 0)
        length = catalog[start + 1] if start + 1 < len(catalog) else 0x80
        # A name of 128 bytes or more is longer than the standard allows.
        if encoding and length < 0x80:
            found[catalog[start + 2 : start + 2 + length].decode(encoding, "replace")] = None
        at = catalog.find(COMMON_NAME, start)
    return list(found)


def level(catalog: t.Optional[bytes], inf: bytes) -> str:
    """``unsigned`` also where the catalog is for another INF file: Windows then takes the driver for unsigned."""
    if catalog is None or not names(catalog):
        return "unsigned"
    hashes = [hashlib.new(kind, inf).digest() for kind in ("sha1", "sha256")]
    if not any(found in catalog for found in hashes):
        return "unsigned"
    return "test" if any(TEST.search(name) for name in names(catalog)) else "signed"


__all__ = ["LEVELS", "level", "names"]
