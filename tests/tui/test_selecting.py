"""The cursor and the mouse: everything that can be asked about is reached, and answers."""

from __future__ import annotations

import pytest

from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.log.place import LogPlace
from aclbench.tui.log.store import FILTERS
from aclbench.tui.packets.place import FATES, PacketsPlace
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.targets import (
    BranchTarget,
    EventTarget,
    FieldTarget,
    KeyTarget,
    ListTarget,
    MarkKindTarget,
    PacketTarget,
    PastTarget,
    SessionTarget,
    TabTarget,
    TimeTarget,
)
from aclbench.tui.textpanel import TextPanel
from aclbench.workbench.inquiry.find_sessions import ORDERS
from aclbench.workbench.inquiry.timeline import MARK_KINDS
from tui.bench import busy_bench
from tui.piloting import LARGE, SMALL, Bench, Size, benching

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


async def all_of(bench: Bench, key: str = "down") -> list[object]:
    """Where the cursor is, and where it goes until it stands still: by key, and then quickly."""
    seen: list[object] = [bench.pointed_at()]
    await bench.press(key)
    for _ in range(100):
        if bench.pointed_at() == seen[-1]:
            return seen
        seen.append(bench.pointed_at())
        bench.shown.action_cursor(1 if key == "down" else -1)
    raise AssertionError(f"the cursor never came to the end: {seen[-3:]}")


# --- the bench --------------------------------------------------------------------------------


@SIZES
async def test_tab_goes_round_all_regions_and_the_arrows_through_each(size: Size) -> None:
    async with benching(size=size) as bench:
        assert bench.cursor() is None
        regions = bench.place.regions()
        assert len(regions) == (5 if size == LARGE else 3)
        firsts = []
        reached: list[object] = []
        for panel in regions:
            await bench.press("tab")
            firsts.append(bench.cursor())
            wanted = [spot.target for spot in panel.drawing.spots()]
            assert await all_of(bench) == wanted
            assert await all_of(bench, "up") == wanted[::-1]
            reached += wanted
        await bench.press("tab")
        assert bench.cursor() == firsts[0]
        await bench.press("shift+tab")
        assert bench.cursor() == firsts[-1]
        assert {type(each) for each in reached} >= {FieldTarget, ListTarget, SessionTarget}
        if size == LARGE:
            assert {type(each) for each in reached} >= {EventTarget, PacketTarget}
        for flag in ("pending", "needed", "unwanted"):
            assert FieldTarget("vpp_wk_1", f"interrupt_is_{flag}") in reached
        assert FieldTarget("vpp_wk_1", "clear_in_process") in reached
        assert FieldTarget("cleaner", "wait_interval") in reached
        await bench.press("escape")
        assert bench.cursor() is None


async def test_what_the_cursor_is_on_has_a_sign_before_it() -> None:
    async with benching(size=LARGE) as bench:
        assert "›" not in bench.text("#workers TextPanel")
        await bench.press("tab")
        assert "›○pending" in bench.text("#workers TextPanel")
        assert bench.text("#workers TextPanel").count("›") == 1


@pytest.mark.parametrize(
    ("size", "target", "says"),
    [
        (SMALL, FieldTarget("vpp_wk_0", "interrupt_is_unwanted"), "who wrote it, the latest first"),
        (LARGE, FieldTarget("cleaner", "wait_interval"), "written by"),
        (LARGE, ListTarget(1, 1), "what comes next"),
        (SMALL, SessionTarget(1, 0), "what happened, the latest last"),
    ],
)
async def test_enter_tells_the_story(size: Size, target: object, says: str) -> None:
    async with benching(size=size) as bench:
        bench.place.put_cursor(target)  # type: ignore[arg-type]
        await bench.press("enter")
        assert bench.screen.place == "story"
        await bench.until(lambda: says in bench.text() or "looking back" not in bench.text())
        seen = bench.text()
        for _ in range(40):
            await bench.press("pagedown")
            seen += bench.text()
            if says in seen:
                break
        assert says in seen
        bench.lies_inside()
        await bench.press("escape")
        assert bench.screen.place == "bench"
        assert bench.cursor() == target
        # It is there still.
        await bench.press("7")
        assert bench.screen.place == "story"


