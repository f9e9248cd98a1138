# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start homevirt.fleet.drivers and kill the module while an initramfs is being made: kill.py VARIABLES INVENTORY"""

from __future__ import annotations

import glob
import os
import signal
import subprocess
import sys
import time

DRAFTS = "/run/homevirt.fleet/guest_driver/*/boot/initrd.img-*.new"
MODULE = b"guest_driver"


def of_the_module(play):
    """Processes below a play that run the module: those that Ansible started under its name, and the Pythons below.

    A module may go on in another Python, as its own child. The servers of its disks live on.
    """
    parents, named, pythons = {}, set(), set()
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(f"{path}/stat", encoding="ascii", errors="replace") as stream:
                parents[int(path[6:])] = int(stream.read().rpartition(")")[2].split()[1])
            with open(f"{path}/cmdline", "rb") as stream:
                words = stream.read().split(b"\0")
        except OSError:
            continue
        if os.path.basename(words[0]).startswith(b"python"):
            pythons.add(int(path[6:]))
        if len(words) > 1 and os.path.basename(words[1]).startswith(b"AnsiballZ_" + MODULE + b"."):
            named.add(int(path[6:]))
    for pid in pythons:
        line = [pid]
        while line[-1] not in (play, 0):
            line.append(parents.get(line[-1], 0))
        if line[-1] == play and not named.isdisjoint(line):
            yield pid


def main():
    variables, inventory = sys.argv[1:]
    words = ["ansible-playbook", "--inventory", inventory, "--extra-vars", variables, "homevirt.fleet.drivers"]
    # With pipelining the module would have no name.
    told = {**os.environ, "ANSIBLE_PIPELINING": "0"}
    play = subprocess.Popen(words, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not glob.glob(DRAFTS):
        if play.poll() is not None:
            sys.exit(f"the play ended before an initramfs was begun:\n{play.stdout.read()}")
        time.sleep(0.01)
    killed = list(of_the_module(play.pid))
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    said = play.communicate()[0]
    print(f"killed {killed}; then the play said:\n{said}")
    if not killed or play.returncode == 0:
        sys.exit("nothing was killed")
    if glob.glob("/run/homevirt.fleet/guest_driver/*"):
        sys.exit("the play left a mount")


if __name__ == "__main__":
    main()
