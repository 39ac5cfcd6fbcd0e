"""The packets: their lines, and the place they have."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine.reasons import Fate
from aclbench.tui.packets.place import FATES, PacketsPlace
from aclbench.tui.packets.text import (
    FATE_GLYPHS,
    name_width_of,
    packet_line,
    packets_drawing,
)
from aclbench.tui.targets import PacketTarget
from aclbench.workbench.views.packets import PacketView
from tui.bench import player_of
from tui.looking import (
    FRAME_NAMES,
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_named,
    frame_of,
    odd_bench,
    player_named,
)

LONG = "GigabitEthernet0/8/0"
PLAYERS = st.sampled_from(("nothing", "busy", "odd"))
ADDRESSES = "[fd00:1:2:3::4]:40000 > [fd00:1:2:3::5]:443 tcp"


def packet_of(fate: Fate = "denied", rx: str = "pg0", connection: str = "") -> PacketView:
    started = frame_named("busy").started
    connection = connection or "10.0.0.2:1 > 10.0.0.3:2 tcp"
    return PacketView(
        "17", 5, started + 2_500_000_000, 1, rx, "", connection, "", fate, "deny by rule"
    )


@few
@given(width=WIDTHS, height=HEIGHTS, name=FRAME_NAMES)
def test_they_fit_and_the_newest_stand_last(width: int, height: int, name: str) -> None:
    frame = frame_named(name)
    shown = packets_drawing(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    targets = [spot.target for spot in shown.spots()]
    newest = frame.packets[-len(targets) :] if targets else ()
    assert targets == [PacketTarget(packet.name, packet.event) for packet in newest]
    assert len(targets) == min(len(frame.packets), height - 1)


@few
@given(width=WIDTHS, fate=st.sampled_from(get_args(Fate)), rx=st.sampled_from(("pg0", LONG)),
       connection=st.sampled_from(("", ADDRESSES)), new=st.booleans())  # fmt: skip
def test_the_fate_is_told_at_any_width(
    width: int, fate: Fate, rx: str, connection: str, new: bool
) -> None:
    packet = packet_of(fate, rx, connection)
    line = packet_line(packet, frame_named("busy").started, new, 6, width, PLAIN)
    assert_line_fits(line, width)
    assert f" {FATE_GLYPHS[fate]} {fate.replace('_', ' ')}" in line.plain
    assert line.plain[1] == ("+" if new else " ")
    assert "    17 " in line.plain


def test_every_fate_has_a_glyph_and_can_be_filtered_by() -> None:
    assert set(FATE_GLYPHS) == set(get_args(Fate)) == set(FATES) - {""}


def test_where_there_is_room_time_and_reason_are_told() -> None:
    started = frame_named("busy").started
    wide = packet_line(packet_of(), started, False, 4, 120, PLAIN).plain
    assert "+2.500000" in wide
    assert "10.0.0.2:1 > 10.0.0.3:2 tcp" in wide
    assert wide.endswith("✗ denied, deny by rule")
    narrow = packet_line(packet_of(), started, False, 4, 60, PLAIN).plain
    assert "10.0.0.2:1>10.0.0.3:2 tcp" in narrow
    assert narrow.endswith("✗ denied")


def test_what_is_new_has_a_plus() -> None:
    frame = replace(frame_named("busy"), new_packets=2)
    lines = [line.plain for line in packets_drawing(frame, 100, 20, PLAIN).lines[1:] if line.plain]
    assert [line[1] for line in lines] == [" "] * (len(lines) - 2) + ["+"] * 2


def test_names_have_a_column_that_fits_them() -> None:
    assert name_width_of(()) == 4
    assert name_width_of([replace(packet_of(), name="2:12345")]) == 7


@few
@given(width=WIDTHS, height=HEIGHTS, name=PLAYERS, fate=st.sampled_from(FATES),
       search=st.sampled_from(("", "udp", "no-such-word" * 9)))  # fmt: skip
def test_the_place_fits_and_shows_the_cursor(
    width: int, height: int, name: str, fate: str, search: str
) -> None:
    player, frame = player_named(name), frame_named(name)
    place = PacketsPlace(player)
    place.search_for(search)
    place.fate = fate
    shown = place.draw(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    selected = place.pointed_at()
    if height > 1:
        targets = [spot.target for spot in shown.spots()]
        assert (selected in targets) if selected is not None else not targets


def test_the_place_filters_by_fate() -> None:
    player = player_of(odd_bench, "")
    place = PacketsPlace(player)
    frame = frame_of(player)
    everything = player.log.packets(1000)
    seen = []
    for fate in FATES:
        shown = place.draw(frame, 120, 60, PLAIN)
        found = [spot.target for spot in shown.spots()]
        wanted = [p for p in everything if fate in ("", p.fate)]
        assert found == [PacketTarget(p.name, p.event) for p in wanted]
        assert f" packets  {fate.replace('_', ' ') or 'all'}" in shown.plain
        seen += wanted if fate else []
        place.action_filter()
    assert len(seen) == len(everything)
    assert place.fate == ""


def test_the_place_searches_connections_interfaces_and_reasons() -> None:
    player, frame = player_named("busy"), frame_named("busy")
    for words, count in (("udp", 2), ("UDP 5353", 1), ("pg1", 6), ("no-such-word", 0)):
        place = PacketsPlace(player)
        place.search_for(words)
        shown = place.draw(frame, 120, 30, PLAIN)
        said = [p for p in player.log.packets(1000)
                if all(word in f"{p.rx} {p.tx} {p.connection} {p.reason}".lower()
                       for word in words.lower().split())]  # fmt: skip
        assert [s.target for s in shown.spots()] == [PacketTarget(p.name, p.event) for p in said]
        if words != "pg1":
            assert len(said) == count
    assert "no such packet" in shown.plain


def test_the_place_is_moved_in() -> None:
    player, frame = player_named("busy"), frame_named("busy")
    place = PacketsPlace(player)
    place.draw(frame, 120, 4, PLAIN)
    targets = [PacketTarget(p.name, p.event) for p in player.log.packets(1000)]
    assert place.pointed_at() == targets[-1]
    place.action_cursor(-2)
    assert place.pointed_at() == targets[-3]
    place.action_list_end(False)
    place.draw(frame, 120, 4, PLAIN)
    place.action_page(1)
    assert place.pointed_at() == targets[2]
    place.pick(targets[1])
    assert place.pointed_at() == targets[1]
