"""What commands print, on its way out: seen as it is, and on a terminal with colours.

A colour only repeats what a word says. Nothing is wrapped, cut or padded, so that what is copied
from a terminal is what a pipe would have got.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, Final

from aclbench.visible import carried, encoding_of, visible, visible_json

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.markdown import Markdown
    from rich.segment import Segment
    from rich.text import Text

#: Longer outputs are not coloured: nobody reads them, and colours would keep them waiting.
_COLOURED_LINES: Final = 2_000
#: Text is read in lines of at most so many columns.
_TEXT_WIDTH: Final = 100
#: Code without a ground of its own: a terminal may be light.
_MARKDOWN: Final = {"markdown.code": "bold cyan", "markdown.code_block": "cyan"}
#: What is highlighted, in this order: later ones lie over earlier ones.
_STYLES: Final = (
    (re.compile(r"^\S.*:$", re.MULTILINE), "bold"),
    (re.compile(r"^(acl-index|sw_if_index) \d+.*$", re.MULTILINE), "bold"),
    (re.compile(r"\bpermit(\+reflect)?\b"), "green"),
    (re.compile(r"\bden(y|ied)\b|\bdropped\b|\bdrop\b"), "red"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?\b"), "cyan"),
    (re.compile(r"\b[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F:]*(/\d{1,3})?"), "cyan"),
    (re.compile(r"<[a-z][\w-]*>"), "cyan"),
)


class _Seen:
    """What Markdown looks like, less what a terminal would obey: `&#27;` is a character, too."""

    def __init__(self, markdown: Markdown) -> None:
        self._markdown = markdown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._markdown, options):
            yield segment._replace(text=visible(segment.text))


class Printer:
    """Prints on a stream, standard output unless told otherwise."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream
        self._console: Console | None = None

    @property
    def stream(self) -> IO[str]:
        """Where it prints."""
        return sys.stdout if self._stream is None else self._stream

    def data(self, value: Any) -> None:
        """A value as one line of JSON, at once."""
        document = json.dumps(value, ensure_ascii=self._encoding.lower() != "utf-8")
        self._write(f"{visible_json(document)}\n")

    def output(self, text: str) -> None:
        """What a command printed; nothing where it printed nothing."""
        if not text:
            return
        text = self._seen(text)
        if not self.stream.isatty():
            self._write(f"{text}\n")
        elif text.count("\n") >= _COLOURED_LINES:
            self._lines(text)
        else:
            self._coloured(text)

    def error(self, message: str, column: int | None = None) -> None:
        """Why a line was refused; a caret below the place in the line, if there is one."""
        from rich.text import Text

        if column is not None and column < shutil.get_terminal_size().columns:
            self.output(" " * column + "^")
        said = self._seen(f"error: {message}")
        self._print(Text(said, "bold red"), wrap=True)  # it is prose

    def markdown(self, text: str) -> None:
        """Text to read, wrapped to the terminal's width."""
        self._write(self._markdown(text))

    def styled(self, lines: Iterable[str]) -> None:
        """Lines of `markdown_lines`."""
        self._write("".join(f"{line}\n" for line in lines))

    def markdown_lines(self, text: str) -> list[str]:
        """The same as lines, for whoever shows them in portions."""
        return self._markdown(text).splitlines()

    def prose(self, text: str, style: str = "") -> None:
        """A sentence or some, wrapped to the terminal's width."""
        from rich.text import Text

        self._write(self._wrapped(Text(self._seen(text), style)))

    def _markdown(self, text: str) -> str:
        from rich.markdown import Markdown

        # A link is told in full, and not hidden in the terminal's own kind of link.
        return self._wrapped(_Seen(Markdown(text, code_theme="ansi_dark", hyperlinks=False)))

    def _wrapped(self, text: _Seen | Text) -> str:
        width = min(shutil.get_terminal_size().columns, _TEXT_WIDTH)
        console = self._console_now()
        with console.capture() as captured:
            console.print(text, width=width)
        # Lines that are padded break once a terminal is made narrower; code comes with blank lines.
        unpadded = re.sub(r" +$", "", captured.get(), flags=re.MULTILINE)
        return carried(re.sub(r"\n{3,}", "\n\n", unpadded), self._encoding)

    def _seen(self, text: str) -> str:
        return carried(visible(text), self._encoding)

    @property
    def _encoding(self) -> str:
        return encoding_of(self.stream)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def _lines(self, text: str) -> None:
        """A long output, line by line, so that Ctrl-C ends it where it is."""
        stream = self.stream
        for line in text.split("\n"):
            stream.write(f"{line}\n")
        stream.flush()

    def _coloured(self, text: str) -> None:
        from rich.text import Text

        shown = Text(text)
        for pattern, style in _STYLES:
            shown.highlight_regex(pattern, style)
        self._print(shown)

    def _print(self, text: Text, wrap: bool = False) -> None:
        self._console_now().print(text, soft_wrap=not wrap)
        self.stream.flush()

    def _console_now(self) -> Console:
        """A console on the stream, which may be another one than before."""
        if self._console is None or self._console.file is not self.stream:
            from rich.console import Console
            from rich.theme import Theme

            self._console = Console(
                file=self.stream,
                highlight=False,
                markup=False,
                emoji=False,
                no_color="NO_COLOR" in os.environ,
                theme=Theme(_MARKDOWN),
            )
        return self._console
