"""Every recorded switch, read through snmpsim, against an independent reading of its file.

What is expected is taken from the text of the recording: no code of ours is asked. The folder
is ``$BELLWIRE_RECORDINGS``, or ``shared/snmp`` beside the checkout; what is in it is tried.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitors.signals import Mapping, PortPower, SwitchState
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import PortReading, SwitchReading
from tests.simulators.snmp import HOST, community, free_port, snmpsim, talk
from web.cli import main

FOLDER = Path(
    os.environ.get("BELLWIRE_RECORDINGS") or Path(__file__).resolve().parents[3] / "shared" / "snmp"
)
NAMES = sorted(file.stem for file in FOLDER.glob("*.snmprec"))
pytestmark = pytest.mark.skipif(not NAMES, reason=f"there are no recordings in {FOLDER}")

PETH = "1.3.6.1.2.1.105.1.1.1"
MAIN = "1.3.6.1.2.1.105.1.3.1.1"
LLDP = "1.0.8802.1.1.2.1.4.1.1"
CDP = "1.3.6.1.4.1.9.9.23.1.2.1.1"
FOUNDRY = "1.3.6.1.4.1.1991.1.1.2.14.2.2.1"
TPLINK = "1.3.6.1.4.1.11863.6.56.1.1.2.1.1"
MIKROTIK = "1.3.6.1.4.1.14988.1.1.15.1.1"
HUAWEI = "1.3.6.1.4.1.2011.5.25.195.3.1"
RADLAN = (
    "1.3.6.1.4.1.9.6.1.101.108.1.1",
    "1.3.6.1.4.1.89.108.1.1",
    "1.3.6.1.4.1.3955.1000.201.108.1.1",
)
WATTS = {
    "1.3.6.1.4.1.9.9.402.1.2.1.9": 1,
    **{f"{base}.5": 1 for base in RADLAN},
    "1.3.6.1.4.1.1916.1.27.2.1.1.6": 1,
    f"{FOUNDRY}.6": 1,
    f"{HUAWEI}.10": 1,
    f"{TPLINK}.7": 100,
    f"{MIKROTIK}.6": 100,
    "1.3.6.1.4.1.4526.10.15.1.1.1.2": 1,
    "1.3.6.1.4.1.4526.11.15.1.1.1.2": 1,
    "1.3.6.1.4.1.7428.1.2.1.1.1.3": 1000,
}
"""Where makers write the power of a port, and how many milliwatts one is."""
DETECTED = {"1": "off", "2": "searching", "3": "delivering"}
IN_WORDS = {
    "Port is off. User setting": "off",
    "Port is off. Overload state": "overload",
    "Port is on. Valid resistor detected": "delivering",
    "Detecting": "searching",
    "Powered": "delivering",
    "Legacy disable": "searching",
}
MIKROTIK_STATES = {"1": "off", "2": "searching", "3": "delivering", "4": "overload", "5": "short"}
TPLINK_STATES = {"0": "searching", "2": "delivering", "3": "overload", "4": "short"}
PLATFORMS = {
    "niac_cisco": "cisco_ios", "lnms_ios": "cisco_ios", "lnms_ciscosb": "cisco_s300",
    "lnms_eltex": "eltex", "lnms_linksys": "linksys", "lnms_procurve": "hp_procurve",
    "lnms_arubaos-cx": "aruba_aoscx", "niac_extreme": "extreme_exos",
    "niac_brocade": "ruckus_fastiron", "lnms_ironware": "ruckus_fastiron",
    "lnms_vrp": "huawei_vrp", "lnms_jetstream": "tplink_jetstream",
    "lnms_routeros": "mikrotik_routeros", "lnms_swos": "mikrotik_switchos",
    "lnms_dlink": "dlink_ds", "recon_netgear": "netgear_prosafe", "niac_netgear": "netgear_prosafe",
    "lnms_junos": "juniper_junos", "niac_juniper": "juniper_junos", "lnms_aos6": "alcatel_aos",
    "lnms_zynos": "zyxel_os", "lnms_fortiswitch": "fortinet", "lnms_edgecos": "edgecore",
    "lnms_edgeswitch": "ubiquiti_unifiswitch", "lnms_microsemi": "powerdsine",
}  # fmt: skip
"""What the makers call these switches, by how the recordings are named."""

Rows = dict[str, str]


class Recording:
    """A recording as text: ``OID|type|value`` in lines."""

    def __init__(self, name: str) -> None:
        self.variables: dict[str, tuple[str, str]] = {}
        text = (FOLDER / f"{name}.snmprec").read_text(encoding="latin-1")
        for line in text.split("\n"):
            if line.count("|") >= 2:
                where, kind, value = line.split("|", 2)
                self.variables[where] = (kind, value)

    def column(self, branch: str) -> Rows:
        """Values by what follows the branch."""
        start = f"{branch}."
        return {
            where[len(start) :]: value
            for where, (_, value) in self.variables.items()
            if where.startswith(start)
        }

    def octets(self, where: str) -> bytes:
        """A string value as octets."""
        kind, value = self.variables.get(where, ("4", ""))
        return bytes.fromhex(value) if kind.endswith("x") else value.encode("latin-1")


@cache
def recorded(name: str) -> Recording:
    return Recording(name)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpsim(FOLDER, tmp_path_factory.mktemp("snmpsim")) as port:
        yield port


@pytest.fixture(scope="session")
def readings(simulator: int) -> dict[str, SwitchReading]:
    """Readings by name, each read once."""
    return _Readings(simulator)


class _Readings(dict[str, SwitchReading]):
    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def __missing__(self, name: str) -> SwitchReading:
        self[name] = talk(self._port, community(name), lambda s: read_switch(s, Who(name)), 20.0)
        return self[name]


def power_ports(reading: SwitchReading) -> dict[str, PortReading]:
    """Power ports by their index as text."""
    return {".".join(map(str, p.pse)): p for p in reading.ports if p.pse is not None}


def expected_watts(recording: Recording) -> dict[str, int]:
    return {
        index: int(value) * factor
        for branch, factor in WATTS.items()
        for index, value in recording.column(branch).items()
    }


def expected_indexes(recording: Recording) -> set[str]:
    standard = {*recording.column(f"{PETH}.3"), *recording.column(f"{PETH}.6")}
    return standard | set(expected_watts(recording))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_to_the_end(readings: dict[str, SwitchReading], name: str) -> None:
    reading = readings[name]
    assert (reading.state, reading.failure) == (SwitchState.UP, None)
    known = [p for start, p in PLATFORMS.items() if name.startswith(start)]
    if known:
        assert reading.platform == known[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_power_port_is_there(readings: dict[str, SwitchReading], name: str) -> None:
    assert set(power_ports(readings[name])) == expected_indexes(recorded(name))


@pytest.mark.parametrize("name", NAMES)
def test_its_watts(readings: dict[str, SwitchReading], name: str) -> None:
    ports = power_ports(readings[name])
    for index, expected in expected_watts(recorded(name)).items():
        assert ports[index].power_mw == expected, index


@pytest.mark.parametrize("name", NAMES)
def test_its_power_states(readings: dict[str, SwitchReading], name: str) -> None:
    recording, ports = recorded(name), power_ports(readings[name])
    allowed = recording.column(f"{PETH}.3")
    states: dict[str, str] = {}
    for index, value in recording.column(f"{PETH}.6").items():
        states[index] = DETECTED.get(value, "fault")
    for branch in (*(f"{base}.8" for base in RADLAN), f"{HUAWEI}.7"):
        states |= {i: IN_WORDS[words] for i, words in recording.column(branch).items()}
    states |= {i: MIKROTIK_STATES[v] for i, v in recording.column(f"{MIKROTIK}.3").items()}
    states |= {i: TPLINK_STATES[v] for i, v in recording.column(f"{TPLINK}.11").items()}
    controls = recording.column(f"{FOUNDRY}.2")
    watts = expected_watts(recording)
    for index in expected_indexes(recording):
        state = ports[index].state
        if allowed.get(index) == "2" or controls.get(index) == "2":
            assert state is PortPower.OFF
        elif controls.get(index) == "1":
            assert state is PortPower.NOT_POE
        elif index in states:
            worse = {"fault", "overload", "short", "denied", "hardware"}
            assert str(state) in (worse if states[index] == "fault" else {states[index]}), index
        else:
            assert (state is PortPower.DELIVERING) == (watts.get(index, 0) > 0), index


COUNTS = {
    "niac_cisco_c2960_24p": {"searching": 23, "delivering": 1},
    "niac_cisco_c3550_24p": {"off": 22, "searching": 2},
    "niac_cisco_c3560_24ps": {"off": 1, "searching": 23},
    "niac_cisco_c3560_24ps_phones": {"off": 3, "searching": 18, "delivering": 3},
    "niac_cisco_c3750_24p_b": {"off": 13, "searching": 11},
    "niac_cisco_c3750_stack2x48": {"off": 8, "searching": 88},
    "niac_extreme_x440_8p_a": {"searching": 5, "delivering": 3},
    "niac_extreme_x460_48p": {"searching": 44, "delivering": 4},
    "niac_juniper_ex3200_24t": {"searching": 8},
    "recon_netgear_gsm7228ps": {"searching": 45, "delivering": 2, "fault": 1},
    "recon_netgear_m4300-16x": {"searching": 14, "delivering": 2},
    "lnms_ciscosb_cbs350-4x": {"off": 26, "delivering": 20, "overload": 2},
    "lnms_jetstream_sg2218p": {"searching": 3, "delivering": 13},
    "lnms_swos_css610-8p-2s+": {"short": 1, "searching": 1, "delivering": 6},
    "lnms_vrp_5720-vrf": {"searching": 143, "delivering": 1},
}
"""As the monitoring notes count them in section 4."""


@pytest.mark.parametrize("name", [n for n in NAMES if n in COUNTS])
def test_its_ports_are_as_many_as_the_notes_count(
    readings: dict[str, SwitchReading], name: str
) -> None:
    ports = power_ports(readings[name]).values()
    assert Counter(str(p.state) for p in ports) == COUNTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_its_budget(readings: dict[str, SwitchReading], name: str) -> None:
    total, used = recorded(name).column(f"{MAIN}.2"), recorded(name).column(f"{MAIN}.4")
    groups = {str(g.group): g for g in readings[name].budget.groups}
    if not total and not used:
        return
    assert set(groups) == {*total, *used}
    for index, group in groups.items():
        assert group.total_w == (float(total[index]) if index in total else None)
        assert group.used_w == (float(used[index]) if index in used else None)


MAC = re.compile(r"[0-9a-f]{12}")


def plain_mac(octets: bytes) -> str:
    """A MAC as twelve digits, from six octets or from text; empty: it is none."""
    if len(octets) == 6:
        return octets.hex()
    digits = re.sub(r"[:.\- ]", "", octets.decode("latin-1")).lower()
    return digits if MAC.fullmatch(digits) else ""


def says_phone(recording: Recording, index: str) -> bool:
    """Whether an LLDP neighbour has the telephone bit, a Cisco phone's name, or MED class 3."""
    kind, value = recording.variables.get(f"{LLDP}.12.{index}", ("4", ""))
    first = value.split(" ")[0]
    if kind == "2":
        telephone = int(value) & 32  # bits as on the wire
    elif kind.endswith("x"):
        telephone = bytes.fromhex(value)[-1 if value.startswith("00") else 0] & (
            32 if value.startswith("00") else 4
        )
    else:
        telephone = int(first, 16) & 4 if re.fullmatch(r"[0-9A-Fa-f]{2}", first) else 0
    med = recording.variables.get(f"1.0.8802.1.1.2.1.5.4795.1.3.1.1.3.{index}", ("", ""))[1]
    name = recording.variables.get(f"{LLDP}.9.{index}", ("", ""))[1]
    policies = recording.column(f"1.0.8802.1.1.2.1.5.4795.1.3.2.1.2.{index}")
    voice = not med and any(p in policies for p in ("1.64", "2.64.0"))
    return bool(telephone) or med == "3" or voice or bool(re.match(r"SEP[0-9A-F]{12}", name))


