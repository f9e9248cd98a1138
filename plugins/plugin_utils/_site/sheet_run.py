# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""All sheets of all sites brought up to date: what is current stays, what is stale is drawn anew.

A site that cannot be drawn stops none of the others; all that went wrong is reported at the end.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
import stat
import typing as t

from ...module_utils._common.errors import FleetError, InvalidRequest
from .editions import secrets_of
from .leaks import Crowd, Leak, Needle
from .model import Site
from .model_load import load_site
from .model_values import Secret
from .sheet_render import MODES, Choice, Made, Reveal, logins_of, render, stem_of, unsearched
from .sheet_store import Record, Store, code_digest, digest_of, new_key, stamp, write_whole

TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


class File(t.NamedTuple):
    path: str
    site: str
    edition: str
    language: str
    format: str
    changed: bool


class Difference(t.NamedTuple):
    """A sheet's facts before and after."""

    name: str
    before: str
    after: str


class Outcome(t.NamedTuple):
    files: list[File]
    differences: list[Difference]
    warnings: list[str]
    errors: list[FleetError]

    @property
    def changed(self) -> bool:
        return any(file.changed for file in self.files)


class Source(t.NamedTuple):
    """A site file. quick: the values of all templates in its text, or None where only parsing tells them."""

    path: str
    text: str
    quick: t.Optional[tuple[str, ...]]


def make_sheets(texts: t.Mapping[str, str], dest: str, choice: Choice, reveal: Reveal, check: bool = False) -> Outcome:
    """``texts``: the site files by their paths. With ``check`` nothing is written."""
    return _Run(texts, pathlib.Path(dest), choice, reveal, check).outcome()


