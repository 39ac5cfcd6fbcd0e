"""step, choose, run, play, reset: time goes on as far as asked, and the bench stays whole."""

from __future__ import annotations

import os
import signal

import pytest

from aclbench import AclbenchError, CommandError, Workbench
from aclbench.drivers.driver import actor_name
from aclbench.engine.events import PacketVerdict, SessionDeleted, TraceEvent
from aclbench.engine.reasons import fate_of
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario


@pytest.fixture
def bench() -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input("aging")))


def test_run_for_and_until(bench: Workbench) -> None:
    assert "+0.5 s, at its end" in bench.cli("run 500ms")
    assert "+1.5 s" in bench.cli("run 1")
    assert "+12.5 s" in bench.cli("run until +12.5s")
    with pytest.raises(CommandError, match="goes back"):
        bench.cli("run until 12s")
    straight = Workbench.from_scenario(load_scenario(find_input("aging")))
    straight.advance("12.5")
    assert state_of(straight.rig.stepped) == state_of(bench.rig.stepped)
    assert straight.past.branch.ops == bench.past.branch.ops


def is_kind(event: TraceEvent, word: str) -> bool:
    if word == "denied":
        return isinstance(event, PacketVerdict) and fate_of(event.reason) == word
    return event.kind == {"expired": "deleted", "class-change": "class changed"}[word]


@pytest.mark.parametrize("word", ["expired", "class-change", "denied"])
def test_run_until_stops_right_behind_the_event(word: str) -> None:
    """Live and in the past alike: one more event of its kind has happened, and no packet more."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    stops: list[tuple[str, int]] = []
    for _ in range(3):
        text = bench.cli(f"run until {word}")
        stops.append((text.splitlines()[0], bench.now))
        of_kind = [e for e in heard if is_kind(e, word)]
        if text.startswith("no more"):
            assert not of_kind
            break
        assert of_kind
        assert of_kind[0].time == bench.now
        assert bench.past.at_end()
        heard.clear()
        bench.check_invariants()
    bench.cli("run 1s")
    bench.cli("goto start")
    for text, now in stops:
        if not text.startswith("no more"):
            assert bench.cli(f"run until {word}").splitlines()[0] == text
            assert bench.now == now
    assert len(bench.past.branches) == 1


def test_run_until_denied_ends_with_the_capture(bench: Workbench) -> None:
    last = bench.cli("run until recycled")
    assert last.startswith("no more recycled")
    bench.cli("goto start")
    assert bench.cli("run until recycled").startswith("no more recycled")


def test_step_names_what_was_done_and_choose_lasts_for_one_step(bench: Workbench) -> None:
    assert bench.cli("step 2").count("\n") == 1
    bench.cli("run until +1.0001")
    able = bench.rig.stepped.next_actors()
    actor = actor_name(able[-1])
    assert bench.cli(f"choose {actor}") == f"{actor} takes the next step"
    assert f" {actor}: " in bench.cli("step")
    assert bench.transport.chosen is None
    before = state_of(bench.rig.stepped), len(bench.past.branch.ops)
    with pytest.raises(CommandError, match="nothing to do next"):
        bench.cli("step vpp_main")
    with pytest.raises(CommandError, match="no actor vpp_wk_7"):
        bench.cli("step vpp_wk_7")
    assert (state_of(bench.rig.stepped), len(bench.past.branch.ops)) == before


def test_who_is_said_to_be_able_can_step(bench: Workbench) -> None:
    """At every point of a run by steps, each of `next_actors` can take one, and nobody else."""
    for _ in range(40):
        able = {actor_name(actor) for actor in bench.rig.stepped.next_actors()}
        for actor in ("cleaner", "vpp_main", "vpp_wk_0", "vpp_wk_1"):
            here = bench.past.cursor
            if actor in able:
                assert bench.step(actor) is not None
                bench.goto(here)
            else:
                with pytest.raises(AclbenchError, match="nothing to do"):
                    bench.step(actor)
                bench.goto(here)
        bench.step()


def test_play_prints_as_it_goes_or_returns(bench: Workbench) -> None:
    printed: list[str] = []
    bench.printer = printed.append
    end = bench.cli("play")
    assert len(printed) > 2000
    assert end.startswith("main: behind packet 2320")
    collected = Workbench.from_scenario(load_scenario(find_input("aging"))).cli("play").splitlines()
    assert collected[:2000] == printed[:2000]
    assert f"{len(printed) - 2000:,} more" in collected[2000]
    with pytest.raises(CommandError, match="no capture"):
        Workbench().cli("play")


@pytest.mark.parametrize("line", ["play", "run 1000h", "run until recycled"])
def test_ctrl_c_leaves_a_whole_bench(bench: Workbench, line: str) -> None:
    """The signal comes in the middle of a packet; the run ends behind it."""

    def interrupt(event: TraceEvent) -> None:
        if isinstance(event, SessionDeleted) or event.kind == "session added":
            os.kill(os.getpid(), signal.SIGINT)

    bench.listeners.add(interrupt)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        bench.cli(line)
    assert signal.getsignal(signal.SIGINT) is handler
    bench.listeners.remove(interrupt)
    bench.check_invariants()
    assert bench.rig.stepped.at_rest() or bench.rig.driver.packets_handled
    here = state_of(bench.rig.stepped)
    bench.cli("back 1 packet")
    bench.cli("switch main")
    assert state_of(bench.rig.stepped) == here


def test_reset_begins_anew(bench: Workbench) -> None:
    start = state_of(bench.rig.stepped)
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    bench.cli("placement interface")
    bench.cli("run 3s")
    bench.cli("branch other")
    heard.clear()
    bench.cli("reset")
    assert state_of(bench.rig.stepped) == start
    assert (list(bench.past.branches), bench.past.branch.ops) == (["main"], [])
    bench.cli("run 1s")
    assert heard, "who listens goes on listening"
    empty = Workbench(workers=3, placement="flow")
    empty.cli("create packet-generator interface pg0")
    empty.cli("reset")
    assert state_of(empty.rig.stepped) == state_of(
        Workbench(workers=3, placement="flow").rig.stepped
    )
