"""What the regions say, as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aclbench.tui.cleaner.text import cleaner_text, clear_text, wait_text
from aclbench.tui.frame import Frame
from aclbench.tui.log.text import log_text
from aclbench.tui.palette import Palette
from aclbench.tui.player import Player
from aclbench.tui.status.text import status_text
from aclbench.tui.workers.head import UP, head_lines
from aclbench.tui.workers.lists import OTHER_CLASS, due_text, list_lines, short_connection
from aclbench.tui.workers.panel import brief_text, panel_text
from tui.bench import busy_bench, make_bench

PLAIN = Palette()


def frame_of(player: Player, rows: int = 8) -> Frame:
    return player.frame(player.threads, rows, 50)


@pytest.fixture
def player() -> Player:
    return Player(busy_bench, "a title")


@pytest.mark.parametrize("width", [39, 59, 100])
@pytest.mark.parametrize("height", [8, 19, 40])
def test_a_panel_stays_in_its_place(player: Player, width: int, height: int) -> None:
    frame = frame_of(player, height)
    for worker in frame.shown_workers():
        lines = panel_text(frame, worker, width, height, PLAIN).plain.split("\n")
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)


def test_a_panel_says_what_is_on_the_lists(player: Player) -> None:
    frame = frame_of(player)
    text = panel_text(frame, frame.shown_workers()[0], 60, 30, PLAIN).plain
    assert "vpp_wk_0  thread 1" in text
    assert "serviced   pg0" in text
    assert "udp_idle 1" in text
    assert "10.0.0.3:5353 > 192.168.0.9:53 udp" in text


def test_a_raised_flag_has_another_glyph(player: Player) -> None:
    frame = frame_of(player)
    worker = replace(frame.shown_workers()[0], interrupt_is_needed=1, interrupt_is_unwanted=0)
    flags = head_lines(frame, worker, 60, PLAIN)[1].plain
    assert f"{UP}needed" in flags
    assert f"{UP}unwanted" not in flags


def test_a_step_marks_what_it_changed(player: Player) -> None:
    frame_of(player)
    player.step(whole_event=True)
    frame = frame_of(player)
    text = panel_text(frame, frame.shown_workers()[0], 60, 30, PLAIN).plain
    assert "pending*" in text
    assert "pending*" in brief_text(frame, frame.shown_workers()[0], 80, PLAIN).plain


def test_a_session_on_a_list_of_another_class_is_marked(player: Player) -> None:
    frame = frame_of(player)
    lists = frame.shown_workers()[0].lists
    view = next(view for view in lists if view.name == "tcp_transient")
    # The connection was opened over two workers: the one that saw the ACK may not own it.
    session = replace(view.sessions[0], timeout_class=1)
    view = replace(view, sessions=(session,), length=1)
    narrow = list_lines(frame, view, None, 2, 39, PLAIN)[1].plain
    wide = list_lines(frame, view, None, 2, 80, PLAIN)[1].plain
    assert OTHER_CLASS in narrow
    assert f"{OTHER_CLASS}tcp_idle" in wide


def test_due_is_a_word() -> None:
    assert due_text(0, "due") == "due"
    assert due_text(-5, "over") == "over"
    assert due_text(2_500_000_000, "due") == "2.50s"


@pytest.mark.parametrize("width", range(4, 60))
def test_a_connection_is_as_long_as_fits(player: Player, width: int) -> None:
    for worker in frame_of(player).shown_workers():
        for view in worker.lists:
            for session in view.sessions:
                assert len(short_connection(session, width)) <= width
                six = replace(session, src="fd00:1::2", dst="fd00:2::9")
                assert len(short_connection(six, width)) <= width
                assert len(short_connection(replace(six, proto=58), width)) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_cleaner_says_what_it_waits_for(player: Player, width: int) -> None:
    frame = frame_of(player)
    lines = cleaner_text(frame, width, PLAIN).plain.split("\n")
    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)
    assert "waits for event or clock" in lines[0]
    assert "interval 0.5 s" in lines[1]


def test_an_idle_cleaner_waits_for_an_event() -> None:
    frame = frame_of(Player(make_bench, ""))
    assert wait_text(frame, 80) == "waits for event, for as long as it takes"


def test_the_clear_under_way_names_interfaces_and_workers(player: Player) -> None:
    assert clear_text(frame_of(player)) == "no clear"
    player.command("clear acl-plugin sessions")
    frame = frame_of(player)
    assert clear_text(frame) == "clearing local0 pg0 pg1"
    busy = replace(frame.snapshot.workers[1], clear_in_process=1)
    snapshot = replace(frame.snapshot, workers=(frame.snapshot.workers[0], busy))
    assert clear_text(replace(frame, snapshot=snapshot)) == "clearing local0 pg0 pg1 on vpp_wk_1"
    assert wait_text(frame, 80).startswith("suspended while workers clear until")
    player.bench.advance(1)
    assert clear_text(frame_of(player)) == "clears done 1"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_status_fits(player: Player, width: int) -> None:
    frame = frame_of(player)
    for notice in ("", "jumped 85 s", "a long message " * 9, "x " * 600):
        for error in (False, True):
            text = status_text(replace(frame, notice=notice, error=error), width, PLAIN).plain
            lines = text.split("\n")
            assert len(lines) <= 5
            assert all(len(line) <= width for line in lines)
    text = status_text(replace(frame, notice="jumped 85 s"), 80, PLAIN).plain
    assert "a title   jumped 85 s" in text
    assert "1x  ‖ paused" in text
    assert "packets 6" in text
    assert "denied 1" in text


def test_a_long_title_gives_way_to_a_message(player: Player) -> None:
    frame = replace(frame_of(player), title="a title of very many words " * 3, notice="jumped 85 s")
    lines = status_text(frame, 80, PLAIN).plain.split("\n")
    assert len(lines) == 2
    assert "jumped 85 s" in lines[0]


@pytest.mark.parametrize(("width", "height"), [(60, 6), (80, 12), (120, 12)])
def test_the_log_fits_and_ends_with_the_newest(player: Player, width: int, height: int) -> None:
    player.command("clear acl-plugin sessions")
    player.bench.advance(1)
    text = log_text(frame_of(player), width, height, 0, PLAIN).plain
    lines = text.split("\n")
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert "all events" in lines[0]
    events = frame_of(player).events
    assert events[-1].text.split()[0] in lines[-1] or events[-1].text.split()[-1] in lines[-1]


def test_filters_leave_kinds_out(player: Player) -> None:
    player.bench.advance(1)
    assert any(e.kind == "flag set" for e in frame_of(player).events)
    player.next_filter()
    assert frame_of(player).filter_name == "without packets"
    player.next_filter()
    assert not any(e.kind == "flag set" for e in frame_of(player).events)
    player.next_filter()
    assert frame_of(player).filter_name == "all events"
