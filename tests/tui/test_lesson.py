"""Lessons on the screen: done by keys, drawn at any width, left and gone on with."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.pilot import Pilot

from aclbench.tui.app import AclbenchApp, lesson_app, run_tui_lesson
from aclbench.tui.dialogs import Menu
from aclbench.tui.lesson.area import LessonArea
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.lesson.markdown import clean, markdown_lines
from aclbench.tui.lesson.pointing import target_at
from aclbench.tui.lesson.view import LessonView
from aclbench.tui.targets import (
    FieldTarget,
    KeyTarget,
    LineTarget,
    ListTarget,
    OptionTarget,
    SessionTarget,
)
from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import Experiment, Lesson, Predict, Task
from aclbench.tutor.progress import Progress, ProgressError
from aclbench.tutor.reading import read_lesson
from aclbench.workbench.tasks import Slices, done, finish
from tui.bench import busy_bench
from tui.looking import HEIGHTS, PLAIN, WIDTHS, assert_fits, few
from tui.piloting import LARGE, SMALL, Bench, Size, benching
from tui.test_looks import after

LESSONS = Path(__file__).parents[2] / "lessons"
QUESTION = "send pg0 udp 10.0.0.7:123 > 192.168.0.2:123"
ANSWER = "send pg1 udp 192.168.0.2:123 > 10.0.0.7:123"


@cache
def lesson(number: int = 1) -> Lesson:
    (path,) = LESSONS.glob(f"{number:02}-*.toml")
    return read_lesson(path)


def desk_at(step: int, folder: Path, number: int = 1) -> Desk:
    """A lesson at one of its steps."""
    run = LessonRun.begin(lesson(number))
    if step > 1:
        run.go_to(step)
    return desk_of(done(run), Progress(folder / "lessons.json"))


def desk_of(opening: Slices[LessonRun], progress: Progress) -> Desk:
    """A desk at which a lesson is open."""
    desk = Desk(opening, progress)
    finish(desk.opening())
    return desk


@asynccontextmanager
async def learning(desk: Desk, size: Size = SMALL) -> AsyncIterator[Bench]:
    async with benching(lambda: desk.run.bench, size=size, desk=desk) as bench:
        yield bench


def shown(bench: Bench) -> str:
    """The lesson as it stands on the screen, its lines joined."""
    panel = "#lesson" if bench.screen.place == "lesson" else "#lesson-panel"
    return " ".join(bench.text(panel).split())


async def do(bench: Bench, *keys: str) -> None:
    """Press keys, and wait for what they had the lesson do."""

    def rests() -> bool:
        return bench.player.underway.task is None and not bench.screen.loop_runs

    for key in keys:
        await bench.press(key)
        await bench.until(rests)
        await bench.settle()


# --- by keys ------------------------------------------------------------------------------------


async def test_what_cannot_be_kept_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not with each step that is done."""
    desk = desk_at(1, tmp_path)

    def full() -> None:
        raise ProgressError("the disk is full")

    said: list[str] = []
    async with learning(desk) as bench:
        monkeypatch.setattr(desk, "save", full)
        monkeypatch.setattr(bench.player.live, "say", lambda text, error=False: said.append(text))
        await do(bench, "y", "3", "enter", "y")
    assert [text for text in said if "not kept" in text] == [
        "progress is not kept: the disk is full"
    ]
    assert desk.step.number == 3


