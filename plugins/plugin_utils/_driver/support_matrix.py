# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which guest is supported on which hypervisor: rows from published tables, each with its source and its dates."""

from __future__ import annotations

import datetime
import functools
import typing as t

import yaml

from . import support_names
from .support_names import Name, Pattern

# From the least to the most.
STATUSES = ("unknown", "works", "vendor-supported", "validated")


class Source(t.NamedTuple):
    """A public page. read: the day a copy was read, None where none could be had. extent: whole, excerpt or none."""

    id: str
    title: str
    publisher: str
    url: str
    published: t.Optional[datetime.date]
    read: t.Optional[datetime.date]
    extent: str


class Row(t.NamedTuple):
    """What one source says of some guests.

    hosts: what the hypervisor must come in; empty where the source names nothing.
    until: the first day on which it no longer holds, None where no end is known.
    """

    guests: tuple[Pattern, ...]
    hypervisors: tuple[str, ...]
    hosts: tuple[Pattern, ...]
    status: str
    since: datetime.date
    until: t.Optional[datetime.date]
    architectures: tuple[str, ...]
    packages: tuple[str, ...]
    drivers_in: str
    note: str
    source: Source

    def public(self) -> dict[str, t.Any]:
        return {
            "status": self.status,
            "guests": [pattern.text for pattern in self.guests],
            "hosts": [pattern.text for pattern in self.hosts],
            "architectures": list(self.architectures),
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "packages": list(self.packages),
            "drivers_in": self.drivers_in or None,
            "note": self.note or None,
            "source": self.source.url,
            "title": self.source.title,
            "publisher": self.source.publisher,
            "read": self.source.read.isoformat() if self.source.read else None,
            "extent": self.source.extent,
        }


class Question(t.NamedTuple):
    """host and architecture may be None: then rows of all count."""

    guest: Name
    hypervisor: str
    host: t.Optional[Name]
    architecture: t.Optional[str]
    on: datetime.date


def rank(row: Row) -> tuple[int, datetime.date]:
    return STATUSES.index(row.status), row.since


@functools.cache
def sources() -> dict[str, Source]:
    return {name: Source(id=name, **entry) for name, entry in _loaded("sources.yml").items()}


@functools.cache
def rows() -> tuple[Row, ...]:
    files = sorted((support_names.DATA / "rows").glob("*.yml"))
    return tuple(_row(entry) for path in files for entry in _loaded(f"rows/{path.name}")["rows"])


def applying(question: Question, extra: t.Iterable[Row] = ()) -> list[Row]:
    """The rows that answer a question, the strongest first and of equals the newest."""
    found = [row for row in (*rows(), *extra) if _applies(row, question)]
    return sorted(found, key=rank, reverse=True)


def elsewhere(question: Question) -> list[Row]:
    """The promises for other hosts than the one that was asked for."""
    anywhere = applying(question._replace(host=None))
    here = applying(question)
    return [row for row in anywhere if row.status != "unknown" and row not in here]


def tables() -> dict[str, list[str]]:
    """All rows, and all sources, as tables of a page in Markdown."""
    told = [
        (hypervisor, row) for hypervisor in support_names.names_data()["hypervisors"] for row in _by_rank(hypervisor)
    ]
    return {
        "rows": [
            "| on | status | guests | hosts | from | until | source | condition |",
            "|---|---|---|---|---|---|---|---|",
            *(_line(hypervisor, row) for hypervisor, row in told),
        ],
        "sources": [
            "| source | page | published | read |",
            "|---|---|---|---|",
            *(
                f"| {source.id} | {source.publisher}: [{source.title}]({source.url}) | {source.published or 'undated'} "
                f"| {f'{source.read}, {source.extent}' if source.read else 'could not be had'} |"
                for source in sources().values()
            ),
        ],
    }


def _by_rank(hypervisor: str) -> list[Row]:
    return sorted((row for row in rows() if hypervisor in row.hypervisors), key=rank, reverse=True)


def _line(hypervisor: str, row: Row) -> str:
    guests, hosts = (", ".join(pattern.text for pattern in patterns) for patterns in (row.guests, row.hosts))
    bits = "" if row.architectures == ("x86_64",) else f" ({', '.join(row.architectures)})"
    needs = [f"Needs {' and '.join(row.packages)}."] if row.packages else []
    condition = " ".join([*needs, row.note]).strip()
    return (
        f"| {hypervisor} | {row.status} | {guests}{bits} | {hosts or 'any'} | {row.since} | {row.until or ''} "
        f"| {row.source.id} | {condition} |"
    )


def _applies(row: Row, question: Question) -> bool:
    return (
        question.hypervisor in row.hypervisors
        and any(pattern.matches(question.guest) for pattern in row.guests)
        and (question.host is None or not row.hosts or any(pattern.matches(question.host) for pattern in row.hosts))
        and (question.architecture is None or question.architecture in row.architectures)
        and row.since <= question.on
        and (row.until is None or question.on < row.until)
    )


def _row(entry: t.Mapping[str, t.Any]) -> Row:
    return Row(
        guests=tuple(map(support_names.pattern, entry["guests"])),
        hypervisors=tuple(entry["hypervisors"]),
        hosts=tuple(map(support_names.pattern, entry.get("hosts", []))),
        status=entry["status"],
        since=entry["since"],
        until=entry.get("until"),
        # The tables are those of x86 servers, and say it where they mean 32-bit guests too.
        architectures=tuple(entry.get("architectures", ["x86_64"])),
        packages=tuple(entry.get("packages", [])),
        drivers_in=entry.get("drivers_in", ""),
        note=entry.get("note", ""),
        source=sources()[entry["source"]],
    )


def _loaded(name: str) -> t.Any:
    return yaml.safe_load((support_names.DATA / name).read_text(encoding="utf-8"))


__all__ = ["STATUSES", "Question", "Row", "Source", "applying", "elsewhere", "rank", "rows", "sources", "tables"]
