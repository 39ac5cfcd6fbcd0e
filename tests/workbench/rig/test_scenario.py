"""Scenario files: what is right works, what is wrong is said with its place."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from struct import pack

import pytest
from capture.containers import enhanced, interface, option, pcap, section
from capture.frames import ip4, udp
from counting import Name

from aclbench import ScenarioError, Workbench
from aclbench.engine.events import PacketVerdict
from aclbench.engine.reasons import reason_text
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.rig.scenario_file import InterfaceTable, ScenarioDocument

GOOD = """\
title = "Two"
workers = 2
placement = "flow"
cli = '''
# a comment
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
'''
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24", "10.1.0.0/16"]
[[interface]]
name = "pg1"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text)
    return path


def test_a_scenario_sets_up_a_bench(tmp_path: Path) -> None:
    """Interfaces up, addresses and routes there, CLI lines run."""
    bench = Workbench.load(write(tmp_path, GOOD))
    snapshot = bench.snapshot()
    assert [(i.name, i.admin_up, i.input_acls) for i in snapshot.interfaces[1:]] == [
        ("pg0", True, (0,)),
        ("pg1", True, ()),
    ]
    assert len(snapshot.workers) == 3
    [verdict] = bench.send(
        "pg1",
        bytes.fromhex(
            "00" * 12 + "0800" + "4500001c0000000040110000080808080a0100010035003500080000"
        ),
    )
    assert verdict.tx == "pg0"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("workers = 2", "workers = -1", "workers"),
        ("workers = 2", 'workers = "two"', "workers"),
        ("workers = 2", "workers = true", "workers"),
        ("workers = 2", "wokers = 2", "wokers: an unknown key; did you mean workers?"),
        ('"flow"', '"random"', "placement: found random; right would be interface or flow"),
        ('name = "pg1"', 'name = "wan"', "interface 2, name"),
        ('name = "pg1"', 'name = "pg0"', "a name of its own"),
        ('name = "pg1"', 'name = "pg1"\nprefixes = ["0.0.0.0/0"]', "exactly one without prefixes"),
        ('"10.1.0.0/16"', '"10.1.0.1/16"', "has host bits set"),
        ('"10.0.0.1/24"', '"nonsense"', "interface 1, addresses 1: found nonsense"),
        ("prefixes = [", "prefixes = 5 #", "a list of texts"),
        ("set acl-plugin acl permit+reflect", "set acl-plugin acl permitt", "cli, line 2"),
        ("input acl 0", "input acl 9", "there is no ACL 9"),
        ('title = "Two"', "title = 5", "title"),
        ('title = "Two"', 'captures = ["none.pcap"]', "none.pcap"),
        ('title = "Two"', "title = ", "not TOML"),
        (GOOD, "", "interface: found nothing"),
        ("workers = 2", "workers = true", "workers: found true"),
        ('title = "Two"', 'captures = ["."]', "captures 1: found ., a directory"),
        ('name = "pg1"', 'name = "pg1"\nvlans = [0]', "interface 2, vlans 1: found 0"),
        ('name = "pg1"', 'name = "pg1"\nvlans = [20.30]', "interface 2, vlans 1: found 20.3"),
        ('name = "pg1"', 'name = "pg1"\nvlans = "10"', 'a list such as [10, "20.30"]'),
        ('name = "pg1"', 'name = "pg1"\nmacs = ["02"]', "interface 2, macs 1: found 02"),
        (
            'name = "pg1"',
            'name = "pg1"\ncapture_interfaces = [true]',
            "interfaces 1: found true",
        ),
        (
            'name = "pg1"',
            'name = "pg1"\ncapture_interfaces = [-1]',
            "found -1; right would be",
        ),
        (
            'name = "pg1"',
            'name = "pg1"\ncaptures = ["none.pcap"]',
            "interface 2, captures 1: found",
        ),
        (
            'name = "pg1"',
            'name = "pg1"\nvlans = [10]\nmacs = ["02:00:00:00:00:01"]',
            "interface: found vlans and macs; right would be one of them",
        ),
        (
            'name = "pg1"',
            'name = "pg1"\nvlans = [10]\n[[interface]]\nname = "pg2"',
            "found pg1 and pg2; right would be exactly one without prefixes",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """The file, the key or line, what was found, what would be right."""
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ScenarioError) as refusal:
        Workbench.load(path)
    assert says in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_files_that_are_no_scenario(tmp_path: Path) -> None:
    """Missing, a directory, or binary: one message that names the file."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(ScenarioError, match=str(path)):
            Workbench.load(path)


SIDES = """\
captures = ["x.pcap"]
cli = [
    "set acl-plugin acl permit+reflect",
    "set acl-plugin acl deny",
    "set acl-plugin interface pg0 input acl 0",
    "set acl-plugin interface pg0 output acl 1",
]
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
@inside@
[[interface]]
name = "pg1"
"""


def tagged(vlan: int, mac: int, packet: bytes) -> bytes:
    """A frame in a VLAN, from a MAC address that ends so."""
    return bytes(11) + bytes([mac]) + pack("!HHH", 0x8100, vlan, 0x0800) + packet


def from_to(src: str, dst: str) -> bytes:
    """An IPv4 packet between two hosts."""
    packet = bytearray(ip4(udp(), 17, src=ip_address(src).packed))
    packet[16:20] = ip_address(dst).packed
    return bytes(packet)


def entered(path: Path) -> list[tuple[int, str]]:
    """For each packet of a scenario the interface it entered, and why it met its fate."""
    bench = Workbench.load(path)
    heard: list[PacketVerdict] = []
    bench.listeners.add(
        lambda event: heard.append(event) if isinstance(event, PacketVerdict) else None
    )
    bench.play()
    return [(event.rx, reason_text(event.reason)) for event in heard]


@pytest.mark.parametrize(
    ("inside", "rx"),
    [
        ("vlans = [10]", [1, 1, 2, 2]),
        ('vlans = ["10"]', [1, 1, 2, 2]),
        ('macs = ["00:00:00:00:00:07"]', [1, 2, 1, 2]),
        ('capture_interfaces = ["eth1"]', [2, 1, 2, 1]),
        ("capture_interfaces = [0]", [1, 2, 1, 2]),
        ("", [1, 1, 1, 1]),
    ],
)
def test_what_tells_the_interface(tmp_path: Path, inside: str, rx: list[int]) -> None:
    """The same four packets, all from an inside address to the outside."""
    frames = [
        tagged(vlan, mac, from_to("10.0.0.2", "8.8.8.8")) for vlan in (10, 11) for mac in (7, 8)
    ]
    data = section() + interface(options=option(2, b"eth0")) + interface(options=option(2, b"eth1"))
    data += b"".join(enhanced(n, frame, n & 1) for n, frame in enumerate(frames))
    (tmp_path / "x.pcap").write_bytes(data)
    found = entered(write(tmp_path, SIDES.replace("@inside@", inside)))
    assert [index for index, _ in found] == rx


def test_a_capture_an_interface(tmp_path: Path) -> None:
    """Merged by time; routes are those of the prefixes."""
    out, back = from_to("10.0.0.2", "8.8.8.8"), from_to("8.8.8.8", "10.0.0.2")
    for name, times, packet in (("in", (1, 4), out), ("out", (2, 3), back)):
        frames = [(time, tagged(1, 1, packet)) for time in times]
        (tmp_path / f"{name}.pcap").write_bytes(pcap(frames))
    text = SIDES.replace('captures = ["x.pcap"]\n', "")
    text = text.replace("@inside@", 'captures = ["in.pcap"]')
    found = entered(write(tmp_path, text + 'captures = ["out.pcap"]\n'))
    assert [index for index, _ in found] == [1, 2, 2, 1]
    both = write(tmp_path, text.replace("cli =", 'captures = ["in.pcap"]\ncli ='))
    with pytest.raises(ScenarioError, match="captures: found both"):
        Workbench.load(both)


def test_the_outside_may_have_prefixes_where_labels_tell_it(tmp_path: Path) -> None:
    """Or neither side has: routes are then what addresses and commands say."""
    (tmp_path / "x.pcap").write_bytes(pcap([(1, tagged(10, 1, from_to("10.0.0.2", "8.8.8.8")))]))
    text = SIDES.replace("@inside@", "vlans = [10]")
    path = write(tmp_path, text + 'prefixes = ["8.0.0.0/8"]\n')
    assert entered(path) == [(1, "acl 0 rule 0: permit+reflect")]
    path = write(tmp_path, text.replace('prefixes = ["10.0.0.0/24"]', ""))
    assert entered(path) == [(1, "acl 0 rule 0: permit+reflect")]


@pytest.mark.parametrize(
    ("dst", "steering", "why"),
    [
        ("10.0.0.3", "", "both ends on one side"),
        ("10.0.0.1", "", "for the bench itself"),
        ("10.0.0.255", "", "broadcast"),
        ("255.255.255.255", "", "broadcast"),
        ("224.0.0.251", "", "multicast"),
        ("10.0.0.3", "vlans = [10]", "acl 1 rule 0: deny"),
    ],
)
def test_packets_that_stay_on_one_side(tmp_path: Path, dst: str, steering: str, why: str) -> None:
    """Known by address alone; steered otherwise, or sent by hand, they are turned round."""
    frame = tagged(10, 1, from_to("10.0.0.2", dst))
    (tmp_path / "x.pcap").write_bytes(pcap([(1, frame)]))
    own = 'addresses = ["10.0.0.1/24"]\n' + steering
    path = write(tmp_path, SIDES.replace("@inside@", own))
    assert entered(path) == [(1, why)]
    bench = Workbench.load(path)
    bench.play()
    checked = why in ("broadcast", "for the bench itself") or steering
    assert bench.snapshot().packets.checked == bool(checked)
    [verdict] = bench.send("pg0", frame)
    assert ("deny" in verdict.reason) == (dst == "10.0.0.3")


@pytest.mark.parametrize("line", ["delete packet-generator interface pg1", "step", "step cleaner"])
def test_what_a_last_line_begins_is_finished(tmp_path: Path, line: str) -> None:
    """A clear takes a while, and steps by hand may end anywhere; the run begins at rest."""
    sent = "send pg0 udp 10.0.0.2:5 > 192.168.0.9:53"
    bench = Workbench.load(
        write(tmp_path, GOOD.replace("input acl 0", f"input acl 0\n{sent}\n{line}"))
    )
    assert bench.rig.driver.at_rest()
    assert bench.started == bench.now


def test_names_of_interfaces_are_compared_with_few_others() -> None:
    """Thousands of them are read and set up in time that is in proportion."""
    count, before = 200, Name.looks
    named = [InterfaceTable(name=Name(f"pg{n}"), vlans=(1 + n,)) for n in range(count)]
    document = ScenarioDocument(interface=(*named, InterfaceTable(name=Name("pg999"))))
    scenario = Scenario("", tuple(table.spec() for table in document.interface))
    assert scenario.outside == "pg999"
    assert scenario.set_up_lines()[-1] == "ip route add ::/0 via pg999"
    assert Name.looks - before < 50 * count


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pipe.pcap", "found pipe.pcap; right would be a file"),
        ("device.pcap", "found device.pcap; right would be a file"),
        ("x" * 300, "found x.*; right would be a file"),
    ],
)
def test_a_capture_that_a_scenario_names_is_a_file(tmp_path: Path, name: str, says: str) -> None:
    """Somebody else may have made it: a pipe would wait for ever, and a device end never."""
    os.mkfifo(tmp_path / "pipe.pcap")
    (tmp_path / "device.pcap").symlink_to("/dev/zero")
    with pytest.raises(ScenarioError, match=f"scenario.toml: captures 1: {says}"):
        Workbench.load(write(tmp_path, f'captures = ["{name}"]\n{GOOD}'))
