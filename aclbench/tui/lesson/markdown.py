"""The Markdown of lessons as lines: paragraphs, lists, headings, quotes, code, emphasis.

Time and lines are proportional to the text, whatever is in it: lessons are written by others. An
underscore is never emphasis, for VPP's names are full of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.style import Style

from aclbench.tui.drawing import Line
from aclbench.tui.palette import Palette
from aclbench.tui.targets import LineTarget
from aclbench.visible import visible

#: A text in a style; a word is one or several, with no blank in between.
Run = tuple[str, Style]
Word = list[Run]

ITALIC: Final = Style(italic=True)
#: Code that begins so far in, in Markdown and on the screen.
_CODE_INDENT: Final = 4
_SHOWN_INDENT: Final = "  "
_CONTINUED: Final = "    "
_ITEM: Final = re.compile(r"( {0,12})([-*+]|\d{1,3}[.)]) +(.*)")
_HEADING: Final = re.compile(r"#{1,6} +(.*)")
_QUOTE: Final = re.compile(r" {0,3}> ?(.*)")
_FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")
_MARK: Final = re.compile(r"\\[\\`*_]|`+|\*\*|\*|[^\\`*]+|\\")


class Block(NamedTuple):
    """A paragraph, or a line of code; `lead` stands before its first line, `rest` before others.

    `kind` is text, heading, item, quote, code; or gap, which ends a run of code.
    """

    kind: str
    text: str
    lead: str = ""
    rest: str = ""


def markdown_lines(text: str, width: int, palette: Palette) -> list[Line]:
    """A text, wrapped to a width."""
    lines: list[Line] = []
    before = ""
    for block in blocks_of(text):
        if block.kind == "gap":
            before = block.kind
            continue
        if before and (block.kind != before or block.kind in ("text", "heading")):
            lines.append(Line())
        before = block.kind
        if block.kind == "code":
            lines += code_lines(block.text, width, palette)
        else:
            lines += _prose(block, width, palette)
    return lines


def code_lines(text: str, width: int, palette: Palette) -> list[Line]:
    """A command, or another line to be read as it is; a click has it stand in the command line."""
    lines: list[Line] = []
    indent = _SHOWN_INDENT if width >= len(_SHOWN_INDENT) + 2 else ""
    for number, part in enumerate(_cut_code(text, width - len(indent))):
        line = Line(indent)
        target = LineTarget(text.strip()) if text.strip() else None
        lead = _CONTINUED if number and width > 20 else ""
        lines.append(line.add(lead).add(part, palette.good, target))
    return lines


def _cut_code(text: str, room: int) -> Iterator[str]:
    """A line, cut at blanks where it is too long; what goes on stands further in."""
    here = max(room, 2)
    while _long(text) > here:
        head = _head(text, here)
        blank = head.rfind(" ")
        if blank > _indent(head):
            head = head[:blank]
        yield head
        text, here = text[len(head) :].lstrip(), max(room - len(_CONTINUED), 2)
    yield text


def _long(text: str) -> int:
    return max(len(text), cell_len(text))


def _head(text: str, room: int) -> str:
    """As much of a text as there is room for."""
    end = min(len(text), room)
    while end and cell_len(text[:end]) > room:
        end -= 1
    return text[:end]


def _prose(block: Block, width: int, palette: Palette) -> list[Line]:
    base = palette.strong if block.kind == "heading" else palette.plain
    if block.kind == "quote":
        base = palette.dim
    words = words_of(runs_of(block.text, base, palette))
    return fill(words, width, Line(block.lead), block.rest)


def clean(text: str) -> str:
    """Seen as it is, without tabs."""
    return visible(text.expandtabs(4))


# --- blocks -------------------------------------------------------------------------------------


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a text, in order."""
    lines = clean(text).split("\n")
    held: list[str] = []
    shape = Block("text", "")
    at, fresh = 0, True
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        code = fence is None and fresh and line.strip() and _indent(line) >= _CODE_INDENT
        begins = _begin_of(line, shape.kind if held else "")
        if (fence or code or not line.strip() or begins) and held:
            yield shape._replace(text=" ".join(held))
            held = []
        if fence:
            at = yield from _fenced(lines, at + 1, fence[1])
            yield Block("gap", "")
            fresh = True
            continue
        if code:
            at = yield from _indented(lines, at)
            yield Block("gap", "")
            continue
        if begins:
            shape, first = begins
            held = [first]
        elif line.strip():
            shape = shape if held else Block("text", "")
            held.append(line.strip())
        fresh = not line.strip()
        at += 1
    if held:
        yield shape._replace(text=" ".join(held))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _begin_of(line: str, under_way: str) -> tuple[Block, str] | None:
    """A heading, an item of a list or a quote begins here: its shape, and its first line."""
    if heading := _HEADING.match(line):
        return Block("heading", ""), heading[1].strip()
    if item := _ITEM.match(line):
        mark = "•" if len(item[2]) == 1 else item[2]
        lead = f"{item[1][:8]}{mark} "
        return Block("item", "", lead, " " * len(lead)), item[3].strip()
    if (quote := _QUOTE.match(line)) and under_way != "quote":
        return Block("quote", "", "│ ", "│ "), quote[1].strip()
    return None


