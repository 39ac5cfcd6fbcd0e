"""An excursion hears what was, in pieces; the bench notices nothing, whatever it does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aclbench import AclbenchError, Workbench
from aclbench.engine.events import TraceEvent
from aclbench.workbench.history import history as history_module
from aclbench.workbench.history.history import WalkedStep
from aclbench.workbench.inquiry import excursion as excursion_module
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.excursion import Excursion
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A run with some checkpoints, a command and steps by hand in it; pieces of one part each."""
    monkeypatch.setattr(history_module, "CHECKPOINT_WORK", 300)
    monkeypatch.setattr(history_module, "CHECKPOINT_WORK_PER_SESSION", 0)
    monkeypatch.setattr(excursion_module, "LARGEST_PART", 8)
    monkeypatch.setattr(excursion_module, "PIECE_S", 0.0)
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(500)
    for _ in range(7):
        bench.step()
    bench.cli("set acl-plugin session timeout udp idle 1")
    bench.play(300)
    bench.advance("3")
    return bench


def heard_backwards(excursion: Excursion, between: Callable[[int], None]) -> list[TraceEvent]:
    """All events, heard stretch by stretch; something is done between the pieces."""
    found: list[TraceEvent] = []
    pieces = 0
    for stretch in excursion.stretches_backwards():
        heard: list[TraceEvent] = []
        for _ in excursion.hear(stretch, heard.append):
            pieces += 1
            between(pieces)
        found = heard + found
    return found


def all_events(bench: Workbench) -> list[TraceEvent]:
    with bench.visiting() as history:
        return history.listen_between(history.branch.starts[0], bench.past.cursor)


def test_hears_the_run_and_leaves_the_bench_alone(bench: Workbench) -> None:
    expected = all_events(bench)
    here, driver, told = state_of(bench.stepped), bench.driver, list[TraceEvent]()
    bench.listen(told.append)
    listener, travels = bench.machine.am.tell.listener, bench.travels

    def look(piece: int) -> None:
        assert bench.driver is driver
        assert bench.machine.am.tell.listener is listener

    excursion = Excursion(bench)
    assert len(excursion.stretches_backwards()) > 2
    assert heard_backwards(excursion, look) == expected
    assert state_of(bench.stepped) == here
    assert not told
    assert bench.travels == travels


def test_a_bench_that_goes_on_meanwhile_is_as_one_that_had_no_excursion(bench: Workbench) -> None:
    expected = all_events(bench)
    other = Workbench.from_scenario(load_scenario(find_input("aging")))
    other.play(500)
    for _ in range(7):
        other.step()
    other.cli("set acl-plugin session timeout udp idle 1")
    other.play(300)
    other.advance("3")
    told: tuple[list[TraceEvent], list[TraceEvent]] = ([], [])
    bench.listen(told[0].append)
    other.listen(told[1].append)

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

    assert heard_backwards(Excursion(bench), act) == expected
    assert state_of(bench.stepped) == state_of(other.stepped)
    assert told[0] == told[1]
    assert bench.branches() == other.branches()
    bench.check_invariants()


def test_walks_as_the_history_does(bench: Workbench) -> None:
    with bench.visiting() as history:
        expected = list(history.walk(history.branch.starts[0], bench.past.cursor))
    here, driver = state_of(bench.stepped), bench.driver
    excursion, found = Excursion(bench), list[WalkedStep]()
    for stretch in excursion.stretches_backwards():
        part: list[WalkedStep] = []
        for _ in excursion.walk(stretch, lambda: None, part.append):
            assert bench.driver is driver
        found = part + found
    assert [walked[1:] for walked in found] == [walked[1:] for walked in expected]
    assert state_of(bench.stepped) == here


def test_an_error_on_the_way_leaves_the_bench_where_it_was(bench: Workbench) -> None:
    here, driver = state_of(bench.stepped), bench.driver
    excursion = Excursion(bench)

    def fail(event: TraceEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(excursion.hear(excursion.stretches_backwards()[0], fail))
    assert bench.driver is driver
    assert state_of(bench.stepped) == here


def test_goes_on_when_another_run_was_loaded(bench: Workbench) -> None:
    expected = all_events(bench)

    def load(piece: int) -> None:
        if piece == 5:
            bench.cli(f"load {find_input('two-workers')}")
            bench.play(50)

    assert heard_backwards(Excursion(bench), load) == expected
    assert bench.snapshot().packets.read == 50
    bench.check_invariants()


def test_no_excursion_without_a_history() -> None:
    with pytest.raises(AclbenchError, match="keeps no history"):
        Excursion(Workbench(history=False))