async def test_a_whole_lesson_by_keys_with_a_break_in_its_middle(tmp_path: Path) -> None:
    desk = desk_at(1, tmp_path)
    run = desk.run
    async with learning(desk) as bench:
        assert bench.screen.place == "lesson"
        assert "1/7 reading" in shown(bench)
        await do(bench, "y", "y")
        assert "make a prediction" in bench.status()
        await do(bench, "1", "enter")
        assert "You said otherwise. It is 3" in shown(bench)
        assert "so it enters" in shown(bench)
        await do(bench, "y", "y")
        assert "run the experiment" in bench.status()
        await do(bench, "x")
        assert "There is now 1 session" in shown(bench)
        await do(bench, "y", "down", "down", "down", "enter")
        assert "You said so" in shown(bench)
        await do(bench, "y", "4", "enter")
        assert "You were not sure. It is 2" in shown(bench)
        await do(bench, "y", "pagedown")
        assert "● part 1 of 4 holds" in shown(bench)
        assert "○ no packet 192.168.0.2:123 >" in shown(bench)
        await bench.command(QUESTION)
        await do(bench, "y")
        assert "3 of 4 parts hold" in bench.status()
        await do(bench, "h")
        assert "Hint 1 of 3 What let the answer" in shown(bench)
        desk.save()
    run.close()

    progress = Progress(tmp_path / "lessons.json")
    desk = desk_of(progress.resuming(lesson()), progress)
    assert desk.step.number == 6
    async with learning(desk) as bench:
        sessions = bench.bench.snapshot().sessions
        assert sessions.live == 2
        await do(bench, "u")
        assert bench.bench.snapshot().sessions.live == 1
        await do(bench, "pagedown")
        assert "Hint 1 of 3" in shown(bench)
        await bench.command(QUESTION)
        await bench.command(ANSWER)
        assert "● part 3 of 4 holds (it was: no packet" in shown(bench)
        assert "[8 lesson ●]" in bench.text("#tabs")
        assert progress.lessons()[lesson().name].done == (
            1,
            2,
            3,
            4,
            5,
            6,
        )
        await do(bench, "y", "y")
        assert "The lesson is finished" in shown(bench)
        assert "engine.datapath:Datapath.add" in shown(bench)
        await do(bench, "y")
        assert "the lesson is finished" in bench.status()
    kept = progress.lessons()[lesson().name]
    assert kept.finished
    assert [guess.right for guess in kept.predictions] == [False, True, None]


async def test_nothing_is_guessed_by_a_key_that_comes_too_early(tmp_path: Path) -> None:
    desk = desk_at(2, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "enter")
        assert not desk.run.predictions
        assert "Enter gives it" in bench.status()
        await do(bench, "9")
        assert "there is no answer 9" in bench.status()
        await do(bench, "2")
        assert bench.pointed_at() == OptionTarget(1)
        assert not desk.run.predictions


async def test_an_open_question_shows_no_answer(tmp_path: Path) -> None:
    desk = desk_at(2, tmp_path)
    async with learning(desk, LARGE) as bench:
        assert "so it enters" not in shown(bench)
        assert bench.bench.snapshot().packets.read == 0
        await do(bench, "1", "enter")
        assert "so it enters" in shown(bench)
        await do(bench, "U")
        assert "so it enters" not in shown(bench)
        assert "It is 3" not in shown(bench)
        assert bench.bench.snapshot().packets.read == 0


async def test_a_step_back_and_on_again_finds_the_bench_as_it_has_to_be(tmp_path: Path) -> None:
    desk = desk_at(3, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "x", "y", "Y")
        assert (desk.step.number, bench.bench.snapshot().sessions.live) == (3, 0)
        await do(bench, "y")
        assert (desk.step.number, bench.bench.snapshot().sessions.live) == (4, 1)
        assert not desk.notes
        await do(bench, "Y", "Y", "Y", "Y")
        assert "this is the first step" in bench.status()


async def test_the_bench_is_one_and_the_log_is_that_of_where_one_is(tmp_path: Path) -> None:
    desk = desk_at(6, tmp_path)
    async with learning(desk, LARGE) as bench:

        def packets() -> int:
            return sum(row.event.kind == "packet" for row in bench.player.log.last(5000, 0))

        held = bench.player.bench
        assert packets() == 4
        await bench.command(QUESTION)
        assert packets() == 5
        await do(bench, "u")
        assert packets() == 4
        await do(bench, "Y", "U")
        assert bench.player.bench is held is desk.run.bench
        assert bench.player.live.threads == (1,)


async def test_hints_come_one_by_one_and_the_solution_asks_before_it_runs(tmp_path: Path) -> None:
    desk = desk_at(6, tmp_path)
    async with learning(desk, LARGE) as bench:
        await do(bench, "h", "h", "h", "h")
        assert "Hint 3 of 3" in shown(bench)
        await bench.press("H")
        await bench.until(lambda: "A solution" in shown(bench))
        assert not desk.done
        await bench.choose("H", "n")
        assert not desk.done
        await bench.choose("H", "y")
        await bench.until(lambda: desk.done)
        await bench.settle()
        assert "● part 3 of 4 holds" in shown(bench)


@pytest.mark.parametrize("size", [(40, 12), (119, 30), (120, 24), (200, 60)], ids=str)
async def test_the_whole_screen_fits(tmp_path: Path, size: Size) -> None:
    desk = desk_at(6, tmp_path, number=7)
    async with learning(desk, size) as bench:
        for place in ("bench", "packets", "plot", "lesson", "story"):
            await bench.screen.action_place(place)
            await bench.settle()
            bench.lies_inside()


