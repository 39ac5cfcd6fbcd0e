"""What is done to the bench by key: dialogs, the menu, and a command that goes on beside."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Static

from aclbench.errors import AclbenchError
from aclbench.tui.app import AclbenchApp
from aclbench.tui.dialogs import InterfaceDialog, Menu, OpenDialog, SendDialog, TimeoutDialog
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.doing import OpenBench
from aclbench.tui.live import MakeBench
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.targets import SessionTarget
from aclbench.tui.units import NS_PER_S
from aclbench.tui.workers.panel import WorkerPanel
from aclbench.workbench.inquiry.timeline import MARK_KINDS
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.workbench import Workbench
from tui.bench import at_once, busy_bench, capture_bench, make_bench, one_opening
from tui.piloting import LARGE, SMALL, Bench, benching


def rests(bench: Bench) -> Callable[[], bool]:
    """No command is under way, and none waits."""
    return lambda: bench.player.underway.task is None and not bench.screen._runner._waiting


# --- sending --------------------------------------------------------------------------------------


async def test_a_packet_is_crafted_and_sent_and_answered() -> None:
    async with benching(make_bench) as bench:
        await bench.press("i")
        assert isinstance(await bench.dialog(), SendDialog)
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: bench.bench.snapshot().packets.read == 1)
        assert bench.bench.snapshot().sessions.live == 1
        assert "permitted" in bench.status()
        # The dialog remembers it, and F3 makes the answer.
        await bench.press("i")
        await bench.dialog()
        await bench.press("f3", "enter")
        await bench.closed()
        await bench.until(lambda: bench.bench.snapshot().packets.read == 2)
        assert bench.bench.snapshot().sessions.live == 1
        assert bench.bench.snapshot().packets.permitted == 2


async def test_a_packet_is_explained_and_not_sent() -> None:
    async with benching(make_bench, LARGE) as bench:
        await bench.press("i")
        await bench.dialog()
        await bench.press("f2")
        await bench.closed()
        await bench.until(lambda: "permitted" in bench.region._output.text)
        assert bench.region.is_open
        assert bench.bench.snapshot().packets.read == 0


async def test_escape_sends_nothing() -> None:
    async with benching(make_bench) as bench:
        await bench.press("i")
        await bench.dialog()
        await bench.press("escape")
        await bench.closed()
        assert bench.bench.snapshot().packets.read == 0


# --- the menu -------------------------------------------------------------------------------------


async def test_the_menu_says_what_each_entry_does() -> None:
    async with benching(open_bench=opener([])) as bench:
        await bench.press("d")
        menu = await bench.dialog()
        assert isinstance(menu, Menu)
        rows = menu.query_one(PickList).rows
        assert [row[0] for row in rows] == ["c", "i", "t", "p", "s", "b", "o"]
        await bench.press("down")
        line = menu.query_one("#dialog-line", Static)
        assert "ACLs off, delete it" in str(line.render())
        await bench.press("escape")
        await bench.closed()


async def test_where_none_can_be_opened_the_menu_offers_none() -> None:
    async with benching() as bench:
        await bench.press("d")
        menu = await bench.dialog()
        assert [row[0] for row in menu.query_one(PickList).rows] == ["c", "i", "t", "p", "s", "b"]


async def clear_is_seen(bench: Bench) -> None:
    """In the log and on the timeline; and, step by step backwards, in the flags and the cleaner."""
    assert bench.bench.snapshot().sessions.live == 0
    await bench.press("e")  # the cleaner looks whether all are done
    kinds = [row.event.kind for row in bench.player.log.last(200, 0)]
    for kind in ("clear started", "sweep started", "deleted", "sweep finished", "clear finished"):
        assert kind in kinds
    assert bench.screen.frame is not None
    timeline = bench.screen.frame.timeline
    assert timeline is not None
    assert sum(column.counts[MARK_KINDS.index("cleared")] for column in timeline.columns) == 3
    seen = set()
    for _ in range(40):
        await bench.press("b")
        panel = bench.text("#workers TextPanel")
        seen |= {word for word in ("●clear", "swipe end  +", "to clear ■") if word in panel}
        if "no clear" not in bench.text("#cleaner"):
            seen.add("cleaner")
        if len(seen) == 4:
            break
    assert seen == {"●clear", "swipe end  +", "to clear ■", "cleaner"}


async def test_all_sessions_are_cleared() -> None:
    async with benching(size=LARGE) as bench:
        await bench.choose("d", "c")
        await bench.until(rests(bench))
        await clear_is_seen(bench)


async def test_acls_are_taken_off_and_the_clear_is_seen() -> None:
    async with benching() as bench:
        await bench.press("d", "i")
        await bench.until(lambda: isinstance(bench.top, InterfaceDialog))
        await bench.settle()
        dialog = bench.top
        rows = dialog.query_one(PickList).rows
        number = next(n for n, row in enumerate(rows) if "ACLs off" in row)
        await bench.press("tab", *["down"] * number)
        assert "del" in str(dialog.query_one("#dialog-line", Static).render())
        await bench.press("enter")
        await bench.closed()
        await bench.until(rests(bench))
        interface = bench.bench.snapshot().interfaces[1]
        assert interface.input_acls == interface.output_acls == ()
        await clear_is_seen(bench)


async def test_timeouts_are_changed_while_playing() -> None:
    async with benching(size=LARGE) as bench:
        await bench.press("space")
        await bench.press("d", "t")
        await bench.until(lambda: isinstance(bench.top, TimeoutDialog))
        await bench.settle()
        await bench.press("end", "backspace")
        await bench.write("9")
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: bench.bench.snapshot().session_timeout[0] == 9 * NS_PER_S)
        assert bench.bench.snapshot().session_timeout[1:] == (20 * NS_PER_S, 2 * NS_PER_S)
        await bench.until(lambda: bench.player.transport.playing)  # it goes on behind the command
        await bench.press("space")
        await bench.settle()
        assert "timeout 9 s" in bench.text("#workers TextPanel")


async def test_a_packet_by_the_menu() -> None:
    async with benching(make_bench) as bench:
        await bench.press("d", "p")
        await bench.until(lambda: isinstance(bench.top, SendDialog))
        await bench.settle()
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: bench.bench.snapshot().packets.read == 1)


async def test_the_run_is_saved_and_goes_on_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with benching() as bench:
        await bench.press("d", "s")
        await bench.until(lambda: bench.top.query("#text"))
        await bench.settle()
        await bench.press("enter")
        await bench.closed()
        await bench.until(rests(bench))
        assert (tmp_path / "my.run").is_file(), bench.status()
        assert "my.run" in bench.status()
        assert not bench.player.live.error


async def test_a_branch_is_begun_and_has_its_name() -> None:
    async with benching() as bench:
        await bench.press("d", "b")
        await bench.until(lambda: bench.top.query("#text"))
        await bench.settle()
        await bench.press("enter")
        await bench.closed()
        await bench.until(rests(bench))
        assert "on what-if" in bench.status()
        assert [each.name for each in bench.bench.branches()] == ["main", "what-if"]


# --- another bench --------------------------------------------------------------------------------


def opener(asked: list[str]) -> OpenBench:
    def open_bench(line: str) -> tuple[MakeBench, str]:
        asked.append(line)
        if line == "backlog":
            raise AclbenchError("it is too large for a test")
        return at_once(lambda: busy_bench(4)), f"opened {line}"

    return open_bench


async def test_another_one_is_opened() -> None:
    asked: list[str] = []
    async with benching(size=LARGE, open_bench=opener(asked)) as bench:
        await bench.press("3", "space", "ctrl+o")
        assert isinstance(await bench.dialog(), OpenDialog)
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: "opened aging" in bench.status())
        assert asked == ["aging"]
        assert bench.screen.place == "bench"
        assert not bench.player.transport.playing
        assert len(bench.player.live.threads) == 4
        bench.lies_inside()
        # It is what restarts from then on.
        await bench.press("e", "r")
        await bench.dialog()
        await bench.press("r")
        await bench.closed()
        await bench.until(lambda: bench.offset() == 1_300_000_000)
        assert "opened aging" in bench.status()
        assert bench.offset() == 1_300_000_000


def endless() -> Slices[Workbench]:
    """A bench that takes for ever to be made."""
    number = 0
    while True:
        number += 1
        yield Progress(number, unit="lines")


@pytest.mark.usefixtures("slow")
async def test_one_that_takes_long_leaves_the_screen_to_the_keys() -> None:
    """And this one is there until it is ready; Esc stops it."""
    made: list[Workbench] = []

    def slowly() -> Slices[Workbench]:
        for number in range(9):
            yield Progress(number, 9, "lines")
        made.append(busy_bench(4))
        return made[0]

    async with benching(make_bench) as bench:
        here, at = bench.bench, bench.offset()
        bench.player._make_bench = endless
        await bench.press("r")
        await bench.until(lambda: "restart, " in bench.status())
        await bench.press("3", "1", "tab", "s")
        assert "is under way; Esc stops it" in bench.status()
        bench.lies_inside()
        await bench.press("escape")
        assert "stopped" in bench.status()
        assert (bench.bench, bench.offset()) == (here, at)
        bench.player._make_bench = slowly
        await bench.press("r")
        await bench.until(lambda: "restarted" in bench.status())
        assert bench.bench is made[0]
        await bench.until(lambda: len(bench.screen.query(WorkerPanel)) > 1)
        bench.lies_inside()


@pytest.mark.usefixtures("slow")
async def test_a_jump_to_much_that_is_due_leaves_the_screen_to_the_keys() -> None:
    def much_is_due(time: int) -> Slices[bool]:
        number = 0
        while True:
            number += 1
            yield Progress(number, unit="turns")

    async with benching() as bench:
        bench.bench.transport.running = much_is_due
        await bench.press("full_stop")
        await bench.until(lambda: "jump " in bench.status() and " turns" in bench.status())
        await bench.press("3", "1", "s")
        assert "is under way; Esc stops it" in bench.status()
        await bench.press("escape")
        assert "stopped" in bench.status()
        assert bench.player.underway.task is None


@pytest.mark.usefixtures("slow")
async def test_the_first_one_is_opened_behind_a_painted_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What it does is said, keys are heard, and Esc leaves."""
    app = AclbenchApp(endless, "a large one")
    async with app.run_test(size=SMALL) as pilot:
        for _ in range(200):
            await pilot.pause(0)
            if "lines" in (said := str(app.screen.query_one("#opening", Static).render())):
                break
        assert said.startswith("opening a large one: ")
        assert said.endswith("lines\nEsc stops it")
        await pilot.press("escape")
        for _ in range(20):
            await pilot.pause(0)
    assert app.return_code == 0
    said = capsys.readouterr().err
    assert re.fullmatch("opening a large one was stopped, [0-9,]+ lines\n", said)


