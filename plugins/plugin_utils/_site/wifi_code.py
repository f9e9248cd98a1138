# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The QR code with which a telephone joins a Wi-Fi."""

from __future__ import annotations

import functools
import re

from ...module_utils._common.errors import InvalidRequest
from .model import WirelessLan
from .wifi_code_mask import best_masked

SECURITY = {"open": "nopass", "wep": "WEP"}
QUIET = 4
DARK = re.compile("1+")


def wifi_payload(lan: WirelessLan, password: str) -> str:
    """What the code says. Built here, for segno's own function takes a name that looks like hex digits for one."""
    kind = SECURITY.get(lan.auth, "WPA")
    fields = [f"T:{kind}", f"S:{_field(lan.ssid)}"]
    if password:
        fields.append(f"P:{_field(password)}")
    if lan.hidden:
        fields.append("H:true")
    return f"WIFI:{';'.join(fields)};;"


def _field(text: str) -> str:
    escaped = "".join(f"\\{char}" if char in '\\;,":' else char for char in text)
    # Readers take bare hex digits for bytes.
    return f'"{escaped}"' if text and all(char in "0123456789abcdefABCDEF" for char in text) else escaped


def modules_of(payload: str) -> tuple[tuple[int, int, int], ...]:
    """The code's dark runs: (row, column, length), without the quiet zone."""
    rows = _rows(payload)
    return tuple(
        (row, run.start(), run.end() - run.start()) for row, line in enumerate(rows) for run in DARK.finditer(line)
    )


def size_of(payload: str) -> int:
    return len(_rows(payload))


# A sheet asks for the same code several times: its size and its runs, for HTML and for the PDF, in each language.
@functools.lru_cache(maxsize=8)
def _rows(payload: str) -> tuple[str, ...]:
    # Here, so that the modules' documentation and check of the rest work without it.
    import segno

    try:
        # Shift_JIS, which segno takes for Japanese by itself, is not what telephones expect of a Wi-Fi code.
        return best_masked(functools.partial(segno.make_qr, payload, error="m", encoding="utf-8"))
    except segno.DataOverflowError as error:
        raise InvalidRequest(
            "the Wi-Fi's QR code", "the name and password are too long for one", "shorten them"
        ) from error


__all__ = ["QUIET", "modules_of", "size_of", "wifi_payload"]
