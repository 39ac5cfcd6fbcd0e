"""The prompt: keys, history and suggestions, and the loop that runs what was typed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_state_path
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from aclbench.errors import AclbenchError
from aclbench.files import reason, write_whole
from aclbench.repl.completion import CommandCompleter
from aclbench.repl.keyboard import (
    ignore_senseless,
    keyboard,
    prompt_guard,
    told_from_closed,
    without_interrupts,
)
from aclbench.repl.printing import Printer
from aclbench.repl.session import Session
from aclbench.repl.toolbar import toolbar_text
from aclbench.terminal import Guard
from aclbench.visible import carried, masked, visible_line
from aclbench.workbench.commands.bench.helping import in_quotes, what_next
from aclbench.workbench.grammar import GrammarError

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

PROMPT: Final = "aclbench# "
_STYLE: Final = Style.from_dict({"bottom-toolbar": "noreverse reverse", "prompt": "bold"})
#: Lines of the history file that a session begins with, and that it is cut back to.
_REMEMBERED: Final = 5_000


def history_file() -> Path:
    """Where the typed lines are kept: under XDG's state folder."""
    return user_state_path("aclbench") / "repl-history"


def kept_history() -> History:
    """The lines typed so far; where the folder cannot be written, those of this session."""
    path = history_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
        _cut(path)
    except OSError:
        return InMemoryHistory()
    return _KeptHistory(path)


class _KeptHistory(FileHistory):
    """Lines in a file. What does not go there any more is kept in memory, and `notice` says so."""

    notice = ""

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError as error:
            self.notice = f"typed lines are kept for this session alone: {reason(error)}"


def _cut(path: Path) -> None:
    """Keep a history that grows for years from making each key slower."""
    entries = path.read_bytes().split(b"\n# ")
    if len(entries) > 2 * _REMEMBERED:
        write_whole(path, b"\n# " + b"\n# ".join(entries[-_REMEMBERED:]))


class _Masked(Processor):
    """Shows a sign for characters of a line that cannot be seen; prompt_toolkit does for most."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        return Transformation([(part[0], masked(part[1]), *part[2:]) for part in fragments])


class Prompt:
    """A person at a bench. `where` is asked for what the toolbar says ahead of all else.

    `input` and `output` are for tests.
    """

    def __init__(
        self,
        session: Session,
        suggestions: bool = True,
        history: History | None = None,
        where: Callable[[], str] | None = None,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._session = session
        self._where = where
        self._said_unkept = False
        self.reader: PromptSession[str] = PromptSession(
            message=[("class:prompt", PROMPT)],
            completer=CommandCompleter(self._bench),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory() if suggestions else None,
            history=kept_history() if history is None else history,
            key_bindings=self._keys(),
            bottom_toolbar=self._toolbar,
            style=_STYLE,
            input_processors=[_Masked()],
            input=keyboard() if input is None else input,
            output=output,
        )
        ignore_senseless(self.reader.app)

    def _bench(self) -> Workbench:
        return self._session.bench

    def _toolbar(self) -> str:
        where = f" {visible_line(self._where())} |" if self._where is not None else ""
        output = get_app().output
        width = output.get_size().columns
        text = where + toolbar_text(self._bench(), max(0, width - len(where)))
        return carried(text, output.encoding())[:width]

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("<sigint>")
        def interrupt(event: KeyPressEvent) -> None:
            """Clear the line; a signal that comes as the line is left has none to clear."""
            if event.app.future is not None and not event.app.future.done():
                event.app.exit(exception=KeyboardInterrupt(), style="class:aborting")

        @keys.add("?")
        def ask(event: KeyPressEvent) -> None:
            """List what can come next; the line stays as it is."""
            line = event.current_buffer.document.text_before_cursor
            if in_quotes(line):
                event.current_buffer.insert_text("?")
                return
            run_in_terminal(lambda: self._answer(line))

        @keys.add("tab")
        def complete(event: KeyPressEvent) -> None:
            """Complete at once, so that keys typed fast meet the line completed; else a menu."""
            buffer = event.current_buffer
            if buffer.complete_state is not None:
                buffer.complete_next()
                return
            asked = CompleteEvent(completion_requested=True)
            found = list(buffer.completer.get_completions(buffer.document, asked))
            if len(found) == 1:
                buffer.apply_completion(found[0])
            elif found:
                buffer.insert_text(get_common_complete_suffix(buffer.document, found))
                buffer.start_completion()

        return keys

    def _answer(self, line: str) -> None:
        printer = self._session.printer
        printer.output(f"{PROMPT}{line}?")
        try:
            printer.output(what_next(self._bench(), line))
        except AclbenchError as error:
            printer.error(str(error), _caret(error))

    # --- the loop -----------------------------------------------------------------------------

    def read(self) -> str:
        """The next line. EOFError: Ctrl-D. KeyboardInterrupt: Ctrl-C, which clears it.

        Ended: the terminal was closed.
        """
        # The cycle collector would walk all sessions, which refer to nothing that refers back,
        # while a key waits.
        gc.disable()
        try:
            with told_from_closed(self.reader.input), without_interrupts() as held:
                line = self.reader.prompt(pre_run=held.clear)
            if held:
                raise KeyboardInterrupt
            return line
        finally:
            gc.enable()

    def loop(self, last_words: Callable[[], str] = str) -> None:
        """Run what is typed, until Ctrl-D, `quit` or `exit`.

        Raises Ended: something else ends it; `last_words` as in `Guard`.
        """
        with prompt_guard(last_words) as guard:
            self._loop(guard)

    def _loop(self, guard: Guard) -> None:
        while True:
            try:
                line = self.read()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            self._say_unkept()
            if guard.signal or self._run(line):
                return

    def _say_unkept(self) -> None:
        """Say once that typed lines are not kept any more."""
        history = self.reader.history
        if not self._said_unkept and isinstance(history, _KeptHistory) and history.notice:
            self._said_unkept = True
            self._session.printer.prose(f"note: {history.notice}")

    def _run(self, line: str) -> bool:
        """Run a line; True: it leaves. Ctrl-C ends what runs, and not the session."""
        printer = self._session.printer
        try:
            return self._session.run(line)
        except KeyboardInterrupt:
            printer.output("stopped")
        except AclbenchError as error:
            printer.error(str(error), _caret(error))
        return False


def _caret(error: AclbenchError) -> int | None:
    """The column below the word that is to blame, the prompt before it."""
    column = error.column if isinstance(error, GrammarError) else None
    return None if column is None else len(PROMPT) + column


def greet(title: str, notes: Iterable[str], printer: Printer) -> None:
    """What a newcomer has to know, in a line, and what is to be said of the bench."""
    printer.prose(f"{title}. ? lists what can come next, Tab completes, Ctrl-D leaves.")
    for note in notes:
        printer.prose(f"note: {note}")