async def test_enter_on_nothing_says_what_to_do() -> None:
    async with benching() as bench:
        await bench.press("enter")
        assert bench.screen.place == "bench"
        assert "put the cursor on something" in bench.status()


# --- the mouse --------------------------------------------------------------------------------


async def test_a_click_puts_the_cursor_there_and_a_second_one_asks() -> None:
    async with benching(size=LARGE) as bench:
        target = SessionTarget(1, 2)
        await bench.click("#workers TextPanel", target)
        assert bench.cursor() == target
        assert bench.screen.place == "bench"
        await bench.click("#workers TextPanel", target, times=2)
        assert bench.screen.place == "story"
        await bench.until(lambda: "10.0.0.3:5353" in bench.text())
        # From a click on the keys go on.
        await bench.press("escape", "up")
        assert isinstance(bench.cursor(), ListTarget)


async def test_a_click_on_a_tab_a_key_or_a_kind_of_mark() -> None:
    async with benching(size=LARGE) as bench:
        for name in ("packets", "sessions", "log", "plot", "branches", "story", "bench"):
            await bench.click("#tabs", TabTarget(name))
            assert bench.screen.place == name
        await bench.click("#footer", KeyTarget("step"))
        assert bench.status().count("step: cleaner, wake up") == 1
        for kind in MARK_KINDS:
            await bench.click("#timeline", MarkKindTarget(kind))
            assert bench.player.travel.mark_kind == kind
            assert f"{kind} " in bench.text("#timeline")
        await bench.click("#timeline", MarkKindTarget(""))
        assert "[m any]" in bench.text("#timeline")


