"""Two benches on one clock: they stand at the same time, and what differs is marked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from aclbench.errors import AclbenchError
from aclbench.tui.against.player import AgainstPlayer, Pair
from aclbench.tui.against.text import alone_drawing, figures_drawing
from aclbench.tui.app import AclbenchApp
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.help.screen import HelpScreen
from aclbench.tui.story.tellers import NoticeTeller, Told
from aclbench.tui.targets import NoticeTarget, SessionTarget
from aclbench.tui.transport import SPEEDS
from aclbench.tui.units import NS_PER_S
from aclbench.tui.workers.panel import panel_drawing
from aclbench.workbench.tasks import Slices, finish
from aclbench.workbench.workbench import Workbench
from tui.bench import INSIDE, OUTSIDE, SYN, capture_bench, frame, opening, player_of, write_pcap
from tui.looking import PLAIN, assert_fits, command
from tui.piloting import HUGE, LARGE, SMALL, Bench

WHEEL = "wheel"
#: Of which a bench takes time to be set up.
VPP = "vpp-26.10"


@pytest.fixture(scope="session")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A connection, half-open ones, and questions over UDP that stop one by one; a late answer."""
    packets = [(0.1 * n, data) for n, (_, data) in enumerate(opening())]
    for n in range(4):
        packets.append((0.5 + n, frame(f"{INSIDE}3", f"{OUTSIDE}2", 6, 40001 + n, 443, SYN)))
        packets.append((0.7 + n, frame(f"{INSIDE}3", f"{OUTSIDE}9", 17, 5353 + n, 53)))
    packets.append((6.0, frame(f"{OUTSIDE}9", f"{INSIDE}7", 17, 9, 9)))
    packets.insert(-3, (3.2, frame(f"{OUTSIDE}9", f"{INSIDE}3", 17, 53, 5353)))
    return write_pcap(tmp_path_factory.mktemp("against") / "few.pcap", packets)


def pair_of(capture: Path, design: str = WHEEL, lines: tuple[str, ...] = ()) -> Pair:
    def make() -> Slices[tuple[Workbench, Workbench]]:
        yield from ()
        return capture_bench(capture), capture_bench(capture, design=design, lines=lines)

    return Pair(make, design)


def against(capture: Path, design: str = WHEEL, lines: tuple[str, ...] = ()) -> AgainstPlayer:
    pair = pair_of(capture, design, lines)
    player = pair.playing(finish(pair.making()), pair.making, "a title")
    assert isinstance(player, AgainstPlayer)
    return player


def settle(player: AgainstPlayer) -> None:
    """Until nothing goes on by itself."""
    for _ in range(10_000):
        if not player.active:
            return
        player.tick(0.05)
    raise AssertionError("it never comes to an end")


def since_start(bench: Workbench) -> int:
    return bench.now - bench.started


def assert_level(player: AgainstPlayer) -> None:
    """Both stand at one time, and behind the same packets, or the one that is in hand just now."""
    one, other = player.bench, player.other.bench
    assert since_start(one) == since_start(other)
    done = one.rig.driver.packets_handled
    in_hand = one.next_time() <= one.now
    assert done <= other.rig.driver.packets_handled <= done + in_hand


def look(player: AgainstPlayer) -> Frame:
    return player.frame(Wanted(player.live.threads, 20, 20, 20, 40))


def until_one_alone(player: AgainstPlayer) -> Frame:
    """From one thing that is due to the next, until a session is on one bench and not the other."""
    for _ in range(200):
        player.travel.jump()
        settle(player)
        shown = look(player)
        assert shown.against is not None
        assert shown.against.alone is not None
        if any(alone.total for alone in shown.against.alone):
            return shown
    raise AssertionError("they never differ")


MOVES: dict[str, Callable[[AgainstPlayer], object]] = {
    "packet": lambda player: player.travel.step_packet(),
    "step": lambda player: player.travel.step(),
    "turn": lambda player: player.travel.step(whole_turn=True),
    "forward": lambda player: player.travel.leap(2),
    "next due": lambda player: player.travel.jump(),
    "mark": lambda player: player.run_line(player.travel.seek_line(back=False)),
    "typed": lambda player: player.run_line("run 300ms"),
    "back a packet": lambda player: player.travel.back("packet"),
    "back a step": lambda player: player.travel.back("step"),
    "back a turn": lambda player: player.travel.back("turn"),
    "back an event": lambda player: player.travel.back("event"),
    "event": lambda player: player.travel.to_event(12),
    "back in time": lambda player: player.travel.leap(-1),
    "share": lambda player: player.travel.to_share(0.5),
    "end": lambda player: player.travel.to_end(),
    "goto": lambda player: player.run_line("goto packet 5"),
    "start": lambda player: player.travel.to_start(),
}


