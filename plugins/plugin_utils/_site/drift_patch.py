# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What would make a site file true again, as a patch for a person to read. Nothing here writes a site file.

A value is replaced in its own line, so that comments and order stay. Each step is proved: the new text is read again,
and must be the old site but for that one value. What cannot be proved is left out.
"""

from __future__ import annotations

import difflib
import json
import re
import typing as t

from .drift_book import Edit
from .model import Site
from .model_load import load_site
from .model_plain import plain

# A house has no more cables than this, and each step reads the file again.
MOST = 60
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._:/-]*|[0-9.]+/[0-9]+")


def patch(text: str, file: str, edits: t.Iterable[Edit]) -> str:
    """A unified diff of the file; "" where nothing can be proposed."""
    changed = text
    for edit in _agreed(edits):
        changed = _step(changed, file, edit) or changed
    lines = (text.splitlines(keepends=True), changed.splitlines(keepends=True))
    # The lines around a change go where reports go, and a password that somebody wrote among them must not.
    context = 0 if _has_plain_secret(load_site(text, file).site) else 3
    return "".join(difflib.unified_diff(*lines, fromfile=file, tofile=file, n=context))


def _has_plain_secret(site: t.Optional[Site]) -> bool:
    secrets = [one for credential in (site.credentials if site else ()) for one in (credential.user, credential.secret)]
    return any(secret is not None and secret.kind == "plain" for secret in secrets)


def _agreed(edits: t.Iterable[Edit]) -> list[Edit]:
    """Those that nothing contradicts. Additions come last, since one in a line of its own moves what follows."""
    wanted: dict[tuple[int, str, str], set[Edit]] = {}
    for edit in edits:
        wanted.setdefault((edit.record.origin.line, edit.record.called, edit.key), set()).add(edit)
    agreed = [next(iter(same)) for same in wanted.values() if len(same) == 1]
    return sorted(agreed, key=lambda edit: (edit.old is None, -edit.record.origin.line))[:MOST]


def _step(text: str, file: str, edit: Edit) -> str:
    """The text with one value changed; "" where that cannot be done in its line, or does not give what it should."""
    origin = edit.record.origin
    lines = text.splitlines(keepends=True)
    number = origin.line_of(edit.key if edit.old is not None else "name") - 1
    if not 0 <= number < len(lines):
        return ""
    line = _replaced(lines[number], edit) if edit.old is not None else _added(lines[number], edit)
    if not line:
        return ""
    changed = "".join([*lines[:number], line, *lines[number + 1 :]])
    return changed if _proved(text, changed, file, edit) else ""


def _replaced(line: str, edit: Edit) -> str:
    old = re.escape(t.cast(str, edit.old))
    pattern = rf"(?<![\w-])({edit.key}\s*:\s+)(?:\"{old}\"|'{old}'|{old})(?=\s*(?:[,}}\]#]|$))"
    found = list(re.finditer(pattern, line))
    if len(found) != 1:
        return ""
    written = line[found[0].end(1) : found[0].end()]
    quote = written[0] if written[0] in "\"'" else ""
    return f"{line[: found[0].end(1)]}{_scalar(edit.new, quote)}{line[found[0].end() :]}"


def _scalar(value: str, quote: str) -> str:
    if quote == "'" and "'" not in value:
        return f"'{value}'"
    return value if not quote and PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _added(line: str, edit: Edit) -> str:
    name = re.escape(str(getattr(edit.record, "name", "")))
    found = list(re.finditer(rf"(?<![\w-])name\s*:\s+(?:\"{name}\"|'{name}'|{name})(?=\s*(?:[,}}#]|$))", line))
    if len(found) != 1:
        return ""
    head, tail = line[: found[0].end()], line[found[0].end() :]
    value = f"{edit.key}: {json.dumps(edit.new)}"
    if re.match(r"\s*[,}]", tail):
        return f"{head}, {value}{tail}"
    return f"{line.rstrip(chr(10))}\n{' ' * found[0].start()}{value}\n"


def _proved(before: str, after: str, file: str, edit: Edit) -> bool:
    old, new = load_site(before, file), load_site(after, file)
    if old.site is None or new.site is None or len(new.findings) != len(old.findings):
        return False
    first, second = _leaves(plain(old.site)), _leaves(plain(new.site))
    differing = {way for way in {*first, *second} if first.get(way) != second.get(way)}
    return [(first.get(way), second.get(way)) for way in differing] == [(edit.old, edit.new)]


def _leaves(value: t.Any, way: tuple[t.Any, ...] = ()) -> dict[tuple[t.Any, ...], t.Optional[str]]:
    if isinstance(value, dict):
        parts: t.Iterable[tuple[t.Any, t.Any]] = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    else:
        return {way: None if value is None else str(value)}
    return {leaf: text for key, part in parts for leaf, text in _leaves(part, (*way, key)).items()}


__all__ = ["patch"]