class _Run:
    def __init__(
        self, texts: t.Mapping[str, str], dest: pathlib.Path, choice: Choice, reveal: Reveal, check: bool
    ) -> None:
        self.dest, self.choice, self.check = dest, choice, check
        self.reveal = functools.cache(reveal)
        self.store = Store(dest)
        self.sources = [Source(path, text, self._quick(text)) for path, text in texts.items()]
        # A secret of one site on the sheet of another is a leak, too, so any new one makes all sheets stale.
        self.unstamped = any(source.quick is None for source in self.sources)
        secrets = [value for source in self.sources for value in source.quick or ()]
        # One digest, for each site's stamp would hash the secrets of all sites.
        self.secrets = digest_of(json.dumps(secrets).encode())
        self.result = Outcome([], [], [], [])
        self.slugs: dict[str, str] = {}

    def _quick(self, text: str) -> t.Optional[tuple[str, ...]]:
        # With a backslash a text in quotes is not what it looks like.
        if "\\" in text:
            return None
        try:
            return tuple(self.reveal(Secret("template", found)) for found in TEMPLATE.findall(text))
        except FleetError:
            # A template in a comment, say. Parsing tells which ones count.
            return None

    def outcome(self) -> Outcome:
        for source in self.sources:
            record = self.store.read(source.path)
            try:
                if record is None or not self._is_current(source, record):
                    self._draw(source, record)
            except FleetError as error:
                self.result.errors.append(error)
        return self.result

    def _stamp(self, source: Source, key: str) -> t.Optional[str]:
        if self.unstamped:
            return None
        return stamp(key, (code_digest(), source.text, repr(self.choice), self.secrets))

    def _is_current(self, source: Source, record: Record) -> bool:
        if record["stamp"] != self._stamp(source, record["key"]):
            return False
        wanted = self._wanted(record["slug"])
        if any(self._digest(name, mode) != record["files"].get(name) for name, mode, _file in wanted):
            return False
        self._claim(record["slug"], source)
        self.result.files.extend(file for _name, _mode, file in wanted)
        return True

    def _wanted(self, slug: str) -> list[tuple[str, int, File]]:
        return [
            (name, MODES[edition], File(str(self.dest / name), slug, edition, language, kind, False))
            for edition in self.choice.editions
            for language in self.choice.languages
            for kind in self.choice.formats
            for name in (f"{stem_of(slug, edition, language)}.{kind}",)
        ]

    def _digest(self, name: str, mode: int) -> t.Optional[str]:
        """The digest of a file with the right permissions."""
        path = self.dest / name
        try:
            if stat.S_IMODE(path.lstat().st_mode) != mode or path.is_symlink():
                return None
            return digest_of(path.read_bytes())
        except FileNotFoundError:
            return None

    def _claim(self, slug: str, source: Source) -> None:
        other = self.slugs.setdefault(slug, source.path)
        if other != source.path:
            raise InvalidRequest(source.path, f"its slug {slug} is that of {other}, too", "give each site its own")

    def _draw(self, source: Source, record: t.Optional[Record]) -> None:
        read = load_site(source.text, source.path)
        errors = [finding for finding in read.findings if finding.severity == "error"]
        if read.site is None or errors:
            first = errors[0]
            what = f"{source.path}:{first.line}"
            raise InvalidRequest(what, f"{first.label}: {first.message}", f"{first.hint}; site_check lists everything")
        site = read.site
        self._claim(site.slug, source)
        unreadable = list(self._unreadable(source, site))
        if unreadable:
            self.result.errors.extend(unreadable)
            return
        logins = logins_of(site, self.reveal)
        self.result.warnings.extend(
            f"The {name} of site {site.slug} is too short or too ordinary to be looked for in the sheets;"
            " choose a longer one."
            for name in unsearched(site, logins)
        )
        before = self.store.facts(source.path)
        files: dict[str, str] = dict(record["files"]) if record is not None else {}
        facts: dict[str, t.Sequence[str]] = dict(before)
        try:
            for made in render(site, logins, self._crowd, self.choice):
                self._keep(made, before)
                stem = stem_of(made.site, made.edition, made.language)
                facts[stem] = made.facts
                files.update({name: digest_of(data) for name, data in made.files.items()})
        except Leak as error:
            raise self._removed(error, site.slug) from error
        if not self.check:
            key = record["key"] if record is not None else new_key()
            kept = Record(key=key, stamp=self._stamp(source, key) or "", slug=site.slug, files=files)
            self.store.write(source.path, kept, facts)

    def _unreadable(self, source: Source, site: Site) -> t.Iterator[FleetError]:
        """An error for each secret that cannot be had in clear."""
        for name, _edition, _part, value in secrets_of(site):
            try:
                self.reveal(value)
            except FleetError as error:
                what = f"{source.path}: credential {name} ({error.what})"
                yield InvalidRequest(what, error.why, error.hint)

    @functools.cached_property
    def _crowd(self) -> Crowd:
        return Crowd(needle for source in self.sources for needle in self._needles(source))

    def _needles(self, source: Source) -> list[Needle]:
        if source.quick is not None and "!vault" not in source.text:
            return [Needle(f"secret of {source.path}", value) for value in source.quick]
        site = load_site(source.text, source.path).site
        if site is None:
            return []
        for error in self._unreadable(source, site):
            raise error
        return [
            Needle(f"{part} of credential {name} of {source.path}", self.reveal(value))
            for name, _edition, part, value in secrets_of(site)
            if value.kind != "plain"
        ]

    def _keep(self, made: Made, before: t.Mapping[str, t.Sequence[str]]) -> None:
        mode, stem, changed = MODES[made.edition], stem_of(made.site, made.edition, made.language), False
        for name, data in made.files.items():
            stale = self._digest(name, mode) != digest_of(data)
            changed = changed or stale
            if stale and not self.check:
                self.dest.mkdir(parents=True, exist_ok=True)
                write_whole(self.dest / name, data, mode)
            kind = name.rpartition(".")[2]
            self.result.files.append(File(str(self.dest / name), made.site, made.edition, made.language, kind, stale))
        if changed:
            old, new = list(before.get(stem, ())), list(made.facts)
            if old == new:
                new.append("(a password, the drawing or a file itself changed, no other fact)")
            self.result.differences.append(Difference(stem, "\n".join((*old, "")), "\n".join((*new, ""))))

    def _removed(self, leak: Leak, slug: str) -> Leak:
        """What an earlier run wrote of the edition that leaks may hold the secret, too."""
        stem = leak.what.partition(",")[0].partition(".")[0]
        removed = [file for name, _mode, file in self._wanted(slug) if name.startswith(f"{stem}.")]
        gone = [file.path for file in removed if pathlib.Path(file.path).exists()]
        if not self.check:
            for path in gone:
                pathlib.Path(path).unlink()
        verb = "would be removed" if self.check else "was removed"
        return Leak(leak.what, f"{leak.why}; the sheet {verb}" if gone else leak.why, leak.hint)


__all__ = ["Difference", "File", "Outcome", "make_sheets"]