def lldp_mac(recording: Recording, index: str) -> str:
    """The chassis when it is a MAC, else the port when it is one (subtypes 4 and 3)."""
    if recording.variables.get(f"{LLDP}.4.{index}", ("", ""))[1] == "4":
        return plain_mac(recording.octets(f"{LLDP}.5.{index}"))
    return plain_mac(recording.octets(f"{LLDP}.7.{index}"))


def expected_phones(recording: Recording) -> dict[str, str]:
    """Phones by MAC, with the name of the interface as text; empty where it is not simple."""
    names = recording.column("1.3.6.1.2.1.31.1.1.1.1")
    bridge = recording.column("1.3.6.1.2.1.17.1.4.1.2")
    local = recording.column("1.3.6.1.4.1.14988.1.1.11.1.1.8")
    phones: dict[str, str] = {}
    for index in recording.column(f"{LLDP}.5"):
        mac = lldp_mac(recording, index)
        if not says_phone(recording, index) or not mac:
            continue
        parts = index.split(".")
        if len(parts) == 1:
            where = next((v for i, v in local.items() if i.split(".")[-1] == index), "")
        else:
            where = bridge.get(parts[1], parts[1])
        phones[mac] = names.get(where, "")
    for index, value in recording.column(f"{CDP}.6").items():
        match = re.match(r"SEP([0-9A-Fa-f]{12})", value)
        if match:
            phones[match[1].lower()] = names.get(index.split(".")[0], "")
    return phones


