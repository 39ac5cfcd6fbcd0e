"""What two benches have that differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui.bench import INSIDE, OUTSIDE, busy_bench, capture_bench, frame, write_pcap

from aclbench.workbench.inquiry.differing import (
    OtherFates,
    alone_among,
    figures_of,
    finding_alone,
)
from aclbench.workbench.tasks import Task, finish
from aclbench.workbench.workbench import Workbench


def one_more() -> Workbench:
    """The busy bench, with another question on each worker."""
    bench = busy_bench()
    bench.send("pg0", frame(f"{INSIDE}3", f"{OUTSIDE}9", 17, 5354, 53))
    bench.send("pg0", frame(f"{INSIDE}4", f"{OUTSIDE}9", 17, 5355, 53))
    return bench


def test_sessions_are_told_apart_by_key() -> None:
    one, other = one_more(), busy_bench()
    mine = finish(finding_alone(one.rig, other.rig, 10))
    assert mine.total == 2
    assert [session.sport for session in mine.first] == [5354, 5355]
    assert finish(finding_alone(other.rig, one.rig, 10)).total == 0
    everyone = [s.id for w in one.snapshot().workers for v in w.lists for s in v.sessions]
    assert alone_among(one.rig, other.rig, everyone) == {session.id for session in mine.first}
    assert alone_among(one.rig, other.rig, [(1, 999)]) == frozenset()


def test_the_soonest_to_go_are_listed_and_all_are_counted() -> None:
    one, other = one_more(), Workbench(workers=2)
    found = finish(finding_alone(one.rig, other.rig, 2))
    assert found.total == one.snapshot().sessions.live > 2
    expires = [s.expires for w in one.snapshot().workers for v in w.lists for s in v.sessions]
    assert [session.expires for session in found.first] == sorted(expires)[:2]


def test_many_are_looked_for_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.workbench.inquiry.differing.FIRST_SLICE", 1)
    monkeypatch.setattr("aclbench.workbench.inquiry.differing.LARGEST_SLICE", 1)
    one = one_more()
    task = Task(finding_alone(one.rig, busy_bench().rig, 10))
    assert not task.work(0.0)
    assert task.progress is not None
    assert task.finish().total == 2


def test_figures_are_those_of_the_bench_and_of_its_design() -> None:
    bench = Workbench(workers=1, design="wheel")
    figures = figures_of(bench.rig)
    assert "timers set" in figures
    assert "timers set" not in figures_of(busy_bench().rig)
    assert figures_of(busy_bench().rig)["sessions"] == busy_bench().snapshot().sessions.live


def test_fates_are_counted_as_packets_come_and_anew_after_going_back(tmp_path: Path) -> None:
    """Block by block; and not where they are not the same packets."""
    question, answer = (
        frame(f"{INSIDE}3", f"{OUTSIDE}9", 17, 5353, 53),
        frame(f"{OUTSIDE}9", f"{INSIDE}3", 17, 53, 5353),
    )
    file = write_pcap(tmp_path / "q.pcap", [(0.0, question), (2.0, answer), (2.1, answer)])
    shorter = ("set acl-plugin session timeout udp idle 1",)
    one, other = capture_bench(file), capture_bench(file, lines=shorter)
    fates = OtherFates()
    counts = []
    for packets in (1, 1, 1):
        for bench in (one, other):
            bench.play(packets)
        counts.append(fates.count(one.past, other.past))
    one.goto_packet(2)
    counts.append(fates.count(one.past, other.past))
    assert counts == [0, 1, 2, 1]
    assert OtherFates().count(one.past, busy_bench().past) is None
