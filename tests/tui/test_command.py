"""The command line as someone types into it: completion, `?`, history, output."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from aclbench.errors import AclbenchError
from aclbench.tui.app import STYLES
from aclbench.tui.command.completing import common_beginning
from aclbench.tui.command.history import KEPT, HistorySuggester, LineHistory
from aclbench.tui.command.line import CommandInput, CommandRegion, refusal
from aclbench.tui.command.output import KEPT as KEPT_OUTPUT
from aclbench.tui.command.output import OutputPane, wrapped
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.palette import palette_of
from aclbench.workbench.grammar import GrammarError
from aclbench.workbench.workbench import Workbench
from tui.bench import make_bench

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


class Host(App[None]):
    """An app with nothing but the region, which runs what is typed on a bench."""

    CSS_PATH = STYLES

    CSS = "Screen { layers: bench over; }"
    AUTO_FOCUS = ""

    def __init__(self, bench: Workbench | None = None, history: LineHistory | None = None) -> None:
        super().__init__()
        self.bench = bench
        self.history = history or LineHistory()
        self.quits = 0

    def compose(self) -> ComposeResult:
        yield Static("the bench")
        yield CommandRegion(lambda: self.bench, self.history, id="command")

    def on_mount(self) -> None:
        self.region.open()

    @property
    def region(self) -> CommandRegion:
        return self.query_one(CommandRegion)

    @property
    def line(self) -> CommandInput:
        return self.query_one(CommandInput)

    @property
    def output(self) -> str:
        return self.query_one(OutputPane).text

    @property
    def candidates(self) -> PickList:
        return self.query_one(PickList)

    def on_command_region_submitted(self, event: CommandRegion.Submitted) -> None:
        if self.bench is None:
            return
        try:
            self.region.answer(self.bench.cli(event.line) or "done")
        except AclbenchError as error:
            self.region.refuse(error, event.line)

    def on_command_region_quit(self) -> None:
        self.quits += 1


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Text as if it were pasted; a `?` at its end is a key."""
    pilot.app.query_one(CommandInput).insert_text_at_cursor(text.removesuffix("?"))
    await press(pilot, *(["question_mark"] if text.endswith("?") else []))


# --- completion -------------------------------------------------------------------------------


@SIZES
async def test_tab_completes_and_walks(size: tuple[int, int]) -> None:
    host = Host(make_bench())
    async with host.run_test(size=size) as pilot:
        await type_in(pilot, "sh")
        await press(pilot, "tab")
        # A candidate that is alone is done.
        assert host.line.value == "show "
        assert not host.candidates.display
        await press(pilot, "tab")
        assert host.candidates.display
        assert host.candidates.region.bottom <= host.line.region.y
        assert host.line.value == "show "
        await press(pilot, "tab", "tab")
        assert host.line.value == "show clock"
        assert "show the virtual time" in host.candidates.rows[1]
        await press(pilot, "shift+tab")
        assert host.line.value == "show acl-plugin"
        await press(pilot, "shift+tab")
        last = host.candidates.rows[-1].split()[0]
        assert host.line.value == f"show {last}"
        await press(pilot, "down")
        assert host.line.value == "show acl-plugin"
        # Typing on ends the walk.
        await press(pilot, "space")
        assert host.line.value == "show acl-plugin "
        assert not host.candidates.display
        assert host.line.has_focus


async def test_of_several_the_common_part_comes_first() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "show i")
        await press(pilot, "tab")
        assert host.candidates.display
        assert host.line.value == "show i"
        await type_in(pilot, "nt")
        await press(pilot, "tab")
        assert host.line.value == "show interface "
        host.line.value = "set interface state p"
        host.line.cursor_position = len(host.line.value)
        await press(pilot, "tab")
        assert host.line.value == "set interface state pg"
        await press(pilot, "tab")
        assert host.line.value == "set interface state pg0"


async def test_what_stands_behind_the_cursor_stays() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        host.line.value = "sho clock"
        host.line.cursor_position = 3
        await press(pilot, "tab")
        assert host.line.value == "show clock"
        assert host.line.cursor_position == 4


async def test_escape_closes_the_list_first() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "show ")
        await press(pilot, "tab", "tab", "escape")
        assert not host.candidates.display
        assert host.region.is_open
        assert host.line.value == "show acl-plugin"
        await press(pilot, "escape")
        assert not host.region.is_open


async def test_a_candidate_is_clicked() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "show ")
        await press(pilot, "tab")
        await pilot.click(PickList, offset=(4, 1))
        await pilot.pause()
        assert host.line.value == "show clock "
        assert not host.candidates.display
        assert host.line.has_focus


