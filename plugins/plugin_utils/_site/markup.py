# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Text made safe for the languages that the sheets are written in."""

from __future__ import annotations

import functools
import html
import json

from .text_width import visible


# A name stands in the drawing, in the lists and on the labels, in each file.
@functools.lru_cache(maxsize=2048)
def escaped(text: str) -> str:
    """For HTML and SVG, in content and in quoted attributes."""
    return html.escape(visible(text), quote=True)


def quoted(text: str) -> str:
    """A string literal of typst: as in JSON, for ``visible`` takes away the characters that the two escape unlike."""
    return json.dumps(visible(text), ensure_ascii=False)


__all__ = ["escaped", "quoted"]
