# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""A small home in network namespaces, built from its site file, whose cables can be plugged elsewhere.

    house.py up DIRECTORY SITE.yml [NAME=MAC…]   builds it, with these devices and MACs that the document does not know
    house.py plug DIRECTORY JSON                 plugs cables: [["rt:lan1", "sw:p1"], …]; every other one is unplugged
    house.py wake DIRECTORY [DEVICE…]            all that are plugged in, or these, ping the router until it answers
    house.py case DIRECTORY SITE.yml CASES.yml NUMBER DOCUMENT   does what a case says, and writes its document
    house.py run DIRECTORY DEVICE COMMAND…       runs a command in a device
    house.py down DIRECTORY                      ends what up started, by the pids that it wrote down

A device is a network, mount and UTS namespace, kept by one process. Each port is a veth pair whose other end is a jack
in the namespace "house"; a cable is a pair of nftables rules there that pass every frame from one jack to the other,
LLDP and STP too. So a port stays where it is when its cable is pulled out, and loses its carrier, as a real one does.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import yaml
from house_services import BRIDGES, GATEWAY, GUESTS, bridge, client, guests, lease_script, logins, services


def until(what, test, seconds=20.0):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            sys.exit(f"after {seconds:g} seconds still not: {what}")
        time.sleep(0.1)


