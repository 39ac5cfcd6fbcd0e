"""The place of all sessions: found in slices, sorted and searched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.drawing import Line
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.sessions.text import Columns, column_heads, session_row
from aclbench.tui.targets import SessionTarget
from aclbench.tui.units import short_time
from aclbench.workbench.inquiry.find_sessions import ORDERS
from aclbench.workbench.views.snapshot import SessionView
from tui.bench import busy_bench, player_of
from tui.looking import (
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_named,
    frame_of,
    player_named,
)


def looked(place: SessionsPlace) -> SessionsPlace:
    """The place when its search is done."""
    for _ in range(20):
        if not place.work(1.0):
            return place
    raise AssertionError("the search of a few sessions did not end")


def sessions_of(name: str) -> list[SessionView]:
    workers = frame_named(name).shown_workers()
    return [s for w in workers for view in w.lists for s in view.sessions]


@few
@given(width=WIDTHS, height=HEIGHTS, name=st.sampled_from(("nothing", "busy", "odd")),
       order=st.sampled_from(ORDERS),
       search=st.sampled_from(("", "udp", ":443", "nonsense", "words " * 40)))  # fmt: skip
def test_the_place_fits_and_shows_the_cursor(
    width: int, height: int, name: str, order: str, search: str
) -> None:
    player, frame = player_named(name), frame_named(name)
    place = SessionsPlace(player)
    while place.order != order:
        place.action_order()
    place.search_for(search)
    assert_fits(place.draw(frame, width, height, PLAIN), width, height)
    looked(place)
    shown = place.draw(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    selected = place.pointed_at()
    if height > 2:
        targets = [spot.target for spot in shown.spots()]
        assert (selected in targets) if selected is not None else not targets


def row_of(session: SessionView, width: int) -> Line:
    frame = frame_named("busy")
    return session_row(frame, session, Columns.of(frame, [session], width), width, PLAIN)


@few
@given(width=WIDTHS, other=st.booleans(), six=st.booleans(), late=st.booleans())
def test_a_row_has_ports_and_times_at_any_width(
    width: int, other: bool, six: bool, late: bool
) -> None:
    session = replace(sessions_of("busy")[0], sport=40031, dport=443, proto=6)
    if other:
        session = replace(session, timeout_class=(session.link_list_id + 1) % 3)
    if six:
        session = replace(session, src="2001:db8:1:2:3:4:5:6", dst="2001:db8:1:2:3:4:5:8")
    if late:
        session = replace(session, check_due=0, expires=0)
    line = row_of(session, width)
    assert_line_fits(line, width)
    assert f"{session.thread_index}/{session.session_index} " in line.plain
    assert ("≠" in line.plain) == other
    source, destination = line.plain.split(" > ")
    assert source.endswith(":40031")
    assert ":443 " in destination
    assert ("over" in line.plain) == late
    if width >= 60:
        assert ("due" in line.plain) == late
        assert f" {short_time(session.idle)} " in line.plain
    assert [target for _, _, target in line.spots] == [
        SessionTarget(session.thread_index, session.session_index)
    ]


def test_at_80_columns_addresses_are_whole_where_they_can_be() -> None:
    session = replace(sessions_of("busy")[0], sport=40031, dport=65535, proto=6)
    four = replace(session, src="192.168.100.101", dst="203.0.113.200")
    assert "tcp   192.168.100.101:40031 > 203.0.113.200:65535 " in row_of(four, 80).plain
    six = replace(session, src="fd00:1::3", dst="fd00:2::2")
    assert "tcp   [fd00:1::3]:40031 > [fd00:2::2]:65535 " in row_of(six, 80).plain


def test_beside_its_times_stands_a_bar_where_that_takes_nothing_from_the_ends() -> None:
    session = replace(sessions_of("busy")[0], proto=6, sport=40031, dport=443)
    assert row_of(session, 80).plain.rstrip()[-6:].strip("━╌") == "┃"
    long = replace(session, src="2001:db8:1:2:3:4:5:6", dst="2001:db8:1:2:3:4:5:8")
    assert "┃" not in row_of(long, 80).plain
    assert "┃" in row_of(long, 120).plain


def test_its_columns_are_aligned() -> None:
    frame = frame_named("busy")
    first = sessions_of("busy")[0]
    sessions = [
        first,
        replace(first, proto=1, sport=8, dport=0, session_index=1234),
        replace(first, proto=6, src="fd00:1::3", dst="fd00:2::2", sport=40031, dport=443),
    ]
    for width in (80, 120, 200):
        columns = Columns.of(frame, sessions, width)
        rows = [session_row(frame, each, columns, width, PLAIN).plain for each in sessions]
        head = column_heads(columns, width, PLAIN).plain
        assert {row.index(" > ") for row in rows} == {head.index(" > ")}
        assert len({row.index("┃") for row in rows}) == 1
        end = head.index("expiry") + len("expiry")
        assert {row[end - 1 : end + 1] for row in rows} == {"s "}
        assert ("icmp 8/0 " in rows[1]) == (width > 80)


def test_all_sessions_are_there_each_with_its_target() -> None:
    player = player_named("busy")
    place = looked(SessionsPlace(player))
    shown = place.draw(frame_named("busy"), 130, 30, PLAIN)
    found = {spot.target: shown.lines[spot.line].plain for spot in shown.spots()}
    sessions = sessions_of("busy")
    assert len(found) == len(sessions) == 3
    for session in sessions:
        text = found[SessionTarget(session.thread_index, session.session_index)]
        assert " > ".join(session.ends[:2]) in " ".join(text.split())
        assert session.ends[2] in text
        assert "pg0" in text
    assert "3 of 3" in shown.plain


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_is_named_and_sorts(order: str) -> None:
    player = player_named("busy")
    place = SessionsPlace(player)
    while place.order != order:
        place.action_order()
    shown = looked(place).draw(frame_named("busy"), 130, 30, PLAIN)
    assert f" sessions  by {order}" in shown.plain
    by_target = {SessionTarget(s.thread_index, s.session_index): s for s in sessions_of("busy")}
    rows = [by_target[spot.target] for spot in shown.spots()]
    keys = {
        "expiry": lambda s: s.expires,
        "check": lambda s: s.check_due,
        "idle": lambda s: s.last_active_time,
        "newest": lambda s: -s.link_enqueue_time,
        "worker": lambda s: (s.thread_index, s.session_index),
        "connection": lambda s: s.src,
    }
    values = [keys[order](session) for session in rows]
    assert values == sorted(values)


def test_a_word_finds_those_that_have_it() -> None:
    player = player_named("busy")
    place = SessionsPlace(player)
    place.search_for("udp")
    shown = looked(place).draw(frame_named("busy"), 100, 20, PLAIN)
    assert "with udp" in shown.plain
    assert "1 of 1" in shown.plain
    assert len(shown.spots()) == 1
    place.search_for(":9999")
    shown = looked(place).draw(frame_named("busy"), 100, 20, PLAIN)
    assert "no session has these words" in shown.plain


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_word_that_means_nothing_is_told_in_full(width: int) -> None:
    player = player_named("busy")
    place = SessionsPlace(player)
    place.search_for("nonsense")
    shown = looked(place).draw(frame_named("busy"), width, 20, PLAIN)
    assert_fits(shown, width, 20)
    said = " ".join(shown.plain.split())
    assert "nonsense: no filter has this word" in said
    assert said.endswith("text nonsense")


def test_nothing_found_and_nothing_looked_at_yet_are_told_apart() -> None:
    player = player_named("nothing")
    place = SessionsPlace(player)
    frame = frame_named("nothing")
    assert "looking ..." in place.draw(frame, 80, 10, PLAIN).plain
    assert "there is no session" in looked(place).draw(frame, 80, 10, PLAIN).plain


def test_what_is_shown_is_looked_for_anew_when_the_bench_went_on() -> None:
    player = player_of(busy_bench, "")
    place = looked(SessionsPlace(player))
    place.draw(frame_of(player), 100, 20, PLAIN)
    assert not place.work(1.0)
    place.action_cursor(1)
    selected = place.pointed_at()
    player.bench.advance("0.8")  # the half-open connection and the question are alive still
    looked(place)
    shown = place.draw(frame_of(player), 100, 20, PLAIN)
    assert place.pointed_at() == selected
    assert selected in [spot.target for spot in shown.spots()]
    player.bench.advance(30)
    looked(place)
    shown = place.draw(frame_of(player), 100, 20, PLAIN)
    assert "there is no session" in shown.plain
    assert place.pointed_at() is None


def test_the_cursor_goes_over_all_rows() -> None:
    player = player_named("busy")
    place = looked(SessionsPlace(player))
    shown = place.draw(frame_named("busy"), 100, 20, PLAIN)
    targets = [spot.target for spot in shown.spots()]
    assert place.pointed_at() == targets[0]
    place.action_cursor(1)
    assert place.pointed_at() == targets[1]
    place.action_list_end(True)
    assert place.pointed_at() == targets[-1]
    place.action_page(-1)
    assert place.pointed_at() == targets[0]
    place.pick(targets[2])
    assert place.pointed_at() == targets[2]
