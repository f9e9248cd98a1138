# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices print, read: recorded in the Molecule scenario home_network, or as the tools' documentation has it."""

from __future__ import annotations

import json
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import ToolFailed
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import (
    observe_busybox,
    observe_iproute,
    observe_leases,
    observe_lldp,
    observe_names,
    observe_wireless,
)
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.observe import observation
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.observed import Observed

FIXTURES = pathlib.Path(__file__).parent / "fixtures/observed"
MOST = 1 << 18
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ["\x1b[31mred", "<script>alert(1)</script>", "{{ lookup('pipe', 'id') }}", "$(reboot)", "`x`",
     "a\nMARK end all 0\n",
     "\u202egnp.exe", "x" * 5000, "| a | b |", "]]>", "\x00", "';--"]
)  # fmt: skip


def recorded(name):
    text = (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")
    return observation(text, "MARK", MOST, name, "2026-11-25T03:00:00+00:00", 300)


def without(records, *keys):
    return sorted(
        json.dumps({key: value for key, value in record.items() if key not in keys}, sort_keys=True)
        for record in records
    )


def test_busybox_and_iproute2_tell_the_same_of_one_device():
    json_way, text_way = recorded("sw"), recorded("sw-busybox")
    for part in ("interfaces", "neighbors", "routes"):
        assert without(json_way[part], "neighbor_state") == without(text_way[part], "neighbor_state"), part
    assert without(json_way["mac_table"], "age") == without(text_way["mac_table"], "age")
    assert (json_way["sources"]["lldp_neighbors"], text_way["sources"]["lldp_neighbors"]) == ("ok", "absent")


def test_a_router_with_busybox_only():
    found = recorded("rt")
    assert found["host_name"] == "rt"
    ports = {port["name"]: (port["oper_status"], port["bridge"], port["port_state"]) for port in found["interfaces"]}
    assert ports["lan1"] == ("UP", "br-lan", "FORWARDING")
    assert ports["lan3"] == ("DOWN", "br-lan", "DISABLED")
    assert ports["wan"] == ("UP", "", "")
    assert {"prefix": "default", "next_hop": "198.51.100.1", "interface": "wan", "evidence": "measured"} in found[
        "routes"
    ]
    leases = {lease["mac_address"]: lease for lease in found["dhcp_leases"]}
    assert leases["00:00:5e:00:53:44"]["ip"] == "192.0.2.20"
    assert leases["00:00:5e:00:53:44"]["host_name"] == "printer"
    assert 3000 < leases["00:00:5e:00:53:44"]["expires_in"] <= 3600
    learned = {entry["mac_address"]: entry for entry in found["mac_table"]}
    assert learned["00:00:5e:00:53:31"]["interface"] == "lan2"
    assert learned["00:00:5e:00:53:11"]["entry_type"] == "STATIC"


def test_lldp():
    (heard,) = recorded("ap")["lldp_neighbors"]
    assert (heard["interface"], heard["system_name"], heard["chassis_id"]) == ("lan0", "rt", "00:00:5e:00:53:10")
    assert (heard["port_id_type"], heard["port_id"], heard["port_description"]) == (
        "MAC_ADDRESS", "00:00:5e:00:53:12", "lan2",
    )  # fmt: skip
    assert heard["age"] is not None and heard["ttl"] == 4


@pytest.mark.parametrize(
    ("age", "evidence"), [("8f000000", "measured"), ("0000008f", "measured"), ("00750000", "inferred")]
)
def test_the_kernels_own_table_in_either_byte_order(age, evidence):
    ports = observe_busybox.ports(
        "lan1 index=3 address=x state=up flags=0x1003 kind=ether number=0x1 tree=3 bridge=br0"
    )
    (entry,) = observe_busybox.mac_table(f"bridge br0\n00005e0053420100{age}00000000\nnonsense\n", ports, 60)
    assert (entry["mac_address"], entry["interface"], entry["evidence"]) == ("00:00:5e:00:53:42", "lan1", evidence)


def test_a_switch_chips_entries_count_as_present():
    text = '[{"mac":"00:00:5e:00:53:42","ifname":"lan1","flags":["extern_learn"],"master":"br","updated":9999}]'
    assert observe_iproute.mac_table(text, 300)[0]["evidence"] == "measured"


# The lines of odhcpd as its source writes them (statefiles.c, and dhcpv6-ia.c before that).
LEASES = """\
1700003600 00:00:5e:00:53:42 192.0.2.107 pc 01:00:00:5e:00:53:42
1699999999 00:00:5e:00:53:43 192.0.2.108 over *
0 00:00:5e:00:53:44 192.0.2.109 * *
duid 00:01:00:01:2c:9d:2f:00:00:00:5e:00:53:01
1700003600 1234 2001:db8::107 pc 00:03:00:01:00:00:5e:00:53:42
# br-lan 00005e005345 ipv4 tablet 1700003600 c000026e 32 192.0.2.110/32
# br-lan 0:0:5e:0:53:46 ipv4 broken\\x20name 1700003600 c000026f 32 192.0.2.111/32
# br-lan 000100010000000000005e005347 1 laptop -1 112 128 2001:db8::112/128
# br-lan 00005e005348 ipv4 - 0 c0000270 32 192.0.2.112/32
192.0.2.110 tablet.lan
nonsense
"""


def test_leases_of_dnsmasq_and_odhcpd():
    found = observe_leases.leases(LEASES, "MARK", 1700000000)
    assert [(one["ip"], one["mac_address"][-2:], one["host_name"], one["expires_in"]) for one in found] == [
        ("192.0.2.107", "42", "pc", 3600),
        ("192.0.2.109", "44", "", None),
        ("2001:db8::107", "42", "pc", 3600),
        ("192.0.2.110", "45", "tablet", 3600),
        ("192.0.2.111", "46", "name", 3600),
        ("2001:db8::112", "47", "laptop", None),
    ]


# As the documentation of Linux wireless, of OpenWrt's hostapd and of hostapd_cli shows them.
IW = "Station 00:00:5e:00:53:61 (on wlan0)\n\tinactive time:\t304 ms\n\tsignal:  \t-52 [-55] dBm\n\tauthorized:\tyes\n"
IW_WAITING = "Station 00:00:5e:00:53:62 (on wlan0)\n\tsignal:\t-60 dBm\n\tauthorized:\tno\n"
UBUS = '{"freq": 5180, "clients": {"00:00:5e:00:53:61": {"auth": true, "authorized": true, "signal": -52}}}'
HOSTAPD = "00:00:5e:00:53:61\nflags=[AUTH][ASSOC][AUTHORIZED]\naid=1\nsignal=-52\nconnected_time=12\n"
IW_DEV = "phy#0\n\tInterface wlan0\n\t\tifindex 7\n\t\tssid \u5b9f\u5bb6 Wi-Fi\n\t\ttype AP\n"


@pytest.mark.parametrize(("tool", "text"), [("iw", IW + IW_WAITING), ("ubus", UBUS), ("hostapd", HOSTAPD)])
def test_wireless_stations(tool, text):
    found = observe_wireless.clients(tool, "wlan0", text)
    assert [(one["mac"], one["interface"], one["rssi"]) for one in found] == [("00:00:5e:00:53:61", "wlan0", -52)]


def test_the_names_of_radios():
    assert observe_wireless.networks(IW_DEV) == {"wlan0": "\u5b9f\u5bb6 Wi-Fi"}


@pytest.mark.parametrize("output", ["", "sh: not found", "\nMARK begin clock\n1\n"])
def test_a_shell_that_does_not_answer(output):
    with pytest.raises(ToolFailed, match="did not come to the end"):
        observation(output, "MARK", MOST, "rt", "", 300)


@given(HOSTILE)
def test_a_name_is_one_line_that_a_terminal_can_show(name):
    shown = observe_names.words(name)
    assert len(shown) <= observe_names.LONGEST and shown.isprintable()


@given(HOSTILE)
def test_a_lease_with_a_hostile_name(name):
    found = observe_leases.leases(f"1700003600 00:00:5e:00:53:42 192.0.2.107 {name} *\n", "MARK", 1700000000)
    for lease in found:
        assert lease["host_name"].isprintable() and len(lease["host_name"]) <= observe_names.LONGEST


SECTIONS = (
    "clock", "host", "address_json", "address_text", "neigh_json", "neigh_text", "route4_json", "route4_text", "ports",
    "fdb_json", "fdb_kernel", "lldp", "leases", "radios", "stations_iw:wlan0", "stations_ubus:wlan0",
    "stations_hostapd:wlan0",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["lldp", "interface", "chassis", "port", "id", "value", "name", "via", "flags", "addr_info", "ifname", "state",
         "linkinfo", "dst", "lladdr", "clients", "interfaces", "mac_table", "addresses", "ip", "mac_address"]
    ), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(SECTIONS), HOSTILE | JSON.map(json.dumps), max_size=8))
def test_whatever_a_device_prints_is_read(printed):
    text = "".join(f"\nMARK begin {name}\n{body}\nMARK end {name} 0\n" for name, body in printed.items())
    found = observation(f"{text}\nMARK end all 0\n", "MARK", MOST, "rt", "now", 300)
    json.dumps(found)
    assert Observed("rt", found).sightings is not None


@settings(max_examples=60)
@given(JSON)
def test_whatever_an_observation_holds_is_read(told):
    answer = Observed("rt", told)
    assert isinstance(answer.sightings, list) and isinstance(answer.holdings, list)
    assert isinstance(answer.macs, dict) and isinstance(answer.addresses, list)


@pytest.mark.parametrize("text", ["", "null", "[]", '{"lldp": [{"interface": [{"via": "LLDP"}]}]}', "[" * 100000])
def test_lldp_that_says_nothing(text):
    assert observe_lldp.neighbors(text) == []