@pytest.mark.parametrize("design", [WHEEL, "rings", VPP])
def test_every_move_brings_both_to_one_time(capture: Path, design: str) -> None:
    player = against(capture, design)
    for name, move in MOVES.items():
        for _ in range(2):
            move(player)
            settle(player)
            assert not player.live.error, (name, player.live.notice)
            assert_level(player)
        player.exchange()
        settle(player)
        assert_level(player)
    assert since_start(player.bench) == 0
    for bench in (player.bench, player.other.bench):
        assert len(bench.branches()) == 1
        bench.check_invariants()


def test_a_step_is_the_same_whoever_follows(capture: Path) -> None:
    """The bench in hand is what it would be alone."""
    player, alone = against(capture), capture_bench(capture)
    for _ in range(30):
        player.travel.step()
        settle(player)
        alone.step()
    assert player.bench.snapshot() == alone.snapshot()


@pytest.mark.parametrize("speed", [20, None])
def test_it_plays_both(capture: Path, speed: float | None) -> None:
    player = against(capture)
    player.transport.speed_index = SPEEDS.index(speed)
    player.transport.toggle()
    for _ in range(400):
        if not player.transport.playing:
            break
        player.tick(0.05)
        look(player)
    settle(player)
    assert_level(player)
    assert "end of capture" in player.live.notice
    assert since_start(player.bench) >= 6 * NS_PER_S
    for bench in (player.bench, player.other.bench):
        assert bench.snapshot().packets.read == 13


def test_a_pause_leaves_none_behind(capture: Path) -> None:
    player = against(capture)
    player.transport.toggle()
    player.tick(0.05)
    player.transport.toggle()
    settle(player)
    assert not player.transport.playing
    assert_level(player)


# --- what differs ------------------------------------------------------------------------------


@pytest.mark.parametrize("design", [WHEEL, VPP])
def test_sessions_of_one_alone_are_marked_counted_and_listed(capture: Path, design: str) -> None:
    player = against(capture, design)
    shown = until_one_alone(player)
    assert shown.against is not None
    assert shown.against.alone is not None
    sides = (shown, shown.against.other)
    for number, side in enumerate(sides):
        alone = shown.against.alone[number]
        keys = {s.connection for w in side.snapshot.workers for v in w.lists for s in v.sessions}
        others = sides[1 - number].snapshot.workers
        there = {s.connection for w in others for v in w.lists for s in v.sessions}
        assert {session.connection for session in alone.first} == keys - there
        assert alone.total == len(alone.first) == len(side.alone)
        marked = "".join(panel_drawing(side, w, 80, 40, PLAIN).plain for w in side.shown_workers())
        assert marked.count("◆") == alone.total
        listed = alone_drawing(shown, number, 80, 8, PLAIN)
        assert f"only on {side.label}" in listed.plain
        assert listed.plain.count("◆") == alone.total
        assert_fits(listed, 80, 8)
        if alone.total:
            index = alone.first[0].id
            assert SessionTarget(*index) in [spot.target for spot in listed.spots()]
    figures = figures_drawing(shown, 100, PLAIN)
    assert_fits(figures, 100, 2)
    first, second = figures.plain.splitlines()
    assert first.startswith(" ▸fifo-2017")
    assert second.startswith(f"  {design}")
    assert "≠" in first
    assert "only here" in second


def test_packets_that_meet_another_fate_are_counted_and_told(capture: Path) -> None:
    """An answer comes after 2.5 s; back before it nobody has noticed anything."""
    player = against(capture, lines=("set acl-plugin session timeout udp idle 1",))
    counts = []
    for move in (partial(player.travel.leap, 3), player.travel.to_end, player.travel.to_start):
        move()
        settle(player)
        shown = look(player)
        assert shown.against is not None
        counts.append(shown.against.noticed)
    assert counts == [0, 1, 0]
    player.travel.to_end()
    settle(player)
    shown = figures_drawing(look(player), 100, PLAIN)
    assert "other fate 1≠" in shown.plain
    assert [spot.target for spot in shown.spots()] == [NoticeTarget()]
    told: list[Told] = []
    finish(NoticeTeller().begin(player, told.append))
    assert told[-1].title.startswith("wheel instead of fifo-2017: 1 packet of 1 connection")
    assert "192.168.0.9:53" in told[-1].rows[0].text
    assert "> denied" in told[-1].rows[0].text
    assert any("permitted" in row.text for row in told[-1].rows)


