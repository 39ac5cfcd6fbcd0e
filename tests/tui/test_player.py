"""Time, without a screen: the wall's clock is the test's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aclbench.engine.events import TraceEvent
from aclbench.errors import AclbenchError, CommandError
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.live import MOMENT_S
from aclbench.tui.log.store import FILTERS, GAP
from aclbench.tui.player import Player
from aclbench.tui.transport import END, GAP_S, NORMAL_SPEED, SPEEDS, WAITING
from aclbench.tui.travel import MARK_WORDS
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.history.history import History
from aclbench.workbench.inquiry.timeline import MARK_KINDS
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, TimedLine
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.snapshot import Snapshot, View
from aclbench.workbench.workbench import Workbench
from tui.bench import (
    at_once,
    busy_bench,
    capture_bench,
    make_bench,
    one_opening,
    opening,
    player_of,
    write_pcap,
)
from tui.looking import command

ALL = 0


class Wall:
    """A clock that stands still until it is moved: no tick ever takes too long."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


def frame_of(player: Player) -> Frame:
    """What the screen would paint."""
    return player.frame(Wanted(player.live.threads, rows=8, events=8, packets=8, columns=40))


def snapshot_of(player: Player) -> Snapshot:
    return player.bench.snapshot(View(threads=player.live.threads, anchor="head", size=50))


def texts(player: Player, which: int = ALL) -> list[str]:
    """The log, as text."""
    return [f"{row.event.kind} {row.event.text}" for row in player.log.last(5000, which)]


# --- playing ----------------------------------------------------------------------------------


