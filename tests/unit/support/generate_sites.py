# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites of any size, always the same for the same number: for the benchmarks and for tests that need many."""

from __future__ import annotations

import random

from ansible_collections.homevirt.fleet.tests.unit.support import yamltext

ROOMS = ("genkan", "ima", "shosai", "daidokoro", "shinshitsu", "kodomobeya")
NAMES = {
    "genkan": {"ja": "玄関", "en": "Entrance"},
    "ima": {"ja": "居間", "en": "Living room"},
    "shosai": {"ja": "書斎", "en": "Study"},
    "daidokoro": {"ja": "台所", "en": "Kitchen"},
    "shinshitsu": {"ja": "寝室", "en": "Bedroom"},
    "kodomobeya": {"ja": "子供部屋", "en": "Children's room"},
}
ENDS = (("endpoint", "パソコン"), ("tv", "ﾃﾚﾋﾞ"), ("printer", "プリンタ"), ("camera", "防犯カメラ"), ("server", "NAS"))
COLORS = ("blue", "white", "yellow", "red", "grey", "black")
SWITCH_PORTS = 8


def site(number: int, devices: int = 10) -> dict:
    """A site without mistakes: ONU, router, as many switches as it takes, and ends behind jacks, cables and Wi-Fi."""
    dice = random.Random(number)
    slug, net = f"site-{number:04d}", f"10.{number // 250}.{number % 250}"
    vault = f"vault_{slug.replace('-', '_')}"
    made = _Made(dice)
    made.device("onu", "onu", "genkan", "ONU", [{"name": "LINE", "type": "gpon"}, {"name": "LAN"}])
    ports = [{"name": f"lan{port}", "label": str(port)} for port in range(1, 5)]
    bridge = {"name": "br-lan", "type": "bridge", "members": [port["name"] for port in ports] + ["wlan0"]}
    wan = {"name": "wan", "mac": made.mac()}
    router = made.device(
        "rt", "router", "ima", "ルーター", [wan, *ports, bridge, {"name": "wlan0", "type": "ieee802.11ax"}]
    )
    router.update(managed="openwrt", credential="admin", restart_order=2)
    made.cable("onu:LAN", "rt:wan")
    made.free = [f"rt:lan{port}" for port in range(1, 5)]
    while len(made.devices) < devices:
        made.one_more()
    addresses = [{"address": f"{net}.1/24", "interface": "rt:br-lan"}]
    for index, (port, _mac) in enumerate(made.known[:80]):
        addresses.append({"address": f"{net}.{index + 10}/24", "interface": port, "status": "reserved"})
    return {
        "slug": slug,
        "name": {"ja": f"見本の家{number}", "en": f"Sample home {number}"},
        "review": {"last": "2026-10-01", "every": "1y"},
        "contacts": [{"name": "母", "role": "onsite", "phone": "000-0000-0000"}],
        "locations": [{"slug": room, "name": NAMES[room]} for room in ROOMS],
        "circuits": [
            {
                "cid": "wan1",
                "provider": "Example ISP",
                "type": "ftth",
                "termination": "onu:LINE",
                "support_phone": "0120-000-000",
                "customer": "isp",
            }
        ],
        "devices": made.devices,
        "cables": made.cables,
        "prefixes": [
            {
                "prefix": f"{net}.0/24",
                "gateway": f"{net}.1",
                "dns": [f"{net}.1"],
                "ip_ranges": [{"start": f"{net}.100", "end": f"{net}.199"}],
            }
        ],
        "ip_addresses": addresses,
        "wireless_lans": [{"ssid": f"家{number}", "devices": ["rt"], "credential": "wifi"}],
        "credentials": [
            {"name": "admin", "user": "root", "secret": f"{{{{ {vault}.admin }}}}"},
            {"name": "wifi", "secret": f"{{{{ {vault}.psk }}}}", "edition": "family"},
            {"name": "isp", "user": f"{{{{ {vault}.isp_id }}}}", "secret": f"{{{{ {vault}.isp }}}}"},
        ],
    }


def text(number: int, devices: int = 10) -> str:
    """The same as a site file."""
    return yamltext.written(site(number, devices))


class _Made:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.devices: list[dict] = []
        self.cables: list[dict] = []
        self.known: list[tuple[str, str]] = []
        self.free: list[str] = []
        self.macs = 0

    def mac(self) -> str:
        self.macs += 1
        return f"00:00:5e:00:{self.macs // 256 + 0x53:02x}:{self.macs % 256:02x}"

    def device(self, name: str, role: str, room: str, label: str, interfaces: list[dict]) -> dict:
        made = {"name": name, "role": role, "location": room, "label": label, "interfaces": interfaces}
        self.devices.append(made)
        return made

    def cable(self, a: str, b: str) -> None:
        color, length = self.dice.choice(COLORS), self.dice.randint(1, 20)
        label = f"C{len(self.cables) + 1:02d}"
        self.cables.append({"label": label, "a": a, "b": b, "type": "cat6", "color": color, "length_m": length})

    def one_more(self) -> None:
        number, room = len(self.devices), self.dice.choice(ROOMS)
        if len(self.free) == 1:
            ports = [{"name": str(port)} for port in range(1, SWITCH_PORTS + 1)]
            self.device(f"sw{number}", "switch", room, f"スイッチ{number}", ports)
            self.cable(self.free.pop(), f"sw{number}:1")
            self.free += [f"sw{number}:{port}" for port in range(2, SWITCH_PORTS + 1)]
            return
        role, label = self.dice.choice(ENDS)
        name = f"d{number}"
        if self.dice.random() < 0.3:
            self.device(name, role, room, f"{label}{number}", [{"name": "wlan", "type": "ieee802.11ax"}])
            return
        mac = self.mac()
        self.device(name, role, room, f"{label}{number}", [{"name": "eth0", "mac": mac}])
        self.known.append((f"{name}:eth0", mac))
        start = self.free.pop(0)
        if self.dice.random() < 0.2:
            jack = self.device(f"jack{number}", "wall-jack", room, f"壁のLAN差込口{number}", [])
            jack["rear_ports"] = [{"name": "back"}]
            jack["front_ports"] = [{"name": "front", "rear_port": "back"}]
            self.cable(start, f"jack{number}:back")
            start = f"jack{number}:front"
        self.cable(start, f"{name}:eth0")


__all__ = ["site", "text"]
