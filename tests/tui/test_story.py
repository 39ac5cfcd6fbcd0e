"""Stories: what is told of sessions, fields, lists, packets and differences, row by row."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from aclbench.errors import AclbenchError
from aclbench.tui.player import Player
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.story.tellers import (
    DifferenceTeller,
    PacketTeller,
    SessionTeller,
    Teller,
    Told,
    teller_of,
)
from aclbench.tui.story.text import StoryRow, row_lines, target_of
from aclbench.tui.targets import (
    BranchTarget,
    CausesTarget,
    DifferenceTarget,
    EventTarget,
    FieldTarget,
    ListTarget,
    PacketTarget,
    PastTarget,
    RowTarget,
    SessionTarget,
    Target,
    TimeTarget,
)
from aclbench.workbench.tasks import finish
from tui.bench import SYN, busy_bench, frame, player_of
from tui.looking import (
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    command,
    few,
    frame_named,
    player_named,
)

SESSION = SessionTarget(1, 0)
ASKED: tuple[Target, ...] = (
    SESSION,
    FieldTarget("vpp_wk_0", "interrupt_is_pending"),
    FieldTarget("vpp_wk_0", "serviced_sw_if_index_bitmap"),
    FieldTarget("vpp_wk_0", "pending_clear_sw_if_index_bitmap"),
    FieldTarget("vpp_wk_0", "swipe_end_time"),
    FieldTarget("cleaner", "wait_interval"),
    FieldTarget("cleaner", "clearing_bitmap"),
    ListTarget(1, 0),
    PacketTarget("1", 0),
)
KINDS = ("title", "heading", "field", "plain", "event", "dim", "bad", "good")


def told(teller: Teller | None, player: Player) -> Told:
    """A story when it is complete."""
    assert teller is not None
    found: list[Told] = []
    finish(teller.begin(player, found.append))
    assert found[-1].complete
    return found[-1]


def finished(place: StoryPlace) -> StoryPlace:
    for _ in range(200):
        if not place.work(1.0):
            return place
    raise AssertionError("a story of a small bench did not end")


@cache
def place_with(target: Target) -> StoryPlace:
    place, teller = StoryPlace(player_named("busy")), teller_of(target)
    assert teller is not None
    place.tell(teller)
    return finished(place)


@few
@given(width=WIDTHS, height=HEIGHTS, target=st.sampled_from(ASKED), moves=st.integers(0, 40))
def test_the_place_fits_and_the_cursor_is_in_sight(
    width: int, height: int, target: Target, moves: int
) -> None:
    frame, place = frame_named("busy"), place_with(target)
    place.action_cursor(moves)
    shown = place.draw(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    if height > 1:
        assert place.pointed_at() in [spot.target for spot in shown.spots()]
    place.action_list_end(False)


@few
@given(width=WIDTHS, height=HEIGHTS)
def test_a_place_without_a_story_says_how_one_is_asked_for(width: int, height: int) -> None:
    place = StoryPlace(player_named("busy"))
    assert not place.work(1.0)
    shown = place.draw(frame_named("busy"), width, height, PLAIN)
    assert_fits(shown, width, height)
    if height > 6:
        assert "press Enter (or click it twice): its story is told here." in " ".join(
            shown.plain.split()
        )


@few
@given(kind=st.sampled_from(KINDS), width=WIDTHS, indent=st.integers(0, 12),
       text=st.text(st.sampled_from("abcdefg  "), max_size=300))  # fmt: skip
def test_a_row_is_told_whole(kind: str, width: int, indent: int, text: str) -> None:
    row = StoryRow(kind, text, None, indent)
    lines = row_lines(row, 0, width, PLAIN)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(line.plain for line in lines).split()) == "".join(text.split())


def test_a_field_has_its_name_in_a_column() -> None:
    text = "the cleaner, and its owner, one after the other, as often as each of them has to"
    row = StoryRow("field", f"{'written by':<24}{text}")
    first, second = row_lines(row, 0, 80, PLAIN)
    assert first.plain.index("the cleaner") == second.plain.index(second.plain.split()[0])


def test_why_packets_did_not_pass_is_told_by_cause_and_each_example_can_be_opened() -> None:
    bench = busy_bench()
    bench.cli("send pg1 udp 192.168.0.9:7 > 10.0.0.9:8")
    player = player_of(lambda: bench)
    story = told(teller_of(CausesTarget()), player)
    assert story.title.endswith("did not pass, for 1 cause")
    assert [row.text for row in story.rows if row.kind == "bad"] == [
        "2 packets denied: no rule lets it pass, and nothing asked for it"
    ]
    (example,) = [row for row in story.rows if row.target is not None]
    assert isinstance(example.target, PacketTarget)
    assert told(teller_of(example.target), player).rows[0].text.startswith("packet ")


def test_a_session_is_told_with_its_events_each_a_moment_to_go_to() -> None:
    player = player_named("busy")
    story = told(teller_of(SESSION), player)
    heads = [row.text for row in story.rows if row.kind == "heading"]
    assert heads == ["what comes next", "its fields", "what happened, the latest last"]
    events = [row for row in story.rows if row.kind == "event"]
    assert "session added" in events[0].text
    for row in events:
        assert isinstance(row.target, PastTarget)
        assert row.target.about == SESSION
    stamps = [row.text.split()[0] for row in events]
    assert stamps == sorted(stamps)


def test_going_to_a_moment_of_a_story_leads_there() -> None:
    player = player_of(busy_bench, "")
    story = told(teller_of(SESSION), player)
    for row in [row for row in story.rows if row.kind == "event"]:
        assert isinstance(row.target, PastTarget)
        player.travel.to_place(row.target.place)
        assert not player.live.error, player.live.notice
        stamp, thread, rest = row.text.split(" ", 2)
        last = player.log.last(50, 0)[-1].event
        assert (last.kind, last.time) == (rest.split(":")[0], player.bench.now)
        assert player.bench.now - player.live.started == round(float(stamp) * 10**9)
        assert thread.startswith("vpp_wk_")


def test_a_field_is_told_with_its_meaning_and_its_writers() -> None:
    player = player_of(busy_bench, "")
    player.travel.step(whole_turn=True)
    story = told(teller_of(FieldTarget("vpp_wk_0", "interrupt_is_pending")), player)
    text = "\n".join(row.text for row in story.rows)
    assert "interrupt_is_pending is 1" in text
    assert "written by" in text
    assert "read by" in text
    writers = [row for row in story.rows if row.kind == "event"]
    assert "0 > 1" in writers[0].text
    assert all(isinstance(row.target, PastTarget) for row in writers)


def test_a_list_is_told_with_its_sessions() -> None:
    story = told(teller_of(ListTarget(1, 0)), player_named("busy"))
    targets = [row.target for row in story.rows if isinstance(row.target, SessionTarget)]
    udp = frame_named("busy").shown_workers()[0].lists[0]
    assert targets == [SessionTarget(1, s.session_index) for s in udp.sessions]


def test_a_packet_is_explained() -> None:
    player = player_named("busy")
    story = told(teller_of(PacketTarget("1", 0)), player)
    assert story.title == "packet 1"
    assert "permit" in "\n".join(row.text for row in story.rows)


def test_what_differs_is_told_field_by_field() -> None:
    player = player_of(busy_bench, "")
    player.travel.back("event")
    command(player, "branch other")
    player.bench.advance(2)
    story = told(DifferenceTeller(DifferenceTarget("now", "main")), player)
    assert "differences, now > main" in story.title
    assert len(story.rows) > 1
    same = told(DifferenceTeller(DifferenceTarget("now", "now")), player)
    assert [row.text for row in same.rows] == ["no difference"]


@pytest.mark.parametrize(
    "target", [None, TimeTarget(1), BranchTarget("x"), RowTarget("x"), EventTarget(1)]
)
def test_not_all_has_a_story(target: Target | None) -> None:
    assert teller_of(target) is None


def test_a_story_there_is_not_is_refused_and_the_old_one_stays() -> None:
    player = player_named("busy")
    place = StoryPlace(player)
    place.tell(SessionTeller(SESSION))
    finished(place)
    before = place.draw(frame_named("busy"), 80, 20, PLAIN).plain
    with pytest.raises(AclbenchError):
        place.tell(SessionTeller(SessionTarget(1, 99_999)))
    finished(place)
    assert place.draw(frame_named("busy"), 80, 20, PLAIN).plain == before


def test_a_session_that_is_deleted_meanwhile_is_told_of_still() -> None:
    player = player_of(busy_bench, "")
    place = StoryPlace(player)
    place.tell(SessionTeller(SESSION))
    finished(place)
    player.bench.advance(60)
    finished(place)
    shown = place.draw(frame_named("busy"), 160, 60, PLAIN)
    assert "deleted" in shown.plain


def test_an_explanation_has_the_colour_of_its_verdict() -> None:
    """The answer and the verdict: red or green, as in the list of packets; and what would help."""
    player = player_of(busy_bench, "a title")
    passed = told(PacketTeller(PacketTarget("1", 1)), player).rows
    assert [(row.kind, row.indent) for row in passed[:2]] == [("good", 0), ("plain", 2)]
    assert passed[-1].kind == "good"
    assert passed[-1].text.startswith("verdict: permitted")
    player.bench.send("pg1", frame("192.168.0.7", "10.0.0.2", 6, 80, 1, SYN))
    number = player.bench.snapshot().packets.read
    stopped = told(PacketTeller(PacketTarget(str(number), number)), player).rows
    assert stopped[0].text.startswith(f"packet {number}: denied: ")
    by_kind = {kind: [row.text for row in stopped if row.kind == kind] for kind in KINDS}
    assert [text.split(":")[0] for text in by_kind["bad"]] == [f"packet {number}", "verdict"]
    assert [text.split(":")[0] for text in by_kind["good"]] == ["what would have let it pass"]
    assert "read from it" in by_kind["heading"]


def test_an_event_of_a_story_has_the_look_that_it_has_in_the_log() -> None:
    palette = replace(PLAIN, good=Style(color="green"))
    rows = told(SessionTeller(SESSION), player_of(busy_bench, "a title")).rows
    added = next(row for row in rows if row.event == "session added")
    line = row_lines(added, 0, 100, palette)[0]
    green = [line.plain[s.start : s.end] for s in line.text.spans if s.style == palette.good]
    assert green == [" session added"]


def test_the_cursor_goes_over_each_row_of_a_story_even_if_two_are_equal() -> None:
    player = player_named("busy")
    place = StoryPlace(player)
    teller = PacketTeller(PacketTarget("2", 0))  # told of a hit by both of its checks alike
    place.tell(teller)
    finished(place)
    rows = told(teller, player).rows
    assert len({row.text for row in rows}) < len(rows)
    seen = []
    for _ in rows:
        shown = place.draw(frame_named("busy"), 80, 12, PLAIN)
        assert [spot.target for spot in shown.spots()].count(place.pointed_at()) == 1
        seen.append(place.pointed_at())
        place.action_cursor(1)
    assert seen == [target_of(row, number) for number, row in enumerate(rows)]
    place.pick(seen[3])
    assert place.pointed_at() == seen[3]


def test_where_there_is_no_such_session_yet_it_is_said_and_only_there() -> None:
    player = player_of(busy_bench, "")
    place = StoryPlace(player)
    place.tell(SessionTeller(SESSION))
    finished(place)
    player.travel.to_start()
    assert not place.work(1.0)  # there is no such session, and that is all there is to say
    finished(place)
    said = place.draw(frame_named("busy"), 80, 40, PLAIN)
    assert_fits(said, 80, 40)
    player.travel.to_end()
    finished(place)
    again = place.draw(frame_named("busy"), 80, 40, PLAIN)
    assert said.plain != again.plain
    told_at_once = place_with(SESSION).draw(frame_named("busy"), 80, 40, PLAIN)
    assert again.plain == told_at_once.plain
