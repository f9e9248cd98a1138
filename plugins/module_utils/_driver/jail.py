# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Run one program of a guest with the guest's root as its own: python3 -c THIS r|w ROOT PROGRAM [ARGUMENT…]

A program of its own, handed to an interpreter as text, so it imports nothing of the collection. A plain chroot(8)
would let a guest's program reach the host: here it has mounts, processes and a network of its own, no devices but
/dev/null and the like, and none of the rights that it does not need. All mounts end with it, also when it is killed.
Numbers of Linux that Python has no names for: mount(2), prctl(2), capabilities(7), unshare(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import sys

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_SLAVE = 4096, 16384, 1 << 19
MNT_DETACH = 2
NAMESPACES = 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000  # mount, pid, net, ipc, uts
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
# chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, setfcap; sys_chroot for ldconfig -r, and
# mknod for dracut: nodes that nothing here can be opened through.
KEPT = {0, 1, 2, 3, 4, 5, 6, 7, 18, 27, 31}
PIVOT_ROOT = {"x86_64": 155, "i686": 217, "aarch64": 41, "ppc64le": 203, "s390x": 217, "riscv64": 41}
NODES = ("null", "zero", "full", "random", "urandom")
PLACES = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
ENVIRONMENT = {"PATH": ":".join(PLACES), "LC_ALL": "C", "HOME": "/root"}

libc = ctypes.CDLL(None, use_errno=True)


def call(what, result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount(source, target, fstype, flags, data=""):
    if stat.S_ISLNK(os.lstat(target).st_mode):
        raise OSError(0, "it is a symbolic link, and nothing may be mounted there", target)
    words = [text.encode() if text else None for text in (source, target, fstype)]
    call(target, libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None))


def enter(access, root):
    """Make the root this process's own, with nothing of the host's left in sight."""
    # What the host unmounts meanwhile goes here too: a private copy would keep it from detaching the disk behind that.
    call("/", libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_SLAVE), None))
    call(root, libc.mount(root.encode(), root.encode(), None, ctypes.c_ulong(MS_BIND | MS_REC), None))
    for path in sorted(below(root)):
        flags = MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOSUID | (MS_RDONLY if access == "r" else 0)
        call(path, libc.mount(None, path.encode(), None, ctypes.c_ulong(flags | locked(path)), None))
    os.chdir(root)
    # Not for writing: /proc/sys/kernel/core_pattern is the host's, and what it names the host runs.
    for name, fstype in (("proc", "proc"), ("sys", "sysfs")):
        mount(fstype, name, fstype, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
    mount("dev", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=1m")
    for name in NODES:
        open(f"dev/{name}", "w", encoding="ascii").close()
        mount(f"/dev/{name}", f"dev/{name}", "", MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"dev/{name}")
    # What it leaves in these goes with it, and the guest's disk needs no room for it.
    for directory in ("tmp", "run", "var/tmp"):
        if os.path.isdir(directory) and not os.path.islink(directory):
            mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    call("pivot_root", libc.syscall(ctypes.c_long(PIVOT_ROOT[os.uname().machine]), b".", b"."))
    call("the old root", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def below(root):
    """Mount points at and below the root."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        paths = [line.split()[4].encode("latin-1", "surrogateescape").decode("unicode_escape") for line in table]
    return {path for path in paths if path == root or path.startswith(root.rstrip("/") + "/")}


def locked(path):
    """Flags that a mount has and must keep: read-only stays so."""
    return MS_RDONLY if os.statvfs(path).f_flag & os.ST_RDONLY else 0


def drop():
    for capability in range(64):
        # Older kernels know fewer.
        if capability not in KEPT:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    call("no_new_privs", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def main():
    access, root, argv = sys.argv[1], os.path.realpath(sys.argv[2]), sys.argv[3:]
    # Whoever called us is gone: then nobody waits for this to end well.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    call("unshare", libc.unshare(NAMESPACES))
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        raise SystemExit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        enter(access, root)
        drop()
        # os.execvp would import more of Python, which is out of sight by now.
        for path in [argv[0]] if "/" in argv[0] else [f"{place}/{argv[0]}" for place in PLACES]:
            with contextlib.suppress(FileNotFoundError):
                os.execve(path, argv, ENVIRONMENT)
        sys.stderr.write(f"{argv[0]}: not in the guest, or what runs it is not\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename or argv[0]}: {error.strerror}\n")
    sys.stderr.flush()
    os._exit(126)


if __name__ == "__main__":
    main()
