# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What devices say of themselves, made harmless: anybody in the house may call a telephone what he likes."""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t

from ...module_utils._common.runner import printable

LONGEST = 80
# A house has some dozens; a table with more is an attack or a mistake, and what is compared stays bounded.
MOST = 2000


def words(value: t.Any, longest: int = LONGEST) -> str:
    """A text of one line that is safe on a terminal; "" for what is no text."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return ""
    text = str(value)[: 4 * longest]
    # Half of a broken character cannot be printed or written.
    shown = printable(text.encode("utf-8", "replace").decode("utf-8").strip())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def mac(value: t.Any) -> str:
    """A card's own address in small letters with colons; "" for what is none, or that of a group."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}", value):
        return ""
    digits = re.sub("[:-]", "", value).lower()
    if int(digits[:2], 16) & 1 or not int(digits, 16):
        return ""
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def made_up(address: str) -> bool:
    """Whether a device made up its MAC address, as telephones do anew for each Wi-Fi and some for each day."""
    return bool(int(address[:2], 16) & 2)


def ip(value: t.Any) -> str:
    """An address as ``ipaddress`` writes it; "" for what is none."""
    try:
        return str(ipaddress.ip_address(value.partition("%")[0])) if isinstance(value, str) else ""
    except ValueError:
        return ""


def whole(value: t.Any) -> t.Optional[int]:
    """A whole number that is not negative and that a clock may show."""
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) and not isinstance(value, bool) else None


def json_list(text: str) -> list[dict[str, t.Any]]:
    """The mappings in a JSON list; nothing where the text is no JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [item for item in found if isinstance(item, dict)][:MOST] if isinstance(found, list) else []


def pick(value: t.Any, *way: t.Any) -> t.Any:
    """What lies at the end of a way of keys and places through JSON; None where the way ends before."""
    for step in way:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


__all__ = ["LONGEST", "MOST", "ip", "json_list", "mac", "made_up", "pick", "whole", "words"]
