# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A file on the controller that is to have a certain content."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import typing as t

from ...module_utils._common.errors import FleetError, Refused


class Outfile(t.NamedTuple):
    """before: the content that is there, None where there is no file."""

    path: str
    before: t.Optional[bytes]
    after: bytes

    @property
    def changes(self) -> bool:
        return self.before != self.after

    def diff(self) -> dict[str, str]:
        """The shape that Ansible's ``--diff`` prints."""
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": (self.before or b"").decode(errors="replace"),
            "after": self.after.decode(errors="replace"),
        }

    def write(self) -> None:
        """Put the whole content in place at once: a reader sees the old file or the new one, never half of one."""
        if not self.changes:
            return
        directory = os.path.dirname(os.path.abspath(self.path))
        with _errors(self.path):
            handle, name = tempfile.mkstemp(prefix=f".{os.path.basename(self.path)}.", dir=directory)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(self.after)
                    stream.flush()
                    os.fchmod(stream.fileno(), self._mode())
                    os.fsync(stream.fileno())
                os.replace(name, self.path)
            except BaseException:
                # An interrupt too leaves no half-written file behind; it is raised again, never swallowed.
                os.unlink(name)
                raise

    def _mode(self) -> int:
        if self.before is not None:
            return stat.S_IMODE(os.stat(self.path).st_mode)
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def planned(path: str, content: str) -> Outfile:
    """Look at what is there. Raises FleetError where it is no regular file, or its directory is not there."""
    with _errors(path):
        directory = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(directory):
            raise Refused(path, f"there is no directory {directory}", "make it first")
        before = None
        if os.path.lexists(path):
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise Refused(path, "it is not a regular file, and would be replaced by one", "name another path")
            with open(path, "rb") as stream:
                before = stream.read()
    return Outfile(path, before, content.encode())


@contextlib.contextmanager
def _errors(path: str) -> t.Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FleetError(path, f"{error.strerror}", "mend that, then run again") from error


__all__ = ["Outfile", "planned"]
