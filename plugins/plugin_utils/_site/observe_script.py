# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The one script that a device runs, and its output taken apart again.

One round trip for all, the same for a server and for a router that has BusyBox and nothing else.
"""

from __future__ import annotations

import pathlib
import re
import shlex
import typing as t

from ...module_utils._common.errors import ToolFailed

# Where DHCP servers keep their leases: dnsmasq on Debian, Fedora and OpenWrt, and OpenWrt's odhcpd.
LEASE_FILES = (
    "/var/lib/misc/dnsmasq.leases",
    "/var/lib/dnsmasq/dnsmasq.leases",
    "/tmp/dhcp.leases",
    "/tmp/hosts/odhcpd",
    "/tmp/odhcpd.leases",
)
KILLED = 137


class Section(t.NamedTuple):
    """What one command printed. state: "ok", "failed", "timed-out" or "cut" (it printed more than it might)."""

    text: str
    state: str


def script(mark: str, seconds: int, most_bytes: int, lease_files: t.Iterable[str]) -> str:
    """The script for one run. ``mark`` must be new each time, so that nothing a device prints can look like it."""
    arguments = (mark, str(seconds), str(most_bytes), *lease_files)
    text = pathlib.Path(__file__).with_name("observe.sh").read_text(encoding="utf-8")
    return f"set -- {' '.join(map(shlex.quote, arguments))}\n{text}"


def sections(output: str, mark: str, most_bytes: int, host: str) -> dict[str, Section]:
    """The sections by their names. Raises ToolFailed where the script did not come to its end."""
    found: dict[str, Section] = {}
    pattern = rf"^{re.escape(mark)} begin (\S+)\n(.*?)\n{re.escape(mark)} end \1 (\d*)$"
    for name, text, status in re.findall(pattern, output, re.DOTALL | re.MULTILINE):
        found[name] = Section(text, _state(text, status, most_bytes))
    if f"\n{mark} end all 0" not in output:
        raise ToolFailed(
            host,
            "its shell did not come to the end of the script that reads the network",
            "log in and look whether /bin/sh works there; raise timeout where it is slow",
        )
    return found


def _state(text: str, status: str, most_bytes: int) -> str:
    if len(text.encode("utf-8", "surrogateescape")) >= most_bytes:
        return "cut"
    if status == str(KILLED):
        return "timed-out"
    return "ok" if status == "0" else "failed"


__all__ = ["LEASE_FILES", "Section", "script", "sections"]
