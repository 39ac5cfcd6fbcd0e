"""Timelines: every event of a run once, in the column where it lies, and how things stood there."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from aclbench import CommandError, Workbench
from aclbench.engine.events import (
    ClassChanged,
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SessionRequeued,
    TraceEvent,
)
from aclbench.engine.reasons import fate_of
from aclbench.workbench.history.marks import Marks, make_mark
from aclbench.workbench.inquiry.timeline import MARK_KINDS, make_timeline, sample, timeline_of
from aclbench.workbench.rig.bundled import bundled_folder, find_input
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.tasks import finish

CAPTURE = bundled_folder("pcaps") / "many-flows.pcap"
SECOND = 1_000_000_000

SET_UP = """\
create packet-generator interface pg0
create packet-generator interface pg1
set interface state pg0 up
set interface state pg1 up
ip route add 10.0.0.0/24 via pg0
ip route add 192.168.0.0/24 via pg1
set acl-plugin acl permit+reflect
set acl-plugin acl deny
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg1 input acl 1
"""


def udp(sport: int, src: str = "10.0.0.2", dst: str = "192.168.0.2") -> Ether:
    return Ether() / IP(src=src, dst=dst) / UDP(sport=sport, dport=53)


def bench_by_hand(**options: object) -> Workbench:
    bench = Workbench(workers=2, **options)  # type: ignore[arg-type]
    for line in SET_UP.splitlines():
        bench.cli(line)
    return bench


def kind_of(event: TraceEvent) -> str:
    """The kind that a timeline counts an event as; empty if none."""
    if isinstance(event, SessionDeleted):
        return "cleared" if event.cleared else "expired"
    if isinstance(event, PacketVerdict):
        return "denied" if fate_of(event.reason) == "denied" else ""
    named = {
        SessionAdded: "added",
        ClassChanged: "class changed",
        SessionRequeued: "requeued",
        SessionRecycled: "recycled",
    }
    return named.get(type(event), "")


def totals_of(bench: Workbench, columns: int) -> dict[str, int]:
    counts = [column.counts for column in timeline_of(bench, columns).columns]
    return dict(zip(MARK_KINDS, map(sum, zip(*counts, strict=True)), strict=True))


@pytest.mark.parametrize("columns", [1, 7, 120])
def test_every_event_is_counted_once(columns: int) -> None:
    """As a listener hears them, a clear, a denied and a recycled one among them."""
    bench = Workbench.load(find_input("aging"))
    heard: list[str] = []
    bench.listeners.add(lambda event: heard.append(kind_of(event)))
    bench.cli("set acl-plugin session table max-entries 40")
    bench.play(900)
    bench.cli("clear acl-plugin sessions")
    bench.play()
    bench.advance(700)
    assert totals_of(bench, columns) == {kind: heard.count(kind) for kind in MARK_KINDS}
    assert {"added", "requeued", "expired", "cleared"} <= set(heard)
    timeline = timeline_of(bench, columns)
    assert sum(column.packets for column in timeline.columns) == bench.snapshot().packets.read
    judged = sum(heard.count(kind) for kind in ("requeued", "expired", "cleared"))
    assert sum(column.work for column in timeline.columns) == judged


def test_a_column_shows_how_things_stood_at_its_end() -> None:
    """Where nothing happened, as they stood before."""
    bench = bench_by_hand()
    bench.send("pg0", [udp(n) for n in range(5)])
    bench.send("pg1", udp(9, "192.168.0.2", "10.0.0.2"))
    bench.advance(900)
    timeline = timeline_of(bench, 90)
    assert timeline.start == bench.started
    assert timeline.end == timeline.now == bench.now
    first = dict(zip(MARK_KINDS, timeline.columns[0].counts, strict=True))
    assert (first["added"], first["denied"], timeline.columns[0].packets) == (5, 1, 6)
    assert [c.sessions for c in timeline.columns[:59]] == [(5, 0, 0)] * 59
    assert timeline.columns[-1].sessions == (0, 0, 0)
    assert all(c.wait_min <= c.wait_interval <= c.wait_max for c in timeline.columns)
    widths = {b.time - a.time for a, b in pairwise(timeline.columns)}
    assert len(widths) == 1


def test_a_burst_of_work_shows_in_the_bounds_of_the_interval() -> None:
    """The cleaner hurries in the one column where many sessions go."""
    bench = bench_by_hand()
    bench.cli("set acl-plugin session timeout udp idle 20")
    bench.send("pg0", [udp(n) for n in range(1000)])
    bench.advance(30)
    columns = timeline_of(bench, 30).columns
    busy = [column for column in columns if column.wait_min < SECOND // 2]
    assert busy
    assert all(column.wait_max <= SECOND // 2 for column in columns)
    assert sum(column.work for column in busy) > 500


def test_a_run_in_one_go_has_a_hundred_slices() -> None:
    """Also one of nothing but rounds of the cleaner."""
    bench = bench_by_hand()
    bench.cli("set acl-plugin session timeout tcp idle 1")  # so all are looked at each second
    bench.send("pg0", [udp(n) for n in range(30)])
    bench.advance(200)
    assert len([column for column in timeline_of(bench, 400).columns if column.work]) >= 100


def test_a_capture_played_in_one_go_has_a_hundred_slices() -> None:
    """In packets, and in time as far as it has packets then."""
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    bench = Workbench.from_scenario(scenario_for_capture([CAPTURE], inside, "", 2, "interface"))
    times: list[int] = []
    bench.listeners.add(
        lambda event: times.append(event.time) if kind_of(event) == "added" else None
    )
    bench.play()
    assert bench.snapshot().packets.read < 4096
    assert len(bench.past.branch.marks) >= 100
    columns = timeline_of(bench, 200).columns
    width = columns[1].time - columns[0].time
    busy = {(time - bench.started) // width for time in times}
    assert len([column for column in columns if column.counts[0]]) > 0.8 * len(busy)


def test_what_lies_ahead_is_there_too(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """In the past the timeline is as long as the captures; loaded from a file it is as fine."""
    bench = Workbench.load(find_input("aging"))
    bench.play()
    whole = timeline_of(bench, 50)
    bench.advance(100)
    assert timeline_of(bench, 50).end == bench.now
    bench.goto_packet(10)
    past = timeline_of(bench, 50)
    assert past.columns == whole.columns
    assert (past.now, past.end) == (bench.now, whole.end)
    fresh = Workbench.load(find_input("aging"))
    assert fresh.rig.feed is not None
    assert not finish(fresh.rig.feed.measuring())
    assert timeline_of(fresh, 50).end == whole.end
    bench.goto(bench.past.branch.end)
    bench.save(tmp_path / "it.run")
    loaded = Workbench.load(tmp_path / "it.run")
    assert totals_of(loaded, 50) == totals_of(bench, 50)
    assert len(loaded.past.branch.marks) > 0.8 * len(bench.past.branch.marks)


def test_it_is_plain_values_for_a_face_elsewhere() -> None:
    """`json.dumps` takes it."""
    bench = bench_by_hand()
    bench.send("pg0", udp(1))
    shown = json.loads(json.dumps(timeline_of(bench, 3).to_json()))
    assert shown["start"] == bench.started
    assert len(shown["columns"]) == 3
    assert sum(shown["columns"][0]["counts"]) == 1


@pytest.mark.parametrize("columns", [0, -1, 1.5, True, 10**6])
def test_a_number_of_columns_that_makes_no_sense(columns: object) -> None:
    """It is refused by what is right."""
    with pytest.raises(CommandError, match="columns: from 1 to"):
        timeline_of(bench_by_hand(), columns)  # type: ignore[arg-type]


def test_on_real_threads_it_is_made_of_samples() -> None:
    """One whenever a face asks for it, and one for the timeline itself."""
    bench = bench_by_hand(driver="threaded")
    bench.send("pg0", [udp(n) for n in range(5)])
    sample(bench)
    bench.advance(300)
    sample(bench)
    bench.send("pg1", udp(9, "192.168.0.2", "10.0.0.2"))
    bench.advance(700)
    timeline = timeline_of(bench, 10)
    assert len(bench.samples) == 4
    added = [dict(zip(MARK_KINDS, c.counts, strict=True))["added"] for c in timeline.columns]
    assert added == [5] + [0] * 9
    assert [c.sessions[0] for c in timeline.columns] == [5] * 9 + [0]
    assert totals_of(bench, 4) == {**dict.fromkeys(MARK_KINDS, 0), "added": 5, "expired": 5,
        "denied": 1, "requeued": totals_of(bench, 1)["requeued"]}  # fmt: skip


def test_no_interval_between_marks_is_longer_than_a_run() -> None:
    """A timeline of one instant has a column, and no division by nothing."""
    marks = Marks()
    marks.add(make_mark(5, 0, [(0,) * 11], 7))
    timeline = make_timeline(marks, 5, 5, 3)
    assert [column.time for column in timeline.columns] == [5, 6, 7]
    assert {(c.wait_interval, c.wait_min, c.wait_max) for c in timeline.columns} == {(7, 7, 7)}
