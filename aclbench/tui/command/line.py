"""The command line at the bottom: an input, what can come next, and what was printed last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from aclbench.errors import AclbenchError
from aclbench.tui.command.completing import MOST, Edit, Walk, begin, candidates_for, done
from aclbench.tui.command.history import HistorySuggester, LineHistory, history_file
from aclbench.tui.command.output import OutputPane
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.words import TextInput, Words
from aclbench.workbench.commands.bench.helping import in_quotes, is_leaving, what_next
from aclbench.workbench.grammar import GrammarError

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

PROMPT = ":"


def _no_bench() -> None:
    return None


class CommandInput(TextInput):
    """An input whose keys its region answers: Tab completes, `?` asks, Up recalls, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="command.close",
                tooltip="Close the list of what can come next, then the command line"),
        Binding("tab", "complete(1)", "Complete", id="command.complete",
                tooltip="Complete the word, or go through what it can become"),
        Binding("shift+tab", "complete(-1)", "Complete back", id="command.complete_back",
                show=False, tooltip="Back through what the word can become"),
        Binding("up", "recall(-1)", "Earlier", id="command.earlier", show=False,
                tooltip="The line typed before this one"),
        Binding("down", "recall(1)", "Later", id="command.later", show=False,
                tooltip="The line typed after this one"),
        Binding("pageup", "scroll_output(-1)", "Output up", id="command.output_up", show=False,
                tooltip="Scroll what the command printed back"),
        Binding("pagedown", "scroll_output(1)", "Output down", id="command.output_down",
                show=False, tooltip="Scroll what the command printed on"),
    ]  # fmt: skip

    def __init__(self, region: CommandRegion) -> None:
        super().__init__(
            placeholder="a command; Tab completes, ? lists what can come next, Esc closes",
            compact=True,
            suggester=region.suggester,
            select_on_focus=False,
        )
        # Asked at once, not by messages: what is typed behind a key would come before them.
        self._region = region

    @property
    def edit(self) -> Edit:
        """The line, parted at the cursor."""
        return Edit(self.value[: self.cursor_position], self.value[self.cursor_position :])

    def put(self, edit: Edit) -> None:
        """Have another line stand here."""
        self.value = edit.line
        self.cursor_position = len(edit.before)

    async def on_key(self, event: events.Key) -> None:
        """`?` lists what can come next; in quotes it is a character like others."""
        if event.character == "?" and not in_quotes(self.edit.before):
            event.prevent_default()
            event.stop()
            self._region.say_next()

    async def action_submit(self) -> None:
        self._region.submit()

    def action_close(self) -> None:
        self._region.close_one()

    def action_complete(self, by: int) -> None:
        self._region.complete(by)

    def action_recall(self, by: int) -> None:
        self._region.recall(by)

    def action_scroll_output(self, pages: int) -> None:
        self._region.scroll_output(pages)


