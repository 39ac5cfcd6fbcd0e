"""The Python API: what a script that holds a Workbench relies on."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from routed import INSIDE_OUT
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from aclbench import AclbenchError, CommandError, Workbench
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.tasks import Task


@pytest.fixture
def bench() -> Workbench:
    """Two workers; pg0 is inside and opens pinholes, pg1 outside."""
    bench = Workbench(workers=2)
    for line in INSIDE_OUT:
        bench.cli(line)
    return bench


def out(sport: int = 1000, flags: str = "S") -> Ether:
    return Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / TCP(sport=sport, dport=80, flags=flags)


def back(dport: int = 1000, flags: str = "SA") -> Ether:
    return Ether() / IP(src="192.168.0.2", dst="10.0.0.2") / TCP(sport=80, dport=dport, flags=flags)


def test_a_pinhole_opens_and_the_verdicts_say_so(bench: Workbench) -> None:
    """The first packet makes a session, the answer hits it, a stranger is denied."""
    [syn] = bench.send("pg0", out())
    assert syn.tx == "pg1"
    assert [tuple(check) for check in syn.checks] == [
        ("acl-plugin-in-ip4-fa", 2, 0, 0, (1, 0)),
    ]
    [syn_ack] = bench.send("pg1", back())
    assert (syn_ack.tx, syn_ack.checks[0].action) == ("pg0", 3)
    assert "existing session 0 of thread 1" in syn_ack.reason
    [stranger] = bench.send("pg1", back(dport=2000))
    assert stranger.tx is None
    assert stranger.fate == "denied"
    assert stranger.reason == "acl-plugin-out-ip4-fa: acl 1 rule 0: deny"


def test_send_takes_bytes_scapy_packets_and_many(bench: Workbench) -> None:
    """Whatever is at hand, in order."""
    verdicts = bench.send("pg0", [bytes(out(1)), out(2), IP(bytes(out(3)[IP]))])
    assert [v.checks[0].session for v in verdicts] == [(1, 0), (1, 1), (1, 2)]
    assert [v.number for v in verdicts] == [1, 2, 3]
    assert bench.send("pg0", []) == []


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Ether() / IP(src="10.0.0.2", dst="172.16.0.1") / UDP(), "no route"),
        (Ether() / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(), "for the bench itself"),
        (Ether() / IP(src="10.0.0.2", dst="224.0.0.1") / UDP(), "multicast"),
        (Ether() / IP(src="10.0.0.2", dst="192.168.0.255") / UDP(), "broadcast"),
        (
            Ether() / IP(src="10.0.0.2", dst="192.168.0.2", options=b"\x01\x01\x01\x00") / UDP(),
            "ip4 options",
        ),
        (Ether(type=0x0806) / b"arp", "not IP"),
        (b"\0" * 12 + b"\x08\x00" + b"\x45", "malformed"),
        (b"", "malformed"),
    ],
)
def test_drops_outside_of_the_acl_nodes(bench: Workbench, packet: object, reason: str) -> None:
    """A packet that goes nowhere says why."""
    [verdict] = bench.send("pg0", packet)
    assert verdict.tx is None
    assert verdict.reason == reason


def test_mac_addresses_ttl_and_checksums_are_not_looked_at(bench: Workbench) -> None:
    """One session for all of them, and each leaves."""
    strange = [
        Ether(src="ff:ff:ff:ff:ff:ff", dst="01:02:03:04:05:06"),
        Ether(src="00:00:00:00:00:00", dst="00:00:00:00:00:00"),
    ]
    ends = {"src": "10.0.0.2", "dst": "192.168.0.2"}
    ports = {"sport": 4000, "dport": 53}
    packets = [
        strange[0] / IP(**ends, ttl=64) / UDP(**ports),
        strange[1] / IP(**ends, ttl=0) / UDP(**ports),
        strange[0] / IP(**ends, ttl=1, chksum=0xBAD) / UDP(**ports),
        strange[1] / IP(**ends, ttl=255) / UDP(**ports, chksum=0xBAD),
    ]
    verdicts = bench.send("pg0", packets)
    assert {v.tx for v in verdicts} == {"pg1"}
    assert len({v.checks[0].session for v in verdicts}) == 1


def test_a_direction_without_acl_is_not_checked(bench: Workbench) -> None:
    """pg1 has no ACL: what it sends to itself meets no node and makes no session."""
    bench.cli("ip route add 172.16.0.0/16 via pg1")
    packet = Ether() / IP(src="192.168.0.9", dst="172.16.0.1") / UDP()
    [verdict] = bench.send("pg1", packet)
    assert (verdict.tx, verdict.fate, verdict.checks) == ("pg1", "unchecked", ())


def test_an_interface_is_down_until_it_is_up() -> None:
    """As in VPP; the reason says what to do about it."""
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    [verdict] = bench.send("pg0", out())
    assert verdict.reason == "interface is down"


def test_time_goes_on_exactly(bench: Workbench) -> None:
    """Str and Decimal are exact to the nanosecond, and 0 is nothing."""
    start = bench.now
    bench.advance("0.000000001")
    bench.advance(Decimal("1.5"))
    bench.advance(2.8)
    bench.advance(0)
    assert bench.now == start + 4_300_000_001


@pytest.mark.parametrize("seconds", [-1, "soon", "nan", "inf", "0.0000000001", 1e30, None])
def test_time_that_makes_no_sense_is_refused(bench: Workbench, seconds: object) -> None:
    """And the clock stands where it stood."""
    start = bench.now
    with pytest.raises(AclbenchError):
        bench.advance(seconds)  # type: ignore[arg-type]
    assert bench.now == start


def test_a_session_ages_out(bench: Workbench) -> None:
    """120 s after its last packet a half-open connection is on its way out."""
    bench.send("pg0", out())
    bench.advance("120.5")
    assert bench.snapshot().sessions.live == 0
    assert bench.send("pg1", back())[0].fate == "denied"


def test_clear_only_signals_and_advance_lets_it_finish(bench: Workbench) -> None:
    """As in VPP: the command returns at once, the workers sweep as time goes on."""
    bench.send("pg0", [out(port) for port in range(1, 251)])
    bench.cli("clear acl-plugin sessions")
    snapshot = bench.snapshot()
    assert snapshot.sessions.live == 150  # one quantum of 100 at this instant
    assert snapshot.workers[1].clear_in_process == 1
    bench.advance("0.001")
    snapshot = bench.snapshot()
    assert snapshot.sessions.live == 0
    assert snapshot.workers[1].clear_in_process == 0


def test_two_workers_and_one_connection(bench: Workbench) -> None:
    """The other leg's worker sees the class change but may not relink: the recheck does."""
    bench.send("pg0", out(flags="S"))
    bench.send("pg1", back(flags="SA"))
    bench.send("pg0", out(flags="A"))
    worker = bench.snapshot().workers[1]
    assert [lst.length for lst in worker.lists] == [0, 1, 0]  # the owner saw the last flag
    bench.send("pg1", back(flags="FA"))
    worker = bench.snapshot().workers[1]
    assert [lst.length for lst in worker.lists] == [0, 1, 0]
    assert worker.lists[1].sessions[0].timeout_class == 2
    bench.advance("120.5")
    assert bench.snapshot().sessions.live == 0


