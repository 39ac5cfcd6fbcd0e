"""What came before a packet, found in the history's columns: what hearing the run tells, too."""

from __future__ import annotations

import pytest
from workbench.history.test_history import bench_on
from workbench.inquiry.faults import FAULTS, play, world
from workbench.inquiry.gathering import Gatherer

from aclbench import Workbench
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import fate_of
from aclbench.workbench.history.moving import point_of_packet
from aclbench.workbench.inquiry.explain.past import Past, Wanted, past_of
from aclbench.workbench.inquiry.explain.scene import denied_at, wanted_of
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish


def heard_pasts(bench: Workbench) -> dict[int, tuple[Wanted, Past]]:
    """The past of each denied packet as a gatherer has it, by its number in the run."""
    stretches = Stretches(bench.past)
    gatherer = Gatherer()
    found: dict[int, tuple[Wanted, Past]] = {}
    packets = 0

    def hear(event: TraceEvent) -> None:
        nonlocal packets
        if isinstance(event, PacketVerdict):
            packets += 1
            assert gatherer.rig is not None
            place = denied_at(gatherer.rig, event)
            if place is not None and fate_of(event.reason) == "denied":
                wanted = wanted_of(place, event.key, event.info)
                found[packets] = wanted, gatherer.past(wanted)
        gatherer.hear(event)

    def begin(there):  # type: ignore[no-untyped-def]
        gatherer.rig = there.rig
        yield

    finish(stretches.hear(Stretch(stretches.branch.saved[0], stretches.begun_at), hear, begin))
    return found


def check_pasts(bench: Workbench) -> int:
    """Each denied packet's past is the same in both ways; returns how many sessions had gone."""
    pasts = heard_pasts(bench)
    stretches = Stretches(bench.past)
    gone = 0
    for number, (wanted, heard) in list(pasts.items())[:40]:
        end = point_of_packet(stretches.branch, number)
        found = finish(past_of(stretches, number, end, wanted))
        assert found.opener_first == heard.opener_first
        assert found.opener_last == heard.opener_last
        assert (found.own_first, found.own_last) == (heard.own_first, heard.own_last)
        assert (found.other, found.gone, found.is_whole) == (heard.other, heard.gone, True)
        gone += found.gone is not None
    return gone


@pytest.mark.parametrize("name", ["refused", "half-open"])
def test_it_is_what_a_run_tells_that_is_heard(name: str) -> None:
    """Fragments' datagrams aside, which are looked for where they are asked for alone."""
    [capture] = (path for path in bundled_files("pcaps") if path.stem == name)
    bench = bench_on(capture)
    bench.cli("set acl-plugin session table max-entries 20")
    bench.play()
    check_pasts(bench)


def test_a_session_that_went_is_found_where_it_went() -> None:
    """Expired, cleared, recycled and more, each put into a run."""
    gone = 0
    for fault in FAULTS:
        gone += check_pasts(play(fault.put(world(fault.talks[0], is_ip6=False)))[0])
    assert gone >= 3
