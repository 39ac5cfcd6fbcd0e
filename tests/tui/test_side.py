"""A command that goes on beside the screen: piece by piece, and never two at a time."""

from __future__ import annotations

import threading

import pytest

from aclbench.errors import CommandError
from aclbench.tui.player import Player
from aclbench.tui.side import SideCommand
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.workbench import Workbench
from tui.bench import busy_bench, make_bench
from tui.looking import frame_of

HOUR = 3600 * NS_PER_S
LONG = "run 1h"


class Counting:
    """A clock that goes on by a second with each look: what is given no time parks at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be parked after each minute of the bench's time."""
    monkeypatch.setattr("aclbench.workbench.commands.bench.slices.SLICE_NS", 60 * NS_PER_S)


def endless_bench() -> Workbench:
    """Sessions that stay for days: the cleaner has a round every half second."""
    bench = busy_bench()
    bench.cli("set acl-plugin session timeout udp idle 864000")
    return bench


def parked(bench: Workbench, line: str = LONG) -> SideCommand:
    side = SideCommand(bench, line, Counting())
    assert not side.work(0.0)
    return side


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "command"]


def test_what_is_short_is_done_at_once() -> None:
    side = SideCommand(busy_bench(), "show acl-plugin sessions")
    assert side.work(1.0)
    assert side.is_over
    assert "Sessions total" in side.result
    assert side.error is None
    assert not side.is_stopped
    assert side.work(1.0)


def test_what_is_refused_is_an_error_and_no_crash() -> None:
    side = SideCommand(busy_bench(), "show nonsense")
    assert side.work(1.0)
    assert isinstance(side.error, CommandError)
    assert not side.result


def test_it_parks_with_the_bench_whole_and_goes_on_where_it_was() -> None:
    whole = endless_bench()
    whole.cli(LONG)
    bench = endless_bench()
    start = bench.now
    side = parked(bench)
    pieces = 1
    last = bench.now
    while not side.work(3.0):
        bench.check_invariants()
        assert bench.now >= last
        last = bench.now
        pieces += 1
    assert pieces > 3
    assert bench.now == start + HOUR
    assert bench.snapshot() == whole.snapshot()
    assert not threads()


def test_it_is_stopped_where_it_is_parked() -> None:
    bench = endless_bench()
    side = parked(bench)
    here = bench.now
    side.stop()
    assert side.is_over
    assert side.is_stopped
    assert side.error is None
    assert bench.now == here
    assert not threads()
    bench.check_invariants()
    # The bench is nobody's any more, and takes the next line.
    assert "Sessions total" in bench.cli("show acl-plugin sessions")
    bench.cli("run 1s")
    assert bench.now == here + NS_PER_S


def test_it_is_stopped_before_it_began() -> None:
    bench = endless_bench()
    side = SideCommand(bench, LONG)
    here = bench.now
    side.stop()
    assert side.is_over
    assert side.is_stopped
    assert bench.now == here


def test_what_is_printed_on_the_way_can_be_taken() -> None:
    bench = make_bench()
    side = SideCommand(bench, "send pg0 tcp 10.0.0.2:1 > 192.168.0.2:80 S count 30 interval 1s")
    side.work(10.0)
    assert side.is_over
    printed = side.take_printed()
    assert side.take_printed() == []
    assert bool(printed) == side.has_printed


def test_a_crash_is_told_to_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the program is not swallowed by the thread that it happened on."""
    bench = busy_bench()

    def crash(line: str) -> str:
        raise ZeroDivisionError(line)

    monkeypatch.setattr(bench, "cli", crash)
    with pytest.raises(ZeroDivisionError):
        SideCommand(bench, "show").work(1.0)
    assert not threads()


def test_leaving_the_player_ends_it() -> None:
    player = Player(endless_bench, "t", Counting())
    player.run_line("run 100h")
    assert player.underway.task is not None
    assert player.active
    player.close()
    assert not threads()


def test_the_player_goes_on_with_it_tick_by_tick() -> None:
    player = Player(endless_bench, "t", Counting())
    start = player.bench.now
    player.transport.toggle()
    side = player.run_line(LONG)
    assert not player.transport.playing
    assert frame_of(player).state == "busy"
    for _ in range(20_000):
        player.tick(0.1)
        if side.is_over:
            break
    assert side.is_over
    assert player.underway.task is None
    assert not player.active
    assert player.bench.now == start + HOUR