@pytest.mark.parametrize("name", NAMES)
def test_its_phones_are_on_their_ports(readings: dict[str, SwitchReading], name: str) -> None:
    found = {
        str(n.mac): port
        for port in readings[name].ports
        for n in port.neighbours
        if n.is_phone and n.mac is not None
    }
    expected = expected_phones(recorded(name))
    assert set(found) == set(expected)
    for mac, where in expected.items():
        assert found[mac].name == where, mac
        if found[mac].pse is not None:
            assert found[mac].mapping is Mapping.PROVEN


@pytest.mark.parametrize("name", NAMES)
def test_its_neighbours(readings: dict[str, SwitchReading], name: str) -> None:
    """Whoever says a MAC by LLDP or CDP is found on some port."""
    recording = recorded(name)
    said = {lldp_mac(recording, index) for index in recording.column(f"{LLDP}.5")}
    said |= {v.lower() for v in recording.column(f"{CDP}.6").values() if MAC.fullmatch(v.lower())}
    said -= {"", "000000000000"}
    found = {str(n.mac) for p in readings[name].ports for n in p.neighbours if n.mac}
    assert found >= said
    names = [n for p in readings[name].ports for n in p.neighbours]
    rows = len(recording.column(f"{LLDP}.5")) + len(recording.column(f"{CDP}.6"))
    assert len(names) <= rows
    assert bool(names) == bool(rows)