class CommandRegion(Vertical):
    """Shown by `:`, gone by Escape. It posts the line; whoever holds the bench answers.

    `bench` is asked for each time, as another may stand in its place; without one nothing is
    completed. `history`: the lines typed so far, those of the state folder unless given.
    """

    class Closed(Message):
        """It is not on the screen any more."""

    class Submitted(Message):
        """A line to run."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    class Quit(Message):
        """`quit` or `exit` was typed."""

    def __init__(
        self,
        bench: Callable[[], Workbench | None] = _no_bench,
        history: LineHistory | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._bench = bench
        self._history = LineHistory(history_file()) if history is None else history
        self._place: int | None = None
        self._draft = ""
        self._walk: Walk | None = None
        #: What the walk put into the input; anything else there was typed, and ends the walk.
        self._walked = ""

    def compose(self) -> ComposeResult:
        yield OutputPane(id="command-text")
        yield Words(id="command-progress", classes="one")
        candidates = PickList((), id="command-candidates")
        candidates.can_focus = False
        candidates.display = False
        yield candidates
        yield Words(id="command-note", classes="one")
        with Vertical(id="command-row"):
            yield Words(PROMPT)
            yield CommandInput(self)

    @property
    def suggester(self) -> HistorySuggester:
        """Ends a line as an earlier one did."""
        return HistorySuggester(self._history)

    # --- open and closed -----------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self.has_class("open")

    def open(self, line: str = "") -> None:
        """Show it, with a line in it if there is one, and let it have the keys."""
        self.add_class("open")
        self.screen.refresh_bindings()
        typed = self._input
        if line:
            typed.put(Edit(line, ""))
        typed.focus()

    def close(self) -> None:
        """Away with it, and with what was printed."""
        self._end_walk()
        self.answer("")
        self._note("")
        self._input.value = ""
        self._place = None
        self.remove_class("open")
        self.screen.refresh_bindings()
        self.post_message(self.Closed())

    @property
    def _input(self) -> CommandInput:
        return self.query_one(CommandInput)

    @property
    def _output(self) -> OutputPane:
        return self.query_one(OutputPane)

    # --- what is printed -----------------------------------------------------------------------

    def answer(self, output: str, error: bool = False) -> None:
        """What the command printed, or why it was refused. It does not run any more."""
        self.progress("")
        text = output.rstrip("\n")
        self._output.show(f"error: {text}" if error else text, strong=error)

    def refuse(self, error: AclbenchError, line: str) -> None:
        """Why a line was refused, below it; a caret points at the word that is to blame."""
        self.progress("")
        self._output.show(refusal(error, line, self.size.width - 3), strong=True)

    def append(self, text: str) -> None:
        """A piece of what a command prints as it goes on."""
        self._output.append(text)

    def progress(self, text: str) -> None:
        """That a command still runs, and how far it is; empty: it does not."""
        self._one("progress", f"... {text}" if text else "")

    def _note(self, text: str) -> None:
        self._one("note", text)

    def _one(self, name: str, text: str) -> None:
        panel = self.query_one(f"#command-{name}", Words)
        panel.say(text)
        panel.display = bool(text)

    # --- lines ---------------------------------------------------------------------------------

    def submit(self) -> None:
        """Have the line run, and make room for the next."""
        line = self._input.value.strip().removeprefix(PROMPT).strip()  # typed once more, by habit
        if not line:
            return
        self._end_walk()
        self._history.add(line)
        self._place = None
        self._input.value = ""
        self.answer("")
        self._note(self._history.notice)
        self.post_message(self.Quit() if self._leaves(line) else self.Submitted(line))

    def _leaves(self, line: str) -> bool:
        bench = self._bench()
        return line in ("quit", "exit") if bench is None else is_leaving(bench, line)

    def scroll_output(self, pages: int) -> None:
        """Scroll what the command printed, on or back."""
        by = pages * max(self._output.size.height - 1, 1)
        self._output.scroll_relative(y=by, animate=False)

    def close_one(self) -> None:
        """Close the list of what can come next; if there is none, the command line."""
        if self._walk is not None:
            self._end_walk()
        else:
            self.close()

    def recall(self, by: int) -> None:
        """An earlier line, or a later one; in a list of what can come next, a row of it."""
        if self._walk is not None:
            self.complete(by)
            return
        lines = self._history.lines
        if self._place is None:
            self._draft = self._input.value
        place = (len(lines) if self._place is None else self._place) + by
        if not 0 <= place <= len(lines):
            return
        self._place = None if place == len(lines) else place
        self._input.put(Edit(self._draft if self._place is None else lines[place], ""))

    # --- completion ------------------------------------------------------------------------------

    def say_next(self) -> None:
        """List what can come next; the line stays as it is."""
        bench = self._bench()
        if bench is None:
            return
        self._end_walk()
        line = self._input.edit.before
        try:
            self._output.show(f"{PROMPT}{line}?\n{what_next(bench, line)}")
        except AclbenchError as error:
            self.refuse(error, line)

    def complete(self, by: int) -> None:
        """Complete the word, or go through what it can become."""
        if self._walk is not None:
            self._show_walk(self._walk.moved(by))
            return
        bench = self._bench()
        begun = self._input.edit
        found = candidates_for(bench, begun.before) if bench is not None else []
        if not found:
            self._note("nothing that is known can stand here; ? says what can")
            return
        step = begin(found, begun)
        if isinstance(step, Walk):
            self._begin_walk(step)
        else:
            self._put(step)

    def _begin_walk(self, walk: Walk) -> None:
        width = max(len(each.text) for each in walk.candidates)
        rows = [f"{each.text:{min(width, 30)}}  {each.description}" for each in walk.candidates]
        candidates = self.query_one(PickList)
        candidates.show(rows, index=None)
        candidates.display = True
        more = f"the first {MOST} of many; type on" if len(rows) == MOST else f"{len(rows)} ways"
        self._note(f"{more}: Tab and Shift+Tab go through them")
        self._show_walk(walk)

    def _show_walk(self, walk: Walk) -> None:
        self._walk = walk
        self._put(walk.edit())
        if walk.at is not None:
            self.query_one(PickList).go_to(walk.at)

    def _put(self, edit: Edit) -> None:
        self._walked = edit.line
        self._input.put(edit)

    def _end_walk(self) -> None:
        if self._walk is not None:
            self._walk = None
            self.query_one(PickList).display = False
            self._note("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._walked:
            self._walked = ""
            self._end_walk()
            if event.value:
                self._note("")

    def on_pick_list_moved(self, event: PickList.Moved) -> None:
        event.stop()

    def on_pick_list_picked(self, event: PickList.Picked) -> None:
        """A candidate was clicked: it stands, and the next word can begin."""
        event.stop()
        walk, index = self._walk, event.pick_list.index
        if walk is None or index is None:
            return
        self._put(done(walk.candidates[index], walk.begun))
        self._end_walk()


def refusal(error: AclbenchError, line: str, width: int) -> str:
    """The line, a caret below the word that is to blame, and the error.

    Of a line that is wider than `width` the part is shown where the caret is.
    """
    column = error.column if isinstance(error, GrammarError) else None
    shown, width = f"{PROMPT}{line}", max(width, 20)
    place = len(PROMPT) + (column or 0)
    start = max(min(place - width // 2, len(shown) - width), 0)
    if start:
        shown = f"…{shown[start + 1 :]}"
    shown = shown if len(shown) <= width else f"{shown[: width - 1]}…"
    caret = [] if column is None else [" " * (place - start) + "^"]
    return "\n".join([shown, *caret, f"error: {error}"])