async def test_one_that_cannot_be_opened_is_said_and_this_one_stays() -> None:
    asked: list[str] = []
    async with benching(open_bench=opener(asked)) as bench:
        here = bench.bench
        await bench.press("ctrl+o")
        await bench.dialog()
        await bench.press("b", "enter")
        await bench.closed()
        await bench.until(lambda: bench.player.live.error)
        assert asked == ["backlog"]
        assert "too large for a test" in bench.status()
        assert bench.bench is here


async def test_what_stood_in_a_place_is_that_of_the_new_bench() -> None:
    """No session of the old one is pointed at, told of or listed."""
    asked: list[str] = []

    def open_bench(line: str) -> tuple[MakeBench, str]:
        asked.append(line)
        return at_once(make_bench), "an empty one"

    async with benching(size=LARGE, open_bench=open_bench) as bench:
        await bench.press("3")
        await bench.until(lambda: "1/2" in bench.text())
        await bench.press("1")
        await bench.click("#workers TextPanel", SessionTarget(1, 0))
        await bench.press("ctrl+o")
        await bench.dialog()
        await bench.press("enter")
        await bench.closed()
        await bench.until(lambda: "an empty one" in bench.status())
        await bench.press("3")
        place = bench.screen.places["sessions"]
        assert isinstance(place, SessionsPlace)
        await bench.until(lambda: "there is no session" in bench.text())
        await bench.press("2")
        assert "no packet yet" in bench.text()
        await bench.press("4")
        assert "nothing has happened yet" in bench.text()


