# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the memory of a QEMU machine into a file, and end the machine.

Usage: vm_save.py DIRECTORY    writes DIRECTORY/memory; the monitor (QMP, of QEMU docs/interop) is at DIRECTORY/qmp
"""

import json
import pathlib
import shlex
import socket
import sys
import time


class Monitor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        # The greeting.
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """The answer to a command. Exits with QEMU's words where it is an error."""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "error" in answer:
                sys.exit(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


def main(directory):
    monitor = Monitor(directory / "qmp")
    process = pathlib.Path("/proc", (directory / "qemu.pid").read_text().strip())
    # Nothing is on this line that it could disturb.
    monitor.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    # A machine that stands still when it is written down would have to be told to go on.
    monitor.ask("migrate", uri=f"exec:cat > {shlex.quote(str(directory / 'memory.part'))}")
    while (status := monitor.ask("query-migrate")["status"]) != "completed":
        if status in ("failed", "cancelled"):
            sys.exit(f"QEMU could not write the machine down: {status}")
        time.sleep(0.1)
    monitor.ask("quit")
    while process.exists():
        time.sleep(0.1)
    (directory / "memory.part").rename(directory / "memory")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
