# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of a lab's host, see lab_hosts.py: an init and an ssh server, and for the kind busybox all of its system."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

BUSYBOX = "/usr/bin/busybox"
SSHD = "/usr/sbin/sshd"
INITTAB = "::sysinit:/etc/init.d/rcS\n::respawn:/usr/sbin/sshd -D -f /etc/lab/sshd_config\n"
RCS = '#!/bin/sh\nfor script in /etc/init.d/S??*; do [ ! -x "$script" ] || "$script" start; done\n'
SSHD_CONFIG = """
HostKey /etc/lab/host_key
AuthorizedKeysFile /etc/lab/keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
"""
PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\nsshd:x:33:33:sshd:/run/sshd:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"
)
GROUP = "root:x:0:\nsshd:x:33:\nnogroup:x:65534:\n"


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, text=True, **options)


def fill(tree, kind, place):
    """tree: the disk. place: the lab's directory, with its keys."""
    for part in ("etc/lab", "etc/init.d", "sbin/lab", "usr/sbin"):
        (tree / part).mkdir(parents=True, exist_ok=True)
    shutil.copy2(os.path.realpath(BUSYBOX), tree / "sbin/lab/busybox")
    texts = {"etc/inittab": INITTAB, "etc/init.d/rcS": RCS, "etc/lab/sshd_config": SSHD_CONFIG}
    if kind == "busybox":
        texts.update({"etc/passwd": PASSWD, "etc/group": GROUP})
        _busybox(tree)
    for path, text in texts.items():
        (tree / path).write_text(text)
    (tree / "etc/init.d/rcS").chmod(0o755)
    shutil.copy2(place / "host_key", tree / "etc/lab/host_key")
    shutil.copy2(place / "key.pub", tree / "etc/lab/keys")
    (tree / "etc/lab/keys").chmod(0o644)
    for path in (tree, *tree.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)


def _busybox(tree):
    for part in ("bin", "usr/bin", "root", "var/lib", "srv"):
        (tree / part).mkdir(parents=True, exist_ok=True)
    shutil.copy2(os.path.realpath(BUSYBOX), tree / "bin/busybox")
    for path in run(BUSYBOX, "--list-full", capture_output=True).stdout.split():
        link = tree / path
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to("/bin/busybox")
    wanted = [SSHD, *(str(path) for path in pathlib.Path("/usr/lib/openssh").glob("sshd-*"))]
    for program in wanted:
        libraries = run("ldd", program, capture_output=True).stdout.split()
        for path in (program, *(word for word in libraries if word.startswith("/"))):
            (tree / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.realpath(path), tree / path[1:])
