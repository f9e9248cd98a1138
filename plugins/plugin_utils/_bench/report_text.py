# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Text and numbers as the report's HTML and SVG take them."""

from __future__ import annotations

import html
import re
import typing as t

# HTML allows none of these, not even escaped; the last ones turn the direction of all that follows.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: t.Any) -> str:
    """Any text, safe between tags and in a quoted attribute."""
    return html.escape(UNPRINTABLE.sub("\ufffd", str(text)))


def shortened(text: str, letters: int) -> str:
    """Text that fits, the middle left out: both ends of a name tell more than its middle."""
    if len(text) <= letters:
        return text
    half = (letters - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def megabytes(bytes_per_second: float) -> str:
    """A throughput in decimal megabytes a second, with four digits that count."""
    value = bytes_per_second / 1e6
    return f"{value:.0f}" if value >= 1000 else f"{value:#.4g}"


def number(value: float) -> str:
    """A place in a chart: a tenth is finer than any screen, and the same on every machine."""
    return f"{value:.1f}"


__all__ = ["clean", "megabytes", "number", "shortened"]