async def test_a_click_on_the_timeline_goes_there() -> None:
    async with benching() as bench:
        spots = [
            spot
            for spot in bench.screen.query_one("#timeline", TextPanel).drawing.spots()
            if isinstance(spot.target, TimeTarget)
        ]
        middle = spots[len(spots) // 4].target
        assert isinstance(middle, TimeTarget)
        end = bench.bench.now
        await bench.click("#timeline", middle)
        assert bench.bench.now == middle.time
        assert "in the past" in bench.status()
        assert bench.screen.frame is not None
        timeline = bench.screen.frame.timeline
        assert timeline is not None
        assert timeline.end == end
        # The strip is the same, so the same spot is the same moment.
        await bench.press("end")
        assert bench.bench.now == end
        await bench.click("#timeline", middle)
        assert bench.bench.now == middle.time


async def test_the_wheel_moves_the_cursor_of_a_list() -> None:
    async with benching(size=LARGE) as bench:
        await bench.press("4")
        before = bench.pointed_at()
        panel = bench.screen.query_one("#log", TextPanel)
        panel.post_message(TextPanel.Scrolled(panel, -3))
        await bench.settle()
        after = bench.pointed_at()
        assert isinstance(before, EventTarget)
        assert isinstance(after, EventTarget)
        assert after.number == before.number - 3


# --- stories ----------------------------------------------------------------------------------


async def test_enter_on_an_event_of_a_story_goes_there() -> None:
    async with benching(size=LARGE) as bench:
        end = bench.bench.now
        bench.place.put_cursor(SessionTarget(1, 0))
        await bench.press("enter")
        await bench.until(lambda: "session added" in bench.text() or "looking" not in bench.text())
        await bench.press("down")
        while not isinstance(bench.pointed_at(), PastTarget):
            bench.shown.action_cursor(1)
        await bench.press("enter")
        assert bench.bench.now == bench.player.live.started
        assert bench.screen.place == "story"
        assert "in the past" in bench.status()
        await bench.press("end")
        assert bench.bench.now == end
        await bench.until(lambda: "looking back" not in bench.text())


async def test_keys_that_go_there_are_offered_where_a_row_leads_somewhere() -> None:
    """None leads anywhere in an explanation of a packet, nor where nothing was told yet."""
    async with benching(size=LARGE) as bench:
        await bench.press("7")
        assert "Go there" not in bench.text("#footer")
        await bench.press("2", "up", "enter")
        await bench.until(lambda: bench.screen.place == "story" and "outcome" in bench.text())
        assert "Go there" not in bench.text("#footer")
        await bench.press("1")
        bench.place.put_cursor(SessionTarget(1, 0))
        await bench.press("enter")
        await bench.until(lambda: "Go there" in bench.text("#footer"))
        assert "Enter goes there" in bench.text()


async def test_a_story_follows_the_bench() -> None:
    """The same field, as it is where one went."""
    async with benching(size=LARGE) as bench:
        bench.place.put_cursor(FieldTarget("vpp_wk_0", "interrupt_is_pending"))
        await bench.press("enter")
        await bench.until(lambda: "interrupt_is_pending is 0" in bench.text())
        await bench.press("e")
        await bench.until(lambda: "interrupt_is_pending is 1" in bench.text())
        await bench.press("e")
        await bench.until(lambda: "interrupt_is_pending is 0" in bench.text())
        await bench.press("b")
        await bench.until(lambda: "cleaner, mark pending: 0 > 1" in bench.text())


# --- lists ------------------------------------------------------------------------------------


async def test_the_packets() -> None:
    async with benching(size=LARGE) as bench:
        await bench.press("2")
        place = bench.screen.places["packets"]
        assert isinstance(place, PacketsPlace)
        assert "6 of 6" in bench.text()
        assert len(await all_of(bench, "up")) == 6
        await bench.press("ctrl+end", "enter")
        assert bench.screen.place == "story"
        await bench.until(lambda: "packet 6" in bench.text())
        assert "acl 1 rule 0" in bench.text()
        await bench.press("escape")
        assert bench.screen.place == "packets"
        counts = {}
        for fate in FATES:
            assert place.fate == fate
            counts[fate] = "no such" not in bench.text() and len(await all_of(bench, "up"))
            await bench.press("f")
        assert place.fate == ""
        assert counts["permitted"] == 5
        assert counts["denied"] == 1
        assert not counts["malformed"]
        await bench.press("slash")
        await bench.dialog()
        await bench.write(":443")
        await bench.press("enter")
        await bench.closed()
        assert " packets  :443" in bench.text()
        assert len(await all_of(bench)) == 1
        # An empty search ends it.
        await bench.press("slash")
        await bench.dialog()
        await bench.press(*["backspace"] * 4, "enter")
        await bench.closed()
        assert place.search == ""


async def test_from_the_bench_a_slash_searches_packets_and_w_asks_why() -> None:
    async with benching() as bench:
        await bench.press("slash")
        await bench.dialog()
        await bench.write("denied")
        await bench.press("enter")
        await bench.closed()
        assert bench.screen.place == "packets"
        assert " packets  denied " in bench.text()
        await bench.press("1", "W")
        await bench.until(lambda: "did not pass, for 1 cause" in bench.text())
        assert bench.screen.place == "story"


async def test_the_sessions() -> None:
    async with benching() as bench:
        await bench.press("3")
        place = bench.screen.places["sessions"]
        assert isinstance(place, SessionsPlace)
        await bench.until(lambda: "1/2" in bench.text())
        assert len(await all_of(bench)) == 3
        firsts = []
        for order in ORDERS:
            assert f"by {order}" in bench.text()
            await bench.press("ctrl+home")
            await bench.until(lambda: place._finding is None)
            await bench.settle()
            firsts.append(bench.pointed_at())
            await bench.press("o")
        assert place.order == ORDERS[0]
        wanted = dict(zip(ORDERS, firsts, strict=True))
        assert wanted["connection"] == SessionTarget(1, 0)
        assert wanted["expiry"] == SessionTarget(1, 1)
        assert wanted["idle"] == SessionTarget(1, 0)
        await bench.press("slash")
        await bench.dialog()
        await bench.write("udp 10.0.0.0/24")
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: "40000" not in bench.text())
        assert len(await all_of(bench)) == 1
        await bench.press("enter")
        assert bench.screen.place == "story"
        await bench.until(lambda: "5353" in bench.text())


async def test_a_search_that_nothing_has_says_so() -> None:
    async with benching() as bench:
        for place, says in (
            ("2", "no such packet"),
            ("3", "no session has these words"),
            ("4", "no event has these words"),
        ):
            await bench.press(place, "slash")
            await bench.dialog()
            await bench.write(":4444")
            await bench.press("enter")
            await bench.closed()
            await bench.until(lambda says=says: says in bench.text())  # type: ignore[misc]
            assert bench.pointed_at() is None
            await bench.press("enter", "down", "up", "pagedown", "ctrl+end")


