# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for cryptsetup(8): LUKS1 and LUKS2. A passphrase goes by standard input, never into argv or a file."""

from __future__ import annotations

import typing as t

from .._common.errors import InvalidRequest, Refused, ToolFailed
from .._common.host import Host
from .._common.runner import last_words, require

PROGRAM = "cryptsetup"
FSTYPE = "crypto_LUKS"
# cryptsetup(8), RETURN CODES.
NO_PERMISSION, NO_MEMORY = 2, 3
# Seconds that the derivation of a key may take at least: it is made to be slow, and an emulated CPU is slower.
DERIVING = 120.0


class Keys:
    """What opens encrypted volumes of one image. Not a record, so that no message shows a passphrase by mistake."""

    def __init__(self, passphrase: str = "", key_file: str = "") -> None:
        self.passphrase = passphrase
        self.key_file = key_file

    def __bool__(self) -> bool:
        return bool(self.passphrase or self.key_file)


NONE = Keys()


def open_volume(host: Host, device: str, name: str, keys: Keys, shown: str, *, read_only: bool) -> None:
    """Open a volume as /dev/mapper/NAME. Raises InvalidRequest without keys, Refused for wrong ones, ToolFailed."""
    if not keys:
        raise InvalidRequest(shown, "it is encrypted with LUKS", "give luks_passphrase or luks_key_file")
    require(host.runner, [PROGRAM])
    argv = [PROGRAM, "open", "--batch-mode", "--type", "luks", *(["--readonly"] if read_only else [])]
    argv += ["--key-file", keys.key_file or "-", device, name]
    done = host.runner.run(argv, max(host.timeout, DERIVING), given="" if keys.key_file else keys.passphrase)
    if done.rc == NO_PERMISSION:
        which = f"the key file {keys.key_file}" if keys.key_file else "the passphrase"
        raise Refused(shown, f"{which} does not open it", "correct it; cryptsetup luksDump lists the key slots")
    if done.rc == NO_MEMORY:
        raise ToolFailed(shown, "opening it needs more memory than the host has free", "free some, then run again")
    if done.rc != 0:
        raise ToolFailed(
            shown, f"cryptsetup failed with status {done.rc}: {last_words(done.err)}", "read the kernel log"
        )


def close_volume(host: Host, name: str) -> str:
    """Close it; return why it could not be, "" where it could."""
    done = host.runner.run([PROGRAM, "close", name], host.timeout)
    return "" if done.rc == 0 else last_words(done.err)


def choose(image: str, passphrase: str, by_image: t.Mapping[str, str], key_file: str) -> Keys:
    """The keys for an image: its own passphrase wins, then the key file, then the passphrase for all."""
    # YAML makes numbers of passphrases that look like some.
    own = str(by_image.get(image, ""))
    return Keys(own or ("" if key_file else passphrase), "" if own else key_file)


__all__ = ["FSTYPE", "NONE", "PROGRAM", "Keys", "choose", "close_volume", "open_volume"]
