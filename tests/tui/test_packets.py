"""The packets: their lines, and the place they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench import Workbench
from aclbench.engine.reasons import Fate
from aclbench.tui.drawing import Line
from aclbench.tui.packets.place import FATES, PacketsPlace
from aclbench.tui.packets.text import (
    FATE_GLYPHS,
    Columns,
    column_heads,
    packet_line,
    packets_drawing,
)
from aclbench.tui.player import Player
from aclbench.tui.targets import PacketTarget, Target
from aclbench.tui.units import fit_end
from aclbench.workbench.history import packets as keeping
from aclbench.workbench.inquiry.filtering import filter_of
from aclbench.workbench.inquiry.packets import find_packets, latest_packets
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.clock import Clock
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
IP6 = ("[2001:db8:1111:2222:3333:4444:5555:6666]:40031", "[2001:db8:9999:8888::1]:443")
IP4 = ("192.168.100.101:40031", "203.0.113.200:65535")


def packet_of(
    fate: Fate = "denied", rx: str = "pg0", ends: tuple[str, str] = ("10.0.0.2:1", "10.0.0.3:2")
) -> PacketView:
    started = frame_named("busy").clock.started
    return PacketView(
        5, "17", started + 2_500_000_000, 1, rx, "", *ends, "tcp", "SA", 1514, 12, fate,
        "deny by rule", 0, 1, None,
    )  # fmt: skip


def line_of(packet: PacketView, width: int, new: bool = False) -> Line:
    columns = Columns.of([packet], width, Clock(0))
    return packet_line(packet, frame_named("busy").clock, new, columns, width, PLAIN)


@few
@given(width=WIDTHS, height=HEIGHTS, name=FRAME_NAMES)
def test_they_fit_and_the_newest_stand_last(width: int, height: int, name: str) -> None:
    frame = frame_named(name)
    shown = packets_drawing(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    targets = [spot.target for spot in shown.spots()]
    newest = frame.packets[-len(targets) :] if targets else ()
    assert targets == [PacketTarget(packet.name, packet.ordinal) for packet in newest]
    assert len(targets) == min(len(frame.packets), height - 1)


@few
@given(width=WIDTHS, fate=st.sampled_from(get_args(Fate)), rx=st.sampled_from(("pg0", LONG)),
       ends=st.sampled_from((IP4, IP6)), new=st.booleans())  # fmt: skip
def test_a_line_fits_at_any_width(
    width: int, fate: Fate, rx: str, ends: tuple[str, str], new: bool
) -> None:
    line = line_of(packet_of(fate, rx, ends), width, new)
    assert_line_fits(line, width)
    assert line.plain[1] == ("+" if new else " ")
    assert "   17 " in line.plain
    assert f" {FATE_GLYPHS[fate]} {fate.replace('_', ' ')}" in line.plain


@pytest.mark.parametrize("fate", get_args(Fate))
@pytest.mark.parametrize("ends", [IP4, IP6, ("[fd00:1::3]:40031", "[fd00:2::5]:80")])
@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_number_time_flags_ports_connection_and_fate_are_never_cut(
    width: int, ends: tuple[str, str], fate: Fate
) -> None:
    """At 80 columns, IPv6 too: addresses give way."""
    said = line_of(packet_of(fate, LONG, ends), width).plain
    source, destination = said.split(" > ")
    for end, text in ((source, ends[0]), (destination, ends[1])):
        address, _, port = text.rpartition(":")
        assert f":{port} " in f"{end} "
        assert address[:3] in end
    number, time, flags = said.split()[:3]
    assert (number, flags) == ("17", "SA")
    assert time in ("+2.500000", "+2.500")
    assert " 12 " in destination
    assert f" {FATE_GLYPHS[fate]} {fate.replace('_', ' ')}" in said


def test_at_80_columns_times_give_way_to_whole_addresses() -> None:
    shorter = packet_of(ends=("192.168.1.10:40031", "10.20.30.40:443"))
    assert " +2.500000 " in line_of(shorter, 80).plain
    longer = packet_of(ends=("192.168.115.8:52723", "106.185.35.110:443"))
    said = " ".join(line_of(longer, 80).plain.split())
    assert said.startswith("17 +2.500 SA 192.168.115.8:52723 > 106.185.35.110:443 ")
    assert " +2.500000 " in line_of(longer, 120).plain


def test_columns_are_aligned() -> None:
    packets = [
        packet_of(), packet_of("permitted", ends=IP4), packet_of("not_ip", ends=("", "")),
        replace(packet_of("dropped"), tcp_flags="", protocol="icmp type 8 code 0", name="1234"),
    ]  # fmt: skip
    for width in (80, 120):
        columns = Columns.of(packets, width, Clock(0))
        lines = [packet_line(p, Clock(0), False, columns, width, PLAIN).plain for p in packets]
        head = column_heads(columns, width, PLAIN).plain
        assert (
            len({line.index(FATE_GLYPHS[p.fate]) for line, p in zip(lines, packets, strict=True)})
            == 1
        )
        assert head.index("verdict") == lines[0].index("✗")
        assert {lines[0].index(" > "), lines[1].index(" > "), head.index(" > ")} == {
            lines[3].index(" > ")
        }
        assert "icmp" in lines[3]


def test_where_there_is_room_the_reason_is_told() -> None:
    wide = line_of(packet_of(), 140).plain
    assert "pg0>-  deny by rule" in wide
    assert " 1514 " in wide
    assert "deny by rule" not in line_of(packet_of(), 100).plain


def test_an_end_that_is_too_long_keeps_its_port() -> None:
    assert fit_end("10.0.0.2:80", 12) == "10.0.0.2:80"
    assert fit_end(IP4[0], 16) == "192.1….101:40031"
    assert fit_end(IP6[0], 17) == "[2001…6666]:40031"
    assert fit_end("2001:db8:1111:2222:3333:4444:5555:6666", 12) == "2001:d…:6666"


def test_every_fate_has_a_glyph_and_can_be_filtered_by() -> None:
    assert set(FATE_GLYPHS) == set(get_args(Fate)) == set(FATES) - {""}


def test_what_is_new_has_a_plus() -> None:
    frame = replace(frame_named("busy"), new_packets=2)
    lines = [line.plain for line in packets_drawing(frame, 100, 20, PLAIN).lines[1:] if line.plain]
    assert [line[1] for line in lines] == [" "] * (len(lines) - 2) + ["+"] * 2


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
    if height > 2:
        targets = [spot.target for spot in shown.spots()]
        assert (selected in targets) if selected is not None else not targets


def targets_of(packets: Iterable[PacketView]) -> list[PacketTarget]:
    return [PacketTarget(packet.name, packet.ordinal) for packet in packets]


def shown_in(place: PacketsPlace, player: Player, height: int = 60) -> list[Target]:
    """What the place shows, when all was looked at."""
    place.draw(frame_of(player), 120, height, PLAIN)
    while place.work(1.0):
        pass
    return [spot.target for spot in place.draw(frame_of(player), 120, height, PLAIN).spots()]


def test_the_place_filters_by_fate() -> None:
    player = player_of(odd_bench, "")
    place = PacketsPlace(player)
    everything = latest_packets(player.bench, 1000)
    seen = []
    for fate in FATES:
        wanted = [p for p in everything if fate in ("", p.fate)]
        assert shown_in(place, player) == targets_of(wanted)
        shown = place.draw(frame_of(player), 120, 60, PLAIN)
        assert f" packets  {fate.replace('_', '-') or 'all'}" in shown.plain
        seen += wanted if fate else []
        place.action_filter()
    assert len(seen) == len(everything)
    assert place.fate == ""


def test_the_place_takes_a_filter() -> None:
    player = player_named("busy")
    everything = latest_packets(player.bench, 1000)
    place = PacketsPlace(player)
    for text in ("udp", "udp :5353", "interface pg1", "flags S", "tcp and not flags =S", "port 99"):
        place.search_for(text)
        wanted = filter_of(player.bench.rig, "packets", text)
        expected = list(finish(find_packets(player.bench, wanted)))
        assert shown_in(place, player) == targets_of(expected)
        assert len(expected) < len(everything) or "pg1" in text
    assert "no such packet" in place.draw(frame_named("busy"), 120, 30, PLAIN).plain
    place.search_for("udq")
    assert "did you mean udp?" in place.draw(frame_named("busy"), 120, 30, PLAIN).plain
    assert place.check_search("udq") is not None
    assert place.check_search("udp") is None


def test_the_place_shows_the_whole_run_wherever_one_goes() -> None:
    """After playing with nobody listening, going back, and on another branch."""
    player = player_of(lambda: Workbench.from_scenario(load_scenario(find_input("aging"))), "")
    bench = player.bench
    place = PacketsPlace(player)
    player.log.listen(False)
    bench.play(900)
    for number, go in enumerate((lambda: None, lambda: bench.goto_packet(300), lambda: bench.cli(
        "send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"), lambda: bench.switch("main"))):  # fmt: skip
        go()
        count = (900, 300, 301, 900)[number]
        assert len(shown_in(place, player, 2000)) == count
        assert f"{count} of {count}" in place.draw(frame_of(player), 120, 30, PLAIN).plain
    place.search_for("denied or udp")
    bench.goto_packet(20)
    text = f"{len(shown_in(place, player, 100))} of 20"
    assert text in place.draw(frame_of(player), 120, 30, PLAIN).plain


def test_a_connection_is_followed_and_left_again() -> None:
    player = player_named("busy")
    place = PacketsPlace(player)
    place.search_for("udp or tcp")
    before = shown_in(place, player)
    place.action_list_end(False)
    first = latest_packets(player.bench, 1000)[0]
    assert place.pointed_at() == targets_of([first])[0]
    place.post_message = lambda message: True  # type: ignore[method-assign]
    place.action_follow()
    wanted = [p for p in latest_packets(player.bench, 1000) if p.conn == first.conn]
    assert shown_in(place, player) == targets_of(wanted)
    assert place.pointed_at() == targets_of([first])[0]
    assert place.leave()
    assert shown_in(place, player) == before
    assert place.pointed_at() == targets_of([first])[0]
    assert not place.leave()


def test_a_page_of_a_filter_is_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest packets are looked at first; the rest in slices, with how far it is."""
    monkeypatch.setattr(keeping, "BLOCK", 100)
    player = player_of(lambda: Workbench.from_scenario(load_scenario(find_input("aging"))), "")
    player.bench.play(1000)
    player.live.wall = iter(range(10**6)).__next__  # each look takes a second
    place = PacketsPlace(player)
    place.search_for("tcp")
    shown = place.draw(frame_of(player), 120, 12, PLAIN)
    assert len(shown.spots()) == 10
    assert " of 100, 10 %" in shown.plain
    assert place.work(0.02)
    while place.work(0.02):
        pass
    assert " of 1,000;" in place.draw(frame_of(player), 120, 12, PLAIN).plain


def test_the_place_is_moved_in() -> None:
    player, frame = player_named("busy"), frame_named("busy")
    place = PacketsPlace(player)
    place.draw(frame, 120, 5, PLAIN)
    targets = targets_of(latest_packets(player.bench, 1000))
    assert place.pointed_at() == targets[-1]
    place.action_cursor(-2)
    assert place.pointed_at() == targets[-3]
    place.action_list_end(False)
    place.draw(frame, 120, 5, PLAIN)
    place.action_page(1)
    assert place.pointed_at() == targets[2]
    place.pick(targets[1])
    place.draw(frame, 120, 5, PLAIN)
    assert place.pointed_at() == targets[1]
