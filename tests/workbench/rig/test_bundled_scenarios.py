"""The bundled scenarios load, replay, and show what their texts promise."""

from __future__ import annotations

import gzip
import runpy

import pytest

from aclbench import Workbench
from aclbench.engine import reading
from aclbench.engine.events import (
    ClassChanged,
    ClearFinished,
    FlagSet,
    InterruptServed,
    SessionDeleted,
    SessionRequeued,
    TraceEvent,
    WaitChanged,
)
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.workbench.rig.bundled import bundled_files, find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.views.report import Report

NAMES = [path.stem for path in bundled_files("scenarios")]


def played(name: str) -> tuple[Workbench, list[TraceEvent], Report]:
    """A scenario played to its end: the bench, its events and its figures."""
    bench = Workbench.load(find_input(name))
    events: list[TraceEvent] = []
    bench.listeners.add(events.append)
    bench.play()
    bench.check_invariants()
    return bench, events, bench.report()


def reasons_of(report: Report) -> dict[str, int]:
    reasons: dict[str, int] = report.to_json()["reasons"]
    return reasons


def test_there_are_these() -> None:
    assert {
        "aging",
        "two-workers",
        "other-leg",
        "clear-by-interface",
        "backlog",
        "full-table",
        "fragments-and-ip6",
        "argument",
        "wheel-spike",
        "rings-other-leg",
        "purgatory",
        "vpp-26.10",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_replays_and_says_what_to_watch(name: str) -> None:
    scenario = load_scenario(find_input(name))
    assert scenario.title
    assert len(scenario.text.split()) > 20
    bench, _, report = played(name)
    assert bench.capture_error is None
    assert report.packets.read > 100
    assert report.sessions.added > 10


def test_the_other_leg_changes_a_class_and_relinks_nothing() -> None:
    bench, events, _ = played("other-leg")
    bench.advance(30)
    left = [e for e in events if isinstance(e, ClassChanged) and not e.relinked]
    assert len(left) >= 4
    assert all(event.thread_index != event.session.thread_index for event in left)
    # Its recheck finds the session where it was, and puts it on the list of its class, or ends it.
    ends = [e for e in events if isinstance(e, SessionDeleted | SessionRequeued)]
    for event in left:
        later = [e for e in ends if e.time > event.time]
        assert any((e.thread_index, e.session_index) == tuple(event.session) for e in later)


def test_clear_by_interface_clears_in_the_middle() -> None:
    bench, events, report = played("clear-by-interface")
    deleted = [event.time - bench.started for event in events if isinstance(event, SessionDeleted)]
    assert len(deleted) > 100
    # At once: no time passes while a worker sweeps, but for the cleaner's looking.
    assert {round(time / NS_PER_SEC, 2) for time in deleted} == {12.0, 20.0}
    assert reasons_of(report)["no ACL applied on its way"] > 100  # from 12 s to 14 s
    assert report.by_class["tcp_idle"] == 0  # whatever lives now was not there to see a SYN
    assert bench.snapshot().interfaces[1].input_acls == (0,)


def test_backlog_shortens_the_wait_and_is_worked_off() -> None:
    _, events, report = played("backlog")
    waits = [event.new / NS_PER_SEC for event in events if isinstance(event, WaitChanged)]
    assert min(waits) < 0.02
    assert waits[-1] == 0.5
    assert {event.flag for event in events if isinstance(event, FlagSet)} >= {
        "interrupt_is_needed",
        "interrupt_is_unwanted",
    }
    assert report.sessions.deleted == 598
    assert report.sessions.live == 2


def test_full_table_recycles_and_then_refuses() -> None:
    _, _, report = played("full-table")
    assert report.sessions.peak == 24
    assert report.sessions.recycled > 400
    assert reasons_of(report)["too many sessions to add new"] > 400
    assert report.by_class["tcp_transient"] == 0  # nothing is left to recycle
    assert report.by_class["tcp_idle"] == 21


def test_fragments_and_ip6_share_and_are_skipped() -> None:
    bench, _, report = played("fragments-and-ip6")
    assert report.packets.malformed == 0
    without_ports = [
        session
        for worker in bench.rig.machine.am.workers
        for session in reading.sessions_in(worker)
        if session.proto == 17 and session.key[-6:-2] == bytes(4)
    ]
    # Of UDP: of .2 and .3 in each family, and of the one behind hop-by-hop options; that of .2 in
    # IPv6 is the same in both captures.
    assert len(without_ports) == 4
    assert reasons_of(report)["acl 1 rule 1: deny"] >= 8  # the answers round a routing header


def test_a_spike_on_a_wheel_is_one_interrupt() -> None:
    _, events, report = played("wheel-spike")
    assert report.design == "wheel"
    taken = [event.taken for event in events if isinstance(event, InterruptServed) and event.taken]
    assert sum(taken) == report.sessions.deleted == 598
    assert max(taken) > 500
    assert not any(isinstance(event, WaitChanged | SessionRequeued) for event in events)


def test_a_class_change_that_is_posted_is_put_right_at_once() -> None:
    bench, events, _ = played("rings-other-leg")
    left = [e for e in events if isinstance(e, ClassChanged) and not e.relinked]
    assert len(left) >= 4
    assert all(event.thread_index != event.session.thread_index for event in left)
    am = bench.rig.machine.am
    for worker in am.packet_workers:
        for list_id in range(len(am.lists)):
            for session in worker.list_sessions(list_id):
                assert am.classes.session_get_timeout_type(session) == list_id


def test_purgatory_denies_the_packet_that_finds_the_table_full() -> None:
    bench, _, report = played("purgatory")
    assert report.sessions.peak == 24
    assert report.sessions.recycled > 400
    assert reasons_of(report)["too many sessions to add new"] == report.sessions.recycled
    assert report.by_class["tcp_transient"] > 0  # there always is one to recycle
    assert bench.snapshot().workers[1].places[0].name == "purgatory"


def test_a_clear_of_vpp_26_10_leaves_sessions_and_says_that_it_is_done() -> None:
    bench, events, report = played("vpp-26.10")
    done = [event.time for event in events if isinstance(event, ClearFinished)]
    cleared = [e.time for e in events if isinstance(e, SessionDeleted) and e.cleared]
    first = [time for time in cleared if time - bench.started < 13 * NS_PER_SEC]
    assert 0 < len(first) <= 2 * 3 * 10  # workers, lists, quantum
    assert any(time >= first[-1] for time in done)
    assert report.sessions.live > 0
    assert reasons_of(report)["acl 1 rule 0: deny"] > 10


def test_the_capture_of_the_argument_is_what_it_is_said_to_be() -> None:
    """Composed by the file beside it."""
    folder = find_input("argument").parent
    composed = runpy.run_path(str(folder / "compose.py"))["capture"]()
    assert gzip.decompress((folder / "argument.pcap.gz").read_bytes()) == composed
