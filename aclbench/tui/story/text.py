"""Stories as rows: wrapped under themselves, with what they point at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from rich.style import Style

from aclbench.tui.drawing import Line
from aclbench.tui.log.text import style_of, thread_name
from aclbench.tui.packets.text import BAD_FATES, GOOD_FATES
from aclbench.tui.palette import Palette
from aclbench.tui.targets import PacketTarget, PastTarget, RowTarget, SessionTarget, Target
from aclbench.words import counted
from aclbench.workbench.inquiry.explain import Explanation, Groups, explanation_lines
from aclbench.workbench.inquiry.stories import (
    FieldLine,
    FieldStory,
    ListStory,
    PastEvent,
    SessionStory,
)
from aclbench.workbench.views.clock import Clock

#: What a row is: it says how it looks.
Kind = Literal["title", "heading", "field", "plain", "event", "dim", "bad", "good"]

_NAME_WIDTH: Final = 24
#: How a line of an explanation begins that says what would help.
_HELPS: Final = ("what would have let it pass", "what would let it pass")


class StoryRow(NamedTuple):
    """One row of a story. `event` is the kind of event that it tells of: that stands out."""

    kind: Kind
    text: str
    target: Target | None = None
    indent: int = 0
    event: str = ""


def row_lines(row: StoryRow, number: int, width: int, palette: Palette) -> list[Line]:
    """The row of that number as lines: what is too long goes on below itself."""
    room = max(width - 4 - row.indent, 10)
    hang = _NAME_WIDTH if row.kind == "field" else 2
    wrapped = textwrap.wrap(
        row.text,
        room,
        subsequent_indent=" " * min(hang, room // 2),
        drop_whitespace=True,
        break_on_hyphens=False,
    ) or [""]
    style = _style(row.kind, palette)
    lines = [Line("  " + " " * row.indent).add(text, style) for text in wrapped]
    if row.kind == "field":
        name = row.text[:_NAME_WIDTH]
        lines[0] = Line("  " + " " * row.indent).add(name, palette.dim).add(wrapped[0][len(name) :])
    if row.event and (at := lines[0].plain.find(f" {row.event}:")) >= 0:
        lines[0].text.stylize(style_of(row.event, palette), at, at + 1 + len(row.event))
    lines[0].point_at(target_of(row, number), 2 + row.indent)
    return lines


def target_of(row: StoryRow, number: int) -> Target:
    """What the cursor points at on a row; it can be on any, so that one scrolls by it."""
    return row.target if row.target is not None else RowTarget(row.text, number)


def _style(kind: Kind, palette: Palette) -> Style:
    return {
        "title": palette.strong,
        "heading": palette.strong,
        "dim": palette.dim,
        "bad": palette.bad,
        "good": palette.good,
    }.get(kind, palette.plain)


def session_rows(story: SessionStory, clock: Clock) -> list[StoryRow]:
    """A session: what comes next first, then its fields, then all that happened to it."""
    rows: list[StoryRow] = []
    if story.next is not None:
        rows.append(StoryRow("heading", "what comes next"))
        rows += [StoryRow("plain", text, indent=2) for text in story.next.sentences]
    if story.note:
        rows.append(StoryRow("dim", story.note))
    rows += _fields(story.fields)
    rows.append(StoryRow("heading", "what happened, the latest last"))
    rows += _events(story.events, clock, SessionTarget(*story.id))
    if story.left_out:
        rows.insert(len(rows) - len(story.events) + 1, _left_out(story.left_out))
    return rows


def field_rows(story: FieldStory, clock: Clock) -> list[StoryRow]:
    """A field: what it is now and means, and who wrote it when, the latest first."""
    rows = [
        StoryRow("title", f"{story.name} is {story.value_text}"),
        StoryRow("plain", story.meaning, indent=2),
        StoryRow("field", f"{'in VPP':<{_NAME_WIDTH}}{story.vpp_name}", indent=2),
        StoryRow("field", f"{'written by':<{_NAME_WIDTH}}{story.written_by}", indent=2),
        StoryRow("field", f"{'read by':<{_NAME_WIDTH}}{story.read_by}", indent=2),
    ]
    if story.note:
        rows.append(StoryRow("dim", story.note))
    rows.append(StoryRow("heading", "who wrote it, the latest first"))
    for writer in story.writers:
        said = f"{clock.stamp(writer.time)}  {writer.who}, {writer.what}: "
        target = None if writer.place is None else PastTarget(writer.place)
        rows.append(StoryRow("event", f"{said}{writer.old} > {writer.new}", target, 2))
    if not story.writers:
        said = "nobody so far" if story.complete else "looking back ..."
        rows.append(StoryRow("dim", said, indent=2))
    return rows


def list_rows(story: ListStory, clock: Clock) -> list[StoryRow]:
    """A list: what the next interrupt makes of it, its fields, its first sessions, its events."""
    rows = [StoryRow("heading", "what comes next")]
    rows += [StoryRow("plain", text, indent=2) for text in story.sentences]
    if story.note:
        rows.append(StoryRow("dim", story.note))
    rows += _fields(story.fields)
    if story.first:
        rows.append(StoryRow("heading", "its first sessions, and what becomes of them"))
    for each in story.first:
        said = f"session {each.id.session_index}, {each.connection}: {each.text}"
        rows.append(StoryRow("plain", said, SessionTarget(*each.id), 2))
    rows.append(StoryRow("heading", "what happened on it, the latest last"))
    rows += _events(story.events, clock, None)
    return rows


def explanation_rows(found: Explanation) -> list[StoryRow]:
    """Why a packet met its fate: its answer, its verdict and what would help stand out."""
    lines = list(explanation_lines(found))
    verdict = kind_of(found.verdict.fate)
    rows: list[StoryRow] = []
    for (depth, text), (next_depth, _) in zip(lines, [*lines[1:], (0, "")], strict=True):
        kind: Kind = "heading" if next_depth > depth else "plain"
        if not depth or text.startswith("verdict: "):
            kind = verdict
        elif text.startswith(_HELPS):
            kind = "good"
        rows.append(StoryRow(kind, text, indent=2 * depth))
    return rows


def kind_of(fate: str) -> Kind:
    """How a fate looks: as it does in the list of packets."""
    if fate in BAD_FATES:
        return "bad"
    return "good" if fate in GOOD_FATES else "heading"


def causes_rows(found: Groups) -> list[StoryRow]:
    """Packets that did not pass, by cause; the example of each can be opened."""
    rows: list[StoryRow] = []
    for group in found.groups:
        title = f"{counted(group.packets, 'packet')} {group.fate}: {group.title}"
        rows.append(StoryRow(kind_of(group.fate), title))
        if group.example is None:
            continue
        example, cause = group.example, group.example.causes[0]
        target = PacketTarget(example.packet, group.first)
        said = f"such as packet {example.packet}: {cause.title}"
        rows.append(StoryRow("event", said, target, 2))
        if cause.cure:
            rows.append(StoryRow("good", f"{_HELPS[0]}: {cause.cure}", indent=4))
    return rows


def _fields(fields: Iterable[FieldLine]) -> Iterator[StoryRow]:
    yield StoryRow("heading", "its fields")
    for field in fields:
        text = f"{field.name:<{_NAME_WIDTH - 1}} {field.value}"
        yield StoryRow("field", f"{text}   {field.meaning}" if field.meaning else text, indent=2)


def _events(
    events: Iterable[PastEvent], clock: Clock, about: SessionTarget | PacketTarget | None
) -> Iterator[StoryRow]:
    none = True
    for event in events:
        none = False
        stamp, thread = clock.stamp(event.time), thread_name(event.thread_index)
        target = None if event.place is None else PastTarget(event.place, about)
        text = f"{stamp} {thread} {event.kind}: {event.text}"
        yield StoryRow("event", text, target, 2, event.kind)
    if none:
        yield StoryRow("dim", "looking back ...", indent=2)


def _left_out(count: int) -> StoryRow:
    return StoryRow("dim", f"... {counted(count, 'event')} in between left out", indent=2)
