# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What was put into a Windows guest, written down in the guest itself, so that it can be taken out again.

The record says what it will be once the registry has been moved into place (``next``) beside what it is. Which of the
two holds after a kill is told by the registry: it is the former unless the registry is still the one from before.
"""

from __future__ import annotations

import json
import os
import typing as t

from .._common.errors import Refused
from . import guest_files
from .registry import RegValue
from .registry_draft import Entry
from .windows_survey import WindowsPlace

# Below the Windows directory. All of it is ours.
DIRECTORY = "homevirt.fleet"
LEDGER = "ledger.json"
DRIVERS = "drivers"
BACKUP = "backup"
NEXT = "next"
FORMAT = 1


class OwnedFile(t.NamedTuple):
    """A file in the guest. original: what was there before is kept among the originals; owners: drivers' names."""

    digest: str
    original: bool
    owners: tuple[str, ...]


class OwnedDriver(t.NamedTuple):
    """A driver that was put in. entries: what it changed in the registry."""

    inf: str
    date: tuple[int, ...]
    version: tuple[int, ...]
    digest: str
    service: str
    boots: bool
    entries: tuple[Entry, ...]


class State(t.NamedTuple):
    """All that is ours in a guest.

    drivers: by name. files: by path below the Windows directory. shared: changes of the registry for all drivers.
    hives:   digests after our last change. backups: digests of the hives before the first.
    stale:   files that are to be removed.
    ran:     the guest has run since the backups were made, so they cannot be put back without a loss.
    """

    drivers: dict[str, OwnedDriver]
    files: dict[str, OwnedFile]
    shared: tuple[Entry, ...]
    hives: dict[str, str]
    backups: dict[str, str]
    stale: dict[str, OwnedFile]
    ran: bool = False

    def copy(self) -> State:
        """One whose parts can be changed without changing this one's."""
        parts = {name: dict(part) if isinstance(part, dict) else part for name, part in self._asdict().items()}
        return State(**parts)


NOTHING = State({}, {}, (), {}, {}, {})


class Ledger:
    """The record of one guest.

    state: what holds. known_hives, known_files: digests that a hive or file of ours may have. unfinished: a run was
    killed.
    """

    def __init__(self, place: WindowsPlace) -> None:
        self.directory = guest_files.place(place.windows, DIRECTORY)
        self.path = os.path.join(self.directory, LEDGER)
        self.raw = self._read()
        self.state = NOTHING
        self.known_hives: dict[str, set[str]] = {name: set() for name in place.hives}
        self.known_files: dict[str, set[str]] = {}
        self.unfinished = os.path.isdir(os.path.join(self.directory, NEXT))
        if self.raw is not None:
            self._load(place, self.raw)

    def ran(self, place: WindowsPlace) -> bool:
        """Whether the guest has run since the backups were made: somebody else has written its registry."""
        if self.raw is None:
            return False
        return self.state.ran or any(
            guest_files.digest(path) not in self.known_hives[name] for name, path in place.hives.items()
        )

    @property
    def there(self) -> bool:
        return os.path.isdir(self.directory)

    def _read(self) -> t.Optional[bytes]:
        path = guest_files.find(self.directory, LEDGER)
        if path is None:
            return None
        with open(path, "rb") as stream:
            return stream.read()

    def _load(self, place: WindowsPlace, raw: bytes) -> None:
        try:
            content = json.loads(raw)
            if content["format"] != FORMAT:
                raise Refused(
                    self.path, "written by a newer version of homevirt.fleet", "use that version for this guest"
                )
            # The guest may have written it, too: guest_files lets no path of it leave the Windows directory.
            states = [_state(content[key]) for key in ("now", "next") if content[key] is not None]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(
                self.path,
                f"the record of what was put into the guest cannot be read ({error})",
                "move it away; what was put in then counts as the guest's own",
            ) from None
        self.state = states[-1]
        if len(states) == 2 and guest_files.digest(place.hives["SYSTEM"]) == content["before"]:
            self.state = _not_begun(*states)
        for state in states:
            for path, file in [*state.files.items(), *state.stale.items()]:
                self.known_files.setdefault(path, set()).add(file.digest)
            for name, digest in [*state.hives.items(), *state.backups.items()]:
                self.known_hives[name].add(digest)


def _not_begun(now: State, following: State) -> State:
    """What holds after a kill before SYSTEM was moved: files may be there already, and SOFTWARE may be moved."""
    moved = tuple(entry for entry in following.shared if entry.hive != "SYSTEM" and entry not in now.shared)
    unborn = {path: file for path, file in following.files.items() if path not in now.files}
    return now._replace(
        stale={**unborn, **now.stale}, shared=(*now.shared, *moved), backups=now.backups or following.backups
    )


def text(now: State, following: t.Optional[State], before: str) -> bytes:
    """A record's content. before: digest of the SYSTEM hive as long as ``now`` holds."""
    content = {
        "format": FORMAT,
        "now": _plain(now),
        "next": None if following is None else _plain(following),
        "before": before,
    }
    return json.dumps(content, indent=1, sort_keys=True).encode()


def _plain(state: State) -> dict[str, t.Any]:
    return {
        "drivers": {
            name: {**driver._asdict(), "entries": [_plain_entry(entry) for entry in driver.entries]}
            for name, driver in state.drivers.items()
        },
        "files": {path: file._asdict() for path, file in state.files.items()},
        "stale": {path: file._asdict() for path, file in state.stale.items()},
        "shared": [_plain_entry(entry) for entry in state.shared],
        "hives": state.hives,
        "backups": state.backups,
        "ran": state.ran,
    }


def _plain_entry(entry: Entry) -> list[t.Any]:
    sides = [
        [side.type, side.data.hex()] if isinstance(side, RegValue) else side for side in (entry.before, entry.after)
    ]
    return [entry.hive, list(entry.path), entry.name, *sides]


def _state(plain: t.Mapping[str, t.Any]) -> State:
    return State(
        drivers={
            name: OwnedDriver(
                **{
                    **driver,
                    "date": tuple(driver["date"]),
                    "version": tuple(driver["version"]),
                    "entries": tuple(_entry(entry) for entry in driver["entries"]),
                }
            )
            for name, driver in plain["drivers"].items()
        },
        files=_files(plain["files"]),
        shared=tuple(_entry(entry) for entry in plain["shared"]),
        hives=dict(plain["hives"]),
        backups=dict(plain["backups"]),
        stale=_files(plain["stale"]),
        ran=plain["ran"],
    )


def _files(plain: t.Mapping[str, t.Any]) -> dict[str, OwnedFile]:
    return {path: OwnedFile(**{**file, "owners": tuple(file["owners"])}) for path, file in plain.items()}


def _entry(plain: t.Sequence[t.Any]) -> Entry:
    hive, path, name, *sides = plain
    before, after = [RegValue(side[0], bytes.fromhex(side[1])) if isinstance(side, list) else side for side in sides]
    return Entry(hive, tuple(path), name, before, after)


__all__ = ["BACKUP", "DIRECTORY", "DRIVERS", "NEXT", "NOTHING", "Ledger", "OwnedDriver", "OwnedFile", "State", "text"]
