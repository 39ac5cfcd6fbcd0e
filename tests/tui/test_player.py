"""Time, without a screen: the wall's clock is the test's."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench.errors import CommandError
from aclbench.tui.player import MOMENT_S, NORMAL_SPEED, SPEEDS, Player
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.bench import Workbench
from aclbench.workbench.scenario import InterfaceSpec, Scenario, TimedLine
from tui.bench import busy_bench, capture_bench, make_bench, one_opening, opening, write_pcap


class Wall:
    """A clock that stands still until it is moved: no tick ever takes too long."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_it_begins_paused(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    before = player.bench.now
    player.tick(0.1)
    assert player.bench.now == before
    assert player.frame(player.threads, 8, 8).state == "paused"


def test_a_tick_lets_the_speeds_share_of_time_pass(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    before = player.bench.now
    player.toggle()
    player.tick(0.1)
    assert player.bench.now == before + NS_PER_S // 10
    player.faster()
    player.tick(0.1)
    assert player.bench.now == before + 3 * NS_PER_S // 10
    player.toggle()
    player.tick(0.1)
    assert player.bench.now == before + 3 * NS_PER_S // 10


def test_the_speeds_have_ends(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    assert player.speed_text() == "1x"
    for _ in SPEEDS:
        player.faster()
    assert player.speed_text() == "max"
    for _ in SPEEDS:
        player.faster(-1)
    assert player.speed_text() == f"{SPEEDS[0]:g}x"
    assert SPEEDS[NORMAL_SPEED] == 1


def test_everything_ages_out_and_then_it_has_ended(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    player.toggle()
    player.speed_index = len(SPEEDS) - 2
    for _ in range(50):
        player.tick(0.1)
    assert not player.playing
    frame = player.frame(player.threads, 8, 8)
    assert frame.state == "ended"
    assert frame.snapshot.sessions.live == 0
    player.toggle()
    assert not player.playing
    assert "nothing is due" in player.notice


def test_an_idle_gap_is_jumped_after_a_second(wall: Wall, tmp_path: Path) -> None:
    path = one_opening(tmp_path / "gap.pcap", later=5000)
    player = Player(lambda: capture_bench(path), "t", wall)
    player.toggle()
    player.speed_index = SPEEDS.index(100)
    seen = []
    for _ in range(40):
        player.tick(0.1)
        seen.append(player.bench.now - player.started)
        if player.notice:
            break
    assert player.notice.startswith("jumped")
    assert seen[-1] == 5000 * NS_PER_S
    assert seen[-2] < 300 * NS_PER_S
    assert player.frame(player.threads, 8, 8).snapshot.packets.read == 4


def test_slow_motion_is_not_jumped_at_once(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    player.speed_index = SPEEDS.index(0.1)
    player.toggle()
    before = player.bench.now
    for _ in range(8):
        player.tick(0.1)
    assert player.bench.now == before + 8 * NS_PER_S // 100


def test_steps_say_who_did_what(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    player.step()
    assert player.notice == "step: cleaner, wake up"
    player.step(whole_event=True)
    assert player.notice == "event: cleaner, raise interrupt, done"
    player.step(whole_event=True)
    assert player.notice == "event: vpp_wk_0, say, done"


def test_nothing_to_step_is_said(wall: Wall) -> None:
    player = Player(make_bench, "t", wall)
    player.step()
    assert player.notice == "nothing is left to do"
    player.jump()
    assert player.notice == "nothing is due"
    assert player.frame(player.threads, 8, 8).state == "idle"


def test_jump_goes_to_the_next_thing_due(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    due = player.next_time()
    rounds = player.bench.snapshot().cleaner.event_cycles
    player.jump()
    assert player.bench.now == due
    assert player.bench.snapshot().cleaner.event_cycles == rounds + 1


def test_a_command_that_is_refused_changes_nothing(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    with pytest.raises(CommandError):
        player.command("show nonsense")
    assert "Sessions total" in player.command("show acl-plugin sessions")


def test_restart_begins_anew(wall: Wall) -> None:
    player = Player(make_bench, "t", wall)
    player.bench.send("pg0", opening()[0][1])
    player.toggle()
    player.restart()
    assert not player.playing
    assert player.frame(player.threads, 8, 8).snapshot.packets.read == 0


def test_what_changed_stands_out_for_a_moment(wall: Wall) -> None:
    player = Player(busy_bench, "t", wall)
    first = player.frame(player.threads, 8, 8).snapshot
    player.toggle()
    player.tick(0.1)
    frame = player.frame(player.threads, 8, 8)
    assert frame.before == first
    wall.now += 2 * MOMENT_S
    player.tick(0.1)
    player.frame(player.threads, 8, 8)
    wall.now += 2 * MOMENT_S
    frame = player.frame(player.threads, 8, 8)
    assert frame.before is not None
    assert frame.before.now > first.now


def test_a_damaged_capture_is_told_once(wall: Wall, tmp_path: Path) -> None:
    packets = [(1 + n / 100, data) for n, (_, data) in enumerate(opening())]
    path = write_pcap(tmp_path / "cut.pcap", packets, cut=5)
    player = Player(lambda: capture_bench(path), "t", wall)
    player.toggle()
    player.tick(0.1)
    assert player.error
    assert "cut.pcap" in player.notice
    assert player.frame(player.threads, 8, 8).snapshot.packets.read == 2
    player.say("")
    player.tick(0.1)
    assert not player.notice


def test_a_tick_ends_in_time(tmp_path: Path) -> None:
    """Each look at the clock costs a second here: one slice must be enough."""
    ticks = iter(range(10_000))
    player = Player(busy_bench, "t", lambda: float(next(ticks)))
    player.toggle()
    player.speed_index = len(SPEEDS) - 1
    before = player.bench.now
    player.tick(0.1)
    assert player.bench.now - before < 600 * NS_PER_S


def timed_bench(line: str) -> Workbench:
    """Nothing but one line of the scenario, due after two seconds."""
    return Workbench.from_scenario(
        Scenario(
            title="timed",
            interfaces=(InterfaceSpec("pg0", prefixes=("10.0.0.0/8",)), InterfaceSpec("pg1")),
            cli=("set acl-plugin acl deny", "set acl-plugin interface pg0 input acl 0"),
            at=(TimedLine("2", line),),
        )
    )


OFF = "set acl-plugin interface pg0 input acl 0 del"


def test_a_line_of_the_scenario_is_played(wall: Wall) -> None:
    player = Player(lambda: timed_bench(OFF), "t", wall)
    player.toggle()
    player.tick(3)
    assert player.bench.snapshot().interfaces[1].input_acls == ()
    assert not player.error


def test_a_line_of_the_scenario_that_is_refused_pauses_and_is_named(wall: Wall) -> None:
    player = Player(lambda: timed_bench(OFF), "t", wall)
    player.command(OFF)
    player.leap(5)
    assert player.error
    assert OFF in player.notice
    player = Player(lambda: timed_bench(OFF), "t", wall)
    player.command(OFF)
    player.toggle()
    player.tick(3)
    assert player.error
    assert not player.playing
    assert OFF in player.notice
