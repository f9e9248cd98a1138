# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter: who is joined to which radio, as iw, OpenWrt's ubus and hostapd_cli tell it."""

from __future__ import annotations

import json
import re
import typing as t

from .observe_names import MOST, mac, pick, words

Record = dict[str, t.Any]


def networks(text: str) -> dict[str, str]:
    """Of ``iw dev``: radio interface -> the name of the Wi-Fi that it sends or has joined."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines()[: 8 * MOST]:
        if start := re.match(r"\s+Interface (\S+)", line):
            name = words(start[1])
            found[name] = ""
        elif name and (ssid := re.match(r"\s+ssid (.*)", line)):
            found[name] = words(ssid[1])
    return found


def clients(tool: str, interface: str, text: str) -> list[Record]:
    """The stations of one interface. tool: "iw", "ubus" or "hostapd"."""
    read = {"iw": _iw, "ubus": _ubus, "hostapd": _hostapd}[tool]
    return [
        {"mac": address, "interface": words(interface), "rssi": signal, "evidence": "measured"}
        for address, signal in read(text)[:MOST]
    ]


def _iw(text: str) -> list[tuple[str, t.Optional[int]]]:
    """Of ``iw dev NAME station dump``."""
    found = []
    for part in re.split(r"^Station ", text, flags=re.MULTILINE)[1:]:
        address = mac(part[:17])
        signal = re.search(r"^\s+signal:\s+(-\d{1,3})\b", part, re.MULTILINE)
        if address and not re.search(r"^\s+authorized:\s+no", part, re.MULTILINE):
            found.append((address, int(signal[1]) if signal else None))
    return found


def _ubus(text: str) -> list[tuple[str, t.Optional[int]]]:
    """Of ``ubus call hostapd.NAME get_clients``."""
    try:
        joined = pick(json.loads(text), "clients")
    except (ValueError, RecursionError):
        return []
    found = []
    for address, about in joined.items() if isinstance(joined, dict) else ():
        signal = pick(about, "signal")
        if mac(address) and pick(about, "authorized") is not False:
            found.append((mac(address), signal if isinstance(signal, int) and -200 < signal < 0 else None))
    return found


def _hostapd(text: str) -> list[tuple[str, t.Optional[int]]]:
    """Of ``hostapd_cli all_sta``: a line with the MAC address, then what is known of it."""
    found: list[tuple[str, t.Optional[int]]] = []
    for line in text.splitlines()[: 64 * MOST]:
        if mac(line.strip()):
            found.append((mac(line.strip()), None))
        elif found and (signal := re.match(r"signal=(-\d{1,3})$", line)):
            found[-1] = (found[-1][0], int(signal[1]))
    return found


__all__ = ["clients", "networks"]