def test_it_begins_paused(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    before = player.bench.now
    player.tick(0.1)
    assert player.bench.now == before
    assert frame_of(player).state == "paused"
    assert not player.active


def test_a_tick_lets_the_speeds_share_of_time_pass(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    before = player.bench.now
    player.transport.toggle()
    player.tick(0.1)
    assert player.bench.now == before + NS_PER_S // 10
    player.transport.faster()
    player.tick(0.1)
    assert player.bench.now == before + 3 * NS_PER_S // 10
    player.transport.toggle()
    player.tick(0.1)
    assert player.bench.now == before + 3 * NS_PER_S // 10


def test_the_speeds_have_ends(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    assert player.transport.speed_text() == "1x"
    for _ in SPEEDS:
        player.transport.faster()
    assert player.transport.speed_text() == "max"
    assert player.live.notice == "as fast as it goes"
    for _ in SPEEDS:
        player.transport.faster(-1)
    assert player.transport.speed_text() == f"{SPEEDS[0]:g}x"
    assert SPEEDS[NORMAL_SPEED] == 1


def test_everything_ages_out_and_then_it_is_idle(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.transport.toggle()
    player.transport.speed_index = len(SPEEDS) - 2
    for _ in range(50):
        player.tick(0.1)
    assert not player.transport.playing
    frame = frame_of(player)
    assert frame.state == "idle"  # there is no capture that could end
    assert frame.snapshot.sessions.live == 0
    player.transport.toggle()
    assert not player.transport.playing
    assert "nothing is due" in player.live.notice


def test_a_notice_goes_away_while_playing_and_an_error_stays_longer(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.transport.toggle()
    player.live.say("something")
    wall.now += 4
    player.tick(0.0)
    assert not player.live.notice
    player.live.say("something bad", error=True)
    wall.now += 4
    player.tick(0.0)
    assert player.live.notice
    wall.now += 12
    player.tick(0.0)
    assert not player.live.notice


def test_what_changed_stands_out_for_a_moment(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    first = frame_of(player).snapshot
    player.transport.toggle()
    player.tick(0.1)
    frame = frame_of(player)
    assert frame.before == first
    wall.now += 2 * MOMENT_S
    player.tick(0.1)
    frame_of(player)
    wall.now += 2 * MOMENT_S
    frame = frame_of(player)
    assert frame.before is not None
    assert frame.before.now > first.now


def test_a_tick_ends_in_time(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no time: one slice must be enough."""
    monkeypatch.setattr("aclbench.tui.transport.TICK_S", 0.0)
    player = player_of(busy_bench, "t", wall)
    player.transport.toggle()
    player.transport.speed_index = len(SPEEDS) - 1
    before = player.bench.now
    player.tick(0.1)
    assert player.bench.now - before < 600 * NS_PER_S


# --- the end of the captures ------------------------------------------------------------------


def test_playing_stops_at_the_last_packet_and_goes_on_in_silence_if_asked(
    wall: Wall, tmp_path: Path
) -> None:
    path = one_opening(tmp_path / "end.pcap")
    for speed in (SPEEDS.index(1), len(SPEEDS) - 1):
        player = player_of(lambda: capture_bench(path), "t", wall)
        frame_of(player)
        end = player.bench.rig.captures_end
        player.transport.speed_index = speed
        player.transport.toggle()
        for _ in range(2000):
            if not player.transport.playing:
                break
            player.tick(0.1)
        assert (player.bench.now, player.live.notice) == (end, END)
        player.transport.toggle()
        player.transport.speed_index = len(SPEEDS) - 1
        for _ in range(2000):
            if not player.transport.playing:
                break
            player.tick(0.1)
        assert player.live.notice == "nothing is due any more"
        player.travel.to_start()
        while player.active:
            player.tick(0.1)
        player.transport.toggle()  # what lies behind the captures was done already: it stops again
        for _ in range(2000):
            if not player.transport.playing:
                break
            player.tick(0.1)
        assert (player.bench.now, player.live.notice) == (end, END)


# --- gaps -------------------------------------------------------------------------------------


@pytest.fixture
def gap(wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    """Nothing due between +20 s or so and +5000 s."""
    monkeypatch.setattr("aclbench.tui.transport.TICK_S", 60.0)  # also on a busy machine
    path = one_opening(tmp_path / "gap.pcap", later=5000)
    player = player_of(lambda: capture_bench(path), "t", wall)
    player.transport.speed_index = SPEEDS.index(100)
    return player


def test_an_idle_gap_is_jumped_after_a_second_and_noted_in_the_log(gap: Player) -> None:
    gap.transport.toggle()
    seen = []
    for _ in range(40):
        gap.tick(0.1)
        seen.append(gap.bench.now - gap.live.started)
        if gap.live.notice:
            break
    assert gap.live.notice == END  # it was jumped to the last packet
    assert seen[-1] == 5000 * NS_PER_S
    assert seen[-2] < 300 * NS_PER_S
    assert frame_of(gap).snapshot.packets.read == 4
    for which in range(len(FILTERS)):
        notes = [row.event for row in gap.log.last(50, which) if row.event.kind == GAP]
        assert len(notes) == 1, FILTERS[which]
        assert "in which nothing was due" in notes[0].text


def test_gaps_are_played_out_where_one_wants_that(gap: Player) -> None:
    gap.transport.switch_gaps()
    assert gap.live.notice == "idle gaps are played out"
    gap.transport.toggle()
    for _ in range(40):
        gap.tick(0.1)
    assert gap.bench.now - gap.live.started == 400 * NS_PER_S
    assert not [row for row in gap.log.last(50, ALL) if row.event.kind == GAP]
    gap.transport.switch_gaps()
    for _ in range(int(GAP_S / 0.1) + 2):
        gap.tick(0.1)
    assert gap.bench.now - gap.live.started >= 5000 * NS_PER_S


def test_slow_motion_is_not_jumped_at_once(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.transport.speed_index = SPEEDS.index(0.1)
    player.transport.toggle()
    before = player.bench.now
    for _ in range(8):
        player.tick(0.1)
    assert player.bench.now == before + 8 * NS_PER_S // 100


# --- flat out ---------------------------------------------------------------------------------


def test_flat_out_leaves_gaps_that_are_made_good_on_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log then has what it would have had at leisure."""
    packets = [(1 + n / 2, data) for n in range(40) for _, data in opening(2 + n, 40000 + n)]
    path = write_pcap(tmp_path / "many.pcap", packets)
    monkeypatch.setattr("aclbench.tui.transport.TICK_S", 0.0)
    player = player_of(lambda: capture_bench(path), "t")
    player.transport.speed_index = len(SPEEDS) - 1
    player.transport.toggle()
    for _ in range(8):
        player.tick(0.1)
        if player.log.has_gaps:
            break
    assert player.transport.playing
    gaps = [text for text in texts(player) if text.startswith(GAP)]
    assert gaps
    assert "not listened to, for speed" in gaps[0]
    player.transport.pause()
    found = texts(player)
    assert not [text for text in found if text.startswith(GAP)]
    everything = [f"{event.kind} {event.text}" for event in player.bench.events()]
    assert found == everything[-len(found) :]
    assert len(found) >= min(len(everything), 400)
    rows = player.log.last(5000, ALL)
    assert rows[-1].number == player.bench.rig.events_so_far()


def packets_in_log(player: Player) -> int:
    return sum(row.event.kind == "packet" for row in player.log.last(5000, ALL))


def test_flat_out_little_is_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events cost time: what is heard before a painting does not grow with the run."""
    packets = [(1 + n / 9e4, data) for n in range(100) for _, data in opening(2, 40000 + n)]
    path = write_pcap(tmp_path / "many.pcap", packets)
    monkeypatch.setattr("aclbench.tui.transport.TICK_S", 0.0)
    monkeypatch.setattr("aclbench.tui.transport.HEARD", 4)
    player = player_of(lambda: capture_bench(path), "t")
    player.transport.speed_index = len(SPEEDS) - 1
    player.transport.toggle()
    heard: list[int] = []
    while player.live.packets_read() < len(packets):
        before = packets_in_log(player)
        player.tick(0.1)
        if player.transport.playing:  # at the end all is heard after all
            heard.append(packets_in_log(player) - before)
    assert 0 < max(heard) <= 4


def test_with_very_many_sessions_the_gap_stays_and_is_told(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aclbench.tui.live.MANY_SESSIONS", 1)
    player = player_of(busy_bench, "t", wall)
    player.travel.step(whole_turn=True)
    player.travel.back("event")
    assert any("would take long" in text for text in texts(player))


def test_what_is_done_does_not_wait_for_the_log_of_before(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is that made again later, between what has happened meanwhile."""

    def much(history: History, count: int) -> Slices[list[TraceEvent]]:
        for _ in range(1000):
            yield None
        raise AssertionError("it was waited for")

    player = player_of(busy_bench, "t", wall)
    player.travel.step(whole_turn=True)
    monkeypatch.setattr("aclbench.tui.live.SLICE_S", 0.0)
    monkeypatch.setattr("aclbench.tui.live.recent_events", much)
    player.travel.back("step")
    assert player.live.is_refilling
    player.travel.step()
    assert not player.live.is_refilling
    assert any("would take long" in text for text in texts(player))


# --- step by step -----------------------------------------------------------------------------


def test_steps_say_who_did_what(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.travel.step()
    assert player.live.notice == "step: cleaner, wake up"
    player.travel.step(whole_turn=True)
    assert player.live.notice == "turn: cleaner, raise interrupt, done"
    player.travel.step(whole_turn=True)
    assert player.live.notice == "turn: vpp_wk_0, report load, done"


def test_nothing_to_step_is_said(wall: Wall) -> None:
    player = player_of(make_bench, "t", wall)
    player.travel.step()
    assert player.live.notice == "nothing is left to do"
    player.travel.jump()
    assert player.live.notice == "nothing is due"
    player.travel.step_packet()
    assert player.live.notice == "there is no more packet"
    assert frame_of(player).state == "idle"


def test_jump_goes_to_the_next_thing_due(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    due = player.live.next_time()
    rounds = player.bench.snapshot().cleaner.event_cycles
    player.travel.jump()
    assert player.bench.now == due
    assert player.bench.snapshot().cleaner.event_cycles == rounds + 1


def test_a_packet_at_a_time(wall: Wall, tmp_path: Path) -> None:
    path = one_opening(tmp_path / "one.pcap")
    player = player_of(lambda: capture_bench(path), "t", wall)
    for number in (1, 2, 3):
        player.travel.step_packet()
        assert player.live.notice == f"behind packet {number}"
        assert snapshot_of(player).packets.read == number
    player.travel.step_packet()
    assert player.live.notice == "there is no more packet"
    for _ in range(3):
        player.travel.back("packet")
    assert snapshot_of(player).packets.read == 1
    player.travel.step_packet()
    assert player.live.notice == "behind packet 2"
    assert [branch.name for branch in player.bench.branches()] == ["main"]


@pytest.mark.parametrize("unit", ["step", "event", "packet"])
def test_back_by_any_unit_and_on_again_finds_the_same_run(wall: Wall, unit: str) -> None:
    player = player_of(busy_bench, "t", wall)
    for _ in range(5):
        player.travel.step(whole_turn=True)
    there, log = snapshot_of(player), texts(player)
    for _ in range(4):
        player.travel.back(unit)  # type: ignore[arg-type]
    assert snapshot_of(player) != there
    assert player.live.in_past()
    assert len(texts(player)) < len(log)
    player.travel.to_end()
    assert snapshot_of(player) == there
    assert not player.live.in_past()
    assert texts(player)[-20:] == log[-20:]
    assert [branch.name for branch in player.bench.branches()] == ["main"]


def test_playing_from_the_past_finds_the_same_run_and_goes_on(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    there = snapshot_of(player)
    player.travel.to_start()
    assert frame_of(player).past
    player.transport.toggle()
    while player.live.in_past():
        player.tick(0.1)
    player.transport.pause()
    player.travel.to_time(there.now)
    assert snapshot_of(player) == there
    assert [branch.name for branch in player.bench.branches()] == ["main"]


def test_both_ends_are_said(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.travel.to_end()
    assert player.live.notice == "the end of what was done, behind packet 6"
    player.travel.to_start()
    assert player.live.notice == "at the start of the run"
    player.travel.to_start()
    assert player.live.notice == "this is the start of the run"
    player.travel.back("step")
    assert player.live.notice == "this is the start of the run"


# --- by hand, in another order ----------------------------------------------------------------


def due_bench() -> Workbench:
    """Both workers' interrupts, raised by the cleaner, and not served."""
    bench = busy_bench()
    bench.step_turn()
    return bench


def test_the_actor_that_is_chosen_takes_the_steps(wall: Wall) -> None:
    player = player_of(due_bench, "t", wall)
    player.transport.chosen = "vpp_wk_1"
    player.travel.step()
    assert player.live.notice.startswith("step: vpp_wk_1, ")
    player.travel.step(whole_turn=True)
    assert player.live.notice.startswith("turn: vpp_wk_1, ")
    assert player.live.notice.endswith("done")
    first, second = snapshot_of(player).workers
    assert first.interrupt_is_pending
    assert not second.interrupt_is_pending


def test_who_has_nothing_to_do_is_told_and_nobody_else_steps(wall: Wall) -> None:
    player = player_of(due_bench, "t", wall)
    before = snapshot_of(player)
    player.transport.chosen = "cleaner"
    player.travel.step()
    assert player.live.error
    assert "cleaner has nothing to do now; vpp_wk_0, vpp_wk_1 has" in player.live.notice
    assert snapshot_of(player) == before


def test_another_order_in_the_past_is_another_branch_and_the_first_stays(wall: Wall) -> None:
    player = player_of(due_bench, "t", wall)
    begin = player.bench.past.cursor
    player.travel.step(whole_turn=True)
    player.travel.step(whole_turn=True)
    first = snapshot_of(player)
    player.travel.to_place(begin)
    player.transport.chosen = "vpp_wk_1"
    player.travel.step(whole_turn=True)
    names = [branch.name for branch in player.bench.branches()]
    assert len(names) == 2
    player.travel.switch("main")
    assert snapshot_of(player) == first
    assert player.live.notice == "at the end of branch main"
    player.travel.switch(names[1])
    assert frame_of(player).branch == names[1]
    assert snapshot_of(player).workers[0].interrupt_is_pending


# --- going places -----------------------------------------------------------------------------


def test_to_a_time_back_and_ahead(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.travel.to_time(player.live.started + NS_PER_S // 2)
    assert player.bench.now == player.live.started + NS_PER_S // 2
    assert player.live.in_past()
    player.travel.to_time(player.live.started + NS_PER_S)
    assert player.live.in_past()
    player.travel.to_time(player.live.started + 3 * NS_PER_S)
    assert not player.live.in_past()
    assert player.bench.now == player.live.started + 3 * NS_PER_S
    assert snapshot_of(player).sessions.live == 2


def test_to_a_share_and_along_the_timeline(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    end = player.bench.now
    player.travel.to_share(0.5)
    assert player.bench.now == player.live.started + (end - player.live.started) // 2
    player.travel.along(1, 40)
    here = player.bench.now
    assert here > player.live.started + (end - player.live.started) // 2
    player.travel.along(-2, 40)
    assert player.bench.now < here
    for _ in range(50):
        player.travel.along(1, 40)
    assert player.bench.now == end
    player.travel.along(-500, 40)
    assert player.bench.now == player.live.started


def test_leaps_go_by_the_speed(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    start = player.bench.now
    player.travel.leap(1)
    assert player.bench.now == start + NS_PER_S
    assert player.live.notice == "forward 1 s"
    player.transport.faster(2)
    player.travel.leap(1)
    assert player.bench.now == start + 6 * NS_PER_S
    player.travel.leap(-1)
    assert player.bench.now == start + NS_PER_S
    assert player.live.notice == "back 5 s"


def test_to_an_event_the_last_one_heard_is_that_one(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    rows = player.log.last(500, ALL)
    assert [row.number for row in rows] == list(range(rows[0].number, rows[-1].number + 1))
    for row in rows[::7]:
        player.travel.to_event(row.number)
        assert not player.live.error
        heard = player.log.last(500, ALL)
        wanted = [each for each in heard if each.number == row.number]
        assert wanted == [row]
        # What one step makes together is there together.
        assert heard[-1].event.time == row.event.time
        assert heard[-1].number - row.number < 4


def test_an_event_that_there_is_not_is_refused_in_words(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    before, log = snapshot_of(player), texts(player)
    player.travel.to_event(10_000_000)
    assert player.live.error
    assert "10,000,000" in player.live.notice or "10000000" in player.live.notice
    assert snapshot_of(player) == before
    assert texts(player) == log


@pytest.mark.parametrize("kind", [*MARK_KINDS, ""])
def test_the_next_mark_and_the_one_before(wall: Wall, kind: str) -> None:
    """Right behind what is of the kind, and M finds the same moments backwards."""
    player = player_of(busy_bench, "t", wall)
    player.travel.to_time(player.live.started + 30 * NS_PER_S)
    player.travel.to_start()
    player.travel.mark_kind = kind
    assert kind in MARK_WORDS
    places = []
    while True:
        command(player, player.travel.seek_line(False))
        if not player.live.in_past():
            break
        places.append(player.live.stamp())
    expected = {"added": 3, "class changed": 1, "expired": 3, "denied": 1}
    if kind in ("requeued", ""):
        assert len(places) > 5
    else:
        assert len(places) == expected.get(kind, 0)
    for place in reversed(places):
        command(player, player.travel.seek_line(True))
        assert player.live.stamp()[2:] == place[2:]  # type: ignore[index]


# --- commands, errors, other benches ----------------------------------------------------------


def test_a_command_that_is_refused_changes_nothing(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    with pytest.raises(CommandError):
        command(player, "show nonsense")
    assert "Sessions total" in command(player, "show acl-plugin sessions")


def test_a_command_that_goes_back_takes_the_log_along(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    assert player.log.kept(ALL)
    command(player, "goto start")
    assert not player.log.kept(ALL)
    assert snapshot_of(player).packets.read == 0


def test_restart_begins_anew(wall: Wall) -> None:
    player = player_of(make_bench, "t", wall)
    player.bench.send("pg0", opening()[0][1])
    player.transport.toggle()
    player.transport.chosen = "cleaner"
    player.restart()
    assert not player.transport.playing
    assert not player.transport.chosen
    assert frame_of(player).snapshot.packets.read == 0


def test_another_bench_that_cannot_be_made_leaves_this_one(wall: Wall) -> None:
    def refuse() -> Workbench:
        raise AclbenchError("no such thing")

    player = player_of(busy_bench, "t", wall)
    before = player.live.stamp()
    player.show_another(at_once(refuse), "another", "open another")
    assert player.live.notice == "no such thing"
    assert player.live.stamp() == before
    assert player.live.title == "t"
    player.restart()
    assert snapshot_of(player).packets.read == 6
    player.show_another(at_once(lambda: make_bench(3)), "another", "open another")
    assert player.live.title == "another"
    assert len(player.live.threads) == 3


def test_a_damaged_capture_is_told_once(wall: Wall, tmp_path: Path) -> None:
    packets = [(1 + n / 100, data) for n, (_, data) in enumerate(opening())]
    path = write_pcap(tmp_path / "cut.pcap", packets, cut=5)
    player = player_of(lambda: capture_bench(path), "t", wall)
    player.transport.toggle()
    player.tick(0.1)
    assert player.live.error
    assert "cut.pcap" in player.live.notice
    assert frame_of(player).snapshot.packets.read == 2
    player.live.say("")
    player.tick(0.1)
    assert not player.live.notice


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
    player = player_of(lambda: timed_bench(OFF), "t", wall)
    player.transport.toggle()
    player.tick(3)
    assert player.bench.snapshot().interfaces[1].input_acls == ()
    assert not player.live.error


def test_a_line_of_the_scenario_that_is_refused_pauses_and_is_named(wall: Wall) -> None:
    player = player_of(lambda: timed_bench(OFF), "t", wall)
    command(player, OFF)
    player.travel.leap(5)
    assert player.live.error
    assert OFF in player.live.notice
    player = player_of(lambda: timed_bench(OFF), "t", wall)
    command(player, OFF)
    player.transport.toggle()
    player.tick(3)
    assert player.live.error
    assert not player.transport.playing
    assert OFF in player.live.notice


# --- a pipe ---------------------------------------------------------------------------------------


def test_what_waits_for_a_pipe_says_so_and_goes_on_when_it_can(tmp_path: Path, wall: Wall) -> None:
    """It steps and it plays; the clock stands meanwhile."""
    content, fifo = one_opening(tmp_path / "pcap").read_bytes(), tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)  # or the bench, which reads the header, would wait
    os.write(writer, content[:99])
    player = player_of(lambda: capture_bench(fifo), "t", wall)
    before = player.bench.now
    player.travel.step()
    assert player.live.notice == WAITING
    player.transport.toggle()
    for speed in (NORMAL_SPEED, len(SPEEDS) - 1):
        player.transport.speed_index = speed
        player.tick(0.1)
        assert player.transport.playing
        assert player.live.notice == WAITING
    assert player.bench.now == before
    os.write(writer, content[99:])
    os.close(writer)
    player.tick(0.1)
    assert player.live.notice != WAITING
    while player.transport.playing:
        player.tick(0.1)
    assert player.live.packets_read() == 3


# --- what takes long ------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done at once: there is a slice at each tick."""
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 0.0)
    monkeypatch.setattr("aclbench.tui.underway.SLICE_S", 0.0)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("unit", ["step", "turn", "event", "packet"])
def test_while_it_goes_back_the_bench_stands_where_it_was(wall: Wall, unit: str) -> None:
    """It is shown what is under way; stopped, nothing has changed; else it arrives."""
    player = player_of(busy_bench, "t", wall)
    for _ in range(5):
        player.travel.step(whole_turn=True)
    there = snapshot_of(player)
    player.travel.back(unit)  # type: ignore[arg-type]
    assert player.active
    frame = frame_of(player)
    assert frame.state == "busy"
    assert frame.busy.startswith(f"back 1 {unit}")
    assert snapshot_of(player) == there
    player.underway.stop()
    assert not player.active
    assert snapshot_of(player) == there
    assert not player.live.in_past()
    player.travel.back(unit)  # type: ignore[arg-type]
    ticks = 0
    while player.active:
        ticks += 1
        player.tick(0.0)
    assert ticks > 1
    assert player.live.in_past()
    assert player.live.notice == f"back by one {unit}"
    player.bench.check_invariants()


@pytest.mark.usefixtures("slow")
def test_a_command_goes_on_tick_by_tick_and_is_stopped_where_it_is(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    player.bench.cli("set acl-plugin session timeout udp idle 864000")
    start = player.bench.now
    player.transport.toggle()
    task = player.run_line("run 10h")
    assert not player.transport.playing
    for _ in range(20):
        player.tick(0.1)
    assert frame_of(player).state == "busy"
    player.underway.stop()
    assert task.is_stopped
    assert start < player.bench.now < start + 36_000 * NS_PER_S
    player.bench.check_invariants()
    task = player.run_line("run 1s")
    while not task.is_over:
        player.tick(0.1)
    assert task.error is None


@pytest.mark.usefixtures("slow")
def test_closing_ends_what_is_under_way_and_tells_nobody(wall: Wall) -> None:
    player = player_of(busy_bench, "t", wall)
    told: list[object] = []
    task = player.run_line("run 10h", told.append)
    player.close()
    assert task.is_stopped
    assert not told
    assert not player.active
