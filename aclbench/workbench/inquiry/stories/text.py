"""A story in lines, for a person with 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from aclbench.words import counted
from aclbench.workbench.inquiry.stories.values import (
    FieldLine,
    FieldStory,
    ListStory,
    PastEvent,
    SessionStory,
    Story,
)
from aclbench.workbench.inquiry.wrapping import Line, wrapped
from aclbench.workbench.views.clock import Clock


def story_text(story: Story, clock: Clock) -> list[str]:
    """The whole of a story, its times by a clock."""
    return wrapped(_lines(story, clock))


@singledispatch
def _lines(story: Story, clock: Clock) -> Iterator[Line]:
    raise AssertionError(f"{type(story)} is no story")


@_lines.register
def _session(story: SessionStory, clock: Clock) -> Iterator[Line]:
    yield 0, f"{story.title}, as of {clock.text(story.time)}"
    yield from _fields(story.fields)
    if story.next is not None:
        yield 1, "what comes next"
        yield from ((2, sentence) for sentence in story.next.sentences)
    yield 1, "what happened"
    yield from _events(story.events, story.left_out, clock)
    yield from _end(story, clock)


@_lines.register
def _field(story: FieldStory, clock: Clock) -> Iterator[Line]:
    yield (
        0,
        f"{story.row} {story.name}: {story.value_text}, as of {clock.text(story.time)}",
    )
    yield 1, story.meaning
    if story.vpp_name:
        yield 1, f"VPP: {story.vpp_name}"
    yield 1, f"written by: {story.written_by}; read by: {story.read_by}"
    yield 1, "who wrote it, the last first"
    for writer in story.writers:
        who = f"{writer.who}, {writer.what}"
        yield 2, f"{clock.text(writer.time)} {who}: {writer.old_text} > {writer.new_text}"
    if not story.writers:
        yield 2, "nobody" if story.complete else "not known yet"
    yield from _end(story, clock)


@_lines.register
def _list(story: ListStory, clock: Clock) -> Iterator[Line]:
    yield 0, f"{story.title}, as of {clock.text(story.time)}"
    yield from _fields(story.fields)
    yield 1, "what comes next"
    yield from ((2, sentence) for sentence in story.sentences)
    for each in story.first:
        yield 2, f"session {each.id.session_index} ({each.connection}): {each.text}"
    yield 1, "what happened"
    yield from _events(story.events, 0, clock)
    yield from _end(story, clock)


def _fields(rows: Iterable[FieldLine]) -> Iterator[Line]:
    for row in rows:
        yield 1, f"{row.name}: {row.value} ({row.meaning})"


def _events(events: tuple[PastEvent, ...], left_out: int, clock: Clock) -> Iterator[Line]:
    for number, event in enumerate(events):
        if number == 1 and left_out:
            yield 2, f"... {counted(left_out, 'event')} left out"
        who = f"thread {event.thread_index}"
        yield 2, f"{clock.text(event.time)} {who} {event.kind}: {event.text}"
    if not events:
        yield 2, "nothing is known"


def _end(story: Story, clock: Clock) -> Iterator[Line]:
    """How far back the run was looked at, and what is missing."""
    if story.note:
        yield 1, f"({story.note})"
    if not story.complete and story.looked_back_to is not None:
        yield 1, f"(looked back to {clock.text(story.looked_back_to)} so far)"
