# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""One site's sheets as files: rendered, and looked through before anybody sees them."""

from __future__ import annotations

import functools
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import html_page, svg, typst_source
from .editions import secrets_of
from .leaks import Crowd, Needle, Scan
from .model import Site
from .model_fields import Record, fields_of
from .model_values import Secret, Text, shows
from .sheet import Logins, sheet_of
from .sheet_blocks import Codes, Sheet

FORMATS = ("html", "svg", "pdf")
# Those with names and telephone numbers are for their owner's eyes, those with passwords all the more.
MODES = {"public": 0o644, "family": 0o600, "handover": 0o600}
Reveal = t.Callable[[Secret], str]


class Choice(t.NamedTuple):
    """What to make of each site."""

    languages: tuple[str, ...] = ("ja", "en")
    editions: tuple[str, ...] = ("public",)
    formats: tuple[str, ...] = FORMATS
    revision: str = ""
    fonts: tuple[str, ...] = ()
    font_paths: tuple[str, ...] = ()


class Made(t.NamedTuple):
    """A sheet's files by their names, and its facts."""

    site: str
    edition: str
    language: str
    facts: tuple[str, ...]
    files: t.Mapping[str, bytes]


def stem_of(slug: str, edition: str, language: str) -> str:
    return f"{slug}-{edition}-{language}"


def logins_of(site: Site, reveal: Reveal) -> Logins:
    """The site's secrets in clear. Raises InvalidRequest for one that stands in the file itself."""
    found: dict[str, dict[str, str]] = {credential.name: {} for credential in site.credentials}
    for name, _edition, part, value in secrets_of(site):
        if part == "secret" and value.kind == "plain":
            raise InvalidRequest(
                f"credential {name} of site {site.slug}",
                "its secret stands in the site file in plain text",
                "move it into a variable that Ansible Vault or SOPS protects, and write '{{ that_variable }}'",
            )
        found[name][part] = reveal(value)
    return {name: (parts.get("user", ""), parts.get("secret", "")) for name, parts in found.items()}


def hidden_from(site: Site, edition: str, logins: Logins) -> list[Needle]:
    """What a sheet of this edition must not hold, of this site's own secrets."""
    shown = {
        logins[name][("user", "secret").index(part)]
        for name, needed, part, _value in secrets_of(site)
        if shows(edition, needed)
    }
    return [
        Needle(f"{'user' if part == 'user' else 'secret'} of credential {name}", value)
        for name, _needed, part, kind in secrets_of(site)
        # A user's name in plain text, such as root, is no secret.
        if kind.kind != "plain" and (value := logins[name][("user", "secret").index(part)]) not in shown
    ]


def shown_in(site: Site, edition: str, logins: Logins) -> set[str]:
    return {value for item in site.credentials if shows(edition, item.edition) for value in logins[item.name]}


def render(site: Site, logins: Logins, others: Crowd, choice: Choice) -> t.Iterator[Made]:
    """``others``: the secrets of all sites. Raises Leak where a file would hold what it must not."""
    for edition in choice.editions:
        hidden, shown = hidden_from(site, edition, logins), shown_in(site, edition, logins)
        scan = Scan(hidden, functools.partial(_ordinary, site), others, shown)
        for language in choice.languages:
            sheet = sheet_of(site, edition, language, logins, choice.revision)
            stem = stem_of(site.slug, edition, language)
            scan.texts(sheet.facts, stem)
            scan.texts(_payloads(sheet), f"{stem}, QR code")
            files = {f"{stem}.{kind}": _file(sheet, kind, scan, choice, f"{stem}.{kind}") for kind in choice.formats}
            yield Made(site.slug, edition, language, sheet.facts, files)


def unsearched(site: Site, logins: Logins) -> list[str]:
    """The secrets that are too short or too ordinary to be looked for."""
    return Scan(hidden_from(site, "public", logins), functools.partial(_ordinary, site)).unsearched


def _payloads(sheet: Sheet) -> t.Iterator[str]:
    for section in (*sheet.main, *sheet.side):
        for block in section.blocks:
            if isinstance(block, Codes):
                yield from (code.payload for code in block.codes)


def _file(sheet: Sheet, kind: str, scan: Scan, choice: Choice, what: str) -> bytes:
    if kind == "pdf":
        # Here, so that HTML and SVG need neither typst nor fonts.
        from . import typst_pdf

        fonts = typst_pdf.find_fonts(choice.font_paths, choice.fonts)
        typst_pdf.check_glyphs(typst_source.characters(sheet), fonts, what)
        pdf = typst_pdf.compile_pdf(typst_source.document(sheet, fonts.families), fonts, what)
        scan.pdf(pdf, typst_pdf.pdf_texts(pdf), what)
        return pdf
    text = html_page.document(sheet) if kind == "html" else svg.document(sheet.drawing, sheet.title, sheet.footer)
    scan.markup(text, what)
    return text.encode()


def _ordinary(record: Record) -> t.Iterator[str]:
    """Every name and number of the site; remarks are not among them, for a password in one is a leak."""
    for field in fields_of(type(record)):
        if field.name != "description":
            yield from _plain(getattr(record, field.name))


def _plain(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, Record):
        yield from _ordinary(value)
    elif isinstance(value, Text):
        yield from value
    elif isinstance(value, tuple):
        for item in value:
            yield from _plain(item)
    elif isinstance(value, (str, int, float)):
        yield f"{value:g}" if isinstance(value, float) else str(value)


__all__ = ["FORMATS", "MODES", "Choice", "Made", "Reveal", "logins_of", "render", "stem_of", "unsearched"]