async def test_nothing_to_complete_is_said() -> None:
    for bench in (make_bench(), None):
        host = Host(bench)
        async with host.run_test(size=(80, 24)) as pilot:
            await type_in(pilot, "zzz ")
            await press(pilot, "tab")
            assert "nothing that is known" in str(host.query_one("#command-note").render())
            assert host.line.value == "zzz "
            await type_in(pilot, "a")
            assert not host.query_one("#command-note").display


def test_common_beginning() -> None:
    assert common_beginning(["abc", "abd", "ab"]) == "ab"
    assert common_beginning(["x"]) == "x"
    assert common_beginning(["x", "y"]) == ""


# --- ? ----------------------------------------------------------------------------------------


async def test_a_question_mark_lists_what_can_come_next() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "set interface state ?")
        assert host.line.value == "set interface state "
        assert "<interface>" in host.output
        assert "pg0" in host.output
        await type_in(pilot, "pgx up?")
        assert "error: " in host.output
        assert "\n" + " " * 21 + "^\n" in host.output


async def test_in_quotes_it_is_a_character() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, 'exec "a?')
        assert host.line.value == 'exec "a?'
        assert not host.output


# --- lines ------------------------------------------------------------------------------------


async def test_history_and_the_draft() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        for text in ("show clock", "show clock", "show version"):
            await type_in(pilot, text)
            await press(pilot, "enter")
        assert host.history.lines == ["show clock", "show version"]
        await type_in(pilot, "dra")
        await press(pilot, "up")
        assert host.line.value == "show version"
        await press(pilot, "up", "up")
        assert host.line.value == "show clock"
        await press(pilot, "down", "down", "down")
        assert host.line.value == "dra"


async def test_the_ghost_is_taken_with_right() -> None:
    host = Host(make_bench(), LineHistory())
    host.history.add("show acl-plugin sessions verbose")
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "show acl")
        await press(pilot, "right")
        assert host.line.value == "show acl-plugin sessions verbose"


async def test_the_ghost_is_the_latest_line() -> None:
    history = LineHistory()
    for text in ("run 1s", "run 2s", "show clock"):
        history.add(text)
    suggest = HistorySuggester(history).get_suggestion
    assert await suggest("r") == "run 2s"
    assert await suggest("run 2s") is None
    assert await suggest(" ") is None


@pytest.mark.parametrize("text", ["quit", "exit", "qui"])
async def test_quit_is_posted_and_not_run(text: str) -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, text)
        await press(pilot, "enter")
        assert host.quits == 1


async def test_quit_without_a_bench() -> None:
    host = Host()
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "quit")
        await press(pilot, "enter")
        assert host.quits == 1


# --- output -----------------------------------------------------------------------------------


@SIZES
async def test_output_is_bounded_scrolls_and_stays(size: tuple[int, int]) -> None:
    host = Host(make_bench())
    async with host.run_test(size=size) as pilot:
        await type_in(pilot, "help")
        await press(pilot, "enter")
        pane = host.query_one(OutputPane)
        assert pane.region.height == size[1] * 6 // 10
        assert host.line.region.y == pane.region.bottom
        assert pane.scroll_offset.y == 0
        await press(pilot, "pagedown")
        assert pane.scroll_offset.y > 0
        await type_in(pilot, "show clock")
        assert "interfaces and routes" in host.output
        await press(pilot, "enter")
        assert "interfaces and routes" not in host.output
        assert pane.region.height == 1
        await press(pilot, "escape")
        host.region.open()
        await pilot.pause()
        assert host.output == ""
        assert not pane.display


async def test_an_error_points_at_the_word() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        await type_in(pilot, "show clokc")
        await press(pilot, "enter")
        line, caret, error = host.output.split("\n", 2)
        assert line == ":show clokc"
        assert caret == " " * 6 + "^"
        assert error.startswith("error: ")


def test_a_caret_in_a_line_that_is_wider_than_the_screen() -> None:
    line = "a" * 100 + " bad " + "c" * 100
    shown, caret, _ = refusal(GrammarError("no", column=101), line, 60).split("\n")
    assert len(shown) <= 60
    assert shown[caret.index("^") :].startswith("bad ")
    assert refusal(AclbenchError("no"), "x", 60) == ":x\nerror: no"