def test_snapshots_become_json(bench: Workbench) -> None:
    """Frozen, typed, JSON-able."""
    bench.send("pg0", [out(1), out(2)])
    text = json.dumps(bench.snapshot().to_json())
    assert json.loads(text)["sessions"]["live"] == 2


def test_an_unknown_interface_is_named(bench: Workbench) -> None:
    """And so are those that are there."""
    with pytest.raises(CommandError, match=r"pg9.*local0, pg0, pg1"):
        bench.send("pg9", out())


@pytest.mark.parametrize(
    "arguments",
    [{"workers": -1}, {"workers": "2"}, {"placement": "random"}, {"frame_size": 0}],
)
def test_a_bench_that_cannot_be_is_refused(arguments: dict[str, object]) -> None:
    """One message, no half-made bench."""
    with pytest.raises(AclbenchError):
        Workbench(**arguments)  # type: ignore[arg-type]


def test_deleting_an_interface_clears_it_and_frees_its_index(bench: Workbench) -> None:
    """Its index is handed out again only when the clear is done."""
    bench.send("pg0", [out(port) for port in range(1, 251)])
    bench.cli("delete packet-generator interface pg0")
    bench.cli("create packet-generator interface pg2")
    assert [i.sw_if_index for i in bench.snapshot().interfaces if i.name == "pg2"] == [3]
    bench.advance("0.01")
    bench.cli("create packet-generator interface pg3")
    assert [i.sw_if_index for i in bench.snapshot().interfaces if i.name == "pg3"] == [1]
    assert bench.snapshot().sessions.live == 0
    bench.check_invariants()


def test_frame_size_does_not_show() -> None:
    """The same verdicts, whatever the frames."""
    results = []
    for frame_size in (1, 3, 256):
        bench = Workbench(workers=2, frame_size=frame_size)
        for line in INSIDE_OUT:
            bench.cli(line)
        results.append(bench.send("pg0", [out(port % 7) for port in range(20)]))
    assert results[0] == results[1] == results[2]


def test_many_frames_are_handed_over_in_slices_and_all_or_none(bench: Workbench) -> None:
    frames = tuple(bytes(out(port % 7)) for port in range(1000))
    before, inputs = bench.snapshot(), len(bench.past.branch.ops)
    task = Task(bench.sending("pg0", frames))
    while task.progress is None:
        assert not task.work(0.0)
    assert task.progress == (256, 1000, "frames")
    task.stop()
    bench.advance(1)
    assert bench.snapshot().packets == before.packets
    assert not any(isinstance(op, Inject) for op in bench.past.branch.ops[inputs:])
    assert [verdict.number for verdict in bench.send("pg0", frames)] == list(range(1, 1001))
    bench.goto_packet(0)
    task = Task(bench.transport.running(bench.past.branch.end.time))
    while task.progress is None:
        assert not task.work(0.0)
    task.stop()
    assert bench.snapshot().packets == before.packets
    bench.play()
    assert bench.snapshot().packets.read == 1000
