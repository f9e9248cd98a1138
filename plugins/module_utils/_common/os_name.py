# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a guest's operating system calls itself: Linux in os-release(5), Windows in its registry."""

from __future__ import annotations

import shlex

from . import rooted
from .runner import printable

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
# Of systems older than that: the file, and what it is the release of.
OLDER = {"/etc/redhat-release": "rhel", "/etc/SuSE-release": "suse", "/etc/debian_version": "debian"}
# Windows 11 calls itself 10 in its registry; its builds begin here.
FIRST_11 = 22000


def has_os_release(root: str) -> bool:
    return any(rooted.exists(root, path) for path in OS_RELEASE)


def os_release(root: str) -> dict[str, str]:
    """The assignments of a guest's os-release, empty where it has none."""
    texts = (rooted.text(root, path) for path in OS_RELEASE)
    return assignments(next(filter(None, texts), ""))


def assignments(text: str) -> dict[str, str]:
    """Those of an os-release, unquoted and safe to print."""
    found = {}
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            try:
                words = shlex.split(value)
            except ValueError:
                continue
            found[name] = printable(words[0] if words else "")
    return found


def windows_name(product: str, build: str) -> str:
    """product, build: what the registry says, ProductName and CurrentBuildNumber."""
    if product.startswith("Windows 10 ") and build.isdigit() and int(build) >= FIRST_11:
        return product.replace("Windows 10", "Windows 11", 1)
    return product


__all__ = ["assignments", "has_os_release", "os_release", "windows_name"]
