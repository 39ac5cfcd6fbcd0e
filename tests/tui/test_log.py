"""The log: what is kept, filtered, searched and noted; its lines; and the place it has."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.frame import LogRow
from aclbench.tui.live import Live
from aclbench.tui.log.place import LogPlace
from aclbench.tui.log.store import FILTERS, GAP, KEPT, EventStore
from aclbench.tui.log.text import event_lines, log_drawing, target_of
from aclbench.tui.targets import PacketTarget, SessionTarget
from aclbench.words import counted
from aclbench.workbench.inquiry.events import recent_events
from aclbench.workbench.inquiry.packets import latest_packets
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.events import EventView
from aclbench.workbench.workbench import Workbench
from tui.bench import busy_bench, make_bench, opening, player_of
from tui.looking import (
    FRAME_NAMES,
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    few,
    frame_named,
    frame_of,
    player_named,
)

KINDS = (
    "session added", "class changed", "requeued", "deleted", "recycled", "interrupt sent",
    "interrupt served", "flag set", "clear started", "clear finished", "sweep started",
    "sweep finished", "wait changed", "rules replaced under a match", "design", "packet",
)  # fmt: skip


def heard(bench: Workbench) -> EventStore:
    return EventStore(bench)


def row_of(kind: str, text: str, number: int = 7, thread: int = 1) -> LogRow:
    frame = frame_named("busy")
    return LogRow(number, EventView(frame.clock.started + 2_500_000_000, thread, kind, text))


# --- what is kept --------------------------------------------------------------------------------


def test_each_filter_leaves_its_kinds_out() -> None:
    bench = make_bench()
    store = heard(bench)
    for interface, data in opening():
        bench.send(interface, data)
    bench.advance(3)
    kinds = {row.event.kind for row in store.last(KEPT, 0)}
    assert {"packet", "flag set", "session added", "interrupt sent"} <= kinds
    everything = [row.number for row in store.last(KEPT, 0)]
    for which, (_, hidden) in enumerate(FILTERS):
        rows = store.last(KEPT, which)
        assert not {row.event.kind for row in rows} & hidden
        assert [row.number for row in rows] == [
            row.number for row in store.last(KEPT, 0) if row.event.kind not in hidden
        ]
        assert store.kept(which) == len(rows) == store.counts[which]
    assert everything == list(range(everything[0], everything[0] + len(everything)))


def test_a_flood_of_packets_pushes_nothing_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.tui.log.store.KEPT", 20)
    bench = make_bench()
    store = heard(bench)
    for _ in range(30):
        bench.send("pg0", opening()[0][1])
    assert all(row.event.kind == "packet" for row in store.last(20, 0))
    (added,) = [row for row in store.last(20, 1) if row.event.kind == "session added"]
    assert added.number == 1
    assert len(latest_packets(bench, 100)) == 30


@few
@given(count=st.integers(0, 30), skip=st.integers(0, 30))
def test_the_last_but_for_some(count: int, skip: int) -> None:
    store = player_named("busy").log
    everything = store.last(KEPT, 0)
    end = max(len(everything) - skip, 0)
    assert store.last(count, 0, skip) == everything[max(end - count, 0) : end]


def test_a_search_finds_all_words_in_any_order() -> None:
    store = player_named("busy").log
    found = store.matching(0, "UDP added", 100)
    assert [row.event.kind for row in found] == ["session added"]
    assert "udp" in found[0].event.text
    assert store.matching(0, "no-such-word", 100) == []
    everything = store.matching(0, "", 4)
    assert everything == list(store.last(4, 0))


def test_what_went_by_unheard_is_noted_and_numbers_go_on() -> None:
    bench = make_bench()
    store = heard(bench)
    bench.send("pg0", opening()[0][1])
    before = bench.rig.events_so_far()
    store.listen(False)
    bench.send("pg1", opening()[1][1])
    missed = bench.rig.events_so_far() - before
    assert missed > 0
    store.listen(True)
    bench.send("pg0", opening()[2][1])
    rows = store.last(KEPT, 0)
    (gap,) = [n for n, row in enumerate(rows) if row.event.kind == GAP]
    assert rows[gap].event.text == f"{counted(missed, 'event')} not listened to, for speed"
    assert rows[gap - 1].number == before
    assert rows[gap + 1].number == before + missed + 1
    assert rows[-1].number == bench.rig.events_so_far()
    assert store.has_gaps
    assert all(store.last(KEPT, which)[-2:] for which in range(len(FILTERS)))


def test_a_refilled_log_has_no_gaps_and_the_same_numbers() -> None:
    bench = make_bench()
    store = heard(bench)
    store.listen(False)
    for interface, data in opening():
        bench.send(interface, data)
    store.listen(True)
    store.refill(finish(recent_events(bench.past, 400)))
    rows = store.last(KEPT, 0)
    assert not store.has_gaps
    assert GAP not in {row.event.kind for row in rows}
    assert [row.number for row in rows] == list(range(1, bench.rig.events_so_far() + 1))


def test_intervals_are_kept_in_order_and_each_once() -> None:
    bench = make_bench()
    store = heard(bench)
    bench.send("pg0", opening()[0][1])
    for value in (500, 250, 250, 125, 125, 225):
        store.note_interval(value)
    assert list(store.intervals)[-4:] == [500, 250, 125, 225]
    assert all(one != other for one, other in itertools.pairwise(store.intervals))


def test_the_number_of_an_event_leads_to_it() -> None:
    player = player_of(busy_bench, "")
    player.bench.advance(4)
    rows = [row for row in player.log.last(KEPT, 0) if row.number]
    assert len(rows) > 20
    for row in rows[:: max(len(rows) // 8, 1)]:
        player.travel.to_event(row.number)
        assert not player.live.error, player.live.notice
        assert player.bench.now == row.event.time
        there = {r.number: r for r in player.log.last(KEPT, 0)}
        assert there[row.number] == row
        # What came with it came in the same step: without that step it has not been.
        assert all(r.event.time == row.event.time for n, r in there.items() if n > row.number)
        player.travel.back("step")
        assert row.number > max((r.number for r in player.log.last(KEPT, 0)), default=0)


# --- lines ---------------------------------------------------------------------------------------


@few
@given(width=WIDTHS, height=HEIGHTS, name=FRAME_NAMES)
def test_the_log_fits_and_ends_with_the_newest(width: int, height: int, name: str) -> None:
    frame = frame_named(name)
    shown = log_drawing(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    if frame.events and height > 12:
        spots = shown.spots()
        in_view = [row for row in frame.events if row.event.kind != GAP][-len(spots) :]
        assert [spot.target for spot in spots] == [target_of(row) for row in in_view]


@few
@given(
    kind=st.sampled_from(KINDS),
    text=st.text(st.sampled_from("abc >"), min_size=1, max_size=200).filter(str.strip),
    width=WIDTHS,
    most=st.integers(0, 3),
    new=st.booleans(),
    thread=st.sampled_from((0, 1, 256)),
)
def test_an_event_is_told_whole_or_cut_with_an_ellipsis(
    kind: str, text: str, width: int, most: int, new: bool, thread: int
) -> None:
    row = row_of(kind, text, thread=thread)
    frame = frame_named("busy")
    lines = event_lines(row, frame, new, width, PLAIN, most)
    for line in lines:
        assert len(line) <= width
    assert not most or len(lines) <= most
    assert lines[0].plain[1] == ("+" if new else " ")
    assert "+2.500000" in lines[0].plain
    assert ("vpp_main" if thread == 0 else f"vpp_wk_{thread - 1}") in lines[0].plain
    said = "".join("".join(line.plain for line in lines).split())
    assert kind.replace(" ", "") in said or "…" in said
    assert text.replace(" ", "") in said or "…" in said
    assert not most or "…" not in said or len(lines) == most
    assert lines[0].spots[0][2] == target_of(row)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_text_do_not_touch(kind: str) -> None:
    (wide,) = event_lines(row_of(kind, "text"), frame_named("busy"), False, 160, PLAIN)
    assert f"{kind} " in wide.plain
    assert wide.plain.endswith(" text")


def test_a_gap_is_told_and_can_have_the_cursor() -> None:
    row = LogRow(0, EventView(0, 0, GAP, "jumped 85 s in which nothing was due"))
    (line,) = event_lines(row, frame_named("busy"), True, 80, PLAIN)
    assert "~ jumped 85 s" in line.plain
    assert [target for _, _, target in line.spots] == [target_of(row)]


def test_gaps_are_told_apart() -> None:
    store = heard(make_bench())
    store.note("one")
    store.note("one")
    one, two = store.last(2, 0)
    assert target_of(one) != target_of(two)


def test_events_without_numbers_are_told_apart() -> None:
    # On real threads no event can be gone back to, so none has a number.
    rows = [replace(row_of("interrupt sent", "to thread 1", number=0), serial=n) for n in (7, 8)]
    assert target_of(rows[0]) != target_of(rows[1])


def test_an_event_points_at_what_it_is_about() -> None:
    rows = player_named("busy").log.last(KEPT, 0)
    added = next(row for row in rows if row.event.kind == "session added")
    packet = next(row for row in rows if row.event.kind == "packet")
    assert isinstance(target_of(added).about, SessionTarget)
    assert isinstance(target_of(packet).about, PacketTarget)
    for row in rows:
        assert target_of(row).number == row.number > 0


def test_what_is_new_has_a_plus() -> None:
    frame = frame_named("busy")
    frame = replace(frame, new_events=2)
    lines = [line.plain for line in log_drawing(frame, 160, 40, PLAIN).lines[1:] if line.plain]
    assert [line[1] == "+" for line in lines] == [False] * (len(lines) - 2) + [True] * 2


# --- the place -----------------------------------------------------------------------------------


@few
@given(width=WIDTHS, height=HEIGHTS, search=st.sampled_from(("", "udp", "no-such-word")))
def test_the_place_fits_and_shows_the_cursor(width: int, height: int, search: str) -> None:
    player, frame = player_named("busy"), frame_named("busy")
    place = LogPlace(player)
    place.search_for(search)
    shown = place.draw(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    if height > 1:
        targets = [spot.target for spot in shown.spots()]
        selected = place.pointed_at()
        assert (selected in targets) if selected is not None else not targets


def test_the_place_is_gone_through_row_by_row() -> None:
    player, frame = player_named("busy"), frame_named("busy")
    place = LogPlace(player)
    place.draw(frame, 120, 12, PLAIN)
    rows = player.log.last(KEPT, player.filter_index)
    assert place.pointed_at() == target_of(rows[-1])
    place.action_list_end(False)
    seen = []
    for _ in rows:
        place.draw(frame, 120, 12, PLAIN)
        seen.append(place.pointed_at())
        place.action_cursor(1)
    assert seen == [target_of(row) for row in rows]
    place.pick(target_of(rows[3]))
    assert place.pointed_at() == target_of(rows[3])


def test_the_place_says_which_filter_and_words() -> None:
    player = player_of(busy_bench, "")
    place = LogPlace(player)
    place.search_for("udp")
    for name, _ in FILTERS[1:] + FILTERS[:1]:
        frame = frame_of(player)
        text = place.draw(frame, 120, 20, PLAIN).lines[0].plain
        assert f"{name}, with udp" in text
        place.action_filter()
    place.search_for("no-such-word")
    assert "no event has these words" in place.draw(frame, 120, 20, PLAIN).plain


@pytest.mark.parametrize("next_guess", [None, ("192.168.0.0/24",)])
def test_what_is_guessed_to_be_inside_is_in_the_log(next_guess: tuple[str, ...] | None) -> None:
    capture = bundled_folder("pcaps") / "http.pcap"
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24",))
    scenario = scenario_for_capture(
        [capture], inside, "a guess", 1, "interface", next_guess=next_guess
    )
    rows = Live(Workbench.from_scenario(scenario), "").log.last(KEPT, 0)
    assert [row.event.text.partition(";")[0] for row in rows] == ["a guess"] * bool(next_guess)