@pytest.mark.parametrize("name", NAMES)
def test_power_ports_by_the_physical_index(readings: dict[str, SwitchReading], name: str) -> None:
    """Cisco's own way, step by step through the text."""
    recording, ports = recorded(name), power_ports(readings[name])
    aliases = recording.column("1.3.6.1.2.1.47.1.3.2.1.2")
    for pse, physical in recording.column("1.3.6.1.4.1.9.9.402.1.2.1.11").items():
        alias = aliases.get(f"{physical}.0")
        if alias:
            assert str(ports[pse].if_index) == alias.rsplit(".", 1)[1]
            assert ports[pse].mapping is Mapping.PROVEN
        elif physical == "0":
            assert ports[pse].mapping is not Mapping.PROVEN


MAPPED = {
    "niac_cisco_c3560_24ps_phones": {"1.3": "Fa0/1", "1.13": "Fa0/11", "1.26": "Fa0/24"},
    "niac_cisco_c3750_stack2x48": {"1.1": "Gi1/0/1", "2.48": "Gi2/0/48"},
    "niac_juniper_ex3200_24t": {"1.1": "ge-0/0/0", "1.2": "ge-0/0/1", "1.8": "ge-0/0/7"},
    "niac_extreme_x460_48p": {"1.1006": "1:6", "1.1048": "1:48"},
    "lnms_jetstream_sg2218p": {"1": "gigabitEthernet 1/0/1", "16": "gigabitEthernet 1/0/16"},
    "lnms_ciscosb_cbs350-4x": {"1.7": "gi1/0/7", "2.53": "gi2/0/1"},
    "lnms_eltex-mes23xx_mes2324p": {"1.49": "gi1/0/1", "1.72": "gi1/0/24"},
    "lnms_vrp_5720-vrf": {"6": "GigabitEthernet2/0/1"},
    "recon_netgear_gsm7228ps": {"1.44": "1/g44"},
    "lnms_routeros_rb5009upr+s+": {"2": "ether1", "9": "ether8"},
}


@pytest.mark.parametrize("name", [n for n in NAMES if n in MAPPED])
def test_which_socket_a_power_port_is(readings: dict[str, SwitchReading], name: str) -> None:
    ports = power_ports(readings[name])
    assert {pse: ports[pse].name for pse in MAPPED[name]} == MAPPED[name]


def test_sureness_of_the_maps(readings: dict[str, SwitchReading]) -> None:
    def sure(name: str) -> set[Mapping]:
        return {p.mapping for p in power_ports(readings[name]).values()}

    if "niac_cisco_c3550_24p" in NAMES:
        assert sure("niac_cisco_c3550_24p") == {Mapping.ASSUMED}
    if "niac_juniper_ex3200_24t" in NAMES:
        assert sure("niac_juniper_ex3200_24t") == {Mapping.LIKELY}
    if "lnms_microsemipdsine" in NAMES:
        assert sure("lnms_microsemipdsine") == {Mapping.NONE}


