# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""What runs in the devices of house.py: bridges, the router's services, lldpd, logins, DHCP clients."""

from __future__ import annotations

import shutil
import subprocess

# What has a shell: the router's has nothing but BusyBox in it.
MANAGED = ("rt", "sw", "ap", "hv")
BRIDGES = {"rt": "br-lan", "sw": "br0", "ap": "br0", "hv": "br0", "onu": "", "hub": "br0"}
STATIC = {"rt": "192.0.2.1", "sw": "192.0.2.2", "ap": "192.0.2.3", "hv": "192.0.2.4", "nas": "192.0.2.10"}
# Guests of the hypervisor. The document does not know the second one, which has a MAC address as libvirt makes them up.
GUESTS = {"vm1": ("hv", "00:16:3e:00:53:61"), "vm2": ("hv", "52:54:00:00:53:62")}
GATEWAY = "192.0.2.1"


def sh(command, **options):
    return subprocess.run(["sh", "-ec", command], check=True, **options)


def bridge(house, name):
    inner = BRIDGES[name]
    if not inner:
        house.run(name, "ip addr add 198.51.100.1/24 dev LAN")
        return
    # A switch that costs nothing has no MAC address and says nothing.
    silent = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; " if name == "hub" else ""
    house.run(
        name,
        f"{silent}ip link add {inner} type bridge forward_delay 200 hello_time 100 max_age 600;"
        "for port in /sys/class/net/*; do port=${port##*/};"
        f'case $port in lo|wan|{inner}) ;; *) ip link set "$port" master {inner} ;; esac; done; ip link set {inner} up',
    )
    if name in STATIC:
        house.run(name, f"ip addr add {STATIC[name]}/24 dev {inner}")
    if name in MANAGED and name != "rt":
        house.run(name, f"ip route add default via {GATEWAY}")


def guests(house):
    """Each has its port in its hypervisor's bridge, named as libvirt does it."""
    for number, (name, (host, mac)) in enumerate(GUESTS.items()):
        house.device(name)
        house.run(
            host,
            f"ip link add vnet{number} type veth peer name eth0 address {mac} netns {house.pids[name][0]};"
            f"ip link set vnet{number} master {BRIDGES[host]} up",
        )
        house.run(name, "echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 up")


def services(house):
    house.run("rt", "ip addr add 198.51.100.2/24 dev wan; ip route add default via 198.51.100.1")
    house.run("rt", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    rules = "table inet home { chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; }; }"
    house.run("rt", "nft -f -", input=rules.encode())
    busybox_root(house, "rt")
    house.start("rt", "dnsmasq", [
        "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=br-lan", "--bind-interfaces",
        "--dhcp-range=192.0.2.100,192.0.2.149,1h", "--dhcp-host=00:00:5e:00:53:44,192.0.2.20", "--dhcp-authoritative",
        "--dhcp-leasefile=/mnt/root/tmp/dhcp.leases", "--pid-file=", "--user=root", "--no-ping",
    ])  # fmt: skip
    for name in MANAGED:
        config = house.directory / f"lldpd-{name}.conf"
        config.write_text(f"configure lldp tx-interval 1\nconfigure lldp tx-hold 4\nconfigure system hostname {name}\n")
        house.start(name, "lldpd", ["lldpd", "-d", "-I", "*,!br*", "-O", str(config)])


def logins(house):
    """login-NAME, for ssh's ProxyCommand: one session of a real sshd in the device, which listens nowhere."""
    key, host_key = house.directory / "key", house.directory / "host_key"
    for place in (key, host_key):
        sh(f"ssh-keygen -q -t ed25519 -N '' -C 'homevirt.fleet lab' -f {place}")
    public = host_key.with_suffix(".pub").read_text()
    (house.directory / "known_hosts").write_text("".join(f"{name} {public}" for name in MANAGED))
    for name in MANAGED:
        lines = [
            f"HostKey {host_key}", f"AuthorizedKeysFile {key}.pub", "StrictModes no", "PasswordAuthentication no",
            "PermitRootLogin prohibit-password", "UsePAM no", "UseDNS no", "PidFile none",
            "Subsystem sftp internal-sftp",
        ]  # fmt: skip
        if name == "rt":
            lines.append('ForceCommand exec chroot /mnt/root /bin/sh -c "$SSH_ORIGINAL_COMMAND"')
        config = house.directory / f"sshd-{name}.conf"
        config.write_text("\n".join([*lines, ""]))
        login = house.directory / f"login-{name}"
        login.write_text(f"#!/bin/sh\nexec {' '.join(house.enter(name))} /usr/sbin/sshd -i -f {config}\n")
        login.chmod(0o755)


def busybox_root(house, name):
    """What a login on a router sees: BusyBox, the kernel's files, and the leases."""
    busybox = shutil.which("busybox")
    libraries = [
        word for word in sh(f"ldd {busybox} || true", capture_output=True, text=True).stdout.split() if word[:1] == "/"
    ]
    house.run(
        name,
        "mkdir -p /mnt/root/bin /mnt/root/tmp /mnt/root/etc /mnt/root/proc /mnt/root/sys /mnt/root/dev; cd /mnt/root;"
        f"for file in {busybox} {' '.join(libraries)}; do mkdir -p .${{file%/*}}; cp $file .$file; done;"
        f"for applet in $({busybox} --list); do [ -e bin/$applet ] || ln -s {busybox} bin/$applet; done;"
        "echo \"DISTRIB_ID='OpenWrt'\" > etc/openwrt_release; echo 'root:x:0:0:root:/tmp:/bin/sh' > etc/passwd;"
        "mount -t proc proc proc; mount -t sysfs sysfs sys; mount --bind /dev dev",
    )


def lease_script(house):
    """What a DHCP client does with its lease; written once, for a script that runs already cannot be written."""
    script = house.directory / "udhcpc.sh"
    script.write_text(
        '#!/bin/sh\n[ "$1" != bound ] && [ "$1" != renew ] || { ip addr replace "$ip/24" dev "$interface"; '
        'ip route replace default via "$router"; }\n'
    )
    script.chmod(0o755)


def client(house, name):
    port = "LAN" if name == "tv" else "eth0"
    if name in STATIC:
        house.run(name, f"ip addr add {STATIC[name]}/24 dev {port}; ip route add default via {GATEWAY}")
        return
    house.start(name, "udhcpc", [
        "busybox", "udhcpc", "-f", "-i", port, "-s", str(house.directory / "udhcpc.sh"), "-x", f"hostname:{name}",
        "-t", "100", "-T", "1", "-A", "1",
    ])  # fmt: skip
