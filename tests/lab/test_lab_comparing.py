"""Who would notice and the figures, held against benches that tell of every packet and event."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lab.benches import compare, told, verdicts

from aclbench.engine.events import (
    InterruptServed,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    TraceEvent,
)
from aclbench.engine.reasons import FATES, fate_of
from aclbench.errors import AclbenchError
from aclbench.lab.comparing import Compared
from aclbench.workbench.views.keys import connection_of
from aclbench.workbench.workbench import Workbench

Told = tuple[Workbench, list[TraceEvent]]

#: The fates of packets that do not pass.
ENDED = ("denied", "dropped", "malformed")
CASES = (
    ("full-table", "max-entries=24,8,1000"),
    ("long-gaps", "timeout tcp idle=100,1200", "timeout udp idle=30,3600"),
    # Long, for a bench tells of a day in a million events; what the command says of the same
    # comparison, `cli/test_cli_compare.py` holds against what is known of the capture.
    pytest.param(
        ("long-gaps", "timeout tcp idle=86400,90000", "timeout tcp transient=120,2"),
        marks=pytest.mark.long,
    ),
    ("half-open", "timeout tcp transient=120,2"),
    ("many-flows", "timeout tcp idle=86400,1", "workers=1,3"),
    ("ip6-extensions", "max-entries=1000,1"),
    ("two-workers", "placement=interface,flow"),
)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case[0])
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Compared, Told]]:
    """A comparison, and of each combination a bench that was played and told all."""
    name, *varied = request.param
    found = compare(tmp_path_factory.mktemp("compared"), name, *varied)
    return [(each, told(each.case.combination.scenario)) for each in found]


def test_who_would_notice_is_who_has_another_fate(played: list[tuple[Compared, Told]]) -> None:
    base = verdicts(played[0][1][1])
    assert played[0][0].notice is None
    for each, (_, events) in played[1:]:
        other = verdicts(events)
        differ = [
            (place, before, after)
            for place, (before, after) in enumerate(zip(base, other, strict=True))
            if fate_of(before.reason) != fate_of(after.reason)
        ]
        assert each.notice is not None
        assert each.notice.packets == len(differ)
        passed = [[fate_of(r.reason) not in ENDED for r in both] for _, *both in differ]
        assert each.notice.lost == passed.count([True, False])
        assert each.notice.gained == passed.count([False, True])
        packets = Counter(connection_of(before.key) for _, before, _ in differ)
        assert each.notice.connections == len(packets)
        assert {connection_of(n.key): n.packets for n in each.notice.first} == packets
        first = {connection_of(b.key): (p, b, a) for p, b, a in reversed(differ)}
        for noticed in each.notice.first:
            place, before, after = first[connection_of(noticed.key)]
            assert noticed.place == place
            assert (noticed.key, noticed.number) == (before.key, before.number)
            assert (noticed.before, noticed.after) == (before.reason, after.reason)


def test_some_would_notice_and_some_would_not(tmp_path: Path) -> None:
    """Else the test above says nothing."""
    found = compare(tmp_path, "full-table", "max-entries=24,8,25")
    assert [bool(each.notice and each.notice.packets) for each in found] == [False, True, True]
    found = compare(tmp_path, "http", "workers=1,2")
    assert found[1].notice is not None
    assert (found[1].notice.packets, found[1].notice.first) == (0, ())


def test_as_many_connections_as_asked_for_in_order(tmp_path: Path) -> None:
    every = compare(tmp_path, "full-table", "max-entries=24,8")[1].notice
    two = compare(tmp_path, "full-table", "max-entries=24,8", most=2)[1].notice
    assert every is not None
    assert two is not None
    assert every.connections > 2
    assert two == every._replace(first=every.first[:2])
    places = [noticed.place for noticed in every.first]
    assert places == sorted(places)


def test_figures_are_those_of_the_events(played: list[tuple[Compared, Told]]) -> None:
    for each, (bench, events) in played:
        counts, figures = Counter(map(type, events)), each.ran.figures
        fates = Counter(fate_of(verdict.reason) for verdict in verdicts(events))
        assert figures.fates == {fate: fates[fate] for fate in FATES}
        assert figures.packets == counts[verdicts(events)[0].__class__]
        assert figures.recycled == counts[SessionRecycled]
        assert figures.interrupts == counts[InterruptServed]
        served = [event for event in events if isinstance(event, InterruptServed)]
        assert figures.interrupt_work == sum(e.taken + e.requeued for e in served)
        deleted = [e for e in events if isinstance(e, SessionDeleted) and not e.cleared]
        assert figures.overstay.sessions == len(deleted) == sum(figures.overstay.bins)
        ended = sum(e.time for e in events if isinstance(e, SessionDeleted | SessionRecycled))
        begun = sum(e.time for e in events if isinstance(e, SessionAdded))
        alive = bench.now * bench.report().sessions.live
        assert figures.session_seconds == (ended + alive - begun) / 1e9
        assert sum(live[-1] for live in figures.series.live.values()) == figures.live


def test_a_bench_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(AclbenchError, match=r"http.pcap, max-entries=x: .*max-entries x"):
        compare(tmp_path, "http", "max-entries=10,x")
