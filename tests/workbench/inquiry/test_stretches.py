"""The run is heard again in slices, on rigs of one's own; the bench notices nothing, whatever it
does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aclbench import Workbench
from aclbench.engine.events import TraceEvent
from aclbench.workbench import tasks
from aclbench.workbench.history import checkpoints
from aclbench.workbench.history.replay import Replay, WalkedStep
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import Slices, finish


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A run with some checkpoints, a command and steps by hand in it; pieces of one part each."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK", 300)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK_PER_SESSION", 0)
    monkeypatch.setattr(tasks, "SLICE_LONG_S", 0.0)
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(500)
    for _ in range(7):
        bench.step()
    bench.cli("set acl-plugin session timeout udp idle 1")
    bench.play(300)
    bench.advance("3")
    return bench


def heard_backwards(stretches: Stretches, between: Callable[[int], None]) -> list[TraceEvent]:
    """All events, heard stretch by stretch; something is done between the slices."""
    found: list[TraceEvent] = []
    slices = 0
    for stretch in stretches.backwards():
        heard: list[TraceEvent] = []
        for _ in stretches.hear(stretch, heard.append):
            slices += 1
            between(slices)
        found = heard + found
    return found


def whole_run(bench: Workbench) -> Slices[Replay]:
    """A rig at the start of the run."""
    return (yield from bench.past.at(bench.past.branch.starts[0]))


def all_events(bench: Workbench) -> list[TraceEvent]:
    end = bench.past.cursor
    return finish(finish(whole_run(bench)).heard_to(end))


def test_hears_the_run_and_leaves_the_bench_alone(bench: Workbench) -> None:
    expected = all_events(bench)
    here, driver, told = state_of(bench.rig.stepped), bench.rig.driver, list[TraceEvent]()
    bench.listeners.add(told.append)
    listener, moves = bench.rig.machine.am.tell.listener, bench.moves

    def look(piece: int) -> None:
        assert bench.rig.driver is driver
        assert bench.rig.machine.am.tell.listener is listener

    stretches = Stretches(bench.past)
    assert len(stretches.backwards()) > 2
    assert heard_backwards(stretches, look) == expected
    assert state_of(bench.rig.stepped) == here
    assert not told
    assert bench.moves == moves


def test_a_bench_that_goes_on_meanwhile_is_as_one_that_was_asked_nothing(bench: Workbench) -> None:
    expected = all_events(bench)
    other = Workbench.from_scenario(load_scenario(find_input("aging")))
    other.play(500)
    for _ in range(7):
        other.step()
    other.cli("set acl-plugin session timeout udp idle 1")
    other.play(300)
    other.advance("3")
    told: tuple[list[TraceEvent], list[TraceEvent]] = ([], [])
    bench.listeners.add(told[0].append)
    other.listeners.add(told[1].append)

    def act(piece: int) -> None:
        for each in (bench, other):
            if piece % 10 == 1:
                each.play(20)
            elif piece % 40 == 2:
                each.back(3, "packet")
            elif piece % 40 == 3:
                each.cli("clear acl-plugin sessions")  # in the past: it opens a branch
            elif piece % 40 == 4:
                each.step()

    assert heard_backwards(Stretches(bench.past), act) == expected
    assert state_of(bench.rig.stepped) == state_of(other.rig.stepped)
    assert told[0] == told[1]
    assert list(bench.past.branches) == list(other.past.branches)
    assert bench.past.branch.ops == other.past.branch.ops
    bench.check_invariants()


def test_walks_as_the_history_does(bench: Workbench) -> None:
    expected = list(finish(whole_run(bench)).walk(bench.past.cursor))
    here, driver = state_of(bench.rig.stepped), bench.rig.driver
    stretches, found = Stretches(bench.past), list[WalkedStep]()
    for stretch in stretches.backwards():
        part: list[WalkedStep] = []

        def look(there: Replay, walked: WalkedStep, part: list[WalkedStep] = part) -> None:
            part.append(walked)

        for _ in stretches.walk(stretch, lambda there: None, look):
            assert bench.rig.driver is driver
        found = part + found
    assert [walked[1:] for walked in found] == [walked[1:] for walked in expected]
    assert state_of(bench.rig.stepped) == here


def test_an_error_on_the_way_leaves_the_bench_where_it_was(bench: Workbench) -> None:
    here, driver = state_of(bench.rig.stepped), bench.rig.driver
    stretches = Stretches(bench.past)

    def fail(event: TraceEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(stretches.hear(stretches.backwards()[0], fail))
    assert bench.rig.driver is driver
    assert state_of(bench.rig.stepped) == here


def test_goes_on_when_another_run_was_loaded(bench: Workbench) -> None:
    expected = all_events(bench)

    def load(piece: int) -> None:
        if piece == 5:
            bench.cli(f"load {find_input('two-workers')}")
            bench.play(50)

    assert heard_backwards(Stretches(bench.past), load) == expected
    assert bench.snapshot().packets.read == 50
    bench.check_invariants()
