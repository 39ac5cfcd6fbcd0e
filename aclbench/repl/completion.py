"""Completion at the prompt, from the command table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from aclbench.visible import visible_line

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: A menu with more than this is not read; whoever types on narrows it down.
_MOST: Final = 500


class CommandCompleter(Completer):
    """Words, interfaces, ACLs, files: whatever can stand where the cursor is.

    `bench` is asked for each time: `load` may have put another in its place.
    """

    def __init__(self, bench: Callable[[], Workbench]) -> None:
        self._bench = bench

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        line = document.text_before_cursor
        bench = self._bench()
        found = list(islice(bench.lines.table.complete(line, bench), _MOST))
        for text, about, start in found:
            # One that is alone is done, so that the next word can begin; a folder goes on.
            done = len(found) == 1 and not text.endswith("/") and not document.text_after_cursor
            yield Completion(
                f"{text} " if done else text,
                start_position=start - len(line),
                display=visible_line(text),
                display_meta=visible_line(about),
            )