async def test_progress_and_pieces() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        host.region.progress("run 10h: at +3 h")
        host.region.append("first\n")
        await pilot.pause()
        progress = host.query_one("#command-progress", Static)
        assert str(progress.render()) == "... run 10h: at +3 h"
        for start in range(0, KEPT_OUTPUT + 1000, 500):
            host.region.append("\n".join(f"line {n}" for n in range(start, start + 500)))
        await pilot.pause()
        lines = host.output.split("\n")
        assert len(lines) == KEPT_OUTPUT
        assert lines[-1] == f"line {KEPT_OUTPUT + 999}"
        # Whoever looks at the end sees the newest; whoever scrolled back stays there.
        pane = host.query_one(OutputPane)
        await pilot.pause()
        assert pane.scroll_offset.y == pane.max_scroll_y
        assert lines[-1] in pane.render_line(pane.size.height - 1).text
        await press(pilot, "pageup")
        back = pane.scroll_offset.y
        host.region.append("more \x9b2J")
        await pilot.pause()
        assert pane.scroll_offset.y == back
        assert host.output.endswith(r"more \x9b2J")
        host.region.answer("done")
        await pilot.pause()
        assert not progress.display
        assert host.output == "done"


async def test_fates_that_are_printed_have_the_colours_of_fates() -> None:
    host = Host(make_bench())
    async with host.run_test() as pilot:
        pane = host.query_one(OutputPane)
        pane.show("packet 3: denied, and permitted is another; undenied is none")
        await pilot.pause()
        palette = palette_of(host.theme_variables)
        looks = {part.text: part.style for part in pane.render_line(0) if part.style is not None}
        bad, good = looks["denied"], looks["permitted"]
        assert (bad.color, good.color) == (palette.bad.color, palette.good.color)
        assert "packet 3: " in looks
        assert bad.color != looks["packet 3: "].color


async def test_output_is_wrapped_anew_when_the_screen_is_another() -> None:
    host = Host(make_bench())
    async with host.run_test(size=(80, 24)) as pilot:
        host.region.answer("word " * 30)
        await pilot.pause()
        pane = host.query_one(OutputPane)
        assert pane.virtual_size.height == 2
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        assert pane.virtual_size.height == 5


@pytest.mark.parametrize("width", [1, 2, 5, 20, 40])
@pytest.mark.parametrize(
    "line", ["", "short", "x" * 100, "  a word   and another column with words", "日本語" * 9]
)
def test_wrapping_loses_nothing_and_fits(line: str, width: int) -> None:
    from rich.cells import cell_len

    rows = list(wrapped(line, width))
    assert "".join("".join(rows).split()) == "".join(line.split())
    if width > 1:
        assert all(cell_len(row) <= width for row in rows)


# --- the file of lines ------------------------------------------------------------------------


def test_lines_are_kept_from_run_to_run(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tui-history"
    LineHistory(path).add("show clock")
    first, second = LineHistory(path), LineHistory(path)
    assert first.lines == second.lines == ["show clock"]
    # Two screens at once: neither forgets what the other has typed.
    first.add("one")
    second.add("two")
    assert LineHistory(path).lines == ["show clock", "one", "two"]
    assert [each.name for each in path.parent.iterdir()] == ["tui-history"]


def test_old_lines_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "tui-history"
    path.write_text("".join(f"line {n}\n" for n in range(KEPT + 50)))
    history = LineHistory(path)
    history.add("new")
    assert len(history.lines) == KEPT
    assert len(path.read_text().splitlines()) == KEPT
    assert LineHistory(path).lines[-1] == "new"


def test_what_is_not_utf_8_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tui-history"
    path.write_bytes(b"caf\xe9\n")
    LineHistory(path).add("new")
    assert path.read_bytes() == b"caf\xe9\nnew\n"


def test_a_folder_that_cannot_be_written_keeps_lines_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = LineHistory(tmp_path / "file" / "tui-history")
    history.add("one")
    history.add("two")
    assert history.lines == ["one", "two"]
    assert "for this run alone" in history.notice
    path = tmp_path / "folder"
    path.mkdir()
    assert LineHistory(path).lines == []


def test_the_suggester_is_one_that_textual_can_call() -> None:
    assert asyncio.run(HistorySuggester(LineHistory()).get_suggestion("x")) is None


# --- typed fast -------------------------------------------------------------------------------


async def test_lines_that_come_at_once_are_lines_of_their_own() -> None:
    history = LineHistory()
    host = Host(make_bench(), history)
    async with host.run_test() as pilot:
        for character in "sh\tclock\rshow branch\r":
            key = {"\t": "tab", "\r": "enter", " ": "space"}.get(character, character)
            host.post_message(events.Key(key, character))
        await pilot.pause()
    assert list(history.lines) == ["show clock", "show branch"]


def test_a_file_that_cannot_be_looked_at_keeps_lines_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "tui-history"
    path.symlink_to(path)
    history = LineHistory(path)
    assert history.lines == []
    assert "Too many levels of symbolic links" in history.notice
    history.add("one")
    assert history.lines == ["one"]
