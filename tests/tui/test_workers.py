"""The workers' panels: flags, cells, the three lists; and a worker in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.layout import PANEL_WIDTH
from aclbench.tui.targets import FieldTarget, ListTarget, SessionTarget
from aclbench.tui.units import BARS, NS_PER_S, short_count
from aclbench.tui.workers.head import CHANGED, CLEAR, DOWN, FLAGS, SET, UP, flags_line, head_lines
from aclbench.tui.workers.lists import (
    ADDED,
    ALONE,
    BETWEEN,
    HEAD,
    MORE,
    OTHER_CLASS,
    SEEN,
    TAIL,
    due_text,
    list_heading,
    list_lines,
    mark_of,
    queue_sign,
    short_connection,
    timer,
)
from aclbench.tui.workers.panel import NO_AMOUNT, brief_line, list_needs, panel_drawing
from aclbench.workbench.views.snapshot import BesideView, PlaceView
from tui.looking import (
    COUNTS,
    FRAME_NAMES,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_named,
    with_lengths,
    with_snapshot,
    with_workers,
)

PANEL_WIDTHS = st.integers(PANEL_WIDTH, 220)
HEIGHTS = st.integers(-2, 60)
COUNTERS = ("packets", "added", "deleted", "requeued", "recycled", "interrupts_served",
            "class_changes", "sessions", "pool_size")  # fmt: skip


@few
@given(width=PANEL_WIDTHS, height=HEIGHTS, name=FRAME_NAMES, count=COUNTS)
def test_a_panel_stays_in_its_place(width: int, height: int, name: str, count: int) -> None:
    frame = frame_named(name)
    for worker in frame.shown_workers():
        assert_fits(panel_drawing(frame, worker, width, height, PLAIN), width, max(height, 0))
    workers = with_lengths(frame.snapshot, count)
    many = with_workers(with_snapshot(frame, workers=workers), **dict.fromkeys(COUNTERS, count))
    many = with_workers(many, taken=tuple(range(100)), swipe_end_time=frame.snapshot.now,
                        serviced_sw_if_index_bitmap=2**30 - 1)  # fmt: skip
    many = replace(many, before=frame.snapshot)
    for worker in many.shown_workers():
        assert_fits(panel_drawing(many, worker, width, height, PLAIN), width, max(height, 0))


@few
@given(width=WIDTHS, name=FRAME_NAMES, count=COUNTS)
def test_a_worker_in_one_line_fits(width: int, name: str, count: int) -> None:
    frame = frame_named(name)
    frame = with_snapshot(frame, workers=with_lengths(frame.snapshot, count))
    for worker in frame.shown_workers():
        assert_line_fits(brief_line(frame, worker, width, PLAIN), width)


def test_flags_and_lists_of_a_worker_in_one_line_can_be_pointed_at() -> None:
    frame = frame_named("busy")
    for worker in frame.shown_workers():
        line = brief_line(frame, worker, 80, PLAIN)
        assert [target for _, _, target in line.spots] == [
            *(FieldTarget(worker.name, field) for _, field in FLAGS),
            *(ListTarget(worker.thread_index, n) for n in range(3)),
        ]
        for view in worker.lists:
            assert f" {view.name.removesuffix('_idle').removeprefix('tcp_')} {view.length}" in (
                line.plain
            )


@few
@given(width=PANEL_WIDTHS, name=FRAME_NAMES)
def test_all_that_is_in_view_can_be_pointed_at(width: int, name: str) -> None:
    frame = frame_named(name)
    for worker in frame.shown_workers():
        shown = panel_drawing(frame, worker, width, 40, PLAIN)
        places = {spot.target: spot for spot in shown.spots()}
        for word, field in FLAGS:
            spot = places[FieldTarget(worker.name, field)]
            assert shown.lines[spot.line].plain[spot.start + 1 : spot.end] == word
        for field in ("serviced_sw_if_index_bitmap", "pending_clear_sw_if_index_bitmap",
                      "swipe_end_time"):  # fmt: skip
            assert FieldTarget(worker.name, field) in places
        for view in worker.lists:
            spot = places[ListTarget(worker.thread_index, view.list_id)]
            assert shown.lines[spot.line].plain[spot.start : spot.end] == view.name
            for session in view.sessions:
                spot = places[SessionTarget(worker.thread_index, session.session_index)]
                text = shown.lines[spot.line].plain
                assert f" {session.session_index} " in text[:8]
                if session.proto in (6, 17):
                    assert f":{session.sport}" in text
                    assert f":{session.dport}" in text
        for spot in shown.spots():
            assert shown.at(spot.line, spot.start) == spot.target


@few
@given(flags=st.tuples(*[st.booleans()] * 4), changed=st.tuples(*[st.booleans()] * 4))
def test_flags_are_told_by_glyphs(flags: tuple[bool, ...], changed: tuple[bool, ...]) -> None:
    worker = frame_named("busy").shown_workers()[0]
    now = {field: int(flag) for (_, field), flag in zip(FLAGS, flags, strict=True)}
    then = {field: int(flag != change)
            for (_, field), flag, change in zip(FLAGS, flags, changed, strict=True)}  # fmt: skip
    line = flags_line(replace(worker, **now), replace(worker, **then), PLAIN)
    assert_line_fits(line, PANEL_WIDTH)
    words = line.plain.split()
    assert words == [
        f"{UP if flag else DOWN}{word}{'*' if change else ''}"
        for (word, _), flag, change in zip(FLAGS, flags, changed, strict=True)
    ]


def test_flags_stand_always_in_the_same_place() -> None:
    worker = frame_named("busy").shown_workers()[0]
    values = [{field: value for _, field in FLAGS} for value in (0, 1)]
    spots = [flags_line(replace(worker, **v), worker, PLAIN).spots for v in values]
    assert spots[0] == spots[1]


def test_a_panel_says_what_is_on_the_lists() -> None:
    frame = frame_named("busy")
    text = panel_drawing(frame, frame.shown_workers()[0], 60, 30, PLAIN).plain
    assert "vpp_wk_0  thread 1" in text
    assert f"serviced {SET}pg0 {CLEAR}pg1 " in text
    assert "udp_idle 1" in text
    assert "10.0.0.3:5353 > 192.168.0.9:53 udp" in text


@pytest.mark.parametrize("width", [39, 58, 100])
def test_a_step_marks_what_it_changed(width: int) -> None:
    frame = frame_named("changed")
    worker = frame.shown_workers()[0]
    text = panel_drawing(frame, worker, width, 30, PLAIN).plain
    assert f"{UP}pending*" in text
    assert "*next: " in text
    assert f"{UP}pending*" in brief_line(frame, worker, 80, PLAIN).plain


def test_what_stands_still_has_no_mark() -> None:
    frame = frame_named("busy")
    frame = replace(frame, before=frame.snapshot)
    for worker in frame.shown_workers():
        text = panel_drawing(frame, worker, 80, 40, PLAIN).plain
        assert "*" not in text
        assert "+" not in text


def test_sessions_that_came_and_were_seen_have_a_mark() -> None:
    frame = frame_named("busy")
    view = frame.shown_workers()[0].lists[2]
    session = view.sessions[0]
    now = frame.snapshot.now
    assert mark_of(session, session, view, now) == " "
    assert mark_of(replace(session, last_active_time=now), session, view, now) == SEEN
    assert mark_of(replace(session, tcp_flags_seen_in=0x3F), session, view, now) == SEEN
    assert mark_of(replace(session, link_enqueue_time=now), session, view, now) == ADDED
    assert mark_of(replace(session, sport=9), session, view, now) == ADDED
    assert mark_of(session, None, replace(view, sessions=(), length=0), now) == ADDED
    # It may have been on the list all the time, out of view.
    assert mark_of(session, None, replace(view, sessions=(), length=900), now) == " "


def test_marks_stand_in_the_panel() -> None:
    frame = frame_named("busy")
    worker = frame.shown_workers()[0]
    lists = tuple(
        replace(v, length=0, sessions=()) if v.list_id == 2
        else replace(v, sessions=tuple(replace(s, last_active_time=0) for s in v.sessions))
        for v in worker.lists
    )  # fmt: skip
    old = replace(frame.snapshot, workers=(replace(worker, lists=lists),))
    shown = panel_drawing(replace(frame, before=old), worker, 60, 30, PLAIN)
    lines = {spot.target: shown.lines[spot.line].plain for spot in shown.spots()}
    for view in worker.lists:
        for session in view.sessions:
            line = lines[SessionTarget(worker.thread_index, session.session_index)]
            assert line[1] == (ADDED if view.list_id == 2 else SEEN)


def test_a_session_on_a_list_of_another_class_is_marked() -> None:
    frame = frame_named("busy")
    worker = frame.shown_workers()[0]
    view = next(view for view in worker.lists if view.name == "tcp_transient")
    # The connection was opened over two workers: the one that saw the ACK may not own it.
    session = replace(view.sessions[0], timeout_class=1)
    view = replace(view, sessions=(session,), length=1)
    narrow = list_lines(frame, worker, view, None, 2, PANEL_WIDTH, PLAIN)[1].plain
    wide = list_lines(frame, worker, view, None, 2, 80, PLAIN)[1].plain
    assert OTHER_CLASS in narrow
    assert f"{OTHER_CLASS}tcp_idle" in wide


def test_a_list_that_is_longer_than_its_rows_says_so() -> None:
    frame = frame_named("busy")
    worker = frame.shown_workers()[0]
    view = replace(worker.lists[0], length=1_234_567)
    heading = list_lines(frame, worker, view, None, 1, 60, PLAIN)[0].plain
    assert "udp_idle first 1 of 1.23M" in heading
    assert "expiry" in heading
    assert "first 0 of 1.23M" in list_lines(frame, worker, view, None, 0, 60, PLAIN)[0].plain


def test_a_list_is_drawn_from_head_to_tail() -> None:
    assert [queue_sign(n, 4, 3) for n in range(3)] == [HEAD, BETWEEN, TAIL]
    assert [queue_sign(n, 2, 3) for n in range(2)] == [HEAD, MORE]
    assert queue_sign(0, 4, 1) == ALONE


@few
@given(width=PANEL_WIDTHS, length=COUNTS, rows=st.integers(0, 9))
def test_what_stands_above_a_list_has_whole_words(width: int, length: int, rows: int) -> None:
    view = frame_named("busy").shown_workers()[0].lists[2]
    heading = list_heading(
        replace(view, length=length), view, 2 * NS_PER_S, rows, width, PLAIN, ListTarget(1, 2)
    )
    words = heading.text.plain.replace(CHANGED, " ").split()
    known = {view.name, "first", "of", "timeout", "2", "s", "idle", "check", "timer", "expiry"}
    assert set(words) - known <= {str(rows), short_count(length)}


def test_a_bar_goes_from_the_last_packet_to_the_expiry() -> None:
    session = frame_named("busy").shown_workers()[0].lists[0].sessions[0]
    session = replace(session, last_active_time=0, check_due=50, expires=100)
    assert "".join(timer(session, 0, 10)) == "╌╌╌╌╌┃╌╌╌╌"
    assert "".join(timer(session, 70, 10)) == "━━━━━┃━╌╌╌"
    late = replace(session, check_due=900)
    assert "".join(timer(late, 1000, 10)) == "━━━━━━━━━┃"
    assert len("".join(timer(replace(session, expires=0), 0, 6))) == 6


def test_both_ends_are_there_at_80_columns() -> None:
    session = frame_named("busy").shown_workers()[0].lists[0].sessions[0]
    long = replace(session, src="2001:db8:1:2:3:4:5:6", dst="2001:db8:9:9:9:9:9:9",
                   sport=40031, dport=50001)  # fmt: skip
    for each in (session, long):
        source, destination = short_connection(each, 20).split(">")
        assert source.strip().endswith(f":{each.sport}")
        assert destination.startswith((" 1", "1", "[…"))
        assert f":{each.dport}" in destination


def test_an_interface_has_a_cell_in_each_bitmap() -> None:
    frame = frame_named("changed")
    worker = replace(frame.shown_workers()[0], serviced_sw_if_index_bitmap=4)
    frame = with_snapshot(frame, workers=(worker,))
    lines = [line.plain for line in head_lines(frame, worker, 100, PLAIN)]
    assert f"serviced   {CLEAR}pg0*{SET}pg1*" in lines[2]
    narrow = [line.plain for line in head_lines(frame, worker, PANEL_WIDTH, PLAIN)]
    assert CLEAR in narrow[2]
    assert SET in narrow[2]


@few
@given(rows=st.integers(0, 9), width=PANEL_WIDTHS)
def test_a_list_has_its_rows_and_a_heading(rows: int, width: int) -> None:
    frame = frame_named("busy")
    worker = frame.shown_workers()[0]
    for view in worker.lists:
        lines = list_lines(frame, worker, view, None, rows, width, PLAIN)
        assert len(lines) == rows + 1


def test_lists_stand_level_in_all_panels() -> None:
    frame = frame_named("busy")
    heads = []
    for worker in frame.shown_workers():
        shown = panel_drawing(frame, worker, PANEL_WIDTH, 25, PLAIN)
        heads.append([s.line for s in shown.spots() if isinstance(s.target, ListTarget)])
    assert len(heads) == 2
    assert heads[0] == heads[1]
    assert list_needs(frame) == tuple(
        max(w.lists[n].length for w in frame.shown_workers()) for n in range(3)
    )


def test_due_is_a_word() -> None:
    assert due_text(0, "due") == "due"
    assert due_text(-5, "over") == "over"
    assert due_text(2_500_000_000, "due") == "2.50s"


@pytest.mark.parametrize("width", range(4, 60))
def test_a_connection_is_as_long_as_fits(width: int) -> None:
    for worker in frame_named("odd").shown_workers():
        for view in worker.lists:
            for session in view.sessions:
                six = replace(session, src="fd00:1::2", dst="fd00:2::9")
                for each in (session, six, replace(six, proto=58)):
                    assert len(short_connection(each, width)) <= width


def test_many_columns_are_used_where_there_is_room() -> None:
    frame = frame_named("busy")
    worker = frame.shown_workers()[0]
    narrow = head_lines(frame, worker, PANEL_WIDTH, PLAIN)
    wide = head_lines(frame, worker, 100, PLAIN)
    assert len(wide) < len(narrow)
    assert "pool" in "".join(line.plain for line in wide)


@few
@given(width=PANEL_WIDTHS, amounts=st.lists(COUNTS, max_size=100))
def test_what_a_design_has_beside_the_lists(width: int, amounts: list[int]) -> None:
    """A place, and amounts as bars: no more than there is room for, and one where there is any."""
    beside = (BesideView("ring", "3 of them", tuple(amounts)),)
    frame = with_workers(frame_named("busy"), places=(PlaceView("limbo", 1234),), beside=beside)
    shown = panel_drawing(frame, frame.shown_workers()[0], width, 60, PLAIN)
    assert_fits(shown, width, 60)
    lines = shown.plain.splitlines()
    at = lines.index(" limbo 1,234")
    assert lines[at + 1] == " ring 3 of them"
    if len(amounts) > 1:
        bars = lines[at + 2]
        assert bars[0] == " "
        assert any(bar in BARS for bar in bars) == any(amounts)
        assert bars[1:].strip(BARS + NO_AMOUNT) == ""
    else:
        assert lines[at + 2].startswith(" udp_idle")