def test_work_that_a_design_counts_is_among_the_figures(capture: Path) -> None:
    player = against(capture)
    player.travel.leap(5)
    settle(player)
    shown = look(player)
    assert shown.against is not None
    timers = {f.label: (f.own, f.other) for f in shown.against.figures}["timers set"]
    assert timers[0] is None
    assert timers[1]


def test_the_way_of_both_intervals_is_known(capture: Path) -> None:
    """That of the bench that follows, too."""
    alone = player_of(partial(capture_bench, capture))
    player = against(capture)
    player.exchange()
    for each in (alone, player):
        command(each, "set bench quantum 1")
        for _ in range(8):
            each.travel.leap(1)
        each.frame(Wanted((1,)))
    intervals = look(player).against
    assert intervals is not None
    assert intervals.other.intervals == tuple(alone.log.intervals)
    assert len(intervals.other.intervals) > 2


def test_where_a_follower_was_stopped_nothing_is_marked(capture: Path) -> None:
    """It says where it stands; the next thing that is done takes it along again."""
    player = against(capture)
    until_one_alone(player)
    player.other.bench.advance("0.5")
    shown = look(player)
    assert shown.against is not None
    assert shown.against.alone is None
    assert not shown.alone
    assert "≠" not in figures_drawing(shown, 100, PLAIN).plain
    assert "at +" in figures_drawing(shown, 200, PLAIN).plain
    assert "elsewhere" in alone_drawing(shown, 1, 80, 5, PLAIN).plain
    player.travel.step()
    settle(player)
    assert_level(player)