@pytest.mark.parametrize("name", NAMES)
def test_forwarding_tables(readings: dict[str, SwitchReading], name: str) -> None:
    """No MAC address is invented, and those on bridge ports that are sockets are found."""
    recording = recorded(name)
    in_file: dict[str, str] = {}
    for branch in ("1.3.6.1.2.1.17.4.3.1.2", "1.3.6.1.2.1.17.7.1.2.2.1.2"):
        for index, port in recording.column(branch).items():
            numbers = index.split(".")[-6:]
            if len(numbers) == 6:
                in_file[bytes(int(n) for n in numbers).hex()] = port
    in_file |= {
        recording.octets(f"1.3.6.1.2.1.17.4.3.1.1.{i}").hex(): "?"
        for i in recording.column("1.3.6.1.2.1.17.4.3.1.1")
    }
    found = {str(seen.mac) for port in readings[name].ports for seen in port.learned}
    assert found <= set(in_file)
    sockets = {str(p.if_index) for p in readings[name].ports}
    bridge = recording.column("1.3.6.1.2.1.17.1.4.1.2")
    states = recording.column("1.3.6.1.2.1.17.4.3.1.3")
    if recording.column("1.3.6.1.2.1.17.7.1.2.2.1.2") or not states:
        return
    for index, port in recording.column("1.3.6.1.2.1.17.4.3.1.2").items():
        octets = bytes(int(n) for n in index.split(".")[-6:])
        if bridge.get(port) in sockets and states.get(index) == "3" and not octets[0] & 1:
            assert octets.hex() in found


def test_the_command_shows_a_switch(simulator: int) -> None:
    name = "niac_cisco_c3560_24ps_phones"
    if name not in NAMES:
        pytest.skip(f"{name} is not among the recordings")
    target = f"{HOST}:{simulator}"
    result = CliRunner().invoke(main, ["switch", "read", target, "--community", name, "--json"])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert set(shown) == {"platform", "ports", "budget"}
    assert shown["platform"] == "cisco_ios"
    by_name = {port["if_name"]: port for port in shown["ports"]}
    assert by_name["Fa0/13"] == {
        "pse": "1.15",
        "if_index": 10013,
        "if_name": "Fa0/13",
        "admin": True,
        "state": "delivering",
        "power_mw": 6300,
        "link": "up",
        "neighbour": {
            "mac": "00:1e:13:73:00:b3",
            "ip": "198.18.0.2",
            "name": "SEP001E137300B3",
            "is_phone": True,
        },
        "mapping": "proven",
    }
    assert by_name["Gi0/1"]["pse"] is None
    assert (shown["budget"]["used_w"], shown["budget"]["total_w"]) == (17, 370)
    plain = CliRunner().invoke(main, ["switch", "read", target, "--community", name])
    assert "17 of 370 W used, enough" in plain.stdout
    assert "phone 00:1e:13:73:00:b3 198.18.0.2 SEP001E137300B3" in plain.stdout


def test_the_command_shows_phones_that_only_their_address_betrays(simulator: int) -> None:
    name = "lnms_fortiswitch_148f-fpoe"
    if name not in NAMES:
        pytest.skip(f"{name} is not among the recordings")
    args = ["switch", "read", f"{HOST}:{simulator}", "--community", name, "--json"]
    shown = json.loads(CliRunner().invoke(main, args).stdout)
    phones = [
        p["neighbour"]["mac"] for p in shown["ports"] if (p["neighbour"] or {}).get("is_phone")
    ]
    yealink = {m for m in phones if m.startswith("80:5e:0c")}
    assert len(yealink) >= 3
    assert {
        p["mapping"] for p in shown["ports"] if (p["neighbour"] or {}).get("mac") in yealink
    } <= {
        "proven",
        "likely",
    }


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--community", "nobody", "--timeout", "0.3"], 1, "does not accept our community"),
        ([], 2, "give --community, or --v3-user"),
        (["--community", "x", "--v3-user", "u"], 2, "not both"),
        (["--v3-user", "u", "--v3-priv", "Hiding-1234"], 2, "--v3-priv needs --v3-auth"),
        (["--community", "x", "--platform", "toaster"], 2, "--platform: one of"),
    ],
)
def test_the_command_says_what_is_wrong(
    simulator: int, args: list[str], code: int, words: str
) -> None:
    result = CliRunner().invoke(main, ["switch", "read", f"{HOST}:{simulator}", *args])
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_the_command_tells_a_closed_port() -> None:
    args = ["switch", "read", f"{HOST}:{free_port()}", "--community", "x", "--timeout", "0.3"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 1
    assert "closed" in result.output
