# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Files that are to hold a text: compared first, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
import typing as t

from ...module_utils._common.errors import FleetError, Refused


class Difference(t.NamedTuple):
    """One file that does not hold what it should. before: "" where it is not there."""

    path: str
    before: str
    after: str

    def diff(self) -> dict[str, str]:
        """The shape that Ansible's ``--diff`` prints."""
        return {
            "before": self.before,
            "after": self.after,
            "before_header": self.path if self.before else "(no file)",
            "after_header": self.path,
        }


def differences(wanted: t.Mapping[str, str]) -> list[Difference]:
    """What is to be written, of path -> text. Raises FleetError where a place cannot hold a file."""
    found = []
    for path, after in wanted.items():
        before = text_of(path)
        if before != after:
            found.append(Difference(path, before or "", after))
    return found


def text_of(path: str) -> t.Optional[str]:
    """What a file holds, None where there is none. Raises FleetError where it holds no text."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Refused(
            path, "it is there and is no text, so it is not ours", "move it away, or name another dest"
        ) from None
    except OSError as error:
        raise _failed(path, error) from error


def write(found: t.Iterable[Difference], mode: int = 0o644) -> None:
    """Write each file beside its place and move it there. Raises FleetError."""
    for difference in found:
        directory = os.path.dirname(difference.path)
        try:
            os.makedirs(directory, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=directory, prefix=".homevirt-")
            try:
                with open(handle, "w", encoding="utf-8", newline="") as stream:
                    os.fchmod(stream.fileno(), mode)
                    stream.write(difference.after)
                os.replace(temporary, difference.path)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise _failed(difference.path, error) from error


def _failed(path: str, error: OSError) -> FleetError:
    return FleetError(path, str(error.strerror), "mend that, or name another dest")


__all__ = ["Difference", "differences", "text_of", "write"]