async def test_help_is_for_tasks_and_it_is_said(tmp_path: Path) -> None:
    desk = desk_at(1, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "h")
        assert "for tasks; this step is a reading" in bench.status()
        await do(bench, "x")
        assert "nothing to run" in bench.status()


async def test_to_and_fro_below_120_columns_and_hidden_from_there_on(tmp_path: Path) -> None:
    desk = desk_at(2, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "l")
        assert bench.screen.place == "bench"
        assert not bench.screen.query_one("#lesson-panel").display
        await do(bench, "8")
        assert bench.screen.place == "lesson"
        await bench.pilot.resize_terminal(*LARGE)
        await do(bench, "l")
        assert bench.screen.place == "bench"
        assert "What becomes of it?" in shown(bench)
        await do(bench, "l")
        assert not bench.screen.query_one("#lesson-panel").display
        await do(bench, "2")
        assert bench.screen.place == "packets"
        await do(bench, "l")
        assert "What becomes of it?" in shown(bench)
        bench.lies_inside()


async def test_digits_are_answers_in_the_panel_until_the_cursor_is_taken_off(
    tmp_path: Path,
) -> None:
    desk = desk_at(1, tmp_path)
    async with learning(desk, LARGE) as bench:
        await do(bench, "y", "2")
        assert bench.pointed_at() == OptionTarget(1)
        await do(bench, "escape", "4")
        assert bench.screen.place == "log"
        await do(bench, "1", "shift+tab", "up", "enter")
        assert [guess.choice for guess in desk.run.predictions] == ["It reaches the inside"]


async def test_the_mouse(tmp_path: Path) -> None:
    desk = desk_at(2, tmp_path)
    async with learning(desk, LARGE) as bench:
        await bench.click("#lesson-panel", OptionTarget(0))
        assert not desk.run.predictions
        await bench.click("#lesson-panel", OptionTarget(0))
        await bench.until(lambda: desk.run.predictions)
        await bench.click("#lesson-panel", KeyTarget("lesson_next"))
        await bench.until(lambda: desk.step.number == 3)
        await bench.click("#lesson-panel", KeyTarget("lesson_run"))
        await bench.until(lambda: desk.shown)
        line = LineTarget("send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53")
        await bench.settle()
        await bench.click("#lesson-panel", line)
        assert bench.region.is_open
        assert bench.region._input.value == line.line


async def test_an_experiment_puts_the_cursor_where_to_look(tmp_path: Path) -> None:
    desk = desk_at(3, tmp_path)
    async with learning(desk, LARGE) as bench:
        await do(bench, "x")
        assert bench.pointed_at() == SessionTarget(1, 0)
        await do(bench, "enter")
        assert bench.screen.place == "story"


async def test_a_goal_is_ticked_off_while_the_lesson_is_not_in_sight(tmp_path: Path) -> None:
    desk = desk_at(6, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "l")
        await bench.command(QUESTION)
        await bench.command(ANSWER)
        assert "step 6 is done: y goes on" in bench.status()
        assert "8 lesson ●" in bench.text("#tabs")


async def test_the_menu_skips_goes_to_steps_tells_and_restarts(tmp_path: Path) -> None:
    desk = desk_at(2, tmp_path)
    async with learning(desk) as bench:
        await bench.choose("L", "s")
        await bench.until(lambda: desk.step.number == 3)
        assert bench.bench.snapshot().packets.read == 1
        await bench.press("L")
        await bench.dialog()
        await bench.press("t")
        await bench.until(lambda: isinstance(bench.top, Menu) and "step" in bench.top._title)
        await bench.press("6")
        await bench.until(lambda: desk.step.number == 6)
        await bench.choose("L", "a")
        await bench.until(lambda: "Datapath.acl_node" in shown(bench))
        await bench.choose("L", "r")
        await bench.until(lambda: desk.step.number == 1)
        assert desk.run.done == {1}


async def test_a_guess_that_is_stopped_is_none_and_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_at(4, tmp_path, number=6)
    async with learning(desk) as bench:
        begin = bench.offset()
        with monkeypatch.context() as patched:
            patched.setattr("aclbench.tui.underway.FIRST_S", 0.0)  # it parks as soon as it can
            bench.screen.query_one(LessonArea).give_answer(0)
        assert bench.player.underway.task is not None
        await bench.screen.action_leave()
        await bench.settle()
        assert "stopped" in bench.status()
        assert bench.offset() == begin  # without an undo
        assert not desk.run.predictions
        await do(bench, "u")
        assert bench.offset() == begin
        await do(bench, "1", "enter")
        assert len(desk.run.predictions) == 1
        assert desk.outcome is not None


