"""`show trace` prints of the acl nodes what VPP prints."""

from __future__ import annotations

import pytest
import vpp_transcript

from aclbench import CommandError, Workbench


def acl_blocks(lines: list[str]) -> list[list[str]]:
    """Each acl node with its three lines, its time left out."""
    return [
        [line.split(": ")[1], *lines[n + 1 : n + 4]]
        for n, line in enumerate(lines)
        if ": acl-plugin-" in line and line[:2].isdigit()
    ]


def test_acl_nodes_byte_for_byte() -> None:
    """Name, `acl-plugin:` line, packet info and 5-tuple of each of the transcript's packets."""
    bench = vpp_transcript.set_up()
    bench.cli("trace add pg-input 10")
    vpp_transcript.play(bench)
    expected = acl_blocks(vpp_transcript.LINES)
    assert len(expected) == 7
    assert acl_blocks(bench.cli("show trace").splitlines()) == expected


def test_buffer_is_by_thread_and_bounded() -> None:
    """Each thread has its packets, numbered from 1; no more than were asked for."""
    bench = Workbench(workers=2)
    for line in vpp_transcript.commands():
        bench.cli(line)
    bench.cli("trace add pg-input 2")
    vpp_transcript.play(bench)
    printed = bench.cli("show trace").splitlines()
    assert printed[:3] == [
        "------------------- Start of thread 0 vpp_main -------------------",
        "No packets in trace buffer",
        "------------------- Start of thread 1 vpp_wk_0 -------------------",
    ]
    assert "------------------- Start of thread 2 vpp_wk_1 -------------------" in printed
    assert [s for s in printed if s.startswith("Packet")] == ["Packet 1", "Packet 2"] * 2
    assert printed[3:7] == [
        "Packet 1",
        "",
        "00:00:01:000000: pg-input",
        "  packet 1, sw_if_index 1",
    ]
    shorter = bench.cli("show trace max 1").splitlines()
    assert "Limiting display to 1 packets. To display more specify max." in shorter
    bench.cli("clear trace")
    assert "Packet" not in bench.cli("show trace").replace("No packets", "")


def test_trace_from_an_acl_node_on() -> None:
    """Only packets that come to it, and from there on; a drop says who dropped."""
    bench = vpp_transcript.set_up()
    bench.cli("trace add acl-plugin-out-ip4-fa 10")
    vpp_transcript.play(bench)
    lines = bench.cli("show trace").splitlines()
    assert len(acl_blocks(lines)) == 3
    assert not any("pg-input" in line for line in lines)
    assert "  acl-plugin-out-ip4-fa: ACL deny packets" in lines


def test_going_back_takes_packets_out() -> None:
    """What lies ahead was not traced yet; run again it is traced again, once."""
    bench = vpp_transcript.set_up()
    bench.cli("trace add pg-input 100")
    vpp_transcript.play(bench)
    whole = bench.cli("show trace")
    bench.goto_packet(3)
    assert bench.cli("show trace").count("Packet") == 3
    bench.run_until(bench.past.branch.end.time)
    assert bench.cli("show trace") == whole


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("trace add bogus 3", "pg-input"),
        ("trace add pg-input 0", "at least 1"),
        ("trace add pg-input", "missing"),
        ("show trace max x", "number"),
    ],
)
def test_refusals(line: str, says: str) -> None:
    """What is there, what would be right; nothing is traced."""
    bench = vpp_transcript.set_up()
    with pytest.raises(CommandError, match=says):
        bench.cli(line)
    assert not bench.trace.wanted


def test_on_real_threads() -> None:
    """The same blocks; asking does not wait for itself."""
    bench = Workbench(workers=1, driver="threaded")
    for line in vpp_transcript.commands():
        bench.cli(line)
    bench.cli("trace add pg-input 10")
    vpp_transcript.play(bench)
    assert acl_blocks(bench.cli("show trace").splitlines()) == acl_blocks(vpp_transcript.LINES)
    bench.cli("clear trace")
    assert "Packet 1" not in bench.cli("show trace")