def test_what_is_stopped_leaves_the_other_behind(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said that it is on its way, and Esc stops it there."""
    player = against(capture)
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 0.0)
    monkeypatch.setattr("aclbench.tui.underway.SLICE_S", 0.0)
    player.travel.to_end()
    while player.underway.task is not None and "the other bench" not in player.underway.what:
        player.tick(0.0)
    assert look(player).state == "busy"
    assert player.underway.what == "to the end, the other bench"
    player.underway.stop()
    assert player.underway.task is None
    assert since_start(player.other.bench) < since_start(player.bench)
    player.travel.back("step")
    settle(player)
    assert_level(player)


def test_as_long_as_either_goes_on_it_plays(capture: Path) -> None:
    player = against(capture)
    player.travel.to_end()
    for _ in range(100):
        player.travel.jump()
        settle(player)
        times = [bench.outlook().next_time for bench in (player.bench, player.other.bench)]
        assert (look(player).state == "ended") == (times == [None, None])
        if times == [None, None]:
            return
        if times[0] is None:
            player.exchange()
    raise AssertionError("the sessions never go")


# --- commands ----------------------------------------------------------------------------------


def test_what_changes_goes_to_both_and_is_said_once(capture: Path) -> None:
    player = against(capture)
    player.travel.leap(1)
    settle(player)
    assert not command(player, "set acl-plugin session timeout udp idle 7")
    for bench in (player.bench, player.other.bench):
        assert 7 * NS_PER_S in bench.snapshot().session_timeout
    command(player, "send pg0 udp 10.0.0.9:1 > 192.168.0.9:2")
    assert_level(player)
    player.travel.back("packet")
    settle(player)
    assert_level(player)


def test_what_both_print_stands_under_their_names(capture: Path) -> None:
    player = against(capture)
    assert "---" not in command(player, "show acl-plugin acl")
    said = command(player, "show design")
    assert said.index("--- fifo-2017\n") < said.index("--- wheel\n")
    player.exchange()
    said = command(player, "show design")
    assert said.index("--- wheel\n") < said.index("--- fifo-2017\n")


def test_a_command_in_the_past_opens_a_branch_on_both(capture: Path) -> None:
    player = against(capture)
    player.travel.leap(3)
    player.travel.leap(-2)
    command(player, "clear acl-plugin sessions")
    settle(player)
    for bench in (player.bench, player.other.bench):
        assert [branch.name for branch in bench.branches()] == ["main", "branch-1"]
    player.travel.switch("main")
    settle(player)
    assert player.other.bench.past.branch.name == "main"
    assert_level(player)


def test_a_file_is_written_once(capture: Path, tmp_path: Path) -> None:
    player = against(capture)
    command(player, f"save {tmp_path / 'one.run'}")
    assert Workbench.load(tmp_path / "one.run").snapshot().design == "fifo-2017"


@pytest.mark.parametrize(("line", "why"), [("load aging", "two benches"), ("reset", "key r")])
def test_what_makes_one_bench_is_refused(capture: Path, line: str, why: str) -> None:
    player = against(capture)
    with pytest.raises(AclbenchError, match=why):
        command(player, line)


def test_what_one_bench_refuses_is_said(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = against(capture)

    def refused(bench: Workbench, line: str) -> Slices[str]:
        yield from ()
        raise AclbenchError("not here")

    monkeypatch.setattr(player.other.bench.lines, "slices", refused)
    with pytest.raises(AclbenchError, match="wheel refuses what fifo-2017 has done: not here"):
        command(player, "set interface state pg1 down")


def test_restart_makes_both_anew(capture: Path) -> None:
    player = against(capture)
    player.travel.leap(2)
    player.exchange()
    player.restart()
    settle(player)
    assert player.names == ("fifo-2017", WHEEL)
    assert (since_start(player.bench), since_start(player.other.bench)) == (0, 0)
    assert player.other.bench.snapshot().design == WHEEL


# --- on the screen -----------------------------------------------------------------------------


async def test_two_benches_on_the_screen(capture: Path) -> None:
    """Side by side while there is room; keys, cursor and clicks are for the one in hand."""
    pair = pair_of(capture)
    app = AclbenchApp(pair.making, "A pair", pair=pair)
    async with app.run_test(size=LARGE) as pilot:
        bench = Bench(pilot)
        await bench.until(lambda: bench.screen.frame is not None)
        await bench.press(*["right_square_bracket"] * 3)
        player = bench.player
        assert isinstance(player, AgainstPlayer)
        assert "▸fifo-2017 against wheel" in bench.status()
        assert "fifo-2017: vpp_wk_0" in bench.text("#workers WorkerPanel")
        assert "wheel: vpp_wk_0" in bench.text("#second-workers WorkerPanel")
        assert "fifo-2017: cleaner" in bench.text("#cleaner")
        assert "wheel: cleaner" in bench.text("#second-cleaner")
        assert "only on wheel" in bench.text("#alone-1")
        bench.lies_inside()
        # The cursor is in the one in hand alone; a click takes the other in hand.
        await bench.press("tab")
        here, there = bench.place.regions(), bench.screen.query("#second-workers WorkerPanel")
        assert not set(here) & set(there)
        target = next(iter(there.results())).drawing.spots()[-1].target
        await bench.click("#second-workers WorkerPanel", target)
        assert player.in_hand == 1
        assert bench.cursor() == target
        assert " ▸wheel" in bench.text("#figures")
        assert "fifo-2017 against ▸wheel" in bench.status()
        await bench.press("X", "ctrl+o")
        assert player.in_hand == 0
        assert "two benches are compared here" in bench.status()
        await bench.press("question_mark")
        assert isinstance(bench.top, HelpScreen)
        assert any("other of two benches" in row[1] for part in bench.top._parts for row in part)
        await bench.press("escape")
        await bench.closed()
        # Below 120 columns one is seen at a time.
        await bench.resize(SMALL)
        assert "fifo-2017: vpp_wk_0" in bench.text("#workers WorkerPanel")
        assert not bench.screen.query("#second-workers WorkerPanel")
        bench.lies_inside()
        await bench.press("X")
        assert "wheel: vpp_wk_0" in bench.text("#workers WorkerPanel")
        assert "wheel: cleaner" in bench.text("#cleaner")
        for size in ((46, 10), (119, 50), HUGE):
            await bench.resize(size)
            assert bool(bench.screen.query("#second-workers WorkerPanel")) == (size == HUGE)
            bench.lies_inside()
        await bench.choose("r", "r")
        await bench.until(lambda: player.in_hand == 0 and since_start(player.bench) == 0)


async def pair_moved_on(pilot: Pilot[None]) -> None:
    """Until a session is on one of them alone."""
    bench = Bench(pilot)
    await bench.until(lambda: bench.screen.frame is not None)
    player = bench.player
    assert isinstance(player, AgainstPlayer)
    until_one_alone(player)
    await bench.press("X", "tab")
    await bench.until(lambda: not bench.screen.loop_runs)
    await bench.settle()


def test_two_benches_look_so(snap_compare: Any, capture: Path) -> None:
    pair = pair_of(capture)
    app = AclbenchApp(pair.making, "A pair", pair=pair)
    assert snap_compare(app, terminal_size=LARGE, run_before=pair_moved_on)
