# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Runs into the history, and the history out into files: planned first, then done."""

from __future__ import annotations

import typing as t

from . import history, outfile, results, tables
from .record import Record, to_line


def _json_lines(records: t.Sequence[Record]) -> str:
    return "".join(map(to_line, records))


FORMATS: dict[str, t.Callable[[t.Sequence[Record]], str]] = {
    "csv": tables.to_csv,
    "prometheus": tables.to_prometheus,
    "json_lines": _json_lines,
}


def keep(
    database: str, records: t.Sequence[str], exports: t.Mapping[str, str], *, timeout: float, check: bool
) -> dict[str, t.Any]:
    """Add the runs of these files, then write the whole history into the exports (format -> path).

    Everything is planned before anything is written. Raises FleetError.
    """
    read = results.read(records)
    new = history.missing(database, read.records, timeout)
    whole = history.sorted_by_age([*history.read(database, timeout, absent_is_empty=bool(records)), *new])
    files = {name: outfile.planned(path, FORMATS[name](whole)) for name, path in exports.items()}
    if not check:
        # Another import may have added some of them meanwhile; what is returned is what this one added.
        new = history.add(database, read.records, timeout) if new else []
        for file in files.values():
            file.write()
    written = {name: file for name, file in files.items() if file.changes}
    return {
        "changed": bool(new or written),
        "added": [{"run_id": each.run_id, "slot": each.slot, "job": each.job} for each in new],
        "total": len(whole),
        "files": [{"format": name, "path": file.path, "changed": file.changes} for name, file in files.items()],
        "diff": [_added_diff(database, new), *(file.diff() for file in written.values())],
        "warnings": results.warnings(read),
    }


def _added_diff(database: str, new: t.Sequence[Record]) -> dict[str, str]:
    lines = "".join(f"{' '.join(each.key)}\n" for each in new)
    return {"before_header": database, "after_header": database, "before": "", "after": lines}


__all__ = ["FORMATS", "keep"]
