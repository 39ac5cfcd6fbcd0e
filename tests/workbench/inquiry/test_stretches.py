"""What is past is heard again, in slices; the bench notices nothing, whatever it does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aclbench import Workbench
from aclbench.engine.events import TraceEvent
from aclbench.workbench import tasks
from aclbench.workbench.history import checkpoints
from aclbench.workbench.history.replay import Replay, WalkedStep
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.events import events_between
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish


def run_with_everything() -> Workbench:
    """A run with a command and steps by hand in it."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(500)
    for _ in range(7):
        bench.step()
    bench.cli("set acl-plugin session timeout udp idle 1")
    bench.play(300)
    bench.advance("3")
    return bench


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """The same, with some checkpoints, and slices that are small."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK", 300)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK_PER_SESSION", 0)
    monkeypatch.setattr(tasks, "SLICE_SHORT_S", 0.0)
    return run_with_everything()


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


def all_events(bench: Workbench) -> list[TraceEvent]:
    return finish(events_between(bench.past, "start", "now")).events


def test_hears_the_run_and_leaves_the_bench_alone(bench: Workbench) -> None:
    expected = all_events(bench)
    here, rig, told = state_of(bench.rig.stepped), bench.rig, list[TraceEvent]()
    bench.listeners.add(told.append)
    listener, moves = rig.machine.am.tell.listener, bench.moves

    def look(number: int) -> None:
        assert bench.rig is rig
        assert rig.machine.am.tell.listener is listener

    stretches = Stretches(bench.past)
    assert len(stretches.backwards()) > 2
    assert heard_backwards(stretches, look) == expected
    assert state_of(bench.rig.stepped) == here
    assert not told
    assert bench.moves == moves


def test_a_bench_that_goes_on_meanwhile_is_as_one_of_which_nobody_asked(bench: Workbench) -> None:
    expected, other = all_events(bench), run_with_everything()
    told: tuple[list[TraceEvent], list[TraceEvent]] = ([], [])
    bench.listeners.add(told[0].append)
    other.listeners.add(told[1].append)

    def act(number: int) -> None:
        for each in (bench, other):
            if number % 10 == 1:
                each.play(20)
            elif number % 40 == 2:
                each.back(3, "packet")
            elif number % 40 == 3:
                each.cli("clear acl-plugin sessions")  # in the past: it opens a branch
            elif number % 40 == 4:
                each.step()

    assert heard_backwards(Stretches(bench.past), act) == expected
    assert state_of(bench.rig.stepped) == state_of(other.rig.stepped)
    assert told[0] == told[1]
    assert list(bench.past.branches) == list(other.past.branches)
    bench.check_invariants()


def test_walks_as_a_replay_does(bench: Workbench) -> None:
    there = finish(bench.past.at(bench.past.branch.starts[0]))
    expected = [step for step in there.walk(bench.past.cursor) if step is not None]
    here, rig = state_of(bench.rig.stepped), bench.rig
    stretches, found = Stretches(bench.past), list[WalkedStep]()
    for stretch in stretches.backwards():
        part: list[WalkedStep] = []

        def look(there: Replay, walked: WalkedStep, part: list[WalkedStep] = part) -> None:
            assert there.rig is not rig
            part.append(walked)

        for _ in stretches.walk(stretch, lambda there: None, look):
            assert bench.rig is rig
        found = part + found
    assert [walked[1:] for walked in found] == [walked[1:] for walked in expected]
    assert state_of(bench.rig.stepped) == here


def test_forwards_from_a_point_in_the_past_and_backwards_from_it(bench: Workbench) -> None:
    expected, end = all_events(bench), bench.past.cursor
    bench.goto_packet(600)
    stretches = Stretches(bench.past)
    behind = heard_backwards(stretches, lambda number: None)
    assert expected[: len(behind)] == behind
    assert len(behind) == bench.rig.events_so_far()
    ahead: list[TraceEvent] = []
    for stretch in stretches.forwards():
        finish(stretches.hear(stretch, ahead.append))
    assert stretches.forwards()[-1].end[:2] >= end[:2]
    assert ahead == expected[len(expected) - len(ahead) :]
    assert len(ahead) + len(behind) >= len(expected)


def test_goes_on_when_another_run_was_loaded(bench: Workbench) -> None:
    expected = all_events(bench)

    def load(number: int) -> None:
        if number == 5:
            bench.cli(f"load {find_input('two-workers')}")
            bench.play(50)

    assert heard_backwards(Stretches(bench.past), load) == expected
    assert bench.snapshot().packets.read == 50
    bench.check_invariants()
