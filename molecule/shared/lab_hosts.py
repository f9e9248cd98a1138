# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of a lab in namespaces of this machine: a second of start each, and a few megabytes.

lab_hosts.py up DIR NAME[:KIND]…    start hosts; DIR gets a key, known_hosts and an inventory
lab_hosts.py cut DIR NAME           as pulling the plug: every process of the host is killed at once
lab_hosts.py boot DIR NAME…         start again what was cut, with the disk as it was left
lab_hosts.py link DIR NAME up|down  its cable
lab_hosts.py slow DIR NAME KBIT     its line, in kilobits a second each way; 0 is as fast as can be
lab_hosts.py run DIR NAME COMMAND…  run a command on the host, past the network
lab_hosts.py down DIR               end everything that is recorded in DIR; fine where nothing is

KIND debian (the default) has this machine's system below an overlay of its own, busybox has BusyBox, an ssh server
and no Python. Both are started by BusyBox' init, which runs /etc/init.d/S??*. Every host has namespaces of its own for
processes, mounts, name and network; its cable ends at a bridge in the lab's own network, where this machine has no
address: ssh gets there by nsenter. Needs root.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

from lab_disk import BUSYBOX, fill, run

NET = "10.99"
# PID 1 of a host, up to its init. $1 directory, $2 kind, $3 name, $4 address.
BOOT = """
set -e
mount --make-rslave /
hostname "$3"
cd "$1"
mkdir -p root upper work
if [ "$2" = debian ]; then
  mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" root
  mount -t tmpfs tmpfs root/root
else
  mount --bind upper root
fi
cd root
mkdir -p proc sys dev run tmp
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
chmod 1777 tmp
mkdir -p run/sshd
until ip link show eth0 > /dev/null 2>&1; do sleep 0.02; done
ip address add "$4/16" dev eth0
ip link set lo up
ip link set eth0 up
pivot_root . .
umount -l .
export CONSOLE=/dev/null
exec chroot . /sbin/lab/busybox init
"""


