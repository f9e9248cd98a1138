# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter: the files in which dnsmasq and OpenWrt's odhcpd keep the addresses that they gave away."""

from __future__ import annotations

import re
import typing as t

from .observe_names import MOST, ip, mac, words

Record = dict[str, t.Any]
# DUIDs that end in a MAC address: DUID-LLT and DUID-LL of Ethernet (RFC 8415, 11.2 and 11.4).
DUID_WITH_MAC = re.compile(r"(?:00010001[0-9a-f]{8}|00030001)([0-9a-f]{12})")


def leases(text: str, mark: str, now: t.Optional[int]) -> list[Record]:
    """All that are still good, of every file in the section. now: the device's own clock, which set the ends."""
    found: list[Record] = []
    for line in text.splitlines()[: 2 * MOST]:
        if not line.startswith(f"{mark} file "):
            entry = _odhcpd(line) if line.startswith("#") else _dnsmasq(line)
            if entry and entry not in found and not _over(entry, now):
                found.append(entry)
    return [
        {
            **{key: value for key, value in entry.items() if key != "ends"},
            "expires_in": entry["ends"] - now if entry["ends"] is not None and now is not None else None,
            "evidence": "measured" if entry["mac_address"] else "inferred",
        }
        for entry in found[:MOST]
    ]


def _over(entry: Record, now: t.Optional[int]) -> bool:
    return entry["ends"] is not None and now is not None and entry["ends"] <= now


def _dnsmasq(line: str) -> Record:
    """``END MAC IP NAME CLIENT-ID``; for IPv6 the second word is a number and the last the client's DUID."""
    parts = line.split(" ")
    if len(parts) < 4 or not re.fullmatch(r"\d{1,12}", parts[0]) or not ip(parts[2]):
        return {}
    # A token ring's or an 802.11 client's address has its hardware type before it.
    address = mac(parts[1].rpartition("-")[2]) if ":" in parts[1] else _mac_of_duid(parts[-1])
    return _lease(ip(parts[2]), address, parts[3], int(parts[0]) or None)


def _odhcpd(line: str) -> Record:
    """``# INTERFACE MAC ipv4 NAME END HEX 32 IP/32``; for IPv6 DUID and IAID stand in place of MAC and "ipv4"."""
    parts = line.split()
    if len(parts) < 9 or not re.fullmatch(r"-?\d{1,12}", parts[5]):
        return {}
    address = parts[8].partition("/")[0]
    owner = _padded(parts[2]) if parts[3] == "ipv4" else _mac_of_duid(parts[2])
    if not ip(address) or parts[5] == "0":
        return {}
    return _lease(ip(address), owner, parts[4].removeprefix("broken\\x20"), int(parts[5]) if parts[5] != "-1" else None)


def _lease(address: str, owner: str, name: str, ends: t.Optional[int]) -> Record:
    return {"ip": address, "mac_address": owner, "host_name": "" if name in "*-" else words(name), "ends": ends}


def _mac_of_duid(duid: str) -> str:
    found = DUID_WITH_MAC.fullmatch(duid.replace(":", "").lower())
    return mac(found[1]) if found else ""


def _padded(address: str) -> str:
    """Newer ones write 0:0:5e:0:53:1."""
    return mac(":".join(part.zfill(2) for part in address.split(":"))) if ":" in address else mac(address)


__all__ = ["leases"]