def _fenced(lines: list[str], at: int, fence: str) -> Generator[Block, None, int]:
    """Code up to the fence that closes it; returns the line behind that."""
    while at < len(lines) and not lines[at].strip().startswith(fence):
        yield Block("code", lines[at].rstrip())
        at += 1
    return at + 1


def _indented(lines: list[str], at: int) -> Generator[Block, None, int]:
    """Code that stands further in; returns the line behind it. Blank lines within it are kept."""
    end = last = at
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) >= _CODE_INDENT):
        end += 1
        last = end if lines[end - 1].strip() else last
    for line in lines[at:last]:
        yield Block("code", line[_CODE_INDENT:].rstrip())
    return end


# --- words --------------------------------------------------------------------------------------


def runs_of(text: str, base: Style, palette: Palette) -> Iterator[Run]:
    """The text in pieces of one style. A sign that nothing closes is itself."""
    tokens: list[str] = _MARK.findall(text)
    left = Counter(tokens)
    bold = italic = False
    fence = ""
    for number, token in enumerate(tokens):
        left[token] -= 1
        following = tokens[number + 1][:1] if number + 1 < len(tokens) else " "
        if fence:
            if token == fence:
                fence = ""
            else:
                yield token, base + palette.good
        elif token[0] == "`" and left[token] > 0:
            fence = token
        elif token == "**" and (bold or (left[token] > 0 and following != " ")):
            bold = not bold
        elif token == "*" and (italic or (left[token] > 0 and following != " ")):
            italic = not italic
        else:
            said = token[1:] if token[0] == "\\" and len(token) > 1 else token
            style = base + palette.strong if bold else base
            yield said, style + ITALIC if italic else style


def words_of(runs: Iterable[Run]) -> list[Word]:
    """Words, parted at blanks; several runs without a blank between them are one word."""
    words: list[Word] = []
    joined = False
    for text, style in runs:
        for number, part in enumerate(text.split(" ")):
            if number:
                joined = False
            if part:
                if joined:
                    words[-1].append((part, style))
                else:
                    words.append([(part, style)])
                joined = True
    return words


def fill(words: Iterable[Word], width: int, first: Line, rest: str) -> list[Line]:
    """Words put into lines; what is wider than a line is cut."""
    if width - _long(rest) < 2:
        rest = ""
    lines = [first]
    least = len(first)  # nothing but the lead stands there
    for word in words:
        blank = 1 if len(lines[-1]) > least else 0
        if blank and _long(lines[-1].plain) + 1 + sum(_long(text) for text, _ in word) > width:
            lines.append(Line(rest))
            least, blank = len(rest), 0
        lines[-1].add(" " * blank)
        for text, style in word:
            while text:
                head = _head(text, width - _long(lines[-1].plain))
                lines[-1].add(head, style)
                text = text[len(head) :]
                if text:
                    lines.append(Line(rest))
                    least = len(rest)
    return lines


def wrapped(text: str, style: Style, width: int, lead: str = "", rest: str = "") -> list[Line]:
    """Plain words in one style."""
    return fill(words_of([(" ".join(clean(text).split()), style)]), width, Line(lead), rest)
