# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A question about a guest on a hypervisor, answered from the support matrix with its source, or with "unknown"."""

from __future__ import annotations

import datetime
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import support_matrix, support_names
from .osinfo import Osinfo
from .support_matrix import STATUSES, Question, Row
from .support_names import Name


class Asked(t.NamedTuple):
    """A question as it was written. on: a date, a text such as 2009-10-08, or None for today."""

    guest: t.Any
    hypervisor: t.Any
    host: t.Any = None
    architecture: t.Any = None
    on: t.Any = None


def answer(asked: Asked, osinfo: t.Optional[Osinfo] = None) -> dict[str, t.Any]:
    """Raises InvalidRequest where a value is no text or no date. A name that is not known is no error, but unknown."""
    texts = {name: _text(name, value) for name, value in asked._asdict().items() if name != "on"}
    on = day(asked.on)
    guest = support_names.system(texts["guest"])
    known = {
        "guest": guest,
        "hypervisor": support_names.hypervisor(texts["hypervisor"]),
        "host": support_names.system(texts["host"]) if texts["host"] else None,
        "architecture": support_names.architecture(texts["architecture"]) if texts["architecture"] else None,
    }
    strange = [name for name, value in known.items() if value is None and texts[name]]
    told = {name: _written(known[name], texts[name]) for name in known}
    told.update(on=on.isoformat(), title=guest.title if guest else None)
    if strange:
        return {**told, **_result([]), "reason": _strange(strange[0], texts[strange[0]]), "osinfo": None}
    question = Question(guest, known["hypervisor"], known["host"], known["architecture"], on)
    extra = osinfo.rows(guest, question.hypervisor) if osinfo else []
    rows = support_matrix.applying(question, extra)
    result = _result(rows)
    result["drivers"] = support_names.drivers(guest, question.hypervisor)
    return {**told, **result, "reason": _reason(question, rows), "osinfo": osinfo.public(guest) if osinfo else None}


def meets(found: t.Mapping[str, t.Any], at_least: str) -> bool:
    """Whether an answer's status is the wanted one or more. Raises InvalidRequest."""
    if at_least not in STATUSES[1:]:
        raise InvalidRequest(
            f"at_least {at_least!r}", "it is no status that can be asked for", f"give one of {', '.join(STATUSES[1:])}"
        )
    return STATUSES.index(found["status"]) >= STATUSES.index(at_least)


def day(value: t.Any) -> datetime.date:
    """Raises InvalidRequest."""
    if value is None:
        return datetime.date.today()
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.datetime.strptime(str(value), "%Y-%m-%d").date()
    except ValueError:
        raise InvalidRequest(f"on {value!r}", "it is no date", "write it as year-month-day, as in 2009-10-08") from None


def _text(name: str, value: t.Any) -> str:
    if value is None and name in ("host", "architecture"):
        return ""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(
            f"{name} {value!r}", "it is no name", "give a text, as in guest rhel9.4, hypervisor kvm, host sle15sp6"
        )
    return value


def _written(known: t.Any, text: str) -> t.Optional[str]:
    if isinstance(known, Name):
        return known.id
    return known or text or None


def _strange(name: str, text: str) -> str:
    examples = {
        "guest": "osinfo-db's short id, such as rhel9.4 or win2k22, or the distribution and version of Ansible's facts",
        "hypervisor": f"one of {', '.join(support_names.names_data()['hypervisors'])}",
        "host": "what the hypervisor comes in, such as rhel9.4, sle15sp6, win2k22 or esxi8.0",
        "architecture": f"one of {', '.join(support_names.names_data()['architectures'])}",
    }
    return f"The {name} {text!r} is not known here, so nothing is known of its support. Give {examples[name]}."


def _result(rows: t.Sequence[Row]) -> dict[str, t.Any]:
    best = rows[0].public() if rows else {}
    status = best.get("status", "unknown")
    # A lesser row for the same hosts may know more of the drivers; one for others would mislead.
    fitting = [row for row in rows if row.status != "unknown" and (not row.hosts or row.hosts == rows[0].hosts)]
    packages = dict.fromkeys(package for row in fitting for package in row.packages)
    drivers_in = next((row.drivers_in for row in fitting if row.drivers_in), None)
    return {
        "status": status,
        "drivers": [],
        "drivers_in": drivers_in,
        "packages": list(packages),
        "hosts": best.get("hosts", []),
        "source": best.get("source"),
        "source_title": best.get("title"),
        "since": best.get("since"),
        "until": best.get("until"),
        "read": best.get("read"),
        "note": best.get("note"),
        "rows": [row.public() for row in rows],
    }


def _reason(question: Question, rows: t.Sequence[Row]) -> str:
    what = f"{question.guest.id} on {question.hypervisor}"
    if question.host:
        what += f" of {question.host.id}"
    if rows and rows[0].status != "unknown":
        best = rows[0]
        where = f", on {', '.join(pattern.text for pattern in best.hosts)}" if best.hosts else ""
        dated = best.source.published
        when = f" since {best.since}" if dated else ""
        page = "" if dated else f" (on an undated page, read on {best.source.read})"
        needs = f" Needs {' and '.join(best.packages)}." if best.packages else ""
        note = f" {best.note}" if best.note else ""
        return f"{what}: {best.status}{when}{where}, says {best.source.publisher}{page}.{needs}{note}"
    said = f" {rows[0].note}" if rows else " No table that was read speaks of it."
    others = support_matrix.elsewhere(question)
    if others:
        hosts = dict.fromkeys(f"{pattern.text} ({row.status})" for row in others for pattern in row.hosts)
        said += f" For other hosts there is: {', '.join(hosts)}."
    return f"{what}: unknown on {question.on}.{said}"


__all__ = ["Asked", "answer", "day", "meets"]
