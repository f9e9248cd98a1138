# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The only place that knows typst, the fonts of this machine, and how to read a PDF back."""

from __future__ import annotations

import functools
import io
import typing as t

try:
    import pypdf
    import typst
    from fontTools.ttLib import TTFont
except ImportError:
    # site_sheet says which of them are missing, and how to get them, before it comes here.
    pypdf = typst = TTFont = None

from ...module_utils._common.errors import FleetError, ToolFailed
from .text_width import visible

# Fonts with Japanese, the first that is there; DejaVu Sans lends what they lack.
FAMILIES = ("IPAexGothic", "Noto Sans CJK JP", "Noto Sans JP", "IPAGothic", "BIZ UDGothic", "TakaoGothic", "VL Gothic")
LENDING = ("DejaVu Sans",)


class Fonts(t.NamedTuple):
    """found: typst's own list of all fonts, which it would look for again for each PDF."""

    families: tuple[str, ...]
    characters: frozenset[int]
    found: t.Any


class FontMissing(FleetError):
    """No font, or none with a character that is to be printed."""


@functools.cache
def find_fonts(paths: tuple[str, ...] = (), wanted: tuple[str, ...] = ()) -> Fonts:
    """The fonts to set a sheet in. Raises FontMissing without one for Japanese, or without a wanted one."""
    fonts = typst.Fonts(font_paths=list(paths))
    found: dict[str, t.Any] = {}
    for info in fonts.fonts():
        if info.path and info.style == "normal" and (info.family not in found or info.weight == 400):
            found[info.family] = info
    absent = [family for family in wanted if family not in found]
    if absent:
        raise FontMissing(f"font {absent[0]}", "it is not installed", "install it, or name its directory in font_paths")
    main = list(wanted) or [family for family in FAMILIES if family in found][:1]
    if not main:
        raise FontMissing(
            "fonts", "none of those with Japanese is installed", "install fonts-ipaexfont-gothic, or name one in fonts"
        )
    chosen = [*main, *(family for family in LENDING if family in found and family not in main)]
    characters: set[int] = set()
    for family in chosen:
        with TTFont(found[family].path, fontNumber=found[family].index, lazy=True) as font:
            characters.update(font.getBestCmap())
    return Fonts(tuple(chosen), frozenset(characters), fonts)


def check_glyphs(texts: t.Iterable[str], fonts: Fonts, what: str) -> None:
    """Raise FontMissing for a character that no font has: typst would leave it out without a word."""
    for text in texts:
        for char in "".join(map(visible, text.split("\n"))):
            if ord(char) not in fonts.characters:
                raise FontMissing(
                    what,
                    f"none of the fonts {', '.join(fonts.families)} has the character U+{ord(char):04X} of its text",
                    "change that text, or name a font that has it in fonts",
                )


def compile_pdf(source: str, fonts: Fonts, what: str) -> bytes:
    """Raises ToolFailed. typst's own words may hold what stands in the source, so they are not passed on."""
    try:
        pdf, warnings = typst.compile_with_warnings(source.encode(), format="pdf", font_paths=fonts.found, timestamp=0)
    except typst.TypstError:
        raise ToolFailed(what, "typst could not set it", "report this as an error of homevirt.fleet") from None
    if warnings:
        raise ToolFailed(what, "typst set it with warnings", "report this as an error of homevirt.fleet")
    return pdf


def pdf_texts(pdf: bytes) -> t.Iterator[str]:
    """The text of each page and everything in the metadata, as a reader of the file gets them."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        yield page.extract_text()
    yield from (str(value) for value in (reader.metadata or {}).values())
    if reader.xmp_metadata is not None:
        yield reader.xmp_metadata.stream.get_data().decode("utf-8", "replace")


__all__ = ["FontMissing", "Fonts", "check_glyphs", "compile_pdf", "find_fonts", "pdf_texts"]
