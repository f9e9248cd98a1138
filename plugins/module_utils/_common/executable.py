# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""For which processor a program file was built: elf.h's e_machine, winnt.h's Machine, as Linux's uname names them."""

from __future__ import annotations

import struct

ELF = {
    3: "i686",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch64",
}
PE = {0x14C: "i686", 0x1C4: "arm", 0x200: "ia64", 0x8664: "x86_64", 0xAA64: "aarch64"}
# Of a file of either kind, all that is looked at here; a kernel of Windows has its header within the first page.
ENOUGH = 4096


def elf_machine(head: bytes) -> str:
    """By a program's first bytes; ``machine NUMBER`` for one without a name here, "" for what is no ELF file."""
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    little = head[5] == 1
    (number,) = struct.unpack_from("<H" if little else ">H", head, 18)
    name = ELF.get(number, f"machine {number}")
    return f"{name}le" if name == "ppc64" and little else name


def pe_machine(head: bytes) -> str:
    """By a program's first ENOUGH bytes; "" for what is no program of Windows, or for none of these processors."""
    if len(head) < 64 or head[:2] != b"MZ":
        return ""
    (at,) = struct.unpack_from("<I", head, 60)
    if head[at : at + 4] != b"PE\0\0" or at + 6 > len(head):
        return ""
    return PE.get(struct.unpack_from("<H", head, at + 4)[0], "")


__all__ = ["ENOUGH", "elf_machine", "pe_machine"]
