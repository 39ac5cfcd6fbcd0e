"""What is kept of every packet is what its verdict says, wherever one goes in the history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import CommandError, Workbench
from aclbench.engine.events import PacketVerdict
from aclbench.engine.outcomes import read_way, way, way_of_hit
from aclbench.engine.reasons import NODE_INPUT, action_of
from aclbench.workbench.filters import Connections, read_filter
from aclbench.workbench.history import packets as keeping
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.inquiry.events import events_between
from aclbench.workbench.inquiry.filtering import names_of, verdict_test
from aclbench.workbench.inquiry.packets import find_packets, packets_so_far, row_view, rows_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.verdict import verdict_text

FILTERS = (
    "denied", "not permitted", "tcp", "flags S", "flags =SA", "port 80 or port 53", "conn 3",
    "net 10.0.0.0/30 and not conn 1", "interface pg1", "vpp_wk_1 tcp", "host 192.168.0.3",
    'reason "existing"', "text 10.0.0.2:", "(udp or icmp) and not flags S", "conn 1 or conn 2",
)  # fmt: skip
SEND = "send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"


def verdicts_of(bench: Workbench) -> list[PacketVerdict]:
    """The packets so far, made again."""
    events = finish(events_between(bench.past, "start", "now")).events
    return [event for event in events if isinstance(event, PacketVerdict)]


def assert_kept(bench: Workbench) -> None:
    """Each packet so far is kept as its verdict has it, and by any filter found as it would be."""
    verdicts, rows = verdicts_of(bench), rows_of(bench)
    so_far = packets_so_far(bench, rows)
    assert (rows.first, so_far) == (0, len(verdicts))
    for index, event in enumerate(verdicts):
        row = rows.row(index)
        assert (row.ordinal, row.time, row.rx) == (index + 1, event.time, event.rx)
        assert (row.number & ~SENT_BIT, row.reason) == (event.number, event.reason)
        assert (row.key, row.flags) == (event.key, event.info & 0x1FFF)
        where = read_way(row.way)
        assert (where.tx, where.thread_index) == (event.tx, event.thread_index)
        said = [action_of(c.reason) for c in event.checks if c.reason & NODE_INPUT]
        assert where.input_action == (said[0] if said else 0)
        assert row_view(bench.rig, row).reason == verdict_text(event)


def deeds(bench: Workbench) -> dict[str, Callable[[int], object]]:
    """What somebody may do, by so much."""
    return {
        "play": lambda n: bench.play(3 * n),
        "run": lambda n: bench.advance(n / 100),
        "step": lambda n: [bench.step() for _ in range(n)],
        "worker": lambda n: [bench.step() for _ in range(3)] and bench.cli("step vpp_wk_0"),
        "turn": lambda n: [bench.step_turn() for _ in range(n)],
        "back": lambda n: bench.back(n, "packet"),
        "back steps": lambda n: bench.back(n, "step"),
        "forward": lambda n: bench.forward(n, "packet"),
        "goto": lambda n: bench.goto_packet(min(2 * n, bench.past.branch.end.position.packets)),
        "send": lambda n: bench.cli(SEND),
        "refuse": lambda n: bench.cli("set acl-plugin interface pg1 output acl 1"),
    }


@examples(25)
@given(
    done=st.lists(
        st.tuples(st.sampled_from(sorted(deeds(Workbench()))), st.integers(1, 25)), max_size=8
    ),
    block=st.sampled_from([4, 50, 65_536]),
)
def test_rows_are_what_verdicts_say_wherever_one_goes(
    done: list[tuple[str, int]], block: int
) -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "BLOCK", block)
        for deed, by in done:
            with suppress(CommandError):  # nothing to be done here
                deeds(bench)[deed](by)
        assert_kept(bench)


@pytest.mark.parametrize("block", [64, 65_536])
def test_a_filter_on_columns_agrees_with_the_filter_on_one_packet(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "BLOCK", block)
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(600)
    bench.cli("set acl-plugin acl deny")
    bench.cli("set acl-plugin interface pg1 input acl 1")
    bench.play(300)
    bench.cli(SEND)
    verdicts = verdicts_of(bench)
    for text in FILTERS:
        wanted = read_filter(text, names_of(bench.rig, "packets"))
        connections = Connections()
        numbers = [connections.number(event.key) for event in verdicts]
        test = verdict_test(wanted, connections)
        expected = [n + 1 for n, event in enumerate(verdicts) if test(event)]
        found = finish(find_packets(bench, wanted))
        assert [packet.ordinal for packet in found] == expected, text
        assert [packet.conn for packet in found] == [numbers[n - 1] for n in expected]
        assert 0 < len(expected) < len(verdicts)
        for n, ordinal in enumerate(expected):
            assert found.position(ordinal) == n


def test_lengths_are_those_on_the_wire() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(50)
    rows = rows_of(bench)
    for index in range(50):
        assert bench.rig.feed is not None
        row = rows.row(index)
        assert row.length == bench.rig.feed.record(row.number)[2]


def test_a_saved_run_has_them_again(tmp_path: Path) -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(100)
    bench.back(30, "packet")
    bench.cli(SEND)
    bench.play(20)
    bench.save(tmp_path / "x.run")
    again = Workbench.load(tmp_path / "x.run")
    assert_kept(again)
    assert again.cli("packets") == bench.cli("packets")
    again.switch("main")
    assert_kept(again)


def test_only_the_latest_are_kept_of_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "BLOCK", 10)
    monkeypatch.setattr(keeping, "MAX_BLOCKS", 3)
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(77)
    rows = rows_of(bench)
    assert (rows.first, rows.end) == (50, 77)
    assert rows.row(76).number == 77
    said = bench.cli("packets last 3").splitlines()
    assert [line.split()[0] for line in said[1:4]] == ["75", "76", "77"]
    assert said[-1] == "(the first 50 packets are not kept)"


def test_behind_a_gap_they_begin_anew() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.rig.keep_packets()
    bench.rig.driver.run_packets(30)
    done = bench.rig.take_packets()
    rows = PacketRows()
    rows.add(done)
    assert (rows.first, rows.end) == (0, 30)
    rows.add(done._replace(first=40))
    assert (rows.first, rows.end, rows.row(69).number) == (40, 70, 30)


def test_a_way_is_read_as_it_was_made() -> None:
    for tx in (-1, 0, 7, (1 << 18) - 2):
        for thread in (0, 1, 256):
            assert read_way(way(tx, 2, thread)) == (tx, 2, thread, None)
            assert read_way(way_of_hit(tx, 3, thread, 256, 12)) == (tx, 3, thread, (256, 12))
            assert read_way(way_of_hit(tx, 0, thread, 1, 1 << 30)) == (tx, 0, thread, None)
            assert way_of_hit(tx, 3, thread, 256, (1 << 24) - 2) < 1 << 62