class House:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        self.record = self.directory / "house.json"
        self.pids = json.loads(self.record.read_text()) if self.record.exists() else {}

    def keep(self, name, pid):
        # With the time of its start, for a pid is used again.
        self.pids[name] = [pid, started(pid)]
        self.record.write_text(json.dumps(self.pids))

    def enter(self, name):
        return ["nsenter", f"--target={self.pids[name][0]}", "--net", "--mount", "--uts", "--"]

    def run(self, name, command, **options):
        return subprocess.run([*self.enter(name), "sh", "-ec", command], check=True, **options)

    def start(self, name, service, argv):
        log = open(self.directory / f"{name}-{service}.log", "ab")
        process = subprocess.Popen(
            [*self.enter(name), *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        self.keep(f"{name}/{service}", process.pid)

    def device(self, name):
        """Namespaces of its own, with a /run, /var/lib and /etc that are nobody else's."""
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--propagation=slave", "sleep", "infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.keep(name, process.pid)
        own = os.readlink("/proc/self/ns/uts")
        place = f"/proc/{process.pid}"
        # exec is the last thing that unshare does, and by then the namespaces are there.
        until(f"{name} has namespaces", lambda: os.readlink(f"{place}/ns/uts") != own and comm(place) == "sleep")
        self.run(
            name,
            f"hostname {name}; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /mnt;"
            "mkdir -p /run/sshd /run/lldpd; ip link set lo up;"
            # lldpd and sshd ask for the host's own name, and a name server that nobody reaches takes its time.
            f"echo 127.0.0.1 localhost {name} > /run/hosts; mount --bind /run/hosts /etc/hosts;"
            "mount --bind /dev/null $(readlink -f /etc/resolv.conf)",
        )

    def port(self, name, port, mac):
        address = f"address {mac}" if mac else ""
        self.run(
            name,
            f"ip link add {port} {address} type veth peer name jack netns {self.pids['house'][0]}; "
            f"echo 1 > /proc/sys/net/ipv6/conf/{port}/disable_ipv6; ip link set {port} up",
        )
        self.run("house", f"ip link set jack name {name}.{port}")


def comm(place):
    return pathlib.Path(f"{place}/comm").read_text().strip()


def started(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def jack(end):
    return end.replace(":", ".")


def up(directory, site_file, *unwritten):
    house = House(directory)
    house.directory.mkdir(parents=True, exist_ok=True)
    site = yaml.safe_load(pathlib.Path(site_file).read_text(encoding="utf-8"))
    macs = dict(word.split("=") for word in unwritten)
    strangers = {name: macs[name] for name in macs if name not in [device["name"] for device in site["devices"]]}
    house.device("house")
    # Jacks are no devices: they must not say anything of their own.
    house.run("house", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
    for device in site["devices"]:
        house.device(device["name"])
        for port in device["interfaces"]:
            if port.get("type") in (None, "1000base-t"):
                house.port(device["name"], port["name"], port.get("mac", macs.get(device["name"], "")))
    for name, mac in strangers.items():
        house.device(name)
        house.port(name, "eth0", mac)
    house.device("hub")
    for port in ("1", "2", "3"):
        house.port("hub", port, "")
    for name in BRIDGES:
        bridge(house, name)
    guests(house)
    services(house)
    logins(house)
    lease_script(house)
    plug(directory, json.dumps([[cable["a"], cable["b"]] for cable in site["cables"]]))
    for name in [*(device["name"] for device in site["devices"]), *strangers, *GUESTS]:
        if name not in BRIDGES:
            client(house, name)


def plugged(house):
    place = house.directory / "plugged.json"
    return json.loads(place.read_text()) if place.exists() else []


def plug(directory, cables):
    """All cables at once: what is not named is unplugged, its carrier with it."""
    house = House(directory)
    wanted = [[jack(a), jack(b)] for a, b in json.loads(cables)]
    ends = {end for cable in wanted for end in cable}
    present = house.run("house", "ls /sys/class/net", capture_output=True, text=True).stdout.split()
    jacks = [name for name in present if "." in name]
    if ends - set(jacks):
        sys.exit(f"there are no such ports: {sorted(ends - set(jacks))}")
    before = (
        json.loads((house.directory / "plugged.json").read_text())
        if (house.directory / "plugged.json").exists()
        else []
    )
    kept = [cable for cable in wanted if cable in before]
    still = {end for cable in kept for end in cable}
    # Whoever pulls a plug sees the light go out, even if the next one goes in at once.
    lines = [f"link set {name} down" for name in jacks if name not in still]
    house.run("house", "ip -batch -", input="\n".join(lines).encode())
    rules = ["add table netdev cables", "delete table netdev cables", "table netdev cables {"]
    for number, (a, b) in enumerate([*wanted, *(cable[::-1] for cable in wanted)]):
        rules += [f"chain c{number} {{", f'type filter hook ingress device "{a}" priority 0', f'fwd to "{b}"', "}"]
    house.run("house", "nft -f -", input="\n".join([*rules, "}\n"]).encode())
    lines = [f"link set {name} up" for name in sorted(ends)]
    house.run("house", "ip -batch -", input="\n".join(lines).encode())
    (house.directory / "plugged.json").write_text(json.dumps(wanted))


def wake(directory, *names):
    """A device is seen when it says something; a real one does so when its plug goes in."""
    house = House(directory)
    present = {end.partition(".")[0] for cable in plugged(house) for end in cable}
    present |= {name for name, (host, _mac) in GUESTS.items() if host in present}
    # Who is asked by ssh from far away speaks with the router, too; here ssh takes another way.
    silent = ("house", "onu", "rt", "hub")
    clients = [name for name in house.pids if "/" not in name and name not in silent]
    pings = [
        subprocess.Popen(
            [*house.enter(name), "busybox", "timeout", "12", "sh", "-c",
             f"until busybox ping -c 1 -W 1 {GATEWAY}; do busybox usleep 200000; done"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name in names or [name for name in clients if name in present]
    ]  # fmt: skip
    if max(ping.wait() for ping in pings):
        sys.exit("a client that is plugged in did not reach the router")


def case(directory, site_file, cases_file, number, document):
    """Takes back what the case before did beside the cables, does what this one says, and lets everybody speak."""
    house = House(directory)
    listed = yaml.safe_load(pathlib.Path(cases_file).read_text(encoding="utf-8"))
    now, before = listed[int(number)], listed[int(number) - 1]
    text = pathlib.Path(site_file).read_text(encoding="utf-8")
    pathlib.Path(document).write_text(text.replace(*now["file"]) if "file" in now else text, encoding="utf-8")
    cables = {cable["label"]: [cable["a"], cable["b"]] for cable in yaml.safe_load(text)["cables"]}
    for commands in (before.get("after", {}), now.get("before", {})):
        for name, command in commands.items():
            house.run(name, command)
    plug(directory, json.dumps([ends for ends in {**cables, **now.get("plug", {})}.values() if ends]))
    for name, command in now.get("run", {}).items():
        house.run(name, command)
    wake(directory, *now.get("wake", []))


def run(directory, name, *command):
    house = House(directory)
    os.execvp("nsenter", [*house.enter(name), *command])


def down(directory):
    house = House(directory)
    for pid, start in reversed(list(house.pids.values())):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if started(pid) == start:
                # nsenter's child has its session; a namespace ends with the last process in it.
                os.killpg(pid, signal.SIGKILL)
    shutil.rmtree(house.directory, ignore_errors=True)


if __name__ == "__main__":
    {"up": up, "plug": plug, "wake": wake, "case": case, "run": run, "down": down}[sys.argv[1]](*sys.argv[2:])