def start_of(pid):
    """When a process started: its number alone is used again. None where it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def end(process):
    """Kill one recorded process, if it is still the same, and wait until it is gone."""
    pid, start = process
    if start is None or start_of(pid) != start:
        return
    os.kill(pid, signal.SIGKILL)
    while start_of(pid) == start and _state_of(pid) != "Z":
        time.sleep(0.01)


def _state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


class Lab:
    def __init__(self, place):
        self.place = pathlib.Path(place).resolve()
        self.file = self.place / "record.json"
        self.record = json.loads(self.file.read_text()) if self.file.exists() else {"lab": None, "hosts": {}}

    def save(self):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.record, indent=2))
        new.replace(self.file)

    def up(self, wanted):
        self.place.mkdir(parents=True, exist_ok=True, mode=0o755)
        for name in ("key", "host_key"):
            if not (self.place / name).exists():
                run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", self.place / name)
        self._network()
        for word in wanted:
            name, _colon, kind = word.partition(":")
            number = len(self.record["hosts"]) + 1
            host = {
                "kind": kind or "debian",
                "address": f"{NET}.{number // 250}.{number % 250 + 1}",
                "veth": f"v{number}",
            }
            self.record["hosts"][name] = host
            self.save()
            fill(self.place / "hosts" / name / "upper", host["kind"], self.place)
        self.boot(self.record["hosts"])
        self._inventory()

    def _network(self):
        process = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.record["lab"] = [process.pid, start_of(process.pid)]
        self.save()
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{process.pid}/ns/net") == ours:
            time.sleep(0.01)
        self.net("ip link add br0 type bridge", f"ip address add {NET}.0.1/16 dev br0", "ip link set br0 up")

    def net(self, *commands):
        """Run commands in the lab's own network."""
        run("nsenter", f"--net=/proc/{self.record['lab'][0]}/ns/net", "sh", "-ec", "\n".join(commands))

    def boot(self, names, answers=True):
        for name in names:
            host = self.record["hosts"][name]
            place = self.place / "hosts" / name
            with open(place / "console", "ab") as console:
                outer = subprocess.Popen(
                    ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
                     "sh", "-c", BOOT, "boot", str(place), host["kind"], name, host["address"]],
                    stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                    env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                )  # fmt: skip
            children = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
            while not (found := children.read_text().split()):
                if outer.poll() is not None:
                    sys.exit(f"{name} does not start: {(place / 'console').read_text()}")
                time.sleep(0.005)
            host["init"] = [int(found[0]), start_of(int(found[0]))]
            self.save()
            veth = host["veth"]
            self.net(
                f"ip link delete {veth} 2> /dev/null || true",
                f"ip link add {veth} type veth peer name eth0 netns {host['init'][0]}",
                f"ip link set {veth} master br0 up",
            )
        for name in names if answers else ():
            self._await_ssh(name)

    def _await_ssh(self, name):
        host = self.record["hosts"][name]
        deadline = time.monotonic() + 60
        enter = [
            "nsenter",
            f"--net=/proc/{self.record['lab'][0]}/ns/net",
            BUSYBOX,
            "nc",
            "-w",
            "1",
            host["address"],
            "22",
        ]
        while not subprocess.run(enter, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout:
            if time.monotonic() > deadline:
                sys.exit(f"{name}: no ssh: {(self.place / 'hosts' / name / 'console').read_text()}")
            time.sleep(0.02)

    def cut(self, name):
        end(self.record["hosts"][name]["init"])

    def link(self, name, state):
        self.net(f"ip link set {self.record['hosts'][name]['veth']} {state}")

    def slow(self, name, kbit):
        host = self.record["hosts"][name]
        shape = f"tc qdisc replace dev %s root tbf rate {kbit}kbit burst 4kb latency 500ms"
        if not int(kbit):
            shape = "tc qdisc delete dev %s root 2> /dev/null || true"
        self.net(shape % host["veth"])
        run("nsenter", f"--net=/proc/{host['init'][0]}/ns/net", "sh", "-ec", shape % "eth0")

    def inside(self, name):
        init = self.record["hosts"][name]["init"][0]
        enter = ["--mount", "--pid", "--uts", "--ipc", "--net"]
        return ["nsenter", f"--target={init}", *enter, f"--root=/proc/{init}/root", "--wd=/"]

    def down(self):
        for host in self.record["hosts"].values():
            end(host.get("init") or [0, None])
        if self.record["lab"]:
            end(self.record["lab"])
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.place / "hosts")
        for name in ("record.json", "key", "key.pub", "host_key", "host_key.pub", "known_hosts", "inventory/hosts.yml"):
            (self.place / name).unlink(missing_ok=True)

    def _inventory(self):
        key = (self.place / "host_key.pub").read_text().strip()
        known = self.place / "known_hosts"
        known.write_text("".join(f"{host['address']} {key}\n" for host in self.record["hosts"].values()))
        become = "" if os.environ.get("SUDO_UID") is None else "sudo -n "
        proxy = f"{become}nsenter --net=/proc/{self.record['lab'][0]}/ns/net {BUSYBOX} nc %h %p"
        common = shlex.join(
            ["-F", "none", "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={known}", "-o",
             f"ProxyCommand={proxy}", "-o", "ServerAliveInterval=3", "-o", "ServerAliveCountMax=2"]
        )  # fmt: skip
        hosts = {}
        for name, host in self.record["hosts"].items():
            hosts[name] = {"ansible_host": host["address"]}
            if host["kind"] == "debian":
                hosts[name]["ansible_python_interpreter"] = "/usr/bin/python3"
        inventory = {
            "all": {
                "hosts": hosts,
                "vars": {
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(self.place / "key"),
                    "ansible_ssh_common_args": common,
                },
            }
        }
        (self.place / "inventory").mkdir(exist_ok=True)
        # JSON is YAML.
        (self.place / "inventory/hosts.yml").write_text(json.dumps(inventory, indent=2) + "\n")
        if uid := os.environ.get("SUDO_UID"):
            for name in ("key", "key.pub", "known_hosts", "inventory", "inventory/hosts.yml"):
                os.chown(self.place / name, int(uid), -1)


def main():
    verb, place, *words = sys.argv[1:]
    lab = Lab(place)
    if verb in ("up", "boot"):
        getattr(lab, verb)(words)
    elif verb == "run":
        sys.exit(subprocess.run([*lab.inside(words[0]), *words[1:]], check=False).returncode)
    elif verb in ("down", "cut", "link", "slow"):
        getattr(lab, verb)(*words)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