async def test_the_log() -> None:
    async with benching() as bench:
        await bench.press("4")
        place = bench.screen.places["log"]
        assert isinstance(place, LogPlace)
        names = []
        for _ in FILTERS:
            names.append(bench.text().splitlines()[0])
            await bench.press("f")
        assert all(any(name in line for line in names) for name, _ in FILTERS)
        await bench.press("slash")
        await bench.dialog()
        await bench.write("session added")
        await bench.press("enter")
        await bench.closed()
        found = await all_of(bench, "up")
        assert len(found) == 3
        # I tells of the session, from wherever one stands.
        await bench.press("I")
        assert bench.screen.place == "story"
        await bench.until(lambda: "10.0.0.2:40000" in bench.text())
        await bench.press("escape")
        assert bench.screen.place == "log"
        # Enter goes to the event, and the log is that of the place.
        first = found[-1]
        assert isinstance(first, EventTarget)
        end = bench.bench.now
        await bench.press("enter")
        assert bench.bench.rig.events_so_far() >= first.number
        assert bench.bench.now < end
        assert "in the past" in bench.status()


async def test_what_is_about_nothing_says_so() -> None:
    async with benching() as bench:
        await bench.press("4", "I")
        assert bench.screen.place == "log"
        assert "about no session and no packet" in bench.status()


async def test_about_a_packet_in_the_log_explains_it() -> None:
    async with benching() as bench:
        while bench.player.filter_index:
            await bench.press("4", "f")
        await bench.press("slash")
        await bench.dialog()
        await bench.write("denied")
        await bench.press("enter")
        await bench.closed()
        await bench.press("I")
        assert bench.screen.place == "story"
        await bench.until(lambda: "packet 6" in bench.text())


# --- branches ---------------------------------------------------------------------------------


async def test_branches_are_visited_and_compared() -> None:
    async with benching(size=LARGE) as bench:
        await bench.press("home")
        await bench.command("clear acl-plugin sessions")
        await bench.press("6")
        assert isinstance(bench.screen.places["branches"], BranchesPlace)
        rows = await all_of(bench)
        assert rows == [BranchTarget("main"), BranchTarget("branch-1")]
        assert "* branch-1" in bench.text()
        await bench.press("up", "c")
        assert bench.screen.place == "story"
        await bench.until(lambda: "now > main" in bench.text())
        assert "differences" in bench.text()
        await bench.press("escape", "enter")
        assert "at the end of branch main" in bench.status()
        assert bench.bench.snapshot().packets.read == 6
        assert "* main" in bench.text()
        await bench.press("c")
        await bench.until(lambda: "no difference" in bench.text())


async def test_w_compares_two_points() -> None:
    async with benching(size=LARGE) as bench:
        here = bench.bench.now
        await bench.press("w")
        await bench.dialog()
        await bench.press("enter")  # what stands there: start now
        await bench.closed()
        await bench.until(lambda: bench.screen.place == "story")
        await bench.until(lambda: "start > now" in bench.text())
        assert "session" in bench.text()
        assert bench.bench.now == here
        await bench.press("w")
        await bench.dialog()
        await bench.press(*["backspace"] * 9)
        await bench.write("now")
        await bench.press("enter")
        assert bench.top is not bench.screen  # it is said what is missing
        await bench.press("escape")
        await bench.closed()


async def test_points_that_there_are_not_are_said() -> None:
    async with benching(size=LARGE) as bench:
        await bench.press("w")
        await bench.dialog()
        await bench.press(*["backspace"] * 9)
        await bench.write("here there")
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: bench.player.live.error)
        assert bench.screen.place == "bench"
        assert "here" in bench.status()


async def test_the_cursor_stays_on_what_it_is_on_while_playing() -> None:
    async with benching(busy_bench, LARGE) as bench:
        await bench.click("#workers TextPanel", SessionTarget(1, 0))
        await bench.press("space")
        start = bench.bench.now
        await bench.until(lambda: bench.bench.now > start + 100_000_000)
        await bench.press("space")
        assert bench.cursor() == SessionTarget(1, 0)
        assert "›  0 10.0.0.2" in bench.text("#workers TextPanel") or "›" in bench.text(
            "#workers TextPanel"
        )
