# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""From the paths that a user names to site files."""

from __future__ import annotations

import os
import typing as t

from ...module_utils._common.errors import FleetError, InvalidRequest
from .findings import Finding
from .model import Site
from .model_load import SiteFile, load_site

SUFFIXES = (".yml", ".yaml")
ReadText = t.Callable[[str], str]


def site_paths(given: t.Iterable[str]) -> list[str]:
    """The files themselves, and for a directory the YAML files in it, by name. Raises InvalidRequest."""
    found: list[str] = []
    for path in given:
        if os.path.isdir(path):
            names = sorted(name for name in os.listdir(path) if name.endswith(SUFFIXES) and not name.startswith("."))
            if not names:
                raise InvalidRequest(
                    path, "there is no site file in it", "name a directory that holds *.yml, or a file"
                )
            found += [os.path.join(path, name) for name in names]
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read_sites(paths: t.Iterable[str], read_text: ReadText) -> list[SiteFile]:
    """Read every file. One that cannot be read is a finding, and hides none of the others."""
    return [_read(path, read_text) for path in paths]


def _read(path: str, read_text: ReadText) -> SiteFile:
    try:
        return load_site(read_text(path), path)
    except FleetError as error:
        why, hint = error.why, error.hint
    except OSError as error:
        why, hint = f"it cannot be read: {error.strerror}", "mend the path or its permissions"
    except UnicodeError:
        why, hint = "it is not text in UTF-8", "save it as UTF-8"
    finding = Finding("error", "file-unreadable", path, 1, "the file", why, hint)
    return SiteFile(path, None, (finding,), frozenset())


def the_site(path: str, read_text: ReadText) -> Site:
    """The one site of a file, for what cannot work on half of one. Raises InvalidRequest with the first error."""
    file = _read(path, read_text)
    if file.site is None or file.findings:
        first = file.findings[0]
        raise InvalidRequest(f"{path}:{first.line}", f"{first.label}: {first.message}", first.hint)
    return file.site


__all__ = ["SUFFIXES", "ReadText", "read_sites", "site_paths", "the_site"]
