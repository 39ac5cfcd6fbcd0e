"""Where to go in the run: what is typed becomes a `goto` line."""

from __future__ import annotations

import re
from typing import Final

from textual.app import ComposeResult

from aclbench.errors import CommandError
from aclbench.tui.dialogs.dialog import ACCEPT, CLOSE, ButtonRow, Dialog, FormError, as_typed
from aclbench.tui.dialogs.fields import Field, Line
from aclbench.tui.words import Words
from aclbench.workbench.views.times import is_time_of_day, read_moment

EXAMPLES: Final = (
    ("+12.5", "12.5 s from the start; +500ms and +2min, too"),
    ("12:00:05", "by the capture's clock; with a date or a zone, too"),
    ("#17", "right behind packet 17 of the run"),
    ("event 400", "right behind the 400th event of the run"),
    ("start, end", "of the run; the end is the last packet of the captures"),
    ("50%", "the middle of it"),
)
_RIGHT: Final = "+12.5, 12:00:05, #17, event 400, start, end or 50% is"
#: No run has more packets or events than the command takes.
_LARGEST: Final = 2**32 - 1


def goto_line(text: str) -> str:
    """The command line of a place; `NN%` stays as it is, for whoever knows the run's ends.

    FormError: it is no place.
    """
    words = text.strip().lower().removeprefix("goto ").strip()
    if not words:
        raise FormError("nothing is typed; any of the above is a place")
    if words in ("start", "end"):
        return f"goto {words}"
    if match := re.fullmatch(r"(#|packet\s*|event\s*)(\d+)", words):
        return _numbered("event" if match[1].startswith("e") else "packet", match[2])
    if match := re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", words):
        if float(match[1]) > 100:
            raise FormError(f"{text}: a run goes from 0% to 100%")
        return f"{match[1]}%"
    if re.fullmatch(r"\d+", words):
        raise FormError(f"{words[:20]} could be a time, +{words[:20]}, or a packet, #{words[:20]}")
    return _timed(text.strip(), words)


def _numbered(what: str, digits: str) -> str:
    if len(digits) > 10 or int(digits) > _LARGEST:
        raise FormError(f"{what} {digits[:20]}: numbers go up to {_LARGEST:,}")
    return f"goto {what} {int(digits)}"


def _timed(text: str, words: str) -> str:
    time = re.sub(r"^time\s+", "", words)
    # Dates are written with a T and a Z, and in words; lengths are one word.
    time = " ".join(time.upper().split()) if is_time_of_day(time) else time.replace(" ", "")
    if not re.match(r"[+.\d]", time):
        raise FormError(f"{text[:40]} is not a place; {_RIGHT}")
    try:
        read_moment(time)
    except CommandError as error:
        raise FormError(str(error)) from None
    return f"goto time {time}"


class GoToDialog(Dialog[str | None]):
    """A place of the run. Returns a `goto` line, or `NN%`, or None."""

    def __init__(self, about: str) -> None:
        super().__init__("Go to", about)

    def compose_fields(self) -> ComposeResult:
        yield Field("where", Line("where"), label_width=6)
        width = max(len(example) for example, _ in EXAMPLES)
        lines = [f"    {example:{width}}   {meaning}" for example, meaning in EXAMPLES]
        yield Words("\n".join(["", *lines]))

    def buttons(self) -> ButtonRow:
        return (("Go: Enter", ACCEPT), CLOSE)

    def line_of(self, result: str | None) -> str:
        line = result or ""
        return f"{line} of the run" if line.endswith("%") else as_typed([line])

    def result(self) -> str:
        try:
            return goto_line(self.query_one("#where", Line).value)
        except FormError as error:
            raise FormError(str(error), "where") from None