async def test_what_is_stopped_is_put_back_while_the_screen_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Esc once more changes nothing of that."""
    desk = desk_at(4, tmp_path, number=6)
    putting_back, may_end = desk.run._returning_to, threading.Event()

    def slowly(there: Any) -> Slices[None]:
        while not may_end.is_set():
            yield None
        yield from putting_back(there)

    async with learning(desk) as bench:
        begin = bench.offset()
        monkeypatch.setattr(desk.run, "_returning_to", slowly)
        with monkeypatch.context() as patched:
            patched.setattr("aclbench.tui.underway.FIRST_S", 0.0)
            bench.screen.query_one(LessonArea).give_answer(0)
        for _ in range(2):
            await bench.screen.action_leave()
            await bench.settle()
            assert "putting back " in bench.status()
            assert "stopped" not in bench.status()
        await bench.press("3", "1")
        may_end.set()
        await bench.until(lambda: bench.player.underway.task is None)
        assert "stopped" in bench.status()
        assert bench.offset() == begin
        assert not desk.run.predictions


async def test_a_lesson_keeps_its_bench(tmp_path: Path) -> None:
    desk = desk_at(3, tmp_path)
    async with learning(desk) as bench:
        await do(bench, "x", "r", "ctrl+o")
        assert bench.top is bench.screen
        assert bench.bench.snapshot().sessions.live == 1


async def test_what_cannot_be_saved_is_said_and_the_lesson_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    desk = desk_at(1, blocked)
    async with learning(desk) as bench:
        await do(bench, "y")
        assert "cannot be written" in bench.status()
        assert desk.step.number == 2


async def test_without_a_lesson_there_is_nothing_of_it() -> None:
    async with benching(busy_bench, size=LARGE) as bench:
        await do(bench, "8", "y", "l")
        assert bench.screen.place == "bench"
        assert "lesson" not in bench.text("#tabs")


def test_leaving_keeps_where_one_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, progress = LessonRun.begin(lesson()), Progress(tmp_path / "lessons.json")

    async def use(pilot: Pilot[None]) -> None:
        bench = Bench(pilot)
        await bench.until(lambda: bench.screen.frame is not None)
        run.advance()
        run.bench.cli(QUESTION)
        pilot.app.exit()

    app_run = AclbenchApp.run
    monkeypatch.setattr(AclbenchApp, "run", lambda app: app_run(app, headless=True, auto_pilot=use))
    run_tui_lesson(lesson(), done(run), progress)
    resumed = progress.resume(lesson())
    assert resumed.step.number == 2
    assert resumed.bench.snapshot().sessions.live == 1


# --- drawn --------------------------------------------------------------------------------------


@cache
def places() -> tuple[LessonView, ...]:
    """Lessons at all sorts of steps, with all that can be asked for."""
    folder = Path("/nonexistent")
    desks = [desk_at(step, folder) for step in range(1, 8)]
    for desk in desks:
        if desk.asks:
            guessed = desk_at(desk.step.number, folder)
            finish(guessed.guess(1))
            desks.append(guessed)
    task, tried, finished = desks[5], desk_at(3, folder), desk_at(7, folder)
    for _ in range(3):
        task.next_hint()
    task.show_solution()
    task.switch_about()
    finish(tried.try_it())
    finish(finished.go_on())
    finished.notes.append("a note that is so long that it does not fit into one line of a panel")
    return tuple(LessonView(desk, {"lesson_next": "y"}) for desk in [*desks, tried, finished])


@few
@given(place=st.sampled_from(range(12)), width=WIDTHS, height=HEIGHTS, page=st.integers(-2, 5))
def test_a_lesson_fits_at_any_size(place: int, width: int, height: int, page: int) -> None:
    drawer = places()[place]
    drawer.move_page(page)
    assert_fits(drawer.drawn(width, height, PLAIN), width, height)


@pytest.mark.parametrize("height", [20, 60])
def test_the_last_line_says_less_and_is_not_cut_where_there_is_little_room(
    tmp_path: Path, height: int
) -> None:
    """At 120 columns the panel has 43."""
    for step in range(1, 8):
        view = LessonView(desk_at(step, tmp_path), {"lesson_next": "y", "lesson_hint": "h"})
        last = view.drawn(43, height, PLAIN).lines[-1].plain
        assert last.strip()
        assert "…" not in last
        whole = view.drawn(120, height, PLAIN).lines[-1].plain
        assert whole.startswith(last.split("  PgDn")[0].rstrip())


def test_a_long_title_leaves_room_for_the_step(tmp_path: Path) -> None:
    place = LessonView(desk_at(1, tmp_path, number=7), {})
    first = place.drawn(39, 20, PLAIN).lines[0].plain
    assert "…" in first
    assert first.endswith(f" 1/{len(lesson(7).steps)} ● ")


@few
@given(text=st.text(alphabet="ab _*`\\-#>1.\n\t界é\x1b", max_size=200), width=st.integers(2, 60))
@example(text="\t1", width=2)
def test_any_markdown_fits_and_has_nothing_that_moves_a_cursor(text: str, width: int) -> None:
    for line in markdown_lines(text, width, PLAIN):
        assert line.text.cell_len <= width
        assert line.plain.isprintable()


@pytest.mark.parametrize(
    "text",
    ["`" * 20_000, "*a" * 10_000, "**" * 10_000, "    x\n" * 3_000, "> " * 9_000, "a" * 20_000],
)
def test_markdown_of_a_hostile_lesson_takes_no_long(text: str) -> None:
    assert len(markdown_lines(text, 40, PLAIN)) < 20_000


def test_markdown() -> None:
    text = (
        "An **ACL** is a\n*list* of `vpp_wk_0` rules, 2 * 3.\n\n- one\n  more\n- two\n\n"
        "    show acl-plugin acl\n\n```\na\n  b\n```\nend\n\n# Head\n> said"
    )
    lines = [line.plain for line in markdown_lines(text, 30, PLAIN)]
    assert lines == [
        "An ACL is a list of vpp_wk_0",
        "rules, 2 * 3.",
        "",
        "• one more",
        "• two",
        "",
        "  show acl-plugin acl",
        "",
        "  a",
        "    b",
        "",
        "end",
        "",
        "Head",
        "",
        "│ said",
    ]
    assert clean("a\x1b[2Jb\tc") == r"a\x1b[2Jb  c"


def test_a_long_command_is_cut_at_blanks_and_is_still_one() -> None:
    line = "send pg1 udp 192.168.0.2:5300 > 10.0.0.2:5353"
    drawn = markdown_lines(f"    {line}", 36, PLAIN)
    assert [row.plain for row in drawn] == [
        "  send pg1 udp 192.168.0.2:5300 >",
        "      10.0.0.2:5353",
    ]
    assert {spot[2] for row in drawn for spot in row.spots} == {LineTarget(line)}


def test_where_a_lesson_says_to_look() -> None:
    snapshot = busy_bench().snapshot()
    assert target_at("session 1/0", snapshot) == SessionTarget(1, 0)
    assert target_at("list vpp_wk_1 udp_idle", snapshot) == ListTarget(2, 0)
    assert target_at("field cleaner wait_interval", snapshot) == FieldTarget(
        "cleaner", "wait_interval"
    )
    for odd in ("", "session 1", "session a/b", "list nobody udp_idle", "the log"):
        assert target_at(odd, snapshot) is None


def test_80x24(snap_compare: Any, tmp_path: Path) -> None:
    app = lesson_app(lesson(), desk_at(4, tmp_path))
    assert snap_compare(app, terminal_size=(80, 24), run_before=after("1", "enter"))


def test_120x40(snap_compare: Any, tmp_path: Path) -> None:
    app = lesson_app(lesson(), desk_at(6, tmp_path))
    assert snap_compare(app, terminal_size=(120, 40), run_before=after("h"))


@pytest.mark.parametrize(
    "number",
    # The long ones have no kind of step and no kind of command that these two have not.
    [5, 17, *(pytest.param(number, marks=pytest.mark.long) for number in (9, 10, 11, 15))],
)
async def test_a_lesson_can_be_done_by_keys_at_80x24(number: int, tmp_path: Path) -> None:
    """From first to last: an answer, an experiment, the solution's lines typed, and on.

    Among them are all kinds of steps, on a new bench or not, and all commands that lessons ask for.
    Others are done at the prompt (`repl/test_learn.py`), and every way through them.
    """
    desk = desk_at(1, tmp_path, number)
    run = desk.run
    async with learning(desk) as bench:
        while not run.finished:
            step = run.step
            if isinstance(step, Predict):
                await do(bench, "1", "enter")
            elif isinstance(step, Experiment):
                await do(bench, "x")
            elif isinstance(step, Task):
                for line in step.solution:
                    await bench.command(line)
                    await bench.until(lambda: bench.player.underway.task is None)
            number_before = step.number
            await do(bench, "y")
            assert run.finished or run.step.number == number_before + 1, bench.status()
    assert run.done == set(range(1, 1 + len(run.lesson.steps)))
    run.close()