# --- beside the screen ----------------------------------------------------------------------------

LONG = "run 200h"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long command is parked after each of its slices, and one is worked on at a time."""
    for name in ("underway.FIRST_S", "underway.SLICE_S", "opening.SLICE_S"):
        monkeypatch.setattr(f"aclbench.tui.{name}", 0.0)


def lasting_bench() -> Workbench:
    """Sessions that stay for days."""
    bench = busy_bench()
    bench.cli("set acl-plugin session timeout udp idle 864000")
    return bench


async def begin_long(bench: Bench) -> None:
    bench.region.open(LONG)
    await bench.press("enter")
    assert bench.player.underway.task is not None
    await bench.until(lambda: f"{LONG} goes on" in str(bench.region.query_one(
        "#command-progress", Static).render()))  # fmt: skip


@pytest.mark.usefixtures("slow")
async def test_a_long_command_leaves_the_screen_to_the_keys() -> None:
    async with benching(lasting_bench) as bench:
        await bench.press("s")  # what is said of it makes room for how far the command is
        assert "step: " in bench.status()
        await begin_long(bench)
        await bench.press("escape")
        assert not bench.region.is_open
        assert bench.player.underway.task is not None
        assert "busy" in bench.status()
        assert f"{LONG} goes on; Esc stops it" in bench.status()
        before = bench.bench.now
        for key in "234567":
            await bench.press(key)
            assert bench.screen.place != "bench"
            bench.lies_inside()
        await bench.press("1", "tab", "down", "z", "z", "n", "v", "f")
        assert bench.cursor() is not None
        await bench.press("question_mark")
        await bench.press("escape")
        await bench.closed()
        assert bench.bench.now > before
        assert bench.player.underway.task is not None
        await bench.press("escape")
        assert bench.player.underway.task is None
        assert "stopped" in bench.status()
        assert "paused" in bench.status()
        here = bench.bench.now
        assert here < bench.player.live.started + 720_000 * NS_PER_S
        await bench.press("s")
        assert "step: " in bench.status()
        bench.bench.check_invariants()


@pytest.mark.usefixtures("slow")
async def test_a_pipe_whose_writer_stalls_is_waited_for_until_escape(tmp_path: Path) -> None:
    content, fifo = one_opening(tmp_path / "pcap").read_bytes(), tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, content[:99])
    async with benching(lambda: capture_bench(fifo)) as bench:
        bench.region.open("step")
        await bench.press("enter", "escape")
        assert "busy" in bench.status()
        await bench.press("escape")
        assert bench.player.underway.task is None
        assert "stopped" in bench.status()
        await bench.press("s")
        assert "waiting for the pipe" in bench.status()
        os.write(writer, content[99:])
        os.close(writer)
        await bench.press("s")
        assert "step: " in bench.status()


@pytest.mark.usefixtures("slow")
async def test_what_is_done_meanwhile_is_refused_in_words() -> None:
    async with benching(lasting_bench, open_bench=opener([])) as bench:
        await begin_long(bench)
        await bench.press("escape")
        side = bench.player.underway.task
        for key in (*"sepbmMrgaidw", "space", "home", "ctrl+o"):
            bench.player.live.say("")
            await bench.press(key)
            assert bench.top is bench.screen, key
            assert bench.player.underway.task is side, key
            assert f"{LONG} is under way; Esc stops it" in bench.status(), key
        await bench.press("escape")
        assert bench.player.underway.task is None


@pytest.mark.usefixtures("slow")
async def test_a_second_command_meanwhile_is_refused() -> None:
    async with benching(lasting_bench) as bench:
        await begin_long(bench)
        side = bench.player.underway.task
        bench.region.open("run 1s")
        await bench.press("enter")
        await bench.until(lambda: "is under way" in bench.region._output.text)
        assert bench.player.underway.task is side
        await bench.press("escape", "escape")
        assert bench.player.underway.task is None


@pytest.mark.usefixtures("slow")
async def test_leaving_meanwhile_ends_it() -> None:
    async with benching(lasting_bench) as bench:
        await begin_long(bench)
        side = bench.player.underway.task
        assert side is not None
    assert side.is_stopped


async def test_a_long_command_comes_to_its_end_by_itself() -> None:
    async with benching() as bench:
        bench.region.open("run 10min")
        await bench.press("enter")
        await bench.until(lambda: bench.region._output.text)
        assert bench.player.underway.task is None
        assert bench.offset() == 601_300_000_000
        assert "idle" in bench.status()
